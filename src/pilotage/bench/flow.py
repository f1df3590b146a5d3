"""Bench `flow`: units a second down the whole road, beside what SQLite itself can do."""

import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory

from sqlalchemy import text
from sqlalchemy.engine import make_url

from pilotage.bench.commits import on_sqlite
from pilotage.bench.measured import GIGABYTE, Goal, Measured, Report
from pilotage.bench.one_pass import PASS, Pass
from pilotage.bench.progress import Progress
from pilotage.bench.raw_inserts import copy_start, insert_all, pragmas, read_back, require_same
from pilotage.bench.synthetic import RECORD, open_synthetic, write_programme
from pilotage.domain.errors import PilotageError, StoreError
from pilotage.store.database import open_engine

SQLITE = "sqlite"

UNITS_PER_SECOND = Goal(at_least=10_000)
TIMES_THE_RAW_LIMIT = Goal(at_most=2.5)
GROWTH = Goal(at_most=1.25)
"""Ten times the units in about the same memory."""
TENFOLD = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """What the raw peer took.

    Args:
        send: seconds for the rows of decisions and deliveries.
        hear: seconds for the rows of outcomes.
        rows: that both hold in the end, the same.
    """

    send: float
    hear: float
    rows: int


def bench_flow(*, units: int, database: str, repeats: int) -> Report:
    """Take units down the road, and their rows into SQLite by themselves.

    Args:
        database: `sqlite`, or the URL of a PostgreSQL server that may create a database.
    """
    passes: list[Pass] = []
    raws: list[Raw] = []
    progress = Progress()
    for number in range(1, repeats + 1):
        progress.say(f"repetition {number} of {repeats}")
        with _prepared(units, database) as folder:
            passes.append(in_a_process(folder))
            if passes[-1].watched:
                raws.append(raw_peer(folder, passes[-1]))
    progress.done()
    command = f"python -m pilotage.bench flow --units {units}"
    return Report(
        command=command if database == SQLITE else f"{command} --database postgresql://...",
        measured=[*_road(passes), *_beside(passes, raws)],
        notes=_notes(passes, raws),
    )


def bench_memory(*, units: int, database: str) -> Report:
    """Hold the memory of a pass beside that of a pass over ten times the units."""
    peaks: list[Measured] = []
    for n in (units, TENFOLD * units):
        with _prepared(n, database) as folder:
            taken = in_a_process(folder)
        size = taken.peak_bytes / GIGABYTE
        peaks.append(Measured(what=f"peak memory, {n:,} units", unit="GB", values=(size,)))
        peaks.append(
            Measured(
                what=f"the whole road, {n:,} units",
                unit="units/s",
                values=(n / (taken.send + taken.hear),),
            )
        )
    growth = peaks[2].median / peaks[0].median
    return Report(
        command=f"python -m pilotage.bench flow --memory --units {units}",
        measured=[
            *peaks,
            Measured(what="ten times the units", unit="x memory", values=(growth,), goal=GROWTH),
        ],
    )


def in_a_process(folder: Path) -> Pass:
    """Take a programme's units down the road in a process of its own.

    Raises:
        PilotageError: the pass failed.
    """
    command = [sys.executable, "-m", "pilotage.bench.one_pass", str(folder)]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE)  # noqa: S603 - our own module
    if done.returncode:
        raise PilotageError(
            f"a pass ended with code {done.returncode}; what it said stands above.",
            fix="mend that, then measure again",
        )
    return PASS.validate_json(done.stdout)


def raw_peer(folder: Path, taken: Pass) -> Raw:
    """Insert the rows that a pass left behind by themselves, and see that they are the same."""
    watched = taken.watched
    if watched is None:
        raise StoreError("the raw peer is SQLite's.", fix="leave --database out")
    raw = {database: folder / f"raw-{Path(database).name}" for database in watched.begun}
    for database, path in raw.items():
        copy_start(Path(database), path, begun=watched.begun[database])
    seconds = insert_all(read_back(watched.begun, watched.commits), raw, settings=_settings(folder))
    rows = sum(require_same(Path(database), path) for database, path in raw.items())
    return Raw(send=sum(seconds[: taken.sent]), hear=sum(seconds[taken.sent :]), rows=rows)


def _settings(folder: Path) -> dict[str, int]:
    engine = open_engine(open_synthetic(folder).programme.record, folder=folder)
    with engine.connect() as connection:
        return pragmas(on_sqlite(connection))


@contextmanager
def _prepared(units: int, database: str) -> Generator[Path]:
    with TemporaryDirectory(prefix="pilotage-bench-") as name, _empty(database) as record:
        folder = Path(name)
        write_programme(folder, units=units, record=record)
        yield folder


@contextmanager
def _empty(database: str) -> Generator[str]:
    """Lend an empty database, as a URL."""
    if database == SQLITE:
        yield RECORD
        return
    server = open_engine(database, folder=Path())
    server = server.execution_options(isolation_level="AUTOCOMMIT")
    name = f"pilotage_bench_{token_hex(8)}"
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield make_url(database).set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        server.dispose()


def _road(passes: Sequence[Pass]) -> list[Measured]:
    return [
        Measured(
            what="decide and deliver",
            unit="units/s",
            values=tuple(one.tally.decided / one.send for one in passes),
            goal=UNITS_PER_SECOND,
        ),
        Measured(
            what="read outcomes, close windows",
            unit="units/s",
            values=tuple(one.tally.closed / one.hear for one in passes),
        ),
        Measured(
            what="the whole road",
            unit="units/s",
            values=tuple(one.tally.decided / (one.send + one.hear) for one in passes),
        ),
        Measured(
            what="register the experiment, once",
            unit="s",
            values=tuple(one.register for one in passes),
        ),
        Measured(
            what="peak memory",
            unit="GB",
            values=tuple(one.peak_bytes / GIGABYTE for one in passes),
        ),
    ]


def _beside(passes: Sequence[Pass], raws: Sequence[Raw]) -> list[Measured]:
    if not raws:
        return []
    both = list(zip(passes, raws, strict=True))
    return [
        Measured(
            what="raw limit: the same rows by sqlite3 alone",
            unit="units/s",
            values=tuple(p.tally.decided / (r.send + r.hear) for p, r in both),
        ),
        Measured(
            what="decide and deliver, times the raw limit",
            unit="x",
            values=tuple(p.send / r.send for p, r in both),
            goal=TIMES_THE_RAW_LIMIT,
        ),
        Measured(
            what="outcomes, times the raw limit",
            unit="x",
            values=tuple(p.hear / r.hear for p, r in both),
        ),
        Measured(
            what="the whole road, times the raw limit",
            unit="x",
            values=tuple((p.send + p.hear) / (r.send + r.hear) for p, r in both),
            goal=TIMES_THE_RAW_LIMIT,
        ),
    ]


def _notes(passes: Sequence[Pass], raws: Sequence[Raw]) -> list[str]:
    tally = passes[-1].tally
    said = (
        f"Each pass: {tally.decided:,} units decided, {tally.treated:,} of them treated,"
        f" {tally.delivered:,} values delivered, {tally.waiting:,} put before a person,"
        f" {tally.closed:,} windows closed."
    )
    if not raws:
        return [said, "The raw limit is not measured on PostgreSQL."]
    commits = passes[-1].watched.commits if passes[-1].watched else []
    same = f"the same {raws[-1].rows:,} rows, compared byte by byte, in {len(commits):,}"
    return [f"{said} Road and raw peer ended with {same} transactions."]
