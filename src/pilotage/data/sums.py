"""The sums that moments are made of, one scan of the engine for both sides of a comparison.

Only additions run over every row. Labels are cleaned on the groups, and infinite values are
looked for once a sum shows that there are some.
"""

import math
from typing import Any

from pilotage.data.answers import answer
from pilotage.data.cells import label, not_finite
from pilotage.data.comparison import Comparison
from pilotage.data.conditions import narrowed
from pilotage.data.engine import Cell, Rows, collect, ibis
from pilotage.data.tables import CustomerTable
from pilotage.domain.decision import Arm

SAMPLE = 1_000
"""Rows whose mean is the shift; any number near the data will do."""
SHIFT_DIGITS = 6
"""Significant digits of a shift: short enough to be the same number here and in the engine."""
LISTED = 20
"""Values of the arm column that an error lists."""
TOTALS = ("y", "yy", "x", "xx", "xy")

Sums = dict[str, Any]
"""One group's aggregates, as the engine's driver hands them over."""


def grouped_sums(
    table: CustomerTable, comparison: Comparison, *, cluster: str | None = None
) -> list[Sums]:
    """Return the sums of each `side` - treatment, holdout, other - and `cluster`."""
    cells = _cells(table, comparison, cluster)
    sums = _summed(cells, comparison)
    if not all(math.isfinite(one[name]) for one in sums for name in TOTALS):
        cells = _without_wild(cells)
        sums = _summed(cells, comparison)
    if comparison.covariate is not None and any(one["n"] < one["all_rows"] for one in sums):
        both = cells.mutate(x=ibis.ifelse(cells.y.isnull(), ibis.null("float64"), cells.x))
        sums = _summed(both, comparison)
    return sums


def arm_values(table: CustomerTable, comparison: Comparison) -> list[tuple[str, int]]:
    """Return the most frequent values of the arm column and their rows."""
    rows = narrowed(table, comparison.where)
    counted = rows.group_by(arm=label(rows[comparison.arm])).aggregate(rows=rows.count())
    there = counted.filter(counted.arm.notnull())
    most = there.order_by(ibis.desc("rows"), "arm").limit(LISTED)
    return [(one["arm"], one["rows"]) for one in collect(most)]


def _summed(cells: Rows, comparison: Comparison) -> list[Sums]:
    shifts, binary = _shifts(cells, comparison)
    aggregates = _aggregates(cells, shifts, binary=binary)
    sums = collect(_folded(cells, aggregates, comparison))
    return [_completed(one, shifts, binary=binary) for one in sums]


def _cells(table: CustomerTable, comparison: Comparison, cluster: str | None) -> Rows:
    """Return arm and cluster as they are, outcome y and covariate x as numbers."""
    rows = narrowed(table, comparison.where)
    y = answer(table, rows[comparison.outcome], comparison.outcome)
    cells = {"arm": rows[comparison.arm], "y": y.value}
    unread = [y.unread]
    if comparison.covariate is not None:
        x = answer(table, rows[comparison.covariate], comparison.covariate)
        cells["x"] = x.value
        unread.append(x.unread)
    if cluster is not None:
        cells["cluster"] = rows[cluster]
    if y.word is not None:
        cells["word"] = y.word
    if texts := [text for text in unread if text is not None]:
        cells["unread"] = ibis.coalesce(*texts)
    return rows.select(**cells)


def _without_wild(cells: Rows) -> Rows:
    """Return the cells with NaN and infinity taken out of the sums, and marked."""
    numbers = [name for name in ("y", "x") if name in cells.columns]
    no, gone = ibis.literal(value=False), ibis.null("float64")
    wild = ibis.or_(*(ibis.coalesce(not_finite(cells[name]), no) for name in numbers))
    return cells.mutate(
        wild=wild, **{name: ibis.ifelse(wild, gone, cells[name]) for name in numbers}
    )


def _shifts(cells: Rows, comparison: Comparison) -> tuple[dict[str, float], bool]:
    """Return what is taken off y and x, and whether y seems to be 0 and 1; then it is nothing.

    The sums of 0 and 1 stay whole numbers that way.
    """
    compared = label(cells.arm).isin([comparison.treatment, comparison.control])
    few = cells.filter(compared & cells.y.notnull() & ~not_finite(cells.y)).limit(SAMPLE)
    x = few.x.mean() if "x" in few.columns else ibis.null("float64")
    [found] = collect(few.aggregate(y=few.y.mean(), x=x, other=few.y.notin([0, 1]).sum()))
    means = {"y": found["y"] if found["other"] else 0, "x": found["x"]}
    shifts = {
        f"{name}_shift": float(f"{mean or 0:.{SHIFT_DIGITS}g}") for name, mean in means.items()
    }
    finite = {name: shift if math.isfinite(shift) else 0.0 for name, shift in shifts.items()}
    return finite, not found["other"]


def _aggregates(cells: Rows, shifts: dict[str, float], *, binary: bool) -> dict[str, Cell]:
    """Return the aggregates over the rows; all but the least and greatest value add up."""
    y = cells.y - shifts["y_shift"]
    wanted = {"all_rows": cells.count(), "n": y.count(), "y": y.sum(), "yy": (y * y).sum()}
    if binary:
        wanted |= {"y_min": cells.y.min(), "y_max": cells.y.max()}
    if "x" in cells.columns:
        x = cells.x - shifts["x_shift"]
        wanted |= {"n_x": x.count(), "x": x.sum(), "xx": (x * x).sum(), "xy": (x * y).sum()}
    if "wild" in cells.columns:
        wanted["not_finite"] = cells.wild.sum()
    if "word" in cells.columns:
        wanted["words"] = cells.word.sum()
    if "unread" in cells.columns:
        wanted |= {"unread": cells.unread.count(), "unread_min": cells.unread.min()}
    return wanted


def _folded(cells: Rows, aggregates: dict[str, Cell], comparison: Comparison) -> Rows:
    """Return the aggregates by side and cluster, whose labels are cleaned group by group."""
    by = [name for name in ("arm", "cluster") if name in cells.columns]
    groups = cells.group_by(by).aggregate(**aggregates)
    arm = label(groups.arm)
    side = ibis.cases(
        (arm == comparison.treatment, Arm.TREATMENT.value),
        (arm == comparison.control, Arm.HOLDOUT.value),
        else_="other",
    )
    cluster = label(groups.cluster) if "cluster" in by else ibis.null("string")
    named = groups.mutate(side=side, cluster=cluster)
    return named.group_by(["side", "cluster"]).aggregate(
        **{name: _fold(named[name], name) for name in aggregates}
    )


def _fold(cell: Cell, name: str) -> Cell:
    if name.endswith("_min"):
        return cell.min()
    return cell.max() if name.endswith("_max") else cell.sum().fill_null(0)


def _completed(sums: Sums, shifts: dict[str, float], *, binary: bool) -> Sums:
    """Add what follows from the sums: shifts, what is missing, whether all is 0 and 1."""
    one = dict.fromkeys(("not_finite", "unread", "words", *TOTALS), 0) | sums | shifts
    zero_one = not one["n"] or (
        binary and one["y_min"] >= 0 and one["y_max"] <= 1 and one["y"] == one["yy"]
    )
    return one | {
        "missing": one["all_rows"] - one["n"] - one["not_finite"] - one["unread"],
        "x_missing": one["n"] - one.get("n_x", one["n"]),
        "not_binary": not zero_one,
    }
