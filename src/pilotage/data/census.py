"""Counting all rows of a table, and what is wrong with them."""

from collections.abc import Sequence

from pilotage.data.engine import Rows, collect
from pilotage.data.rows import Fault, judged
from pilotage.data.tables import readable
from pilotage.domain.census import Census, Refusal


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
