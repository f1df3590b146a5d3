"""Clusters: the effect where arms are drawn for reps, teams or weeks, from sums per cluster.

The decision rests on the unit-weighted effect, the one that money uses, by randomisation
inference; the cluster-mean t-test stands beside it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr, stdtrit

from pilotage.domain.decision import Arm
from pilotage.domain.effect import Effect, EffectKind, Moments
from pilotage.domain.finding import Finding, Severity
from pilotage.experiments.checks import NOISE, not_finite
from pilotage.experiments.randomisation import Randomisation, draw, randomise

Floats = npt.NDArray[np.float64]

FEWEST_CLUSTERS = 2
"""In each arm: one cluster has no spread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterMoments:
    """One cluster: its stratum, its arm, and the sums over its units."""

    cluster: str
    stratum: str
    arm: Arm
    moments: Moments


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusteredEffect:
    """The effect by randomisation inference, and the cluster-mean t-test beside it.

    Args:
        effect: unit-weighted; its interval holds every effect that the test does not reject.
        cluster_means: each cluster counts once, t with clusters - 2 degrees of freedom.
        smallest_p: the smallest p-value that this many clusters could have given.
        enumerated: whether every possible assignment was counted, or a sample drawn.
    """

    effect: Effect
    cluster_means: Effect
    smallest_p: float
    enumerated: bool


def clustered_difference(
    clusters: Sequence[ClusterMoments], *, rng: np.random.Generator, level: float = 0.95
) -> ClusteredEffect | Finding:
    """Compare arms that were drawn for clusters, counted out within strata.

    Clusters without units are left out: the draw among the others stays what it was.

    Args:
        clusters: each once, in any order; the order does not change the answer.
        rng: draws assignments where they are too many to enumerate.
        level: of the interval.
    """
    seen = sorted((c for c in clusters if c.moments.n), key=lambda c: (c.stratum, c.cluster))
    if finding := _unusable(seen):
        return finding
    sums, sizes, treated = _arrays(seen)
    drawn = draw(treated, strata=[c.stratum for c in seen], rng=rng)
    if drawn.smallest_p > 1 - level:
        return _too_few(treated, smallest_p=drawn.smallest_p)
    inference = randomise(sums, sizes, drawn=drawn, alpha=1 - level)
    if inference is None:
        return _no_spread()
    return ClusteredEffect(
        effect=_unit_weighted(seen, inference, level=level),
        cluster_means=_cluster_means(seen, level=level),
        smallest_p=drawn.smallest_p,
        enumerated=drawn.enumerated,
    )


def _unit_weighted(
    seen: Sequence[ClusterMoments], inference: Randomisation, *, level: float
) -> Effect:
    return Effect(
        estimate=inference.estimate,
        low=inference.low,
        high=inference.high,
        standard_error=inference.standard_error,
        p_value=inference.p_value,
        kind=EffectKind.ABSOLUTE,
        method="unit-weighted difference between clusters, randomisation inference",
        n_treatment=_units(seen, Arm.TREATMENT),
        n_holdout=_units(seen, Arm.HOLDOUT),
        holdout_mean=_mean(seen, Arm.HOLDOUT),
        level=level,
    )


def _cluster_means(seen: Sequence[ClusterMoments], *, level: float) -> Effect:
    means = {arm: np.array([c.moments.mean for c in seen if c.arm is arm]) for arm in Arm}
    one, other = means[Arm.TREATMENT], means[Arm.HOLDOUT]
    df = one.size + other.size - 2
    squares = sum(float(((m - m.mean()) ** 2).sum()) for m in (one, other))
    error = math.sqrt(squares / df * (1 / one.size + 1 / other.size))
    estimate = float(one.mean() - other.mean())
    reach = float(stdtrit(df, (1 + level) / 2)) * error
    return Effect(
        estimate=estimate,
        low=estimate - reach,
        high=estimate + reach,
        standard_error=error,
        p_value=2 * float(stdtr(df, -abs(estimate / error))) if error else float(estimate == 0),
        kind=EffectKind.ABSOLUTE,
        method=f"difference of cluster means, t({df})",
        n_treatment=_units(seen, Arm.TREATMENT),
        n_holdout=_units(seen, Arm.HOLDOUT),
        holdout_mean=float(other.mean()),
        level=level,
    )


def _arrays(seen: Sequence[ClusterMoments]) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """Return sums about the overall mean, sizes, and who was treated."""
    sizes = np.array([c.moments.n for c in seen], dtype=np.float64)
    means = np.array([c.moments.mean for c in seen])
    centre = float(sizes @ means / sizes.sum())
    deviations = (means - centre) * (np.abs(means - centre) > NOISE * abs(centre))
    return deviations * sizes, sizes, np.array([c.arm is Arm.TREATMENT for c in seen])


def _units(seen: Sequence[ClusterMoments], arm: Arm) -> int:
    return sum(c.moments.n for c in seen if c.arm is arm)


def _mean(seen: Sequence[ClusterMoments], arm: Arm) -> float:
    total = math.fsum(c.moments.mean * c.moments.n for c in seen if c.arm is arm)
    return total / _units(seen, arm)


def _unusable(seen: Sequence[ClusterMoments]) -> Finding | None:
    for cluster in seen:
        if finding := not_finite(cluster.arm, cluster.moments):
            return finding
    if len({c.cluster for c in seen}) < len(seen):
        return Finding(
            code="cluster-twice",
            severity=Severity.BLOCKS,
            detail="A cluster occurs twice, perhaps in both arms.",
            fix="check that the cluster column names each rep, team or week in one way",
        )
    counts = {arm: sum(c.arm is arm for c in seen) for arm in Arm}
    short = min(counts, key=lambda arm: counts[arm])
    if counts[short] >= FEWEST_CLUSTERS:
        return None
    return Finding(
        code="empty-arm" if not counts[short] else "one-unit",
        severity=Severity.WARNING,
        detail=f"The {short} arm has {counts[short]} clusters with closed outcome windows;"
        f" a comparison takes {FEWEST_CLUSTERS}.",
        fix="wait for more outcome windows to close, or draw arms for smaller clusters",
    )


def _no_spread() -> Finding:
    return Finding(
        code="no-spread",
        severity=Severity.WARNING,
        detail="The clusters of each arm all have the same mean; how uncertain it is"
        " cannot be told.",
        fix="wait for more units, or check that the outcome column is the right one",
    )


def _too_few(treated: npt.NDArray[np.bool_], *, smallest_p: float) -> Finding:
    return Finding(
        code="too-few-clusters",
        severity=Severity.BLOCKS,
        detail=f"With {int(treated.sum())} clusters treated and {int((~treated).sum())} held out"
        f" chance alone could explain any result: the smallest possible p is {smallest_p:.3f}.",
        fix="draw arms for more, smaller clusters (reps instead of teams), or coarser strata",
    )
