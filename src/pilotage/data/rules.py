"""Rules of a data contract that can be asked of one row."""

import operator
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import duckdb
from pydantic import JsonValue

from pilotage.data.cells import number
from pilotage.data.engine import Cell, Rows, execute, ibis
from pilotage.domain.errors import SpecError

ROUNDING = 1e-9
"""How far a quotient may lie beside a whole number: 0.3 is a multiple of 0.1."""


LIMITS: dict[str, tuple[str, Callable[[Cell, Cell], Cell]]] = {
    "minimum": ("is below", operator.lt),
    "maximum": ("is above", operator.gt),
    "exclusiveMinimum": ("is not above", operator.le),
    "exclusiveMaximum": ("is not below", operator.ge),
}
LENGTHS: dict[str, tuple[str, Callable[[Cell, int], Cell]]] = {
    "minLength": ("is shorter than", operator.lt),
    "maxLength": ("is longer than", operator.gt),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule about one column.

    Args:
        name: such as `minimum`.
        column: as the table calls it.
        says: what a faulty value does, as in "is below 0".
        breaks: from the column, true where a value breaks the rule.
    """

    name: str
    column: str
    says: str
    breaks: Callable[[Cell], Cell]

    def broken(self, rows: Rows) -> Cell:
        """Return the value that breaks the rule as text, null in sound rows."""
        cell = rows[self.column]
        said = ibis.coalesce(cell.cast("string"), "empty")
        return ibis.ifelse(self.breaks(cell), said, ibis.null("string"))


def required(column: str) -> Rule:
    """No cell is empty."""
    return Rule(name="required", column=column, says="is empty", breaks=_is_empty)


def _is_empty(cell: Cell) -> Cell:
    return cell.isnull() | (cell.cast("string") == "")


def unique(column: str) -> Rule:
    """No value occurs twice."""
    return Rule(
        name="unique",
        column=column,
        says="occurs more than once",
        breaks=lambda cell: cell.notnull() & (cell.count().over(group_by=cell) > 1),
    )


def type_rules(column: str, kind: str) -> Iterator[Rule]:
    """Every value can be read as what the contract says it is."""
    readers: dict[str, Callable[[Cell], Cell]] = {
        "number": lambda cell: number(cell).isnull(),
        "integer": lambda cell: number(cell).isnull() | (number(cell) % 1 != 0),
        "boolean": lambda cell: cell.try_cast("boolean").isnull(),
        "date": lambda cell: cell.try_cast("timestamp").isnull(),
        "timestamp": lambda cell: cell.try_cast("timestamp").isnull(),
    }
    if kind in readers:
        unread = readers[kind]
        yield Rule(
            name="type",
            column=column,
            says=f"is no {kind}",
            breaks=lambda cell: ~_is_empty(cell) & unread(cell),
        )


def one_of(column: str, values: Sequence[JsonValue]) -> Rule:
    """Every value is one of these."""
    texts = [str(value) for value in values]
    return Rule(
        name="valid-values",
        column=column,
        says=f"is none of {', '.join(texts[:10])}",
        breaks=lambda cell: cell.cast("string").notin(texts),
    )


def pattern(column: str, pattern: str) -> Rule:
    """Every value matches somewhere; raises SpecError where it is no regular expression."""
    try:
        execute("SELECT regexp_matches('', ?)", [pattern])
    except duckdb.Error as error:
        raise SpecError(
            f"the data contract's pattern for {column!r} is no regular expression: {pattern!r}: "
            f"{error}",
            fix="write it in RE2 syntax, which has no look-around",
        ) from error
    return Rule(
        name="pattern",
        column=column,
        says=f"does not match {pattern}",
        breaks=lambda cell: ~cell.cast("string").re_search(pattern),
    )


def option_rule(column: str, kind: str, option: str, value: JsonValue) -> Rule | None:
    """Return the rule of one of `logicalTypeOptions`; None where it cannot be asked of a row."""
    if option in LIMITS and isinstance(value, int | float | str) and not isinstance(value, bool):
        return _limit(column, kind, option, value)
    if option in LENGTHS and isinstance(value, int):
        says, breaks = LENGTHS[option]
        return Rule(
            name=_kebab(option),
            column=column,
            says=f"{says} {value}",
            breaks=lambda cell: breaks(cell.cast("string").length(), value),
        )
    if option == "pattern" and isinstance(value, str):
        return pattern(column, value)
    if option == "multipleOf" and isinstance(value, int | float) and value:
        return Rule(
            name="multiple-of",
            column=column,
            says=f"is no multiple of {value}",
            breaks=lambda cell: (
                (number(cell) / value - (number(cell) / value).round()).abs() > ROUNDING
            ),
        )
    return None


def _limit(column: str, kind: str, option: str, value: float | str) -> Rule:
    says, breaks = LIMITS[option]
    dates = kind in {"date", "timestamp"}
    if isinstance(value, str) is not dates:
        raise SpecError(
            f"the data contract's {option} for {column!r} is {value!r}, but the column is "
            f"a {kind}.",
            fix="write a number for a number, a day such as 2026-09-01 for a date",
        )
    limit = ibis.literal(value).cast("timestamp" if dates else "float64")
    return Rule(
        name=_kebab(option),
        column=column,
        says=f"{says} {value}",
        breaks=lambda cell: breaks(cell.try_cast("timestamp") if dates else number(cell), limit),
    )


def _kebab(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()
