"""Rank: where a score stands among those of the baseline units, whatever batch it comes in."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

LAST = 100


@dataclass(frozen=True, slots=True)
class Ranking:
    """The baseline's scores, in ascending order.

    >>> ranking = Ranking.of([0.9, 0.5, 0.5, 0.1])
    >>> [ranking.rank(score) for score in (0.95, 0.9, 0.5, 0.1, 0.0)]
    [1, 1, 26, 76, 100]
    """

    scores: tuple[float, ...]

    @classmethod
    def of(cls, scores: Iterable[float]) -> Self:
        """Keep scores in ascending order."""
        return cls(tuple(sorted(scores)))

    def rank(self, score: float) -> int:
        """Return 1 (first) to 100 (last): the share of the baseline that scores higher."""
        if not self.scores:
            return 1
        higher = len(self.scores) - bisect_right(self.scores, score)
        return min(LAST, 1 + higher * LAST // len(self.scores))
