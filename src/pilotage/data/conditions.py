"""The part of a table that a reader's own SQL condition picks."""

import hashlib

import duckdb

from pilotage.data.engine import Rows, engine, execute
from pilotage.data.tables import CustomerTable
from pilotage.domain.errors import SourceError


def narrowed(table: CustomerTable, where: str | None) -> Rows:
    """Return the rows for which an SQL condition is true; all of them without one.

    Raises:
        SourceError: it is no condition of the engine's SQL; with the engine's own words.
    """
    if where is None:
        return table.rows
    query = f"SELECT * FROM ({engine().compile(table.rows)}) AS rows WHERE (\n{where}\n)"  # noqa: S608 - the reader's own SQL is what this is for; it is one SELECT, and only reads
    name = f"part_{hashlib.sha256(query.encode()).hexdigest()[:16]}"
    try:
        if len(duckdb.extract_statements(query)) != 1:
            raise _no_condition(table, where, "it is more than one statement")
        execute(f'CREATE OR REPLACE VIEW "{name}" AS {query}')
        return engine().table(name)
    except duckdb.Error as error:
        raise _no_condition(table, where, str(error).split("\n\nLINE")[0]) from error


def _no_condition(table: CustomerTable, where: str, said: str) -> SourceError:
    return SourceError(
        f"{table.location}: the condition {where!r} cannot be used: {' '.join(said.split())}",
        fix="write one condition in SQL about the table's columns, text in single quotes",
    )
