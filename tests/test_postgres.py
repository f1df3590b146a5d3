"""The server that tests borrow is real, and every test has a database to itself."""

import psycopg
import pytest

from tests import postgres


@pytest.mark.parametrize("turn", [1, 2])
def test_a_test_starts_with_an_empty_database(postgres_url: str, turn: int) -> None:
    with psycopg.connect(postgres_url) as connection:
        connection.execute("CREATE TABLE mine (turn integer)")
        connection.execute("INSERT INTO mine VALUES (%s)", [turn])
        assert connection.execute("SELECT turn FROM mine").fetchall() == [(turn,)]


def test_a_machine_without_postgresql_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(postgres.ADDRESS, raising=False)
    monkeypatch.setattr(postgres, "_programs", lambda: None)
    with (
        pytest.raises(postgres.NoServerError, match="apt-get install postgresql"),
        postgres.server(),
    ):
        pass
