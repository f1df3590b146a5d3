"""Looks: the months in which a review may conclude, registered before launch."""

from dataclasses import dataclass

from pilotage.domain.month import Month


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One month in which the review may conclude.

    Args:
        month: of the review.
        critical_p: two-sided; a p-value below it crosses the boundary.
    """

    month: Month
    critical_p: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LookPlan:
    """When the evidence is looked at, and how strong it must be each time.

    Args:
        name: of the boundary, as a statistician knows it.
        looks: oldest first, at least one; the last one is final.
        late_p: critical p of every month after the final look.
        level: of the intervals, such as 0.95.
    """

    name: str
    looks: tuple[Look, ...]
    late_p: float
    level: float

    @property
    def months(self) -> tuple[Month, ...]:
        """The months looked at."""
        return tuple(look.month for look in self.looks)

    @property
    def final(self) -> Month:
        """The month of the final look."""
        return self.looks[-1].month

    def critical_p(self, month: Month) -> float | None:
        """Return what a p-value must be below; None in a month without a look."""
        if month > self.final:
            return self.late_p
        return next((look.critical_p for look in self.looks if look.month == month), None)
