"""The review for machines: the same nouns, with `--json`.

Keys: `schema` (pilotage.review/1), `simulated`, then the fields of
`pilotage.domain.review.ProgrammeReview`, each use case under `reviews`. Months are `2026-09`,
amounts of money are text in cents (`"81000.00"`) beside their currency, shares are shares
(0.018 is 1.8 points), and a number that does not exist or has no limit is null.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import StrEnum
from typing import cast

from pilotage.domain.month import Month
from pilotage.domain.review import ProgrammeReview, Review

Json = str | int | float | bool | Sequence["Json"] | Mapping[str, "Json"] | None
"""What `json.dumps` writes and `json.loads` reads back unchanged."""

SCHEMA = "pilotage.review/1"
"""Raised when a key changes its meaning or goes; a new key alone does not raise it."""


def render_json(programme: ProgrammeReview) -> dict[str, Json]:
    """Return the programme's review as plain dicts, lists, text and numbers."""
    return {"schema": SCHEMA, **_record(programme)}


def _record(noun: object) -> dict[str, Json]:
    if not is_dataclass(noun):
        raise TypeError(f"{type(noun).__name__} has no form in JSON")
    record = {field.name: _value(getattr(noun, field.name)) for field in fields(noun)}
    if isinstance(noun, ProgrammeReview | Review):
        return {"simulated": noun.simulated, **record}
    return record


def _value(value: object) -> Json:
    match value:
        case None | bool() | int():
            return value
        case float():
            return value + 0.0 if math.isfinite(value) else None
        case StrEnum() | Month() | Decimal():
            return str(value)
        case str():
            return value
        case tuple():
            return [_value(item) for item in cast("tuple[object, ...]", value)]
        case _:
            return _record(value)
