"""A finished experiment's table, summed up in the engine: moments per arm, or per cluster and arm.

No rows come to Python. Sums are about a stored shift, so that the spread survives a mean that
dwarfs it (Chan, Golub and LeVeque, 1983).
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from pilotage.data.comparison import ArmMoments, ArmSums, Clusters, Comparison
from pilotage.data.sums import TOTALS, Sums, arm_values, grouped_sums
from pilotage.data.tables import CustomerTable, open_table, readable
from pilotage.domain.decision import Arm
from pilotage.domain.effect import Moments
from pilotage.domain.errors import SourceError
from pilotage.domain.finding import Finding, Severity
from pilotage.experiments.clusters import ClusterMoments


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
        sums = grouped_sums(table, comparison, cluster=cluster)
    _check(table, comparison, sums)
    return sums


def _check(table: CustomerTable, comparison: Comparison, sums: Sequence[Sums]) -> None:
    """Refuse sums that mean nothing."""
    sides = {one["side"] for one in sums}
    for side, value in ((Arm.TREATMENT, comparison.treatment), (Arm.HOLDOUT, comparison.control)):
        if side.value not in sides:
            raise _no_arm(table, comparison, value)
    arms = [one for one in sums if one["side"] != "other"]
    unread = [one["unread_min"] for one in arms if one["unread"]]
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
    if not all(math.isfinite(one[name]) for one in arms for name in TOTALS):
        raise SourceError(
            f"{table.location}: values of {comparison.outcome!r} are too large to be squared.",
            fix="divide the column by a million, or look for damaged values",
        )


def _no_arm(table: CustomerTable, comparison: Comparison, value: str) -> SourceError:
    with readable(table.location):
        there = [f"{arm!r} ({rows} rows)" for arm, rows in arm_values(table, comparison)]
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
