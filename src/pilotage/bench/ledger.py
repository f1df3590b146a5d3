"""Bench `ledger`: entries a second appended and verified, beside their raw limits."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import perf_counter

from pilotage.bench.commits import NOTHING, on_sqlite
from pilotage.bench.measured import Goal, Measured, Report, seconds
from pilotage.bench.progress import Progress
from pilotage.bench.raw_inserts import Write, copy_start, insert_all, pragmas, require_same
from pilotage.bench.synthetic import RECORD, SEED
from pilotage.domain.entry import Entry, EntryKind
from pilotage.domain.errors import LedgerError
from pilotage.governance.bundle import verdict, verify
from pilotage.store.bundle import open_bundle
from pilotage.store.export import ENTRIES, Contents, export
from pilotage.store.ledger import stamp
from pilotage.store.record import Record, open_record

BATCH = 2_000
"""Entries in a transaction; the flow writes about as many."""

START = datetime(2026, 1, 1, tzinfo=UTC)

APPENDED = Goal(at_least=40_000)
VERIFIED = Goal(at_least=150_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """A ledger of a file's own, and what it took to write.

    Args:
        sizes: entries in each of its transactions.
    """

    record: Record
    path: Path
    seconds: float
    sizes: Sequence[int]


def bench_ledger(*, entries: int, repeats: int) -> Report:
    """Append entries and verify their export, each beside its raw limit."""
    rows: dict[str, list[float]] = {"append": [], "insert": [], "verify": [], "hash": []}
    made = list(some_entries(entries))
    progress = Progress()
    for number in range(1, repeats + 1):
        progress.say(f"repetition {number} of {repeats}")
        with TemporaryDirectory(prefix="pilotage-bench-") as name:
            appended = append(made, Path(name))
            rows["append"].append(appended.seconds)
            rows["insert"].append(raw_appends(appended))
            bundle = Path(name) / "bundle"
            export(appended.record, bundle, Contents(files={}), as_of=START)
            rows["verify"].append(seconds(lambda bundle=bundle: check(bundle)))
            rows["hash"].append(seconds(lambda bundle=bundle: raw_hashes(bundle)))
    progress.done()
    rate = {what: tuple(entries / taken for taken in found) for what, found in rows.items()}
    return Report(
        command=f"python -m pilotage.bench ledger --entries {entries}",
        measured=[
            Measured(
                what=f"append, {BATCH:,} a transaction, full sync",
                unit="entries/s",
                values=rate["append"],
                goal=APPENDED,
            ),
            Measured(
                what="raw limit: one sha256 and one insert an entry",
                unit="entries/s",
                values=rate["insert"],
            ),
            Measured(what="append, times the raw limit", unit="x", values=_times(rows, "append")),
            Measured(
                what="verify an exported bundle",
                unit="entries/s",
                values=rate["verify"],
                goal=VERIFIED,
            ),
            Measured(
                what="raw limit: read each line, one sha256",
                unit="entries/s",
                values=rate["hash"],
            ),
            Measured(what="verify, times the raw limit", unit="x", values=_times(rows, "verify")),
        ],
    )


def some_entries(n: int) -> Iterator[Entry]:
    """Yield assignments as the flow writes them; the same for the same number."""
    random = Random(SEED)  # noqa: S311 - entries to measure with, no secrets
    for number in range(n):
        at = START + timedelta(seconds=number)
        yield Entry(
            kind=EntryKind.ASSIGNMENT,
            use_case="lead-qualification",
            as_of=at,
            facts={
                "arm": "holdout" if number % 5 == 0 else "treatment",
                "cluster": random.randbytes(16).hex(),
                "commitment": random.randbytes(32).hex(),
                "mode": "live",
                "month": f"{at:%Y-%m}",
                "period": "once",
                "stratum": "",
                "unit": random.randbytes(16).hex(),
                "window_ends_at": stamp(at + timedelta(days=14)),
            },
        )


def append(entries: Sequence[Entry], folder: Path) -> Appended:
    """Append the entries to an empty ledger, batch by batch."""
    record = open_record(RECORD, folder=folder, programme="bench", clock=lambda: datetime.now(UTC))
    batches = [entries[at : at + BATCH] for at in range(0, len(entries), BATCH)]
    start = perf_counter()
    for batch in batches:
        with record.transaction() as work:
            work.append(*batch)
    taken = perf_counter() - start
    return Appended(
        record=record,
        path=Path(str(record.engine.url.database)),
        seconds=taken,
        sizes=[len(batch) for batch in batches],
    )


def raw_appends(appended: Appended) -> float:
    """Write the same rows by sqlite3 alone; return the seconds that took."""
    with closing(sqlite3.connect(appended.path)) as connection:
        entries = connection.execute("SELECT * FROM entry ORDER BY seq").fetchall()
        signed = connection.execute("SELECT * FROM checkpoint ORDER BY size").fetchall()
    with appended.record.reading() as reading:
        settings = pragmas(on_sqlite(reading))
    notes = {note[0]: note for note in signed}
    writes: list[Write] = []
    done = 0
    for size in appended.sizes:
        done += size
        rows = {"checkpoint": [notes[done]]} if done in notes else {}
        writes.append(
            Write(database=str(appended.path), entries=entries[done - size : done], rows=rows)
        )
    raw = appended.path.with_name("raw.sqlite")
    copy_start(appended.path, raw, begun={"entry": NOTHING, "checkpoint": NOTHING})
    taken = insert_all(writes, {str(appended.path): raw}, settings=settings)
    require_same(appended.path, raw)
    return sum(taken)


def check(folder: Path) -> None:
    """Verify a bundle.

    Raises:
        LedgerError: it is not intact.
    """
    with open_bundle(folder) as bundle:
        verified = verify(bundle)
    if not verified.is_intact:
        raise LedgerError(
            verdict(verified), fix="mend export or verify: nobody changed this log in between"
        )


def raw_hashes(bundle: Path) -> bytes:
    """Hash every line of a bundle and do nothing else; return the last hash."""
    last = b""
    with (bundle / ENTRIES).open("rb") as entries:
        for line in entries:
            last = sha256(line).digest()
    return last


def _times(rows: dict[str, list[float]], what: str) -> tuple[float, ...]:
    limit = {"append": "insert", "verify": "hash"}[what]
    return tuple(ours / raw for ours, raw in zip(rows[what], rows[limit], strict=True))
