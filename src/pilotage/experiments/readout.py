"""Readout: what closed monthly cohorts say of the effect, all together and month by month."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pilotage.domain.cohort import CohortMoments
from pilotage.domain.decision import Arm
from pilotage.domain.effect import Effect, Moments
from pilotage.domain.finding import Finding
from pilotage.domain.month import Month
from pilotage.domain.review import MetricKind
from pilotage.experiments.clusters import ClusterMoments, clustered_difference
from pilotage.experiments.difference import difference, difference_of_proportions, relative

Compare = Callable[[Sequence[CohortMoments]], Effect | Finding]


@dataclass(frozen=True, slots=True, kw_only=True)
class Readout:
    """The effect, or why there is none.

    Args:
        effect: over all cohorts, absolute.
        relative: the same against the holdout mean; None where that is not to be trusted.
        by_month: absolute; None for a month without a comparison.
        findings: why the effect is missing.
    """

    effect: Effect | None
    relative: Effect | None
    by_month: Mapping[Month, Effect | None]
    findings: tuple[Finding, ...]


def read_out(
    cohorts: Sequence[CohortMoments],
    *,
    by_unit: Sequence[CohortMoments] | None,
    kind: MetricKind,
    level: float,
    rng: np.random.Generator,
) -> Readout:
    """Compare the arms of closed cohorts.

    Arms drawn for clusters are compared by randomisation inference over the clusters; others by
    the difference of proportions or of means.

    Args:
        cohorts: by month and arm.
        by_unit: where units are decided every month, sums over each unit's mean, so that a unit
            counts once; None where each has one outcome, and the cohorts just add.
        kind: proportion or mean.
        level: of the intervals.
        rng: draws assignments where clusters are too many to enumerate.
    """
    clustered = any(cohort.cluster for cohort in cohorts)

    def compare(parts: Sequence[CohortMoments], kind: MetricKind) -> Effect | Finding:
        if clustered:
            found = clustered_difference(_clusters(parts), rng=rng, level=level)
            return found if isinstance(found, Finding) else found.effect
        treatment, holdout = _arm(parts, Arm.TREATMENT), _arm(parts, Arm.HOLDOUT)
        test = difference_of_proportions if kind is MetricKind.PROPORTION else difference
        return test(treatment, holdout, level=level)

    by_month = _by_month(cohorts, lambda parts: compare(parts, kind))
    pooled = cohorts if by_unit is None else by_unit
    whole = compare(pooled, kind if by_unit is None else MetricKind.MEAN)
    if isinstance(whole, Finding):
        return Readout(effect=None, relative=None, by_month=by_month, findings=(whole,))
    ratio = relative(_arm(pooled, Arm.TREATMENT), _arm(pooled, Arm.HOLDOUT), level=level)
    return Readout(
        effect=whole,
        relative=None if clustered else ratio,
        by_month=by_month,
        findings=(),
    )


def _by_month(cohorts: Sequence[CohortMoments], compare: Compare) -> dict[Month, Effect | None]:
    found = {
        month: compare([cohort for cohort in cohorts if cohort.month == month])
        for month in sorted({cohort.month for cohort in cohorts})
    }
    return {month: None if isinstance(e, Finding) else e for month, e in found.items()}


def _arm(parts: Iterable[CohortMoments], arm: Arm) -> Moments:
    return sum((part.moments for part in parts if part.arm is arm), Moments(n=0))


def _clusters(parts: Iterable[CohortMoments]) -> list[ClusterMoments]:
    sums: dict[tuple[str, str, Arm], Moments] = {}
    for part in parts:
        key = part.cluster, part.stratum, part.arm
        sums[key] = sums.get(key, Moments(n=0)) + part.moments
    return [
        ClusterMoments(cluster=cluster, stratum=stratum, arm=arm, moments=moments)
        for (cluster, stratum, arm), moments in sums.items()
    ]
