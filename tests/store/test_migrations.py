"""Migrations make exactly the tables that the code knows, with the promises they rely on."""

import warnings
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from pilotage.store.database import SCHEMA, insert_rows
from pilotage.store.record import Record, open_record
from pilotage.store.tables import METADATA, outcome
from tests.fakes import Clock


def test_migrations_make_the_tables_that_the_code_knows(record: Record):
    with record.reading() as connection, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "autogenerate skipping")  # expressions of partial indexes
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_the_schema_that_the_code_expects_is_the_newest_migration():
    config = Config()
    config.set_main_option("script_location", "pilotage:store/migrations")
    assert ScriptDirectory.from_config(config).get_heads() == [SCHEMA]


def test_a_record_opened_twice_is_migrated_once(record: Record, url: str, tmp_path: Path):
    again = open_record(url, folder=tmp_path, programme="acme", clock=Clock())
    with again.reading() as connection:
        found = connection.scalars(text("SELECT version_num FROM alembic_version")).all()
    again.engine.dispose()
    assert found == [SCHEMA]


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_sqlite_keeps_types_and_survives_a_power_cut(record: Record):
    with record.reading() as connection:
        strict = connection.execute(text("SELECT name, strict FROM pragma_table_list")).all()
        pragmas = {
            name: connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "busy_timeout", "secure_delete")
        }
    assert {name for name, is_strict in strict if is_strict} == set(METADATA.tables)
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,  # FULL
        "busy_timeout": 10_000,
        "secure_delete": 1,
    }


def test_a_value_of_the_wrong_type_is_refused(record: Record):
    with pytest.raises(DBAPIError), record.transaction() as work:
        insert_rows(work.connection, outcome, [("x", "u", "p", "much", 0, 0)])
