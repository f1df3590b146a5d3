"""What a record may hold, for checks that read little of it."""

from dataclasses import replace
from datetime import datetime

from pilotage.domain.decision import Arm, DeliveryState
from pilotage.domain.month import Month
from pilotage.domain.recorded import Recorded
from tests.store.test_registry import REGISTERED

APRIL = Month(2026, 4)

RECORDED = Recorded(
    registered=replace(REGISTERED, started_at=APRIL.start()),
    month=APRIL,
    first=APRIL,
    closed=[APRIL],
    cohorts=(),
    by_unit=None,
    assigned=dict.fromkeys(Arm, 0),
    pending=0,
    delivered=dict.fromkeys(DeliveryState, 0),
    evidence=None,
)
"""One closed month from its first day on, without units."""


def started(at: datetime) -> Recorded:
    """The same, but for the start of the experiment."""
    return replace(RECORDED, registered=replace(REGISTERED, started_at=at))
