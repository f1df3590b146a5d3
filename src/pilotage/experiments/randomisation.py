"""Randomisation inference: what could have happened under the assignments not drawn.

Studentised and within strata, so that it is exact under no effect at all and right in large
samples under none on average (Wu and Ding, 2021); the interval inverts the test.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
import numpy.typing as npt

from pilotage.experiments.checks import NOISE

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

MOST_ENUMERATED = 20_000
"""Possible assignments up to which each one is counted."""

SAMPLED = 9_999
"""Assignments drawn beside the actual one where they are too many to count."""

TIE = 1e-9
"""Relative difference below which two statistics are the same number."""

FARTHEST = 2.0**40
"""Standard errors from the estimate at which the search for an end gives up."""

BISECTIONS = 40
"""Halvings of the bracket around each end of the interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """The assignments that could have been drawn; the actual one stands first.

    Args:
        treated: assignments x clusters.
        stratum: index of each cluster's stratum.
        smallest_p: the smallest p-value that they can give, two-sided.
        enumerated: whether they are all there are.
    """

    treated: Bools
    stratum: npt.NDArray[np.intp]
    smallest_p: float
    enumerated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Randomisation:
    """An effect by randomisation inference."""

    estimate: float
    low: float
    high: float
    standard_error: float
    p_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Statistics:
    """Of each assignment, as polynomials in the effect that is taken off the treated.

    The estimate is `level` - effect x `slope`; its variance is
    `variance` - 2 effect x `cross` + effect^2 x `bend`.
    """

    level: Floats
    slope: Floats
    variance: Floats
    cross: Floats
    bend: Floats
    noise: float
    """Variance of the actual assignment at or below which it is rounding error."""

    def p_value(self, effect: float) -> float:
        """Return the p-value of exactly this effect."""
        estimate = self.level - effect * self.slope
        variance = self.variance - 2 * effect * self.cross + effect**2 * self.bend
        squared = estimate**2
        scale = float(np.max(np.abs(self.variance))) + effect**2 * float(np.max(self.bend))
        flat = variance <= TIE * TIE * scale
        statistic: Floats = np.full(squared.shape, np.inf)
        statistic[squared <= TIE * TIE * scale] = 0.0
        np.divide(squared, variance, out=statistic, where=~flat)
        return float(np.count_nonzero(statistic >= statistic[0] * (1 - TIE)) / statistic.size)


def draw(treated: Bools, *, strata: Sequence[str], rng: np.random.Generator) -> Draws:
    """List or sample the assignments with as many treated in each stratum as there were."""
    places = {name: index for index, name in enumerate(sorted(set(strata)))}
    stratum: npt.NDArray[np.intp] = np.array([places[name] for name in strata], dtype=np.intp)
    groups = [np.flatnonzero(stratum == index) for index in places.values()]
    counts = [int(treated[group].sum()) for group in groups]
    possible = math.prod(
        math.comb(group.size, count) for group, count in zip(groups, counts, strict=True)
    )
    mixed = [(g.size, c) for g, c in zip(groups, counts, strict=True) if 0 < c < g.size]
    mirrored = all(2 * count == size for size, count in mixed)
    enumerated = possible <= MOST_ENUMERATED
    if enumerated:
        listed = _listed(groups, counts)
        others = listed[(listed != treated).any(axis=1)]
    else:
        others = _sampled(treated, groups, rng=rng)
    return Draws(
        treated=np.vstack([treated, others]),
        stratum=stratum,
        smallest_p=max((2 if mirrored else 1) / possible, 0 if enumerated else 1 / (SAMPLED + 1)),
        enumerated=enumerated,
    )


