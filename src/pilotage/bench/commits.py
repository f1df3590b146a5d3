"""Where a road's transactions ended: which rows each of them wrote."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, event

from pilotage.domain.errors import StoreError

Ends = Mapping[str, int]
"""The newest rowid by table; -1 for an empty one."""

NOTHING = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One transaction.

    Args:
        database: the file it was written to.
        ends: how far each table had come.
    """

    database: str
    ends: Ends


@dataclass(slots=True, kw_only=True)
class Watched:
    """The commits of SQLite databases, in order.

    Watching costs a look at the last row of each table: some 50 microseconds a commit.
    """

    begun: dict[str, Ends] = field(default_factory=dict[str, Ends])
    commits: list[Commit] = field(default_factory=list[Commit])

    def watch(self, engine: Engine, tables: Sequence[str]) -> None:
        """Note every commit of an engine from now on.

        Args:
            tables: whose rows are looked at; each may still be missing now.
        """
        database = str(engine.url.database)
        with engine.connect().execution_options(reading=True) as connection:
            self.begun[database] = _ends(connection, tables)

        def committing(connection: Connection) -> None:
            self.commits.append(Commit(database=database, ends=_ends(connection, tables)))

        event.listen(engine, "commit", committing)


def on_sqlite(connection: Connection) -> sqlite3.Connection:
    """Return the driver's own connection.

    Raises:
        StoreError: it is another database.
    """
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        raise StoreError(
            f"{connection.dialect.name} has no raw peer here; SQLite has.",
            fix="leave --database out",
        )
    return driver


def _ends(connection: Connection, tables: Sequence[str]) -> Ends:
    driver = on_sqlite(connection)
    return {table: _end(driver, table) for table in tables}


def _end(driver: sqlite3.Connection, table: str) -> int:
    try:
        (end,) = driver.execute(f'SELECT max(rowid) FROM "{table}"').fetchone()  # noqa: S608 - our own names
    except sqlite3.OperationalError:  # made by its first write
        return NOTHING
    return NOTHING if end is None else int(end)
