"""A data contract in the Open Data Contract Standard v3: the rules each row must keep.

https://bitol-io.github.io/open-data-contract-standard
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from pydantic.alias_generators import to_camel

from pilotage.data.rules import Rule, one_of, option_rule, pattern, required, type_rules, unique
from pilotage.data.tables import CustomerTable
from pilotage.domain.errors import SpecError
from pilotage.domain.finding import Finding, Severity
from pilotage.spec.reading import read_yaml


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
        yield required(column)
    if promised.unique:
        yield unique(column)
    yield from type_rules(column, promised.logical_type)
    if promised.enum:
        yield one_of(column, [item.get("value") for item in promised.enum])
    for option, value in promised.logical_type_options.items():
        rule = option_rule(column, promised.logical_type, option, value)
        yield rule or f"logicalTypeOptions {option!r} of {column!r}"
    for quality in promised.quality:
        yield _quality(column, quality)


def _quality(column: str, quality: _Quality) -> Rule | str:
    """Return the rule where it can be asked of one row: none of them may break it."""
    metric = quality.metric or quality.rule
    if quality.type == "library" and quality.must_be == 0:
        values, regex = quality.arguments.get("validValues"), quality.arguments.get("pattern")
        if metric == "nullValues":
            return required(column)
        if metric == "duplicateValues":
            return unique(column)
        if metric == "invalidValues" and isinstance(values, list):
            return one_of(column, values)
        if metric == "invalidValues" and isinstance(regex, str):
            return pattern(column, regex)
    return _named(quality, column)
