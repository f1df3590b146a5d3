"""Mean and spread of numbers seen one at a time (Welford 1962; Chan, Golub, LeVeque 1983)."""

import math
from dataclasses import dataclass


@dataclass(slots=True)
class Running:
    """Count, mean and spread so far; two of them add.

    >>> seen = Running()
    >>> for value in (1.0, 2.0, 6.0):
    ...     seen.add(value)
    >>> seen.n, seen.mean, seen.standard_deviation ** 2
    (3, 3.0, 7.000000000000001)
    """

    n: int = 0
    mean: float = 0.0
    deviations: float = 0.0
    """Sum of squared deviations from the mean."""

    def add(self, value: float) -> None:
        """See one more number."""
        self.n += 1
        step = value - self.mean
        self.mean += step / self.n
        self.deviations += step * (value - self.mean)

    @property
    def standard_deviation(self) -> float:
        """Of the sample; NaN for fewer than two numbers."""
        return math.sqrt(self.deviations / (self.n - 1)) if self.n > 1 else math.nan

    def __add__(self, other: "Running") -> "Running":
        n = self.n + other.n
        if not n:
            return Running()
        step = other.mean - self.mean
        return Running(
            n=n,
            mean=self.mean + step * other.n / n,
            deviations=self.deviations + other.deviations + step**2 * self.n * other.n / n,
        )
