"""Difference between the arms: of means, adjusted means and proportions, from moments alone.

Every function gives an `Effect`, or the `Finding` that says why there is none.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit
from scipy.stats import fisher_exact

from pilotage.domain.effect import Effect, EffectKind, Moments
from pilotage.domain.finding import Finding, Severity
from pilotage.experiments.checks import (
    BEFORE_A_MEAN,
    BEFORE_A_PROPORTION,
    BEFORE_AN_ADJUSTED_MEAN,
    NOISE,
    first_finding,
)

CLEAR_OF_ZERO = 5.0
"""Standard errors a mean must be above zero before anything is expressed relative to it."""

SMALL_CELL = 5.0
"""Expected count below which the normal approximation of a proportion's test is not used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sample:
    """One arm, adjusted or not: its mean, and the variance of one unit."""

    n: int
    mean: float
    variance: float

    @property
    def error(self) -> float:
        """Variance of the mean."""
        return self.variance / self.n


def difference(
    treatment: Moments, holdout: Moments, *, level: float = 0.95, covariate: bool = False
) -> Effect | Finding:
    """Compare means: Welch (1947), or CUPED with one pooled slope (Deng et al., 2013).

    Args:
        level: of the interval.
        covariate: adjust by the pre-period covariate; it must end before assignment.

    >>> a, b = Moments(n=4, y=10.0, yy=30.0), Moments(n=4, y=6.0, yy=14.0)
    >>> effect = difference(a, b)
    >>> effect.estimate, round(effect.low, 3), round(effect.high, 3)
    (1.0, -1.234, 3.234)
    """
    checks = BEFORE_AN_ADJUSTED_MEAN if covariate else BEFORE_A_MEAN
    if finding := first_finding(checks, treatment=treatment, holdout=holdout):
        return finding
    one, other = _samples(treatment, holdout, covariate=covariate)
    if min(one.variance, other.variance) <= 0:
        return _explained_away()
    estimate, error = one.mean - other.mean, math.sqrt(one.error + other.error)
    df = _welch_df(one, other, shares=(one.error, other.error))
    reach = float(stdtrit(df, (1 + level) / 2)) * error
    return Effect(
        estimate=estimate,
        low=estimate - reach,
        high=estimate + reach,
        standard_error=error,
        p_value=2 * float(stdtr(df, -abs(estimate / error))),
        kind=EffectKind.ABSOLUTE,
        method="difference in means, Welch t" + (", CUPED" if covariate else ""),
        n_treatment=treatment.n,
        n_holdout=holdout.n,
        holdout_mean=other.mean,
        level=level,
    )


def difference_of_proportions(
    treatment: Moments, holdout: Moments, *, level: float = 0.95
) -> Effect | Finding:
    """Compare shares: Newcombe's (1998) hybrid score interval, pooled z or Fisher's exact test.

    The standard error is the interval's half-width over z: unlike Wald's, it is never zero.

    Args:
        treatment: moments of outcomes that are 0 or 1.
        holdout: the same.
        level: of the interval.

    >>> effect = difference_of_proportions(Moments(n=70, y=56, yy=56), Moments(n=80, y=48, yy=48))
    >>> round(effect.estimate, 4), round(effect.low, 4), round(effect.high, 4)
    (0.2, 0.0524, 0.3339)
    """
    if finding := first_finding(BEFORE_A_PROPORTION, treatment=treatment, holdout=holdout):
        return finding
    wins = [round(arm.y_shift * arm.n + arm.y) for arm in (treatment, holdout)]
    sizes = [treatment.n, holdout.n]
    one, other = (win / n for win, n in zip(wins, sizes, strict=True))
    z = float(ndtri((1 + level) / 2))
    (low_1, high_1), (low_0, high_0) = (
        wilson(win, n, z=z) for win, n in zip(wins, sizes, strict=True)
    )
    estimate = one - other
    low = estimate - math.hypot(one - low_1, high_0 - other)
    high = estimate + math.hypot(high_1 - one, other - low_0)
    return Effect(
        estimate=estimate,
        low=low,
        high=high,
        standard_error=(high - low) / (2 * z),
        p_value=_p_of_proportions(wins, sizes),
        kind=EffectKind.ABSOLUTE,
        method="difference of proportions, Newcombe hybrid score",
        n_treatment=treatment.n,
        n_holdout=holdout.n,
        holdout_mean=other,
        level=level,
    )


