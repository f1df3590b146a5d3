"""A unit of work: a lead, an account, a question, a deal; and the table it is read from."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

Value = str | int | float | bool | datetime | None
"""What a cell of a customer's table holds, once read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One unit of work as its source table holds it.

    Args:
        key: the source's key, NFC text.
        at: when the unit came into being, UTC.
        cluster: what the arm is drawn for: the unit itself, or its rep, team, week.
        stratum: the group within which few clusters are counted out.
        segment: its group; without rules of the author, the `rules` candidate scores by it.
        attributes: the columns knowable at decision time.
    """

    key: str
    at: datetime
    cluster: str
    stratum: str = ""
    segment: str = ""
    attributes: Mapping[str, Value] = field(default_factory=dict[str, Value])


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the source says came of a unit.

    Args:
        key: the unit's key, NFC text.
        at: when it happened, UTC.
        value: 1 for a proportion; the amount for a mean.
        known: whether the table of units has ever heard of the key.
    """

    key: str
    at: datetime
    value: float = 1.0
    known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """A row that was refused at the edge, kept with its reason; nothing is lost.

    Args:
        table: where it came from.
        key: its key as far as it could be read.
        reason: stable code, in kebab-case.
        detail: what was wrong, with the value.
        copy: 0 for the first of several rows that look the same, 1 for the second.
    """

    table: str
    key: str
    reason: str
    detail: str
    copy: int = 0


def text_key(value: object) -> str | None:
    r"""Return a key as NFC text, or None where it cannot be one.

    Floats are refused: 7.0 and 7 would be two units in one system and one in another.

    >>> text_key("Zu\u0308rich"), text_key(7), text_key(7.0), text_key("  "), text_key(None)
    ('Zürich', '7', None, None, None)
    """
    if isinstance(value, str):
        stripped = value.strip()
        return unicodedata.normalize("NFC", stripped) if stripped else None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None