def randomise(sums: Floats, sizes: Floats, *, drawn: Draws, alpha: float) -> Randomisation | None:
    """Estimate the unit-weighted effect, strata adjusted for, and test it against the draws.

    None when arm and stratum explain the clusters entirely: no spread is left to judge by.

    Args:
        sums: of outcomes by cluster, about any common centre.
        sizes: units by cluster.
        drawn: the assignments; the actual one first.
        alpha: 1 - level of the interval; at least the smallest possible p.
    """
    statistics = _statistics(sums, sizes, drawn=drawn)
    if statistics.variance[0] <= statistics.noise:
        return None
    estimate = float(statistics.level[0])
    error = math.sqrt(float(statistics.variance[0]))
    low, high = (
        _end(statistics, estimate=estimate, step=sign * error, alpha=alpha) for sign in (-1, 1)
    )
    return Randomisation(
        estimate=estimate,
        low=low,
        high=high,
        standard_error=error,
        p_value=statistics.p_value(0.0),
    )


def _statistics(sums: Floats, sizes: Floats, *, drawn: Draws) -> _Statistics:
    """Regress on the arm and on strata, weighted by units; variance from cluster residuals.

    With one stratum the estimate is the difference of the arms' means over units.
    """
    arm = drawn.treated.astype(np.float64)
    shares = np.zeros_like(arm)
    for index in range(int(drawn.stratum.max()) + 1):
        inside = drawn.stratum == index
        shares[:, inside] = (arm[:, inside] @ sizes[inside] / sizes[inside].sum())[:, None]
    contrast = arm - shares
    weight = contrast**2 @ sizes
    treated, held = float(arm[0].sum()), float((1 - arm[0]).sum())
    spare = held / (held - 1) + arm * (treated / (treated - 1) - held / (held - 1))
    shift = sizes * arm[0]
    level, left = _fit(sums, sizes, contrast=contrast, weight=weight, stratum=drawn.stratum)
    slope, bent = _fit(shift, sizes, contrast=contrast, weight=weight, stratum=drawn.stratum)
    meat = spare * contrast**2 / (weight**2)[:, None]
    return _Statistics(
        level=level,
        slope=slope,
        variance=(meat * left**2).sum(axis=1),
        cross=(meat * left * bent).sum(axis=1),
        bend=(meat * bent**2).sum(axis=1),
        noise=NOISE * float(meat[0] @ sums**2),
    )


def _fit(
    sums: Floats,
    sizes: Floats,
    *,
    contrast: Floats,
    weight: Floats,
    stratum: npt.NDArray[np.intp],
) -> tuple[Floats, Floats]:
    """Return the estimate under each assignment, and the cluster sums of its residuals."""
    estimate = contrast @ sums / weight
    totals = np.bincount(stratum, weights=sums) / np.bincount(stratum, weights=sizes)
    within = sums - sizes * totals[stratum]
    return estimate, within - estimate[:, None] * contrast * sizes


def _end(statistics: _Statistics, *, estimate: float, step: float, alpha: float) -> float:
    """Return the end of the interval on one side: the last effect that is not rejected."""
    inside, outside = 0.0, 1.0
    while outside < FARTHEST and statistics.p_value(estimate + outside * step) > alpha:
        inside, outside = outside, 2 * outside
    for _ in range(BISECTIONS):
        middle = (inside + outside) / 2
        if statistics.p_value(estimate + middle * step) > alpha:
            inside = middle
        else:
            outside = middle
    return estimate + outside * step


def _listed(groups: Sequence[npt.NDArray[np.intp]], counts: Sequence[int]) -> Bools:
    choices = [
        list(combinations(group.tolist(), count))
        for group, count in zip(groups, counts, strict=True)
    ]
    drawn = [sum(parts, ()) for parts in product(*choices)]
    listed = np.zeros((len(drawn), sum(group.size for group in groups)), dtype=np.bool_)
    np.put_along_axis(listed, np.array(drawn, dtype=np.intp), values=True, axis=1)
    return listed


def _sampled(
    treated: Bools, groups: Sequence[npt.NDArray[np.intp]], *, rng: np.random.Generator
) -> Bools:
    sampled = np.tile(treated, (SAMPLED, 1))
    for group in groups:
        sampled[:, group] = rng.permuted(sampled[:, group], axis=1)
    return sampled