def relative(
    treatment: Moments, holdout: Moments, *, level: float = 0.95, covariate: bool = False
) -> Effect | None:
    """Compare means as a ratio less one, by the delta method on its logarithm.

    None where that is not to be trusted: moments without an estimate, or a mean that is
    less than five standard errors above zero.

    >>> a, b = (Moments(n=1000, y=y, yy=y) for y in (138.0, 120.0))
    >>> round(relative(a, b).estimate, 3)
    0.15
    """
    checks = BEFORE_AN_ADJUSTED_MEAN if covariate else BEFORE_A_MEAN
    if first_finding(checks, treatment=treatment, holdout=holdout):
        return None
    one, other = _samples(treatment, holdout, covariate=covariate)
    if min(one.variance, other.variance) <= 0 or not (_clear(one) and _clear(other)):
        return None
    logarithm = math.log(one.mean / other.mean)
    errors = one.error / one.mean**2, other.error / other.mean**2
    df, error = _welch_df(one, other, shares=errors), math.sqrt(sum(errors))
    reach = float(stdtrit(df, (1 + level) / 2)) * error
    return Effect(
        estimate=math.expm1(logarithm),
        low=math.expm1(logarithm - reach),
        high=math.expm1(logarithm + reach),
        standard_error=error * one.mean / other.mean,
        p_value=2 * float(stdtr(df, -abs(logarithm) / error)),
        kind=EffectKind.RELATIVE,
        method="ratio of means, delta method on the logarithm" + (", CUPED" if covariate else ""),
        n_treatment=treatment.n,
        n_holdout=holdout.n,
        holdout_mean=other.mean,
        level=level,
    )


def wilson(wins: int, n: int, *, z: float) -> tuple[float, float]:
    """Return the score interval of one share (Wilson, 1927).

    >>> tuple(round(end, 4) for end in wilson(81, 263, z=1.959964))
    (0.2553, 0.3662)
    """
    share, square = wins / n, z * z
    centre = (share + square / (2 * n)) / (1 + square / n)
    half = z * math.sqrt(share * (1 - share) / n + square / (4 * n * n)) / (1 + square / n)
    return (
        max(0.0, min(share, centre - half)),
        min(1.0, max(share, centre + half)),
    )


def _samples(treatment: Moments, holdout: Moments, *, covariate: bool) -> tuple[_Sample, _Sample]:
    if not covariate:
        one, other = (
            _Sample(n=arm.n, mean=arm.mean, variance=arm.variance) for arm in (treatment, holdout)
        )
        return one, other
    arms = (treatment, holdout)
    slope = sum(a.covariance * (a.n - 1) for a in arms) / sum(
        a.x_variance * (a.n - 1) for a in arms
    )
    centre = sum(a.x_mean * a.n for a in arms) / sum(a.n for a in arms)
    one, other = (_adjusted(arm, slope=slope, centre=centre) for arm in arms)
    return one, other


def _adjusted(arm: Moments, *, slope: float, centre: float) -> _Sample:
    variance = arm.variance + slope**2 * arm.x_variance - 2 * slope * arm.covariance
    return _Sample(
        n=arm.n,
        mean=arm.mean - slope * (arm.x_mean - centre),
        variance=variance if variance > NOISE * arm.variance else 0.0,
    )


def _explained_away() -> Finding:
    return Finding(
        code="no-spread",
        severity=Severity.WARNING,
        detail="The covariate explains the outcome entirely; no uncertainty is left to see.",
        fix="check that the covariate ends before assignment and is not the outcome itself",
    )


def _welch_df(one: _Sample, other: _Sample, *, shares: tuple[float, float]) -> float:
    """Return the degrees of freedom, given what each arm adds to the variance."""
    share = shares[0] / (shares[0] + shares[1])
    return 1 / (share**2 / (one.n - 1) + (1 - share) ** 2 / (other.n - 1))


def _clear(sample: _Sample) -> bool:
    return sample.mean >= CLEAR_OF_ZERO * math.sqrt(sample.error)


def _p_of_proportions(wins: list[int], sizes: list[int]) -> float:
    pooled = sum(wins) / sum(sizes)
    if min(sizes) * min(pooled, 1 - pooled) < SMALL_CELL:
        table = np.array([[win, n - win] for win, n in zip(wins, sizes, strict=True)])
        return min(1.0, float(fisher_exact(table).pvalue))
    error = math.sqrt(pooled * (1 - pooled) * (1 / sizes[0] + 1 / sizes[1]))
    return 2 * float(ndtr(-abs(wins[0] / sizes[0] - wins[1] / sizes[1]) / error))
