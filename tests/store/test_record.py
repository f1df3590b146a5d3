"""Opening a record: its secrets, its lock, and what is said when it cannot be opened."""

import sys
from pathlib import Path

import pytest
from sqlalchemy import make_url

from pilotage.domain.errors import StoreError
from pilotage.store.export import log_size
from pilotage.store.record import Record, open_record
from tests.fakes import Clock
from tests.store.examples import append


def reopened(url: str, folder: Path) -> Record:
    record = open_record(url, folder=folder, programme="acme", clock=Clock())
    record.engine.dispose()
    return record


def test_secrets_are_made_once_and_readable_by_their_owner_only(
    record: Record, url: str, tmp_path: Path
):
    assert reopened(url, tmp_path).secrets == record.secrets
    keys = tmp_path / ".pilotage" / "keys"
    assert {path.name for path in keys.iterdir()} == {"ledger.key", "pseudonym.key"}
    assert {path.stat().st_mode & 0o777 for path in keys.iterdir()} == {0o600}
    assert (tmp_path / ".pilotage" / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize("name", ["ledger.key", "pseudonym.key"])
def test_a_lost_key_is_not_made_anew_once_the_record_was_written(
    record: Record, url: str, tmp_path: Path, name: str
):
    path = tmp_path / ".pilotage" / "keys" / name
    path.unlink()
    reopened(url, tmp_path)  # nothing is written yet, so a new key orphans nothing
    append(record, 1)
    path.unlink()
    with pytest.raises(StoreError, match=f"{name}: is gone") as caught:
        reopened(url, tmp_path)
    assert "from a backup" in caught.value.fix
    assert not path.exists()


@pytest.mark.parametrize("content", ["", "no key", "ab" * 31])
def test_a_damaged_key_is_refused(record: Record, url: str, tmp_path: Path, content: str):
    append(record, 1)
    path = tmp_path / ".pilotage" / "keys" / "ledger.key"
    path.write_text(content)
    with pytest.raises(StoreError, match=r"ledger\.key: (is no key|holds \d+ bytes)") as caught:
        reopened(url, tmp_path)
    assert "backup" in caught.value.fix


def test_what_is_read_is_of_one_moment_while_others_write(record: Record):
    append(record, 3)
    with record.reading() as connection:
        before = log_size(connection)
        append(record, 2)
        assert log_size(connection) == before
    with record.reading() as connection:
        assert log_size(connection) == before + 2


def test_one_pass_at_a_time_and_the_next_may_follow(record: Record, url: str, tmp_path: Path):
    other = open_record(url, folder=tmp_path, programme="acme", clock=Clock())
    with record.one_at_a_time():
        append(record, 1)
        with (
            pytest.raises(StoreError, match="another run is at work") as caught,
            other.one_at_a_time(),
        ):
            pass
        append(other, 1)  # a person's answer need not wait for a pass
    assert "nothing is lost" in caught.value.fix
    with other.one_at_a_time():
        pass
    other.engine.dispose()


def test_a_pass_that_fails_lets_the_next_one_in(record: Record, url: str, tmp_path: Path):
    other = open_record(url, folder=tmp_path, programme="acme", clock=Clock())
    with pytest.raises(StoreError, match="gave way"), record.one_at_a_time():
        raise StoreError("something gave way.", fix="run again")
    with other.one_at_a_time():
        pass
    other.engine.dispose()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "is no database URL"),
        ("mysql://user@host/name", "is on mysql"),
        ("oracle+nothing://u:secret@h/n", "(is no database URL|is on oracle)"),
    ],
)
def test_an_address_that_is_none_is_refused_with_examples(url: str, said: str, tmp_path: Path):
    with pytest.raises(StoreError, match=said) as caught:
        open_record(url, folder=tmp_path, programme="acme", clock=Clock())
    assert "sqlite:///" in caught.value.fix
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_record_is_said_to_be_none(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("just some notes, but long enough to be looked at" * 50)
    with pytest.raises(StoreError, match="that file is no record"):
        open_record("sqlite:///notes.txt", folder=tmp_path, programme="acme", clock=Clock())


def test_a_postgresql_that_does_not_answer_is_said_without_its_password(tmp_path: Path):
    url = "postgresql://ann:secret@127.0.0.1:1/sales"
    with pytest.raises(StoreError, match="PostgreSQL does not answer") as caught:
        open_record(url, folder=tmp_path, programme="acme", clock=Clock())
    assert "secret" not in str(caught.value)
    assert "server runs" in caught.value.fix


def test_a_missing_driver_is_said_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    url = "postgresql://ann:secret@127.0.0.1:1/sales"
    with pytest.raises(StoreError, match="driver is not installed") as caught:
        open_record(url, folder=tmp_path, programme="acme", clock=Clock())
    assert "psycopg[binary]" in caught.value.fix
    assert "secret" not in str(caught.value)


def test_a_database_that_does_not_exist_is_said_without_the_password(
    postgres_url: str, tmp_path: Path
):
    url = make_url(postgres_url).set(database="nowhere")
    with pytest.raises(StoreError, match="nowhere") as caught:
        open_record(
            url.render_as_string(hide_password=False),
            folder=tmp_path,
            programme="acme",
            clock=Clock(),
        )
    assert str(url.password) not in str(caught.value)
