"""Factors: which columns moved one unit's score, in points against typical units."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pilotage.ai.boosting import Boosting, Frame, stack
from pilotage.ai.columns import Cells, Table, in_words
from pilotage.ai.scores import Floats
from pilotage.domain.unit import Unit

TYPICAL_VALUES = 5
"""A column is replaced by its values at the 10th, 30th, 50th, 70th and 90th percentile."""
MOST_FACTORS = 3
"""More than three reasons nobody reads."""
SMALLEST_POINT = 0.01
"""A factor below one point of probability is not worth a word."""

Score = Callable[[Frame], Floats]


@dataclass(frozen=True, slots=True)
class Factors:
    """How scores change when a column is replaced by its typical values, one column at a time.

    Args:
        typical: rows of typical values, each column by itself.
        columns: those worth explaining.
    """

    typical: Table
    columns: Sequence[str]

    def moves(self, model: Boosting, encoded: Frame, score: Score) -> Floats:
        """Return score minus mean score at the typical values, shape (units, columns)."""
        reference = model.encode(self.typical)
        base = score(encoded)
        variants = [
            (index, weight, _replaced(encoded, reference, row, model.encoded_names(column)))
            for index, column in enumerate(self.columns)
            for row, weight in _distinct(self.typical[column])
        ]
        moves = np.zeros((len(base), len(self.columns)))
        scores = score(stack([frame for _, _, frame in variants])).reshape(len(variants), -1)
        for (index, weight, _), at_typical in zip(variants, scores, strict=True):
            moves[:, index] += weight * (base - at_typical)
        return moves


def typical_rows(table: Table) -> Table:
    """Return five rows that stand for the values of each column."""
    return {name: _typical(cells) for name, cells in table.items()}


def reason(unit: Unit, probability: float, moves: Mapping[str, float]) -> str:
    """Return the factors of one unit in words, largest first.

    Args:
        moves: change of the probability by column, in shares.
    """
    largest = sorted(moves.items(), key=lambda item: (-abs(item[1]), item[0]))[:MOST_FACTORS]
    told = [(name, move) for name, move in largest if abs(move) >= SMALLEST_POINT]
    if not told:
        return f"{probability:.0%} likely: like most, no column stands out"
    words = ", ".join(
        f"{name} is {in_words(unit.attributes.get(name))} ({100 * move:+.0f})"
        for name, move in told
    )
    return f"{probability:.0%} likely: {words} points against typical values"


def _replaced(encoded: Frame, reference: Frame, row: int, names: Sequence[str]) -> Frame:
    rows = np.full(len(encoded), row)
    return encoded.assign(**{name: reference[name].take(rows).array for name in names})


def _distinct(cells: Cells) -> list[tuple[int, float]]:
    """Return the first row of each typical value, and the share of rows that hold it."""
    rows: dict[str, list[int]] = {}
    for row, cell in enumerate(cells):
        rows.setdefault(str(cell), []).append(row)
    return [(same[0], len(same) / len(cells)) for same in rows.values()]


def _typical(cells: Cells) -> Cells:
    at = ((np.arange(TYPICAL_VALUES) + 0.5) / TYPICAL_VALUES * len(cells)).astype(np.intp)
    if cells.dtype != np.object_:
        return np.sort(cells)[at]
    values, counts = np.unique(np.array([str(cell or "") for cell in cells]), return_counts=True)
    frequent_first = np.repeat(values[np.argsort(-counts, kind="stable")], np.sort(counts)[::-1])
    return np.array([*(str(value) or None for value in frequent_first[at]), None], np.object_)[:-1]
