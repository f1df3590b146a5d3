"""What the record holds of one use case at one review: all that a verdict is computed from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from pilotage.domain.cohort import CohortMoments
from pilotage.domain.decision import Arm, DeliveryState
from pilotage.domain.experiment import Registered
from pilotage.domain.month import Month
from pilotage.domain.verdict import Conclusion

SHORTEST_MONTHS = 1 / 31
"""A day: however short the time was, something is divided by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What the record holds of a use case, up to the month under review.

    Args:
        registered: the experiment, as its first pass fixed it.
        month: under review: the newest closed one, or the present one while none is closed.
        first: the month of the first cohort; the present one while there is none.
        closed: months of whose units every outcome window closed on a complete source.
        cohorts: sums over their outcomes, by month and arm.
        by_unit: where units are decided every month, sums over each unit's mean; else None.
        assigned: units by arm, in closed months; one decided in several counts once.
        pending: units whose outcome is not known yet.
        delivered: deliveries by state.
        begins_at: when another mode decided last before this one began, so that the units from
            then on are in this one; None where none did.
        ends_at: when the newest unit of the last closed month was assigned, where the units may
            end with it, as the export under a replay does; None where the month is a whole one.
        in_time: outcomes that came after their unit was decided.
        too_late: outcomes that came before, so that they do not count.
        evidence: first and last ledger entry of the outcomes.
        unread: units of which an outcome was parked unread, and none could be read: they count 0.
        approved: whether finance has signed the value in force.
        concluded: the earlier month that said scale or stop, if there is one.
    """

    registered: Registered
    month: Month
    first: Month
    closed: Sequence[Month]
    cohorts: Sequence[CohortMoments]
    by_unit: Sequence[CohortMoments] | None
    assigned: Mapping[Arm, int]
    pending: int
    delivered: Mapping[DeliveryState, int]
    evidence: tuple[int, int] | None
    begins_at: datetime | None = None
    ends_at: datetime | None = None
    in_time: int = 0
    too_late: int = 0
    unread: int = 0
    approved: bool = False
    concluded: Conclusion | None = None

    @property
    def units(self) -> int:
        """Units with a known outcome; one that is decided every month counts in each."""
        return sum(part.moments.n for part in self.cohorts)

    @property
    def delivered_share(self) -> float | None:
        """Share of sendable deliveries that reached the tool; None before any."""
        arrived = self.delivered[DeliveryState.DELIVERED]
        missing = self.delivered[DeliveryState.PENDING] + self.delivered[DeliveryState.DEAD]
        return arrived / (arrived + missing) if arrived + missing else None

    def covered_months(self, *, zone: tzinfo) -> float:
        """Return how many months the units of the closed cohorts came in, or were decided in.

        Units that are decided once came between the start, or the last decision of another mode,
        and the end of the last cohort; both of these months may be in part. Those decided every
        month count in each as a whole.
        """
        if not self.closed:
            return 0.0
        if self.by_unit is not None:
            return float(len(self.closed))
        last, since = self.closed[-1], self.registered.started_at
        if self.begins_at is not None:
            since = max(since, self.begins_at)
        first = Month.of(since, zone=zone)
        covered = last.minus(first) + 1 - first.share_before(since, zone=zone)
        if self.ends_at is not None:
            covered -= 1 - last.share_before(self.ends_at, zone=zone)
        return max(covered, SHORTEST_MONTHS)
