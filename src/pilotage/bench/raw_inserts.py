"""The raw limit of the road on SQLite: the same rows, and nothing else done.

Every row that the road left behind, in the record and in the tool's database, is inserted once
by `sqlite3` alone: into the same schema, under the same pragmas, in as many transactions that
end at the same rows, with one sha256 a ledger entry. No source is read, nothing decided, no
JSON built, no row looked up, and none changed but the ledger's frontier.
"""

import gc
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import Any

from pilotage.bench.commits import Commit, Ends
from pilotage.domain.errors import StoreError

Row = tuple[Any, ...]
"""As the driver hands it over, and takes it back."""

PRAGMAS = ("synchronous", "cache_size", "wal_autocheckpoint", "busy_timeout", "secure_delete")
"""Of a connection; page size and WAL belong to the file."""

EVERYTHING = 2**62
"""No rowid is larger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """What one transaction inserts.

    Args:
        database: the file that the road wrote.
        entries: of the ledger; their leaves are computed again.
        rows: of the other tables.
    """

    database: str
    entries: Sequence[Row]
    rows: Mapping[str, Sequence[Row]]


def pragmas(connection: sqlite3.Connection) -> dict[str, int]:
    """Return what a connection is set to."""
    return {name: int(connection.execute(f"PRAGMA {name}").fetchone()[0]) for name in PRAGMAS}


def read_back(begun: Mapping[str, Ends], commits: Sequence[Commit]) -> list[Write]:
    """Return what each transaction wrote, from the databases that it wrote to.

    Args:
        begun: by database, what was there before the first of the commits.
    """
    ends = {database: dict(known) for database, known in begun.items()}
    connections = {database: sqlite3.connect(database) for database in begun}
    found: list[Write] = []
    for commit in commits:
        before, connection = ends[commit.database], connections[commit.database]
        rows = {
            table: _rows(connection, table, after=before[table], until=end)
            for table, end in commit.ends.items()
            if end > before[table]
        }
        before.update(commit.ends)
        entries = rows.pop("entry", [])
        found.append(Write(database=commit.database, entries=entries, rows=rows))
    for connection in connections.values():
        connection.close()
    return found


def copy_start(database: Path, raw: Path, *, begun: Ends) -> None:
    """Make a database of the same schema, with the rows that were there before.

    Tables that are not in `begun` are copied whole: no commit is known of them.
    """
    with closing(sqlite3.connect(raw)) as copy, copy:
        copy.execute("PRAGMA journal_mode = WAL")
        copy.execute("ATTACH ? AS road", (str(database),))
        schema = "SELECT sql FROM road.sqlite_master WHERE sql IS NOT NULL ORDER BY rowid"
        for (statement,) in copy.execute(schema).fetchall():
            copy.execute(statement)
        for table in _tables(copy):
            copy.execute(
                f'INSERT INTO main."{table}" SELECT * FROM road."{table}" WHERE rowid <= ?',  # noqa: S608 - our own names
                (begun.get(table, EVERYTHING),),
            )


def insert_all(
    writes: Sequence[Write], raw: Mapping[str, Path], *, settings: Mapping[str, int]
) -> list[float]:
    """Insert it all; return the seconds of each transaction.

    Args:
        raw: the database to write to, by the one that the road wrote.
        settings: pragmas of the road's connections.
    """
    connections = {database: _connected(path, settings) for database, path in raw.items()}
    statements = {
        (database, table): _insert(connection, table)
        for database, connection in connections.items()
        for table in _tables(connection)
    }
    nodes = {name: _nodes(Path(name)) for name in raw if (name, "frontier") in statements}
    taken: list[float] = []
    gc.collect()
    gc.disable()  # nothing here makes garbage, and walking all that was read back is no limit
    start = perf_counter()
    for one in writes:
        connection = connections[one.database]
        connection.execute("BEGIN IMMEDIATE")
        for table, rows in one.rows.items():
            connection.executemany(statements[one.database, table], rows)
        if one.entries:
            leaves = [(seq, body, sha256(b"\x00" + body).digest()) for seq, body, _ in one.entries]
            connection.executemany(statements[one.database, "entry"], leaves)
            connection.execute(
                "UPDATE frontier SET size = ?, nodes = ?",
                (one.entries[-1][0] + 1, nodes[one.database]),
            )
        connection.execute("COMMIT")
        end = perf_counter()
        taken.append(end - start)
        start = end
    gc.enable()
    for connection in connections.values():
        connection.close()
    return taken


def require_same(database: Path, raw: Path) -> int:
    """Return how many rows both databases hold, table by table and byte by byte the same.

    Raises:
        StoreError: they differ, so the one is no limit of the other.
    """
    counted = 0
    with closing(sqlite3.connect(database)) as one, closing(sqlite3.connect(raw)) as other:
        schema = "SELECT type, name, sql FROM sqlite_master ORDER BY name"
        if one.execute(schema).fetchall() != other.execute(schema).fetchall():
            raise _differs("sqlite_master")
        for table in _tables(one):
            every = f'SELECT rowid, * FROM "{table}" ORDER BY rowid'  # noqa: S608 - our own names
            mine, theirs = one.execute(every), other.execute(every)
            while rows := mine.fetchmany(10_000):
                if rows != theirs.fetchmany(10_000):
                    raise _differs(table)
                counted += len(rows)
            if theirs.fetchone() is not None:
                raise _differs(table)
    return counted


def _differs(table: str) -> StoreError:
    return StoreError(
        f"the raw peer's table {table!r} is not the road's.",
        fix="mend pilotage.bench.raw_inserts: its ratio means nothing until they are the same",
    )


def _connected(path: Path, settings: Mapping[str, int]) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    for name, value in settings.items():
        connection.execute(f"PRAGMA {name} = {value}")
    return connection


def _tables(connection: sqlite3.Connection) -> list[str]:
    named = "SELECT name FROM main.sqlite_master WHERE type = 'table' ORDER BY name"
    return [name for (name,) in connection.execute(named)]


def _insert(connection: sqlite3.Connection, table: str) -> str:
    marks = ", ".join("?" for _ in connection.execute(f'PRAGMA table_info("{table}")'))
    return f'INSERT INTO "{table}" VALUES ({marks})'  # noqa: S608 - our own names


def _rows(connection: sqlite3.Connection, table: str, *, after: int, until: int) -> list[Row]:
    wanted = f'SELECT * FROM "{table}" WHERE rowid > ? AND rowid <= ? ORDER BY rowid'  # noqa: S608 - our own names
    return connection.execute(wanted, (after, until)).fetchall()


def _nodes(database: Path) -> bytes:
    with closing(sqlite3.connect(database)) as connection:
        (nodes,) = connection.execute("SELECT nodes FROM frontier").fetchone()
    return bytes(nodes)
