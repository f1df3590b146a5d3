"""When an open question will be settled, at the pace at which certainty has come so far."""

import math
from statistics import NormalDist

from pilotage.domain.month import Month
from pilotage.value.evidence import Evidence

POWER = 0.8
"""Chance to see the smallest effect worth having, as the design promises it."""

LONGEST_WAIT_MONTHS = 12
"""After the month the answer was due. What takes longer is money better used elsewhere."""


def settled_by(evidence: Evidence) -> Month | None:
    """Return the month by which waiting will have settled it; None when that is too far off.

    The standard error falls with the square root of closed cohorts. The question is settled
    when the smallest effect worth having would show, or earlier, when the present estimate
    would cross the boundary of a late look. A better estimate never means a later month.

    Args:
        evidence: prepared, after the month the answer was due.
    """
    effect, closed = evidence.effect, evidence.closed_cohorts
    if effect is None or closed < 1:
        return None
    enough = closed * _squares(
        effect.standard_error * (z(1 - effect.level) + NormalDist().inv_cdf(POWER)),
        evidence.worthwhile,
    )
    shown = closed * _squares(
        effect.standard_error * z(evidence.plan.late_p), effect.estimate - evidence.pays
    )
    cohorts = min(shown, enough if enough > closed else math.inf)
    latest = evidence.due.plus(LONGEST_WAIT_MONTHS)
    if cohorts - closed > latest.minus(evidence.month):
        return None
    until = evidence.month.plus(max(1, math.ceil(cohorts) - closed))
    return until if until <= latest else None


def z(two_sided_p: float) -> float:
    """Return the normal quantile of a two-sided p-value.

    >>> round(z(0.05), 3)
    1.96
    """
    return -NormalDist().inv_cdf(two_sided_p / 2)


def _squares(reach: float, distance: float) -> float:
    return (reach / distance) ** 2 if distance > reach * 1e-6 else math.inf
