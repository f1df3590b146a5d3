"""Evidence: moments, effects and their origin."""

import math
from dataclasses import dataclass
from enum import StrEnum


class Origin(StrEnum):
    """Where a figure comes from."""

    MEASURED = "measured"
    """Evidence."""
    DECLARED = "declared"
    """Somebody typed it."""
    APPROVED = "approved"
    """Declared, and approved with a signature."""
    ASSUMED = "assumed"
    """A default of ours."""


class EffectKind(StrEnum):
    """How an effect is expressed. Confusing the two inflates value tenfold."""

    ABSOLUTE = "absolute"
    RELATIVE = "relative"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Shifted sums over one arm: all that an estimate needs of its rows.

    Raw sums of squares lose the variance when the mean dwarfs it; sums of
    deviations from a stored shift do not (Chan, Golub and LeVeque, 1983).

    Args:
        n: units.
        y_shift: what was taken off each outcome before summing.
        y: sum of (outcome - shift).
        yy: sum of (outcome - shift) squared.
        x_shift: what was taken off each covariate.
        x: sum of (covariate - shift).
        xx: sum of (covariate - shift) squared.
        xy: sum of the product of both deviations.

    >>> Moments(n=4, y=2.0, yy=2.0, y_shift=10.0).mean
    10.5
    """

    n: int
    y: float = 0.0
    yy: float = 0.0
    y_shift: float = 0.0
    x: float = 0.0
    xx: float = 0.0
    xy: float = 0.0
    x_shift: float = 0.0

    @property
    def mean(self) -> float:
        """Mean outcome; NaN for no units."""
        return self.y_shift + self.y / self.n if self.n else math.nan

    @property
    def x_mean(self) -> float:
        """Mean covariate; NaN for no units."""
        return self.x_shift + self.x / self.n if self.n else math.nan

    @property
    def variance(self) -> float:
        """Sample variance of the outcome; NaN for fewer than two units."""
        return self._spread(self.yy, self.y, self.y)

    @property
    def x_variance(self) -> float:
        """Sample variance of the covariate; NaN for fewer than two units."""
        return self._spread(self.xx, self.x, self.x)

    @property
    def covariance(self) -> float:
        """Sample covariance of outcome and covariate; NaN for fewer than two units."""
        return self._spread(self.xy, self.x, self.y)

    def _spread(self, product: float, left: float, right: float) -> float:
        if self.n < 2:  # noqa: PLR2004 - a spread takes two units
            return math.nan
        return (product - left * right / self.n) / (self.n - 1)

    def __add__(self, other: "Moments") -> "Moments":
        """Pool two groups whose sums were taken about the same shifts."""
        if not self.n:
            return other
        if not other.n:
            return self
        if (self.y_shift, self.x_shift) != (other.y_shift, other.x_shift):
            raise ValueError("moments about different shifts do not add")
        return Moments(
            n=self.n + other.n,
            y=self.y + other.y,
            yy=self.yy + other.yy,
            y_shift=self.y_shift,
            x=self.x + other.x,
            xx=self.xx + other.xx,
            xy=self.xy + other.xy,
            x_shift=self.x_shift,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What the treatment changed, with its uncertainty.

    Args:
        estimate: treatment minus holdout; shares as shares (-0.568).
        low: lower end of the interval.
        high: upper end of the interval.
        standard_error: of the estimate; same scale.
        p_value: two-sided, of no effect.
        kind: absolute or relative.
        method: how it was computed, in words a statistician knows.
        n_treatment: units.
        n_holdout: units.
        holdout_mean: the mean that the effect is measured against.
        level: of the interval, such as 0.95.
    """

    estimate: float
    low: float
    high: float
    standard_error: float
    p_value: float
    kind: EffectKind
    method: str
    n_treatment: int
    n_holdout: int
    holdout_mean: float
    level: float = 0.95
