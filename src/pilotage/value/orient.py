"""Orientation: a positive effect is a better one, whichever way the metric should move."""

from dataclasses import replace

from pilotage.domain.effect import Effect
from pilotage.domain.review import Better, Metric


def sign(better: Better) -> int:
    """Return 1 where higher is better, -1 where lower is.

    >>> sign(Better.LOWER)
    -1
    """
    return 1 if better is Better.HIGHER else -1


def oriented(effect: Effect, *, better: Better) -> Effect:
    """Turn an effect around where lower is better; its two ends change places."""
    if better is Better.HIGHER:
        return effect
    return replace(effect, estimate=-effect.estimate, low=-effect.high, high=-effect.low)


def oriented_metric(metric: Metric) -> Metric:
    """Turn the lines of a metric around with it: both become distances to the good side."""
    minimum, breakeven = metric.minimum_effect, metric.breakeven
    return replace(
        metric,
        better=Better.HIGHER,
        minimum_effect=None if minimum is None else abs(minimum),
        breakeven=None if breakeven is None else abs(breakeven),
    )
