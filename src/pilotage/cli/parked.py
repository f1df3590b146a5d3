"""`pilotage status --parked`: the rows that a run left aside, and what to do about each kind."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from textwrap import wrap
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from pilotage.cli.number import how_many
from pilotage.cli.recorded import record_if_any
from pilotage.opening import Opened
from pilotage.store import parking
from pilotage.store.parking import ParkedCount, ParkedRow

_T = TypeVar("_T")

WIDTH = 96
SHOWN = 20
"""Rows of a kind that are shown; `--json` has all."""

READ_AGAIN = "mend it where the table comes from and export again; the next run reads it"
"""What to do with a row that cannot be read as it is."""

TO_DO: Mapping[str, str] = {
    "duplicate-key": "find out which row is right and export each unit once",
    "missing-key": "fill the key in where the table comes from, or leave such rows out",
    "float-key": "export the key as text: a spreadsheet made it a number with decimals",
    "bad-value": "export amounts as plain numbers such as 1002.23",
    "not-finite": "export amounts as plain numbers such as 1002.23",
    "bad-time": "export times as 2026-09-01 or 2026-09-01T08:30:00Z",
    "in-the-future": "mend the date; if it is right, check the time zone and this machine's clock",
    "late-cluster": "nothing: its units stay as today until a new experiment starts",
    "changed-arm": "nothing: a unit in both arms would blur them; it is in no figure twice",
    "unknown-unit": "check that both exports are whole and that the key is the same in both",
    parking.BEFORE_ASSIGNMENT: "mend the date where the outcome came before its unit did; else let"
    " `pilotage run` run more often, such as every hour",
}


class Read(Protocol[_T]):
    """Reads what is parked of one use case."""

    def __call__(self, connection: Connection, *, use_case: str) -> list[_T]:
        """Return it by table and reason."""
        ...


def parked(opened: Opened, use_case: str | None, read: Read[_T]) -> list[_T]:
    """Return what is parked of one use case or of all; nothing before the first run."""
    record = record_if_any(opened)
    if record is None:
        return []
    with record.reading() as connection:
        return [
            found
            for spec in opened.chosen(use_case)
            for found in read(connection, use_case=spec.use_case)
        ]


def rows_in_words(rows: Sequence[ParkedRow]) -> Iterator[str]:
    """Yield each kind with what to do, and its rows."""
    if not rows:
        yield "No row is parked."
    for (use_case, source, reason), alike in groupby(
        rows, key=lambda row: (row.use_case, row.source, row.reason)
    ):
        kind = list(alike)
        yield f"{use_case}: {how_many(len(kind), 'row')} of {Path(source).name}, {reason}"
        yield from wrap(
            f"to do: {to_do(reason)}", WIDTH, initial_indent="  ", subsequent_indent="    "
        )
        yield from (f"  {row.key or '(no key)'}: {row.detail}" for row in kind[:SHOWN])
        if len(kind) > SHOWN:
            yield f"  ... {len(kind) - SHOWN:,} more: --json"


def counts_in_words(counts: Sequence[ParkedCount]) -> Iterator[str]:
    """Yield a line for each use case, table and reason, with an example."""
    for one in counts:
        yield from wrap(
            f"{one.use_case}: {how_many(one.n, 'row')} of {Path(one.source).name} parked,"
            f" {one.reason}:"
            f" {one.example}",
            WIDTH,
            subsequent_indent="  ",
        )


def to_do(reason: str) -> str:
    """Return what a person does about a kind of parked row."""
    return TO_DO.get(reason, READ_AGAIN)


def row_facts(row: ParkedRow) -> dict[str, str]:
    """Return a row for machines."""
    return {
        "use_case": row.use_case,
        "table": row.source,
        "key": row.key,
        "reason": row.reason,
        "detail": row.detail,
        "as_of": row.as_of,
        "to_do": to_do(row.reason),
    }


def count_facts(one: ParkedCount) -> dict[str, object]:
    """Return a count for machines."""
    return {
        "use_case": one.use_case,
        "table": one.source,
        "reason": one.reason,
        "n": one.n,
        "example": one.example,
    }
