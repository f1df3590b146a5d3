"""Readout: what closed monthly cohorts say of the effect, all together and month by month."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pilotage.domain.cohort import CohortMoments
from pilotage.domain.decision import Arm
from pilotage.domain.effect import Effect, Moments
from pilotage.domain.finding import Finding
from pilotage.domain.review import CohortEffect, MetricKind
from pilotage.experiments.clusters import ClusterMoments, clustered_difference
from pilotage.experiments.difference import difference, difference_of_proportions, relative

Compare = Callable[[Sequence[CohortMoments]], Effect | Finding]


@dataclass(frozen=True, slots=True, kw_only=True)
class HowCompared:
    """How the arms of an experiment are compared in one month's review.

    Args:
        kind: proportion or mean.
        level: of the intervals.
        critical_p: of the month's look; None in a month without one.
        strata: of the clusters whose arms were counted out, as registered; else empty.
        seed: draws assignments where clusters are too many to enumerate, the same each time.
    """

    kind: MetricKind
    level: float
    critical_p: float | None
    strata: Mapping[str, str]
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Readout:
    """The effect, or why there is none.

    Args:
        effect: over all cohorts, absolute.
        at_boundary: the same with its interval at the level 1 - critical p, by the same method;
            None in a month without a look, or where no interval is that sure.
        relative: the same against the holdout mean; None where that is not to be trusted.
        by_month: absolute; oldest first; without an effect where there is no comparison.
        findings: why the effect is missing.
    """

    effect: Effect | None
    at_boundary: Effect | None
    relative: Effect | None
    by_month: tuple[CohortEffect, ...]
    findings: tuple[Finding, ...]


def read_out(
    cohorts: Sequence[CohortMoments],
    how: HowCompared,
    *,
    by_unit: Sequence[CohortMoments] | None = None,
) -> Readout:
    """Compare the arms of closed cohorts.

    Arms drawn for clusters are compared by randomisation inference over the clusters; others by
    the difference of proportions or of means.

    Args:
        cohorts: by month and arm.
        by_unit: where units are decided every month, sums over each unit's mean, so that a unit
            counts once; None where each has one outcome, and the cohorts just add.
    """
    pooled, pooling = cohorts, how
    if by_unit is not None:
        pooled, pooling = by_unit, replace(how, kind=MetricKind.MEAN)
    by_month = _by_month(cohorts, lambda parts: _compare(parts, how))
    whole = _compare(pooled, pooling)
    if isinstance(whole, Finding):
        return Readout(
            effect=None, at_boundary=None, relative=None, by_month=by_month, findings=(whole,)
        )
    return Readout(
        effect=whole,
        at_boundary=_at_boundary(pooled, pooling),
        relative=_relative(pooled, level=how.level),
        by_month=by_month,
        findings=(),
    )


def _compare(parts: Sequence[CohortMoments], how: HowCompared) -> Effect | Finding:
    if _clustered(parts):
        rng = np.random.default_rng(how.seed)
        found = clustered_difference(_clusters(parts, how.strata), rng=rng, level=how.level)
        return found if isinstance(found, Finding) else found.effect
    treatment, holdout = _arm(parts, Arm.TREATMENT), _arm(parts, Arm.HOLDOUT)
    test = difference_of_proportions if how.kind is MetricKind.PROPORTION else difference
    return test(treatment, holdout, level=how.level)


def _at_boundary(parts: Sequence[CohortMoments], how: HowCompared) -> Effect | None:
    """Return the effect at the look's own certainty; few clusters may never be that sure."""
    if how.critical_p is None:
        return None
    found = _compare(parts, replace(how, level=1 - how.critical_p))
    return None if isinstance(found, Finding) else found


def _relative(parts: Sequence[CohortMoments], *, level: float) -> Effect | None:
    """Return the effect as a share of the holdout mean; clusters have no such interval here."""
    if _clustered(parts):
        return None
    return relative(_arm(parts, Arm.TREATMENT), _arm(parts, Arm.HOLDOUT), level=level)


def _by_month(cohorts: Sequence[CohortMoments], compare: Compare) -> tuple[CohortEffect, ...]:
    found = {
        month: compare([cohort for cohort in cohorts if cohort.month == month])
        for month in sorted({cohort.month for cohort in cohorts})
    }
    return tuple(
        CohortEffect(month=month, effect=None if isinstance(effect, Finding) else effect)
        for month, effect in found.items()
    )


def _clustered(parts: Sequence[CohortMoments]) -> bool:
    return any(part.cluster for part in parts)


def _arm(parts: Iterable[CohortMoments], arm: Arm) -> Moments:
    return sum((part.moments for part in parts if part.arm is arm), Moments(n=0))


def _clusters(parts: Iterable[CohortMoments], strata: Mapping[str, str]) -> list[ClusterMoments]:
    """Add up each cluster; it stands in the stratum its arm was drawn in, wherever its units do."""
    sums: dict[tuple[str, Arm], Moments] = {}
    for part in parts:
        key = part.cluster, part.arm
        sums[key] = sums.get(key, Moments(n=0)) + part.moments
    return [
        ClusterMoments(cluster=cluster, stratum=strata.get(cluster, ""), arm=arm, moments=moments)
        for (cluster, arm), moments in sums.items()
    ]
