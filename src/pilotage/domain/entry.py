"""Ledger entries: what happened, as the ledger holds it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

Fact = str | int | bool | Decimal | datetime | None | Sequence["Fact"] | Mapping[str, "Fact"]
"""What an entry may hold. No floats: their text differs between machines."""


class EntryKind(StrEnum):
    """The kinds of entry a ledger holds."""

    SPEC = "spec"
    BASELINE = "baseline"
    SIGN_OFF = "sign-off"
    APPROVAL = "approval"
    PROMOTION = "promotion"
    EXPERIMENT = "experiment"
    ASSIGNMENT = "assignment"
    DECISION = "decision"
    DENIAL = "policy-denial"
    HUMAN_REVIEW = "human-review"
    DELIVERY = "delivery"
    OUTCOME = "outcome"
    VERDICT = "verdict"
    CORRECTION = "correction"
    PARKED = "parked"
    HALT = "halt"
    ERASED = "erased"
    EXPORT = "export"


class Entry(NamedTuple):
    """One thing that happened.

    Args:
        as_of: when it counts, UTC; the ledger adds `recorded_at`, when it was written.
        facts: what happened; identifiers of persons only as pseudonyms.
    """

    kind: EntryKind
    use_case: str
    as_of: datetime
    facts: Mapping[str, Fact]
