"""Which of many conditions hold first for a unit, decided for a whole batch at once."""

from collections.abc import Mapping, Sequence

from pilotage.domain.unit import Unit, Value
from pilotage.spec.decide import Bounds, Condition

SEGMENT = "(segment)"
"""Stands for the group that results are shown by, which every unit has; no column is named so."""


class Matcher:
    """Which condition set holds first, column by column.

    Every distinct value is compared once a batch; a unit then costs one look-up a column. The
    condition sets that a value satisfies are the bits of an integer, so `and` over the columns
    leaves those that hold, and the lowest bit is the first of them.

    Args:
        whens: conditions by column, in order; the last one holds for every unit.
    """

    def __init__(self, whens: Sequence[Mapping[str, Condition]]) -> None:
        self._everything = (1 << len(whens)) - 1
        columns: dict[str, list[tuple[int, Condition]]] = {}
        for index, when in enumerate(whens):
            for column, condition in when.items():
                columns.setdefault(column, []).append((1 << index, condition))
        self._columns = columns

    def first(self, units: Sequence[Unit]) -> Sequence[int]:
        """Return the index of the first condition set that holds, for every unit in order."""
        held = [self._everything] * len(units)
        for column in self._columns:
            masks = self._masks(units, column)
            held = [left & right for left, right in zip(held, masks, strict=True)]
        lowest = {mask: (mask & -mask).bit_length() - 1 for mask in set(held)}
        return [lowest[mask] for mask in held]

    def _masks(self, units: Sequence[Unit], column: str) -> list[int]:
        values = cells(units, column)
        mask_of = {value: self._mask(value, self._columns[column]) for value in set(values)}
        return [mask_of[value] for value in values]

    def _mask(self, value: Value, conditions: Sequence[tuple[int, Condition]]) -> int:
        mask = self._everything
        for bit, condition in conditions:
            if not _holds(condition, value):
                mask &= ~bit
        return mask


def cells(units: Sequence[Unit], column: str) -> list[Value]:
    """Return one column of the units; None where a unit lacks it."""
    if column == SEGMENT:
        return [unit.segment for unit in units]
    return [unit.attributes.get(column) for unit in units]


def _holds(condition: Condition, value: Value) -> bool:
    match condition:
        case Bounds(at_least=low, below=high):
            return (
                isinstance(value, int | float)
                and (low is None or value >= low)
                and (high is None or value < high)
            )
        case tuple():
            return value in condition
        case _:
            return value == condition


def plain(condition: Condition) -> object:
    """Return a condition as JSON holds it, in the form that the spec reads."""
    return condition.model_dump(exclude_none=True) if isinstance(condition, Bounds) else condition
