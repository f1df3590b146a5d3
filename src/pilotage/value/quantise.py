"""Rounding of everything that a verdict is computed from, so that its bytes replay."""

import math
from dataclasses import replace

from pilotage.domain.effect import Effect

SIGNIFICANT_DIGITS = 6
"""More than any estimate of ours carries, fewer than two machines differ in."""


def quantise(value: float) -> float:
    """Round to six significant digits; minus zero becomes zero.

    Raises:
        ValueError: for a value that is not finite; an estimate never is.

    >>> quantise(0.0123456789), quantise(1234567.8), quantise(-0.0)
    (0.0123457, 1234570.0, 0.0)
    """
    if not math.isfinite(value):
        raise ValueError(f"{value} cannot be evidence")
    return float(f"{value:.{SIGNIFICANT_DIGITS - 1}e}") + 0.0


def quantised(effect: Effect) -> Effect:
    """Round every figure of an effect."""
    return replace(
        effect,
        estimate=quantise(effect.estimate),
        low=quantise(effect.low),
        high=quantise(effect.high),
        standard_error=quantise(effect.standard_error),
        p_value=quantise(effect.p_value),
        holdout_mean=quantise(effect.holdout_mean),
    )
