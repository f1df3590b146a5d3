"""Every test of this room runs on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pilotage.store.record import Record, open_record
from tests.fakes import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return "sqlite:///.pilotage/record.sqlite"
    return request.getfixturevalue("postgres_url")


@pytest.fixture
def record(url: str, tmp_path: Path, clock: Clock) -> Iterator[Record]:
    opened = open_record(url, folder=tmp_path, programme="acme", clock=clock)
    yield opened
    opened.engine.dispose()
