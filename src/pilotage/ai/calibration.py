"""Calibration: turn a model's log odds into probabilities that are true on newer units."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from pilotage.ai.scores import Flags, Floats

STEPS = 50
"""Newton's method is done long before."""
SMALLEST_STEP = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True)
class Sigmoid:
    """Probability = 1 / (1 + exp(-(slope x log odds + intercept))).

    Two parameters hold with a few dozen outcomes, where isotonic regression follows the noise
    (Platt, 1999; Niculescu-Mizil and Caruana, 2005).
    """

    slope: float
    intercept: float

    @classmethod
    def fit(cls, log_odds: Floats, happened: Flags) -> Self:
        """Fit by maximum likelihood, on units that the model has not seen.

        Outcomes are pulled in from 0 and 1 by one unit each (Platt's targets; Lin, Lin and Weng,
        2007). A model that ranks newer units the wrong way round is given slope 0: the rate.
        """
        with_outcome = int(happened.sum())
        without = len(happened) - with_outcome
        target = np.where(happened, (with_outcome + 1) / (with_outcome + 2), 1 / (without + 2))
        features = np.column_stack([log_odds, np.ones(len(log_odds))])
        rate = target.mean()
        base = float(np.log(rate / (1 - rate)))
        found = np.array([0.0, base])
        for _ in range(STEPS):
            probability = _logistic(features @ found)
            gradient = features.T @ (probability - target)
            spread = features.T * (probability * (1 - probability)) @ features
            step = np.linalg.solve(spread + 1e-9 * np.eye(2), gradient)
            found -= step
            if np.abs(step).max() < SMALLEST_STEP:
                break
        slope, intercept = float(found[0]), float(found[1])
        if not slope > 0:
            return cls(slope=0.0, intercept=base)
        return cls(slope=slope, intercept=intercept)

    def probability(self, log_odds: Floats) -> Floats:
        """Return calibrated probabilities, 0..1."""
        return _logistic(self.slope * log_odds + self.intercept)


def _logistic(log_odds: Floats) -> Floats:
    return 1 / (1 + np.exp(-np.clip(log_odds, -500, 500)))
