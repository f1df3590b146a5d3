"""Opening the record: SQLite in the programme's folder, or PostgreSQL; same behaviour on both."""

import re
import sqlite3
import weakref
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import orjson
from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Connection,
    Engine,
    Table,
    Text,
    any_,
    create_engine,
    event,
    func,
    inspect,
    literal,
    select,
    text,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError

from pilotage.domain.errors import StoreError

NO_DRIVER = "is on PostgreSQL, whose driver is not installed."
INSTALL_DRIVER = (
    "pip install 'psycopg[binary]', or in a clone of Pilotage: pip install '.[postgres]'"
)

SCHEMA = "0001"
"""The newest migration; a test compares it with Alembic's own idea."""

Cell = str | int | float | bytes | None
Row = tuple[Cell, ...]

_CAUSES = (
    ("disk is full", "the disk is full", "free some space and run the same command again"),
    ("no space left", "the disk is full", "free some space and run the same command again"),
    (
        "disk i/o error",
        "the disk took no more",
        "free some space or lift the size limit, run again",
    ),
    ("readonly", "the record is read-only", "give yourself write access to the folder"),
    ("read-only", "the record is read-only", "give yourself write access to the folder"),
    ("unable to open", "the record cannot be opened", "check that its folder exists and is yours"),
    ("is locked", "another process holds the record", "wait until it is done, then run again"),
    (
        "malformed",
        "the record is damaged",
        "restore it from a backup; `pilotage ledger verify` tells",
    ),
    ("not a database", "that file is no record", "check `record:` in pilotage.yaml"),
    ("connect", "PostgreSQL does not answer", "check that the server runs and `record:` is right"),
)


def open_database(url: str, *, folder: Path) -> Engine:
    """Open a record and bring its tables up to date.

    Args:
        url: `sqlite:///relative/or/absolute.sqlite` or `postgresql://user@host/name`.
        folder: what a relative SQLite path is relative to.

    Raises:
        StoreError: the record cannot be opened or written.
    """
    engine = open_engine(url, folder=folder)
    with closed_on_error(engine), translated(engine.url):
        if _schema(engine) != SCHEMA:
            _migrate(engine)
    return engine


@contextmanager
def closed_on_error(engine: Engine) -> Generator[None]:
    """Leave no connection behind of a record that cannot be used."""
    try:
        yield
    except StoreError:
        engine.dispose()
        raise


@contextmanager
def translated(where: object) -> Generator[None]:
    """Turn a database's error into ours, with the cause and a fix."""
    try:
        yield
    except DBAPIError as error:
        said = str(error.orig).strip()
        for sign, cause, fix in _CAUSES:
            if sign in said.lower():
                raise StoreError(f"{where}: {cause} ({said}).", fix=fix) from error
        if isinstance(error, OperationalError):  # the world's fault, not that of our SQL
            raise StoreError(
                f"{where}: the database gave up ({said}).",
                fix="see that it runs and lets you write, then run again; nothing is lost",
            ) from error
        raise


def insert_rows(
    connection: Connection, table: Table, rows: Sequence[Row], *, skip_known: bool = False
) -> None:
    """Insert rows of values in the table's column order, past the ORM's row-by-row work.

    Args:
        skip_known: leave rows alone whose primary key is there already, instead of failing.
    """
    if not rows:
        return
    if connection.dialect.name == "postgresql" and not skip_known:
        _copy(connection, table, rows)
        return
    statement = _insert_sql(table, connection.dialect.name, skip_known=skip_known)
    connection.exec_driver_sql(statement, list(rows))


def storable(text: str) -> str:
    r"""Return text that both databases hold alike: for NUL, which PostgreSQL's lacks, its sign.

    >>> storable("lead\0-7")
    'lead␀-7'
    """
    return text.replace("\0", "\N{SYMBOL FOR NULL}")


def among(
    connection: Connection, column: Column[str], values: Sequence[str]
) -> ColumnElement[bool]:
    """Ask whether a column holds one of the values; they travel as one, however many they are."""
    if connection.dialect.name == "postgresql":
        return column == any_(literal(list(values), ARRAY(Text)))
    listed = func.json_each(orjson.dumps(values).decode()).table_valued("value")
    return column.in_(select(listed.c.value))


