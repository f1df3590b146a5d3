"""What every test may ask for."""

import os
from collections.abc import Iterator

import hypothesis
import pytest
from sqlalchemy import URL

from tests import postgres

hypothesis.settings.register_profile(
    "ci",
    derandomize=True,  # the same examples on every machine and day: a red run can be repeated
    deadline=None,  # a busy machine is no failure
    print_blob=True,
)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=2_000)
hypothesis.settings.load_profile("ci")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[URL]:
    """A PostgreSQL server of this worker's own; the address of its maintenance database."""
    try:
        with postgres.server() as maintenance:
            yield maintenance
    except postgres.NoServerError as error:
        if os.environ.get("PILOTAGE_REQUIRE_PG") == "1":
            raise
        pytest.skip(str(error))


@pytest.fixture
def postgres_url(postgres_server: URL) -> Iterator[str]:
    """The address of an empty PostgreSQL database of this test's own."""
    with postgres.database(postgres_server) as url:
        yield postgres.written(url)
