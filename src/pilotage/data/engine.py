"""The engine that reads customer tables: one DuckDB for the whole process, reached through Ibis.

Nothing leaves the machine: no extension is fetched, what does not fit into memory is sorted in
a private folder that goes when the process ends.
"""

import atexit
import shutil
import tempfile
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import ibis as hinted_ibis
from ibis.backends.duckdb import Backend

ibis: Any = hinted_ibis
"""Ibis without its hints: they deny what its expressions do, such as to compare a column with
a number, so the edge to it is untyped, here and in the three names below."""
Rows = Any
"""A table as an Ibis expression."""
Cell = Any
"""A column as an Ibis expression; or a predicate, or an aggregate."""
Result = tuple[Any, ...]
"""One row as the engine's driver hands it over."""

MEMORY_LIMIT = "512MB"
"""Sorting a larger table spills to disk, so that a laptop can read it beside its other work."""

_lock = threading.Lock()
_engines: list[Backend] = []


def engine() -> Backend:
    """Return the one connection of this process; started at the first call."""
    with _lock:
        if not _engines:
            spill = tempfile.mkdtemp(prefix="pilotage-")
            atexit.register(shutil.rmtree, spill, ignore_errors=True)
            _engines.append(
                ibis.duckdb.connect(
                    temp_directory=spill,
                    memory_limit=MEMORY_LIMIT,
                    autoinstall_known_extensions=False,
                    autoload_known_extensions=False,
                    python_enable_replacements=False,
                )
            )
        return _engines[0]


@contextmanager
def cursor() -> Generator[Any]:
    """Lend a cursor; a query that a person interrupts is no broken query."""
    try:
        with engine().con.cursor() as lent:
            yield lent
    except RuntimeError as error:
        if isinstance(error.__cause__, KeyboardInterrupt):
            raise KeyboardInterrupt from error
        raise


def execute(statement: str, parameters: Sequence[object] = ()) -> list[Result]:
    """Run one statement of the engine's own SQL on a cursor of its own; return its rows."""
    with cursor() as asked:
        asked.execute(statement, list(parameters))
        rows: list[Result] = asked.fetchall()
        return rows


def stream(rows: Rows, *, batch: int) -> Iterator[list[Result]]:
    """Yield the rows in lists of `batch`; the engine holds no more than it sorts."""
    with cursor() as asked:
        asked.execute(engine().compile(rows))
        while chunk := asked.fetchmany(batch):
            yield chunk


def collect(rows: Rows) -> list[dict[str, Any]]:
    """Return a small result, an aggregate, as one mapping a row."""
    return [dict(zip(rows.columns, row, strict=True)) for row in execute(engine().compile(rows))]
