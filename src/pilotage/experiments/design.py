"""Design: how long it takes to see the smallest change worth having, before anything is built.

The convention: the outcome varies in both arms as it did before launch, quantiles are normal
(Student's t with clusters), months are 365.2425 / 12 days, and the outcome window is added,
since a unit counts only after its window closed.
"""

import math
from dataclasses import dataclass

from scipy.special import ndtri, stdtrit

from pilotage.domain.effect import EffectKind
from pilotage.domain.errors import SpecError

DAYS_PER_MONTH = 365.2425 / 12

FEWEST_CLUSTERS = 4
"""Of both arms together: two a side, the least that has degrees of freedom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clusters:
    """What arms are drawn for, where it is not the unit.

    Args:
        n: clusters in both arms together.
        icc: intraclass correlation of the outcome, 0..1.
        size_cv: coefficient of variation of cluster sizes.
    """

    n: int
    icc: float
    size_cv: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """An experiment as planned.

    Args:
        volume_per_month: eligible units, both arms.
        holdout: share of units without the treatment, 0 < share < 1.
        base: mean of the outcome before launch.
        standard_deviation: of the outcome before launch; `proportion_spread` for a share.
        minimum_effect: the smallest change worth having; its sign does not matter.
        kind: whether that is a share of `base` or a difference.
        window_days: from assignment until the outcome counts.
        power: chance to see an effect of that size.
        alpha: two-sided error.
    """

    volume_per_month: float
    holdout: float
    base: float
    standard_deviation: float
    minimum_effect: float
    kind: EffectKind
    window_days: float = 0.0
    power: float = 0.8
    alpha: float = 0.05
    clusters: Clusters | None = None

    def __post_init__(self) -> None:
        """Refuse a design that could not see anything for reasons of arithmetic."""
        positive = (self.volume_per_month, self.standard_deviation, self.absolute_effect)
        possible = all(0 < value < math.inf for value in positive) and all(
            0 < share < 1 for share in (self.holdout, self.power, self.alpha)
        )
        if possible and (self.clusters is None or self.clusters.n >= FEWEST_CLUSTERS):
            return
        raise SpecError(
            f"this design cannot be planned: {self}.",
            fix="give a volume, a spread and an effect above 0, shares between 0 and 1,"
            f" and at least {FEWEST_CLUSTERS} clusters",
        )

    @property
    def absolute_effect(self) -> float:
        """The effect to be seen, as a positive difference."""
        scale = self.base if self.kind is EffectKind.RELATIVE else 1.0
        return abs(self.minimum_effect * scale)


def proportion_spread(base: float) -> float:
    """Return the standard deviation of a share.

    >>> proportion_spread(0.2)
    0.4
    """
    return math.sqrt(base * (1 - base))


def design_effect(*, units_per_cluster: float, icc: float, size_cv: float = 0.0) -> float:
    """Return how many units in clusters are worth one drawn alone (Eldridge et al., 2006).

    >>> round(design_effect(units_per_cluster=50, icc=0.02), 2)
    1.98
    """
    return 1 + ((1 + size_cv**2) * units_per_cluster - 1) * icc


def units_to_detect(design: Design) -> int | None:
    """Return how many units both arms need together; None when no number is enough.

    More units in the same few clusters stop helping: what the clusters differ by remains.

    >>> leads = Design(volume_per_month=3000, holdout=0.2, base=0.12,
    ...                standard_deviation=proportion_spread(0.12), minimum_effect=0.15,
    ...                kind=EffectKind.RELATIVE, window_days=14)
    >>> units_to_detect(leads)
    15989
    """
    needed = _variance_of_one(design) * (_quantiles(design) / design.absolute_effect) ** 2
    if design.clusters is None:
        return math.ceil(needed)
    left = 1 - needed * design.clusters.icc * (1 + design.clusters.size_cv**2) / design.clusters.n
    return math.ceil(needed * (1 - design.clusters.icc) / left) if left > 0 else None


def months_to_detect(design: Design) -> float | None:
    """Return how many months until the effect shows; None when it never will.

    >>> leads = Design(volume_per_month=3000, holdout=0.2, base=0.12,
    ...                standard_deviation=proportion_spread(0.12), minimum_effect=0.15,
    ...                kind=EffectKind.RELATIVE, window_days=14)
    >>> round(months_to_detect(leads), 1)
    5.8
    """
    units = units_to_detect(design)
    if units is None:
        return None
    return units / design.volume_per_month + design.window_days / DAYS_PER_MONTH


def detectable_effect(design: Design, *, months: float) -> float | None:
    """Return the smallest absolute effect that shows after so many months.

    None while no outcome window has closed. The design's own minimum effect is not read.
    """
    units = (months - design.window_days / DAYS_PER_MONTH) * design.volume_per_month
    if units <= 0:
        return None
    inflated = _variance_of_one(design)
    if design.clusters:
        inflated *= design_effect(
            units_per_cluster=units / design.clusters.n,
            icc=design.clusters.icc,
            size_cv=design.clusters.size_cv,
        )
    return _quantiles(design) * math.sqrt(inflated / units)


def _variance_of_one(design: Design) -> float:
    """Return the variance of the estimate, times units of both arms."""
    both = 1 / design.holdout + 1 / (1 - design.holdout)
    return design.standard_deviation**2 * both


def _quantiles(design: Design) -> float:
    tails = (1 - design.alpha / 2, design.power)
    if design.clusters is None:
        return sum(float(ndtri(tail)) for tail in tails)
    return sum(float(stdtrit(design.clusters.n - 2, tail)) for tail in tails)
