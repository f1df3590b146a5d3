"""A decision about one unit: its arm, the proposal, the route, what leaves and what comes back.

What every unit makes is a named tuple: those are made in half the time of a frozen dataclass.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple

from pilotage.domain.month import Month
from pilotage.domain.unit import Unit


class Mode(StrEnum):
    """What a pass counts as. A replay or a shadow never counts as live evidence."""

    REPLAY = "replay"
    """History, decided as if today were then."""
    SHADOW = "shadow"
    """Decides, delivers nothing."""
    LIVE = "live"


class Arm(StrEnum):
    """Which side of the experiment a unit stands on."""

    TREATMENT = "treatment"
    HOLDOUT = "holdout"


class Route(StrEnum):
    """Where a proposal goes."""

    AUTOMATIC = "automatic"
    """To the user's tool, at once."""
    HUMAN = "human"
    """To a person, before anything is delivered."""
    WITHHELD = "withheld"
    """Nowhere: the proposal is too doubtful to ask anybody about."""
    SHADOW = "shadow"
    """Nowhere: shadow mode."""
    HOLDOUT = "holdout"
    """Nowhere: the unit is the comparison."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a predictor suggests for one unit.

    Args:
        score: calibrated probability of the outcome, 0..1.
        confidence: calibrated probability that the proposal is right, 0.5..1: it says whether the
            outcome will come, so this is the larger of score and 1 - score.
        rank: 1 (first) to 100 (last), against the scores of the baseline units.
        reason: the factors that moved the score, in words.
    """

    score: float
    confidence: float
    rank: int
    reason: str


class Enrolled(NamedTuple):
    """A unit with its arm, before anything is proposed.

    Args:
        pseudonym: what stands for the unit from here on.
        cluster: the pseudonym of what the arm was drawn for; `stratum`, that of its group.
        period: ISO start and length, such as `2026-09-01/P1M`, or `once`.
        assigned_at: when the outcome window starts, in both arms, UTC.
    """

    unit: Unit
    pseudonym: str
    cluster: str
    stratum: str
    arm: Arm
    period: str
    month: Month
    assigned_at: datetime


class Decision(NamedTuple):
    """What was decided about one unit in one period, in either arm; decided once.

    Args:
        unit: the pseudonym; `record` is the raw key, which only vault and outbox keep.
        window_ends_at: from then on outcomes no longer count, UTC.
        why: why a person is asked; empty where nobody is.
        proposal: None in the holdout.
        version: of the predictor; empty in the holdout.
    """

    use_case: str
    unit: str
    period: str
    record: str
    mode: Mode
    month: Month
    arm: Arm
    cluster: str
    stratum: str
    assigned_at: datetime
    window_ends_at: datetime
    route: Route
    why: str = ""
    proposal: Proposal | None = None
    version: str = ""

    @property
    def key(self) -> str:
        """(use case, unit, period) as one text."""
        return decision_key(self.use_case, self.unit, self.period)


def decision_key(use_case: str, unit: str, period: str) -> str:
    """Return what is decided once, as one text."""
    return f"{use_case}|{unit}|{period}"


class Delivery(NamedTuple):
    """One value for one field of one object in one of the user's tools.

    Args:
        key: sha256 of decision key, tool, object and field; a new model version has the same.
        record: the object's own key in the tool.
        value: what to write.
    """

    key: str
    tool: str
    object: str
    record: str
    field: str
    value: str


def delivery_key(decision: str, *, tool: str, object_name: str, field: str) -> str:
    """Return the idempotency key of a delivery.

    >>> delivery_key("leads|7|once", tool="crm", object_name="lead", field="rank")[:8]
    '1a6cd9c8'
    """
    return sha256(f"{decision}|{tool}|{object_name}|{field}".encode()).hexdigest()


class DeliveryState(StrEnum):
    """Where a delivery stands in the outbox."""

    WAITING = "waiting"
    """A person has not looked at the proposal yet."""
    PENDING = "pending"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    """Rejected by a person, or the subject was erased; a halt leaves it pending."""
    DEAD = "dead"
    """The tool refused it for good."""


class Receipt(NamedTuple):
    """What a tool said to one delivery.

    Args:
        key: the delivery's.
        state: delivered, or dead with the reason.
        detail: the tool's own words when it refused.
    """

    key: str
    state: DeliveryState
    detail: str = ""


class Answer(StrEnum):
    """What a person says to a proposal."""

    APPROVE = "approve"
    MODIFY = "modify"
    REJECT = "reject"
    ESCALATE = "escalate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A proposal that waits for a person.

    Args:
        number: what the person types.
        since: when it was asked, UTC.
        escalated_to: the role it was passed to, or empty.
    """

    number: int
    use_case: str
    unit: str
    record: str
    proposal: str
    confidence: float
    why: str
    since: datetime
    escalated_to: str = ""
