"""Examples: units of closed history with what came of them, and how they are split by time."""

from collections.abc import Sequence
from dataclasses import dataclass

from pilotage.domain.unit import Unit

FIT_SHARE = 0.6
"""The oldest units, that a predictor learns from."""
CALIBRATE_SHARE = 0.2
"""The next ones, that make its probabilities true; the newest rest judges."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One unit of closed history.

    Args:
        happened: whether the outcome came within its window; for a mean, whether it was above
            the history's mean (the caller decides).
    """

    unit: Unit
    happened: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Examples by time, oldest first, with no unit in two parts."""

    fit: tuple[Example, ...]
    calibrate: tuple[Example, ...]
    judge: tuple[Example, ...]

    @property
    def known(self) -> tuple[Example, ...]:
        """Everything before the judge slice."""
        return self.fit + self.calibrate


def time_split(examples: Sequence[Example]) -> Split:
    """Return the oldest 60% to fit, the next 20% to calibrate, the newest 20% to judge.

    A random split lets a predictor learn from the future of what it is judged on.
    """
    ordered = sorted(examples, key=lambda example: (example.unit.at, example.unit.key))
    fit = round(len(ordered) * FIT_SHARE)
    judge = round(len(ordered) * (FIT_SHARE + CALIBRATE_SHARE))
    return Split(
        fit=tuple(ordered[:fit]), calibrate=tuple(ordered[fit:judge]), judge=tuple(ordered[judge:])
    )
