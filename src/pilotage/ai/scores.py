"""How good probabilities are: ranking, calibration and their bootstrap draws, all vectorised."""

from collections.abc import Callable
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

CALIBRATION_BINS = 10
CERTAIN = 1e-6
"""A probability of 0 or 1 that turns out wrong costs this one's log loss, not infinity."""


class Metric(StrEnum):
    """What candidates are compared by."""

    AVERAGE_PRECISION = "average_precision"
    """Precision averaged over recall: how many of those put first turn out right."""
    BRIER = "brier"
    """Mean squared distance of probability and outcome (Brier, 1950)."""
    CALIBRATION_ERROR = "calibration_error"
    """Distance of mean probability and rate over ten groups of equal size, weighted."""
    LOG_LOSS = "log_loss"

    @property
    def higher_is_better(self) -> bool:
        """Only of average precision; the others are errors."""
        return self is Metric.AVERAGE_PRECISION


def score(metric: Metric, probability: Floats, happened: Flags, weights: Floats) -> Floats:
    """Return the metric under each row of weights.

    Args:
        probability: of each unit, shape (n,).
        happened: shape (n,).
        weights: how often each unit counts, shape (draws, n); ones for the plain estimate.

    Returns:
        One value a draw; NaN where a draw has no outcome to rank.

    >>> score(Metric.BRIER, np.array([0.5, 1.0]), np.array([False, True]), np.ones((1, 2)))
    array([0.125])
    """
    return _SCORERS[metric](probability, happened, weights)


def draw_weights(n: int, *, draws: int, rng: np.random.Generator) -> Floats:
    """Return bootstrap weights, shape (draws, n): how often each unit is drawn of n draws."""
    picked = rng.integers(n, size=(draws, n)) + n * np.arange(draws)[:, None]
    counts = np.bincount(picked.ravel(), minlength=draws * n)
    return counts.reshape(draws, n).astype(np.float64)


def without_ties(probability: Floats, rng: np.random.Generator) -> Floats:
    """Return numbers in the same order, with the units of one probability in an order by chance.

    >>> without_ties(np.array([0.2, 0.9, 0.2]), np.random.default_rng(1)).tolist()
    [0.0, 2.0, 1.0]
    """
    shuffled = rng.permutation(len(probability))
    order = shuffled[np.argsort(probability[shuffled], kind="stable")]
    ranks = np.empty(len(order))
    ranks[order] = np.arange(len(order))
    return ranks


def auc(values: Floats, happened: Flags) -> float:
    """Return the probability that a unit with the outcome has the higher value; ties count half.

    >>> auc(np.array([1.0, 2.0, 2.0, 3.0]), np.array([False, False, True, True]))
    0.875
    """
    _, group, size = np.unique(values, return_inverse=True, return_counts=True)
    mean_rank = (np.cumsum(size) - (size - 1) / 2)[group]
    with_outcome = int(happened.sum())
    without = len(happened) - with_outcome
    if not with_outcome or not without:
        return float("nan")
    above = mean_rank[happened].sum() - with_outcome * (with_outcome + 1) / 2
    return float(above / (with_outcome * without))


def _average_precision(probability: Floats, happened: Flags, weights: Floats) -> Floats:
    order = np.argsort(-probability, kind="stable")
    ordered = probability[order]
    ends = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)
    counted = weights[:, order]
    found = np.cumsum(counted * happened[order], axis=1)[:, ends]
    shown = np.cumsum(counted, axis=1)[:, ends]
    precision = found / np.maximum(shown, 1)
    gained = np.diff(found, axis=1, prepend=0)
    total = found[:, -1]
    with np.errstate(invalid="ignore"):  # a draw without outcomes has no precision: NaN
        return (precision * gained).sum(axis=1) / total


def _brier(probability: Floats, happened: Flags, weights: Floats) -> Floats:
    return weights @ (probability - happened) ** 2 / weights.sum(axis=1)


def _log_loss(probability: Floats, happened: Flags, weights: Floats) -> Floats:
    right = np.clip(np.where(happened, probability, 1 - probability), CERTAIN, 1)
    return weights @ -np.log(right) / weights.sum(axis=1)


def _calibration_error(probability: Floats, happened: Flags, weights: Floats) -> Floats:
    cuts = np.quantile(probability, np.linspace(0, 1, CALIBRATION_BINS + 1)[1:-1])
    bin_of = np.searchsorted(np.unique(cuts), probability, side="left")
    member = np.eye(bin_of.max() + 1)[bin_of]
    gap = weights @ (member * (probability - happened)[:, None])
    return np.abs(gap).sum(axis=1) / weights.sum(axis=1)


_SCORERS: dict[Metric, Callable[[Floats, Flags, Floats], Floats]] = {
    Metric.AVERAGE_PRECISION: _average_precision,
    Metric.BRIER: _brier,
    Metric.CALIBRATION_ERROR: _calibration_error,
    Metric.LOG_LOSS: _log_loss,
}
