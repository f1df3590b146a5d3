"""Tables of databases: DuckDB is attached read only, SQLite and PostgreSQL are copied in once."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy import exc

from pilotage.data.engine import Rows, cursor, engine, execute
from pilotage.domain.errors import SourceError
from pilotage.store.database import INSTALL_DRIVER, NO_DRIVER

arrow: Any = pa
"""Arrow ships no types."""
Arrow = Any
"""A schema, type, batch or array of Arrow."""

COPY_ROWS = 10_000
"""Rows that are in Python at one time while a table is copied."""

ARROW_TYPES = (
    (sa.Boolean, arrow.bool_()),
    (sa.Integer, arrow.int64()),
    (sa.Numeric, arrow.float64()),
    (sa.Date, arrow.date32()),
)
"""All else is copied as text, but for times, whose zone is in the type."""

IN_A_FILE = frozenset({"duckdb", "sqlite"})
"""Databases that are one file each."""

KINDS = "duckdb:///file.duckdb#table, sqlite:///file.db#table, postgresql://host/database#table"


def is_url(location: str) -> bool:
    """Return whether a location is a database rather than a file."""
    return "://" in location


def parts(location: str) -> tuple[str, str, str]:
    """Split a location into what is before a file's path, the path, and what is after it.

    Where no file is named the path is empty.

    >>> parts("sqlite:///crm.db#leads"), parts("leads.csv"), parts("postgresql://host/crm")
    (('sqlite:///', 'crm.db', '#leads'), ('', 'leads.csv', ''), ('postgresql://host/crm', '', ''))
    """
    if not is_url(location):
        return "", location, ""
    scheme, slashes, rest = location.partition(":///")
    if not slashes or scheme.partition("+")[0] not in IN_A_FILE:
        return location, "", ""
    path, mark, table = rest.partition("#")
    return scheme + slashes, path, mark + table


def without_password(location: str) -> str:
    """Return the location as it may be shown.

    >>> without_password("postgresql://ann:secret@db/sales#leads")
    'postgresql://ann:***@db/sales#leads'
    """
    address, mark, table = location.partition("#")
    try:
        return sa.make_url(address).render_as_string(hide_password=True) + mark + table
    except (exc.ArgumentError, ValueError):
        return address.partition("://")[0] + "://..." + mark + table


def open_url(location: str) -> Rows:
    """Open the table that a URL names.

    Raises:
        SourceError: of an unknown kind of database, without a table, or not to be reached.
    """
    address, _, table = location.partition("#")
    shown = without_password(location)
    try:
        url = sa.make_url(address)
    except (exc.ArgumentError, ValueError):
        raise SourceError(f"{shown}: this is no address.", fix=f"write one of: {KINDS}") from None
    if not table:
        raise SourceError(
            f"{shown}: the address names no table.",
            fix=f"add it after a #: {shown}#leads",
        )
    kind = url.get_backend_name()
    if kind in IN_A_FILE and not Path(url.database or "").is_file():
        raise SourceError(
            f"{shown}: there is no such file: {url.database}.",
            fix=f"check the path: {kind}:///relative or {kind}:////absolute",
        )
    if kind == "duckdb":
        return _attached(url, table, shown)
    if kind == "sqlite":
        file = f"file:{Path(url.database or '').absolute()}"
        url = sa.URL.create("sqlite", database=file, query={"mode": "ro", "uri": "true"})
        return _copied(url, table, shown)
    if kind == "postgresql":
        return _copied(url.set(drivername="postgresql+psycopg"), table, shown)
    raise SourceError(f"{shown}: {kind} is not read.", fix=f"write one of: {KINDS}")


def _attached(url: sa.URL, table: str, shown: str) -> Rows:
    path = str(Path(url.database or "").absolute())
    alias = f"attached_{hashlib.sha256(path.encode()).hexdigest()[:16]}"
    quoted = path.replace("'", "''")
    execute(f"ATTACH IF NOT EXISTS '{quoted}' AS {alias} (TYPE duckdb, READ_ONLY)")
    schema, _, name = table.rpartition(".")
    known = execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = ? AND schema_name = ? "
        "UNION ALL SELECT view_name FROM duckdb_views() WHERE database_name = ? AND schema_name = ?"
        " AND NOT internal ORDER BY 1",
        [alias, schema or "main"] * 2,
    )
    names = [str(row[0]) for row in known]
    if name not in names:
        raise _no_table(shown, name, names)
    return engine().table(name, database=(alias, schema or "main"))


def _copied(url: sa.URL, table: str, shown: str) -> Rows:
    """Copy the table in batches as it stands at this moment; all queries then see one state."""
    schema, _, name = table.rpartition(".")
    try:
        database = sa.create_engine(url, poolclass=sa.NullPool)
    except ImportError as error:
        raise SourceError(f"{shown} {NO_DRIVER}", fix=INSTALL_DRIVER) from error
    try:
        with database.connect().execution_options(
            stream_results=True,
            **({"postgresql_readonly": True} if url.get_backend_name() == "postgresql" else {}),
        ) as connection:
            try:
                reflected = sa.Table(
                    name, sa.MetaData(), schema=schema or None, autoload_with=connection
                )
            except exc.NoSuchTableError:
                there = sa.inspect(connection).get_table_names(schema or None)
                raise _no_table(shown, name, there) from None
            return _stored(connection, reflected, shown)
    except (exc.SQLAlchemyError, arrow.ArrowException) as error:
        raise SourceError(
            f"{shown}: the table cannot be read: {str(error).splitlines()[0]}",
            fix="check the address, the account and its right to SELECT from the table",
        ) from error


def _stored(connection: sa.Connection, table: sa.Table, shown: str) -> Rows:
    kept = f"copy_{hashlib.sha256(shown.encode()).hexdigest()[:16]}"
    schema = arrow.schema([(column.name, _arrow_type(column)) for column in table.columns])
    with cursor() as copying:
        copying.register("incoming", schema.empty_table())
        copying.execute(f"CREATE OR REPLACE TABLE {kept} AS FROM incoming")
        for batch in _batches(connection, table, schema, shown):
            copying.register("incoming", arrow.Table.from_batches([batch]))
            copying.execute(f"INSERT INTO {kept} FROM incoming")
    return engine().table(kept)


def _batches(
    connection: sa.Connection, table: sa.Table, schema: Arrow, shown: str
) -> Iterator[Arrow]:
    result = connection.execution_options(yield_per=COPY_ROWS).execute(sa.select(table))
    for rows in result.partitions():
        yield arrow.RecordBatch.from_arrays(
            [
                _array(values, field, shown)
                for values, field in zip(zip(*rows, strict=True), schema, strict=True)
            ],
            schema=schema,
        )


def _array(values: Sequence[object], field: Arrow, shown: str) -> Arrow:
    if arrow.types.is_string(field.type):
        return arrow.array([value if value is None else str(value) for value in values], field.type)
    try:
        return arrow.array(values, field.type)
    except (arrow.ArrowException, TypeError, ValueError) as error:
        raise SourceError(
            f"{shown}: column {field.name!r} is declared {field.type}, but holds "
            f"something else: {error}",
            fix="mend the value, or read from a view that casts the column to text",
        ) from error


def _arrow_type(column: sa.Column[object]) -> Arrow:
    for kind, held_as in ARROW_TYPES:
        if isinstance(column.type, kind):
            return held_as
    if isinstance(column.type, sa.DateTime):
        return arrow.timestamp("us", tz="UTC" if column.type.timezone else None)
    return arrow.string()


def _no_table(shown: str, name: str, there: list[str]) -> SourceError:
    return SourceError(
        f"{shown}: there is no table {name!r}; there are: {', '.join(there) or 'none'}.",
        fix="name one of these tables after the #",
    )
