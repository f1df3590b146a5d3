"""A census of a table: how many of its rows cannot be read as they are, by reason."""

from collections.abc import Sequence
from dataclasses import dataclass

from pilotage.data.engine import Rows, collect
from pilotage.data.rows import Fault, judged
from pilotage.data.tables import readable


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The rows of a table that a run would park for one reason.

    Args:
        example: what is wrong with one of them, with its value.
        key: of that one; empty where it has none.
    """

    reason: str
    n: int
    example: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """All rows of a table, whatever their time; doubled keys are not looked for.

    Args:
        refusals: by reason, the most frequent first.
    """

    table: str
    rows: int
    refusals: tuple[Refusal, ...]

    def refused(self, reasons: Sequence[str]) -> int:
        """Return how many rows are refused for one of these reasons."""
        return sum(refusal.n for refusal in self.refusals if refusal.reason in reasons)


def census(location: str, cells: Rows, faults: Sequence[Fault]) -> Census:
    """Count the rows of a table by the first fault of each, in one scan."""
    rows = judged(cells, faults)
    by_reason = rows.group_by("reason").aggregate(
        n=rows.count(), example=rows.detail.min(), key=rows.key.argmin(rows.detail)
    )
    with readable(location):
        counted = collect(by_reason)
    refusals = [
        Refusal(reason=row["reason"], n=row["n"], example=row["example"], key=row["key"] or "")
        for row in counted
        if row["reason"] is not None
    ]
    return Census(
        table=location,
        rows=sum(row["n"] for row in counted),
        refusals=tuple(sorted(refusals, key=lambda refusal: (-refusal.n, refusal.reason))),
    )
