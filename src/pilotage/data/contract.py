"""A data contract in the Open Data Contract Standard v3: the rules each row must keep.

https://bitol-io.github.io/open-data-contract-standard
"""

import operator
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from pydantic.alias_generators import to_camel

from pilotage.data.cells import number
from pilotage.data.engine import Cell, Rows, execute, ibis
from pilotage.data.tables import CustomerTable
from pilotage.domain.errors import SpecError
from pilotage.domain.finding import Finding, Severity
from pilotage.spec.reading import read_yaml

ROUNDING = 1e-9
"""How far a quotient may lie beside a whole number: 0.3 is a multiple of 0.1."""


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


class _Part(BaseModel):
    """What we read of the standard; the rest of it is for others."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel)


class _Quality(_Part):
    name: str | None = None
    type: str = "library"
    metric: str | None = None
    rule: str | None = None
    arguments: dict[str, JsonValue] = {}
    must_be: int | float | None = None


class _Property(_Part):
    name: str
    physical_name: str | None = None
    logical_type: str = "string"
    logical_type_options: dict[str, JsonValue] = {}
    required: bool = False
    unique: bool = False
    enum: tuple[dict[str, JsonValue], ...] = ()
    quality: tuple[_Quality, ...] = ()


class _Object(_Part):
    name: str
    physical_name: str | None = None
    properties: tuple[_Property, ...] = ()
    quality: tuple[_Quality, ...] = ()


class _File(_Part):
    kind: Literal["DataContract"]
    api_version: str = Field(pattern=r"^v3\.")
    objects: tuple[_Object, ...] = Field(alias="schema", default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """A data contract as read.

    Args:
        file: what it was read from.
        objects: its tables.
    """

    file: str
    objects: tuple[_Object, ...]

    def rules(self, table: CustomerTable) -> tuple[Rule, ...]:
        """Return the rules each row of the table must keep; none where it is not in the contract.

        Raises:
            SourceError: the table lacks a column that the contract promises.
            SpecError: a pattern is no regular expression, or a limit is of the wrong kind.
        """
        return tuple(part for part in self._parts(table) if isinstance(part, Rule))

    def findings(self, table: CustomerTable) -> tuple[Finding, ...]:
        """Return what the contract asks of the table that no row is checked for."""
        return tuple(
            Finding(
                code="contract-rule-not-enforced",
                severity=Severity.INFO,
                detail=f"{self.file}: {part} is not enforced on {table.name}.",
                fix="the readiness audit or the tool that owns the rule must check it",
            )
            for part in self._parts(table)
            if isinstance(part, str)
        )

    def _parts(self, table: CustomerTable) -> Iterator[Rule | str]:
        for item in self.objects:
            if table.name in {item.name, item.physical_name}:
                for quality in item.quality:
                    yield _named(quality, item.name)
                for promised in item.properties:
                    yield from _property_parts(promised, table)


def load_contract(path: Path) -> Contract:
    """Read a contract.

    Raises:
        SpecError: the file is missing, is no YAML, or is no contract of version 3.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        raise SpecError(
            f"{path}: the data contract cannot be read: {error.strerror}.",
            fix="check `data.contract` of the use case",
        ) from error
    try:
        read = _File.model_validate(read_yaml(text, file=str(path)).top)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise SpecError(
            f"{path}: `{where}` of the data contract: {first['msg']}.",
            fix="see https://bitol-io.github.io/open-data-contract-standard",
        ) from error
    return Contract(file=str(path), objects=read.objects)


def _named(quality: _Quality, owner: str) -> str:
    name = quality.name or quality.metric or quality.rule or quality.type
    return f"quality rule {name!r} of {owner!r}"


def _property_parts(promised: _Property, table: CustomerTable) -> Iterator[Rule | str]:
    physical = promised.physical_name
    column = physical if physical and physical in table.rows.columns else promised.name
    table.require([column])
    if promised.required:
        yield _required(column)
    if promised.unique:
        yield _unique(column)
    yield from _type_rules(column, promised.logical_type)
    if promised.enum:
        yield _one_of(column, [item.get("value") for item in promised.enum])
    for option, value in promised.logical_type_options.items():
        yield _option(column, promised.logical_type, option, value)
    for quality in promised.quality:
        yield _quality(column, quality)


def _required(column: str) -> Rule:
    return Rule(name="required", column=column, says="is empty", breaks=_is_empty)


def _is_empty(cell: Cell) -> Cell:
    return cell.isnull() | (cell.cast("string") == "")


def _unique(column: str) -> Rule:
    return Rule(
        name="unique",
        column=column,
        says="occurs more than once",
        breaks=lambda cell: cell.notnull() & (cell.count().over(group_by=cell) > 1),
    )


def _type_rules(column: str, kind: str) -> Iterator[Rule]:
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


def _one_of(column: str, values: Sequence[JsonValue]) -> Rule:
    texts = [str(value) for value in values]
    return Rule(
        name="valid-values",
        column=column,
        says=f"is none of {', '.join(texts[:10])}",
        breaks=lambda cell: cell.cast("string").notin(texts),
    )


def _pattern(column: str, pattern: str) -> Rule:
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


def _option(column: str, kind: str, option: str, value: JsonValue) -> Rule | str:
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
        return _pattern(column, value)
    if option == "multipleOf" and isinstance(value, int | float) and value:
        return Rule(
            name="multiple-of",
            column=column,
            says=f"is no multiple of {value}",
            breaks=lambda cell: (
                (number(cell) / value - (number(cell) / value).round()).abs() > ROUNDING
            ),
        )
    return f"logicalTypeOptions {option!r} of {column!r}"


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


def _quality(column: str, quality: _Quality) -> Rule | str:
    """Return the rule where it can be asked of one row: none of them may break it."""
    metric = quality.metric or quality.rule
    if quality.type == "library" and quality.must_be == 0:
        values, pattern = quality.arguments.get("validValues"), quality.arguments.get("pattern")
        if metric == "nullValues":
            return _required(column)
        if metric == "duplicateValues":
            return _unique(column)
        if metric == "invalidValues" and isinstance(values, list):
            return _one_of(column, values)
        if metric == "invalidValues" and isinstance(pattern, str):
            return _pattern(column, pattern)
    return _named(quality, column)


def _kebab(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()
