"""Checks that run before an estimate: what would make it meaningless, in order of severity."""

import math
from collections.abc import Callable
from typing import Final

from pilotage.domain.decision import Arm
from pilotage.domain.effect import Moments
from pilotage.domain.finding import Finding, Severity

Check = Callable[[Arm, Moments], Finding | None]
"""Looks at one arm."""

NOISE = 1e-12
"""Share of a sum of squares below which a spread is rounding error."""


def not_finite(arm: Arm, moments: Moments) -> Finding | None:
    """Block when a sum is no number: an outcome was infinite or missing where it was summed."""
    sums = (
        *(moments.y, moments.yy, moments.y_shift),
        *(moments.x, moments.xx, moments.xy, moments.x_shift),
    )
    if all(math.isfinite(value) for value in sums) and moments.n >= 0:
        return None
    return Finding(
        code="outcome-not-finite",
        severity=Severity.BLOCKS,
        detail=f"The {arm} arm holds an outcome that is not a finite number.",
        fix="park the rows with missing or infinite amounts, then read the outcomes again",
    )


def empty_arm(arm: Arm, moments: Moments) -> Finding | None:
    """Warn when there is nothing to compare with, or nothing to compare."""
    if moments.n:
        return None
    return Finding(
        code="empty-arm",
        severity=Severity.WARNING,
        detail=f"No unit of the {arm} arm has a closed outcome window yet.",
        fix="wait until the first outcome windows close",
    )


def one_unit(arm: Arm, moments: Moments) -> Finding | None:
    """Warn when an arm has no spread because it is a single unit."""
    if moments.n != 1:
        return None
    return Finding(
        code="one-unit",
        severity=Severity.WARNING,
        detail=f"The {arm} arm has one unit with a closed outcome window; a spread takes two.",
        fix="wait until more outcome windows close",
    )


def no_spread(arm: Arm, moments: Moments) -> Finding | None:
    """Warn when every unit of an arm has the same outcome: its uncertainty cannot be seen."""
    if has_spread(moments.yy, moments.y, moments.n):
        return None
    return Finding(
        code="no-spread",
        severity=Severity.WARNING,
        detail=f"All {moments.n:,} units of the {arm} arm have the same outcome,"
        f" {moments.mean:.6g}; how uncertain it is cannot be told.",
        fix="wait for more units, or check that the outcome column is the right one",
    )


def no_covariate_spread(arm: Arm, moments: Moments) -> Finding | None:
    """Warn when the covariate is constant: there is nothing to adjust by."""
    if has_spread(moments.xx, moments.x, moments.n):
        return None
    return Finding(
        code="no-covariate-spread",
        severity=Severity.WARNING,
        detail=f"All {moments.n:,} units of the {arm} arm have the same covariate.",
        fix="estimate without the covariate, or name one that differs between units",
    )


def not_zero_or_one(arm: Arm, moments: Moments) -> Finding | None:
    """Block a proportion whose outcomes are not all 0 or 1."""
    successes, n, shift = moments.y_shift * moments.n + moments.y, moments.n, moments.y_shift
    squares = successes * (1 - shift) ** 2 + (n - successes) * shift**2
    near = math.isclose(squares, moments.yy, rel_tol=1e-6, abs_tol=1e-6)
    if near and -NEAR <= successes <= n + NEAR and abs(successes - round(successes)) < NEAR:
        return None
    return Finding(
        code="not-zero-or-one",
        severity=Severity.BLOCKS,
        detail=f"The {arm} arm has outcomes other than 0 and 1; they are no proportion.",
        fix="write `kind: mean`, or mend the outcome column",
    )


NEAR = 1e-3
"""How far a count of successes may be from a whole number after summing shifted values."""

BEFORE_A_PROPORTION: Final[tuple[Check, ...]] = (not_finite, empty_arm, not_zero_or_one)
BEFORE_A_MEAN: Final[tuple[Check, ...]] = (not_finite, empty_arm, one_unit, no_spread)
BEFORE_AN_ADJUSTED_MEAN: Final[tuple[Check, ...]] = (*BEFORE_A_MEAN, no_covariate_spread)


def first_finding(
    checks: tuple[Check, ...], *, treatment: Moments, holdout: Moments
) -> Finding | None:
    """Return what the first check that objects has to say, looking at both arms each time.

    >>> first_finding(BEFORE_A_MEAN, treatment=Moments(n=0), holdout=Moments(n=3)).code
    'empty-arm'
    """
    arms = ((Arm.TREATMENT, treatment), (Arm.HOLDOUT, holdout))
    seen = (check(arm, moments) for check in checks for arm, moments in arms)
    return next((finding for finding in seen if finding), None)


def has_spread(squares: float, total: float, n: int) -> bool:
    """Return whether sums about a shift leave a spread that is more than rounding error.

    Args:
        squares: sum of squared deviations from the shift.
        total: sum of deviations from the shift.
        n: units, at least one.
    """
    return squares - total * total / n > NOISE * squares