def _copy(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert by PostgreSQL's COPY, which takes a quarter of the work of as many INSERTs."""
    statement = f"COPY {_named(table, 'postgresql')} FROM STDIN"
    driver: Any = connection.connection.driver_connection  # psycopg's: SQLAlchemy knows no COPY
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except connection.dialect.loaded_dbapi.Error as error:
        raise DBAPIError.instance(
            statement, None, error, connection.dialect.loaded_dbapi.Error
        ) from error


@cache
def _insert_sql(table: Table, dialect: str, *, skip_known: bool) -> str:
    marks = ", ".join("?" if dialect == "sqlite" else "%s" for _ in table.columns)
    conflict = " ON CONFLICT DO NOTHING" if skip_known else ""
    return f"INSERT INTO {_named(table, dialect)} VALUES ({marks}){conflict}"  # noqa: S608 - quoted


def _named(table: Table, dialect: str) -> str:
    names = ", ".join(_quoted(column.name, dialect) for column in table.columns)
    return f"{_quoted(table.name, dialect)} ({names})"


def _quoted(name: str, dialect: str) -> str:
    quoted = '"' + name.replace('"', '""') + '"'
    return quoted if dialect == "sqlite" else quoted.replace("%", "%%")  # psycopg's own mark


def open_engine(url: str, *, folder: Path) -> Engine:
    """Connect to SQLite or PostgreSQL, as `open_database` does, without making our tables."""
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            path = folder / (parsed.database or "")
            _make_folder(path.parent)
            engine = create_engine(parsed.set(database=str(path)), hide_parameters=True)
            weakref.finalize(engine, engine.pool.dispose)  # at exit: the file alone is then whole
            event.listen(engine, "connect", _configure_sqlite)
            event.listen(engine, "begin", _begin_immediate)
            return engine
        if parsed.get_backend_name() == "postgresql":
            on_psycopg = parsed.set(drivername="postgresql+psycopg")
            return create_engine(on_psycopg, hide_parameters=True)  # they hold raw keys
    except (ArgumentError, NoSuchModuleError) as error:
        raise StoreError(
            f"{_without_password(url)!r} is no database URL ({error}).",
            fix="write sqlite:///.pilotage/record.sqlite or postgresql://user@host/name",
        ) from error
    except ImportError as error:
        raise StoreError(f"{_without_password(url)} {NO_DRIVER}", fix=INSTALL_DRIVER) from error
    raise StoreError(
        f"{parsed} is on {parsed.get_backend_name()}; it can be on SQLite or PostgreSQL.",
        fix="write sqlite:///.pilotage/record.sqlite or postgresql://user@host/name",
    )


def _without_password(url: str) -> str:
    return re.sub("://.*@", "://***@", url)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"{folder}: the record's folder cannot be made ({error.strerror}).",
            fix="give yourself write access to the folder above it",
        ) from error


BUSY_SECONDS = 10
"""How long one process waits for another that writes."""


def _configure_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # SQLAlchemy's `begin` event says BEGIN, not the driver
    for pragma in (
        f"busy_timeout = {BUSY_SECONDS * 1_000}",
        "synchronous = FULL",  # a commit that returned survives a power cut
        "wal_autocheckpoint = 16384",  # 64 MB: pages that every batch touches are copied once
        "cache_size = -32768",  # a connection; a pass holds up to three
        "secure_delete = ON",  # what was erased is overwritten, not just forgotten
    ):
        connection.execute(f"PRAGMA {pragma}")
    _take_up_wal(connection)


def _take_up_wal(connection: sqlite3.Connection) -> None:
    """Write ahead; the busy timeout does not cover another process that takes it up meanwhile."""
    give_up = monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or monotonic() > give_up:
                raise
            sleep(0.02)
        else:
            return


def _begin_immediate(connection: Connection) -> None:
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _schema(engine: Engine) -> str | None:
    with engine.connect().execution_options(reading=True) as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _migrate(engine: Engine) -> None:
    from alembic import command  # noqa: PLC0415 - 0.2 s that only a new record pays
    from alembic.config import Config  # noqa: PLC0415 - the same

    config = Config()
    config.set_main_option("script_location", "pilotage:store/migrations")
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":  # two may open a new record at once
            connection.execute(select(func.pg_advisory_xact_lock(func.hashtext("migrate"))))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
