"""Columns: the attributes of units as arrays, each of one kind fixed when a model is fitted."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from pilotage.domain.unit import Unit, Value

Cells = NDArray[np.float64 | np.datetime64 | np.object_]
Table = Mapping[str, Cells]
"""Columns of equal length by name."""


class Kind(StrEnum):
    """What a column holds. Fixed when fitted: a batch of one must read like a batch of many."""

    NUMBER = "number"
    """Missing is NaN; yes and no are 1 and 0."""
    INSTANT = "instant"
    """UTC; missing is NaT."""
    TEXT = "text"
    """Categories, codes and notes; missing is None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One attribute of the units."""

    name: str
    kind: Kind

    def cells(self, units: Sequence[Unit]) -> Cells:
        """Return the attribute of every unit; what is not of this kind counts as missing."""
        values = [unit.attributes.get(self.name) for unit in units]
        match self.kind:
            case Kind.NUMBER:
                return np.array([_number(value) for value in values], dtype=np.float64)
            case Kind.INSTANT:
                return np.array([_instant(value) for value in values], dtype="datetime64[us]")
            case Kind.TEXT:
                return np.array([*map(_text, values), None], dtype=np.object_)[:-1]


def columns_of(units: Sequence[Unit], names: Sequence[str] | None) -> tuple[Column, ...]:
    """Return the named attributes (all that occur, for None) with the kind their values have."""
    wanted = names or sorted({name for unit in units for name in unit.attributes})
    return tuple(
        Column(name=name, kind=_kind([unit.attributes.get(name) for unit in units]))
        for name in wanted
    )


def table_of(units: Sequence[Unit], columns: Sequence[Column]) -> Table:
    """Return the columns of the units."""
    return {column.name: column.cells(units) for column in columns}


def in_words(value: Value) -> str:
    """Return a cell as a person reads it.

    >>> in_words(True), in_words(12000.0), in_words(None), in_words("x" * 50)[-5:]
    ('yes', '12,000', 'not recorded', 'xxxx…')
    """
    longest = 40
    match value:
        case None | "":
            return "not recorded"
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return "not recorded" if math.isnan(value) else f"{value:,.6g}"
        case datetime():
            return f"{value:%Y-%m-%d}"
        case str():
            return value if len(value) <= longest else f"{value[: longest - 1]}…"


def _kind(values: Sequence[Value]) -> Kind:
    present = [value for value in values if value not in (None, "")]
    if all(isinstance(value, int | float) for value in present):
        return Kind.NUMBER
    if all(isinstance(value, datetime) for value in present):
        return Kind.INSTANT
    return Kind.TEXT


def _number(value: Value) -> float:
    return float(value) if isinstance(value, int | float) else math.nan


def _instant(value: Value) -> np.datetime64:
    if not isinstance(value, datetime):
        return np.datetime64("NaT")
    at = value.astimezone(UTC) if value.tzinfo else value
    return np.datetime64(at.replace(tzinfo=None), "us")


def _text(value: Value) -> str | None:
    return None if value in (None, "") else str(value)
