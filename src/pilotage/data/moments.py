"""A finished experiment's table, summed up in the engine: moments per arm, or per cluster and arm.

No rows come to Python. Sums are about a stored shift, so that the spread survives a mean that
dwarfs it (Chan, Golub and LeVeque, 1983).
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from pilotage.data.answers import answer
from pilotage.data.cells import label, not_finite
from pilotage.data.comparison import ArmMoments, ArmSums, Clusters, Comparison
from pilotage.data.conditions import narrowed
from pilotage.data.engine import Cell, Rows, collect, ibis
from pilotage.data.tables import CustomerTable, open_table, readable
from pilotage.domain.decision import Arm
from pilotage.domain.effect import Moments
from pilotage.domain.errors import SourceError
from pilotage.domain.finding import Finding, Severity
from pilotage.experiments.clusters import ClusterMoments

SAMPLE = 1_000
"""Rows whose mean is the shift; any number near the data will do."""
SHIFT_DIGITS = 6
"""Significant digits of a shift: short enough to be the same number here and in the engine."""
LISTED = 20
"""Values that an error lists."""

Sums = dict[str, Any]
"""One group's aggregates, as the engine's driver hands them over."""


def open_compared(
    location: str, comparison: Comparison, *, cluster: str | None = None
) -> CustomerTable:
    """Open a table with its arms and clusters as written: "Yes" is no boolean, "01" no number."""
    return open_table(location, text=[comparison.arm, *([cluster] if cluster else [])])


def arm_moments(table: CustomerTable, comparison: Comparison) -> ArmMoments:
    """Sum up both arms in one scan.

    Raises:
        SourceError: a column does not exist, an arm does not occur or is compared with itself,
            the outcome is no number, or the condition is no SQL.
    """
    sums = {one["side"]: one for one in _sums(table, comparison)}
    treatment, control = sums[Arm.TREATMENT], sums[Arm.HOLDOUT]
    arms = {Arm.TREATMENT: _arm_sums(treatment), Arm.HOLDOUT: _arm_sums(control)}
    return ArmMoments(
        treatment=arms[Arm.TREATMENT],
        control=arms[Arm.HOLDOUT],
        proportion=not treatment["not_binary"] and not control["not_binary"],
        other_rows=sums["other"]["all_rows"] if "other" in sums else 0,
        findings=tuple(_findings(comparison, arms)),
    )


def cluster_moments(table: CustomerTable, comparison: Comparison, *, cluster: str) -> Clusters:
    """Sum up each cluster's rows by arm in one scan; as many results as clusters.

    Raises:
        SourceError: as `arm_moments`; or rows of the two arms name no cluster.
    """
    sums = [one for one in _sums(table, comparison, cluster=cluster) if one["side"] != "other"]
    nameless = sum(one["all_rows"] for one in sums if one["cluster"] is None)
    if nameless:
        raise SourceError(
            f"{table.location}: {nameless} rows of the two arms have no {cluster!r}.",
            fix=f"fill it in, or leave them out: --where '\"{cluster}\" IS NOT NULL'",
        )
    found = [
        ClusterMoments(
            cluster=one["cluster"], stratum="", arm=Arm(one["side"]), moments=_moments(one)
        )
        for one in sums
    ]
    arms = Counter(one.cluster for one in found)
    return Clusters(
        moments=tuple(sorted(found, key=lambda one: (one.cluster, one.arm))),
        straddling=tuple(sorted(name for name, count in arms.items() if count > 1)),
    )


def _sums(
    table: CustomerTable, comparison: Comparison, *, cluster: str | None = None
) -> list[Sums]:
    """Return the aggregates of each side, or of each cluster and side, after checking them."""
    named = [comparison.arm, comparison.outcome, comparison.covariate, cluster]
    table.require([name for name in named if name])
    if comparison.treatment == comparison.control:
        raise SourceError(
            f"--treatment and --control are both {comparison.control!r}: nothing to compare.",
            fix="name two values of the arm column",
        )
    with readable(table.location):
        cells = _cells(table, comparison, cluster)
        shifts = _shifts(cells)
        by = ["side"] if cluster is None else ["side", "cluster"]
        sums = collect(cells.group_by(by).aggregate(**_aggregates(cells, shifts)))
    for one in sums:
        one.update(shifts)
    _check(table, comparison, cells, sums)
    return sums


def _cells(table: CustomerTable, comparison: Comparison, cluster: str | None) -> Rows:
    """Return side, cluster, outcome y and covariate x with what is wrong with them."""
    rows = narrowed(table, comparison.where)
    arm, no = label(rows[comparison.arm]), ibis.literal(value=False)
    side = ibis.cases(
        (arm == comparison.treatment, Arm.TREATMENT.value),
        (arm == comparison.control, Arm.HOLDOUT.value),
        else_="other",
    )
    y = answer(table, rows[comparison.outcome], comparison.outcome)
    if comparison.covariate is None:
        x, x_missing = ibis.literal(0).cast("float64"), no
        x_said, x_unread = ibis.null("string"), no
    else:
        covariate = answer(table, rows[comparison.covariate], comparison.covariate)
        x, x_missing, x_said = covariate.value, covariate.missing, covariate.said
        x_unread = ~x_missing & x.isnull()
    return rows.select(
        side=side,
        arm=arm,
        cluster=label(rows[cluster]) if cluster else ibis.null("string"),
        y=y.value,
        missing=y.missing,
        word=y.word,
        unread=ibis.coalesce(
            ibis.ifelse(~y.missing & y.value.isnull(), y.said, ibis.null("string")),
            ibis.ifelse(x_unread, x_said, ibis.null("string")),
        ),
        wild=~y.missing
        & (not_finite(y.value) | (not_finite(x) & ~x_missing)).fill_null(ibis.literal(value=False)),
        x=x,
        x_missing=x_missing,
    )


def _shifts(cells: Rows) -> dict[str, float]:
    """Return what is taken off outcome and covariate; of 0 and 1 nothing: counts stay whole."""
    few = cells.filter((cells.side != "other") & ~cells.missing & ~cells.wild).limit(SAMPLE)
    [found] = collect(
        few.aggregate(y=few.y.mean(), x=few.x.mean(), other=few.y.notin([0, 1]).sum())
    )
    y, x = found["y"] if found["other"] else 0, found["x"]
    return {f"{n}_shift": float(f"{v or 0:.{SHIFT_DIGITS}g}") for n, v in (("y", y), ("x", x))}


def _aggregates(cells: Rows, shifts: dict[str, float]) -> dict[str, Cell]:
    used = ~cells.missing & ~cells.wild
    y = cells.y - shifts["y_shift"]
    x = (cells.x - shifts["x_shift"]).fill_null(0)

    def total(value: Cell) -> Cell:
        return value.sum(where=used).fill_null(0)

    def count(condition: Cell) -> Cell:
        return condition.sum().fill_null(0)

    return {
        "all_rows": cells.count(),
        "n": count(used),
        "missing": count(cells.missing),
        "not_finite": count(cells.wild),
        "x_missing": count(used & cells.x_missing),
        "unread": cells.unread.count(),
        "unread_example": cells.unread.min(),
        "words": count(cells.word),
        "not_binary": count(used & cells.y.notin([0, 1])),
        "y": total(y),
        "yy": total(y * y),
        "x": total(x),
        "xx": total(x * x),
        "xy": total(x * y),
    }


def _check(table: CustomerTable, comparison: Comparison, cells: Rows, sums: Sequence[Sums]) -> None:
    """Refuse sums that mean nothing."""
    sides = {one["side"] for one in sums}
    for side, value in ((Arm.TREATMENT, comparison.treatment), (Arm.HOLDOUT, comparison.control)):
        if side.value not in sides:
            raise _no_arm(table, comparison, cells, value)
    arms = [one for one in sums if one["side"] != "other"]
    unread = [one["unread_example"] for one in arms if one["unread"]]
    if unread:
        raise SourceError(
            f"{table.location}: {sum(one['unread'] for one in arms)} values of "
            f"{' or '.join(repr(c) for c in (comparison.outcome, comparison.covariate) if c)} "
            f"are no numbers, such as {min(unread)!r}.",
            fix="mend them, or leave the rows out with --where",
        )
    if any(one["words"] for one in arms) and any(one["not_binary"] for one in arms):
        raise SourceError(
            f"{table.location}: {comparison.outcome!r} mixes yes and no with other numbers.",
            fix="make it one or the other",
        )
    if not all(math.isfinite(one[name]) for one in arms for name in ("y", "yy", "x", "xx", "xy")):
        raise SourceError(
            f"{table.location}: values of {comparison.outcome!r} are too large to be squared.",
            fix="divide the column by a million, or look for damaged values",
        )


def _no_arm(table: CustomerTable, comparison: Comparison, cells: Rows, value: str) -> SourceError:
    with readable(table.location):
        counts = collect(
            cells.group_by("arm").aggregate(rows=cells.count()).order_by(ibis.desc("rows"))
            .limit(LISTED)
        )  # fmt: skip
    there = [f"{one['arm']!r} ({one['rows']} rows)" for one in counts if one["arm"] is not None]
    only = f" where {comparison.where}" if comparison.where else ""
    return SourceError(
        f"{table.location}: {comparison.arm!r} is never {value!r}{only}; "
        f"there are: {', '.join(there) or 'no values'}.",
        fix="name one of these as --treatment and another as --control",
    )


def _moments(sums: Sums) -> Moments:
    names = ("y", "yy", "y_shift", "x", "xx", "xy", "x_shift")
    return Moments(n=int(sums["n"]), **{name: float(sums[name]) for name in names})


def _arm_sums(sums: Sums) -> ArmSums:
    return ArmSums(
        moments=_moments(sums),
        missing=int(sums["missing"]),
        not_finite=int(sums["not_finite"]),
        missing_covariate=int(sums["x_missing"]),
    )


def _findings(comparison: Comparison, arms: dict[Arm, ArmSums]) -> Iterator[Finding]:
    treatment, control = arms[Arm.TREATMENT], arms[Arm.HOLDOUT]
    if treatment.not_finite or control.not_finite:
        yield Finding(
            code="outcome-not-finite",
            severity=Severity.BLOCKS,
            detail=f"{treatment.not_finite} rows of {comparison.treatment!r} and "
            f"{control.not_finite} of {comparison.control!r} hold NaN or infinity.",
            fix="mend the values, or leave the rows out with --where",
        )
    if treatment.missing or control.missing:
        yield Finding(
            code="outcome-missing",
            severity=Severity.WARNING,
            detail=f"{treatment.missing} rows of {comparison.treatment!r} and {control.missing} of "
            f"{comparison.control!r} have no {comparison.outcome!r}; they are left out.",
            fix="an outcome that never came is 0, not empty; fill it in if that is what it means",
        )
    if treatment.missing_covariate or control.missing_covariate:
        yield Finding(
            code="covariate-missing",
            severity=Severity.INFO,
            detail=f"{treatment.missing_covariate + control.missing_covariate} rows have no "
            f"{comparison.covariate!r}; they count as average there.",
            fix="nothing to do: it costs a little precision and does not bias the effect",
        )
