"""docs/use-case.md knows every key that the models know, with its type and default."""

import types
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Union, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from pilotage.domain.month import Month
from pilotage.spec.outcome import MEASURED_KINDS, MinimumEffect
from pilotage.spec.programme import Programme
from pilotage.spec.scalars import Declared, span_text
from pilotage.spec.use_case import UseCase

PAGE = Path(__file__).parents[2] / "docs/use-case.md"

WORDS: Mapping[object, tuple[str, ...]] = {
    str: ("name", "kebab name", "text", "currency", "time zone", "database URL", "name or day"),
    float: ("number", "number above 0", "share"),
    int: ("whole number above 0",),
    bool: ("true or false",),
    Decimal: ("amount", "amount above 0"),
    timedelta: ("span",),
    date: ("day",),
    Month: ("month",),
}
"""What the page may call a value of each type."""


class Row(NamedTuple):
    key: str
    type: str
    default: str


def rows_of_the_page() -> list[Row]:
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if line.startswith("| `")
    ]
    return [Row(key=key.strip("`"), type=type_, default=default) for key, type_, default, *_ in cells]


def fields(model: type[Declared], above: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every key below a model, written as the page writes it."""
    for name, field in model.model_fields.items():
        key = above + (field.alias or name)
        yield key, field
        for suffix, inner in below(field.annotation):
            yield from fields(inner, f"{key}{suffix}.")


def below(annotation: object, suffix: str = "") -> Iterator[tuple[str, type[Declared]]]:
    inner = get_args(annotation)
    match get_origin(annotation):
        case origin if origin in {Union, types.UnionType}:
            for branch in inner:
                yield from below(branch, suffix)
        case origin if origin is Annotated:
            yield from below(inner[0], suffix)
        case origin if origin is tuple:
            yield from below(inner[0], f"{suffix}[]")
        case origin if origin is Mapping:
            yield from below(inner[1], f"{suffix}.NAME")
        case _ if isinstance(annotation, type) and issubclass(annotation, Declared):
            yield suffix, annotation
        case _:
            pass


def plain(annotation: object) -> object:
    """The type below `Annotated` and `| None`."""
    inner = get_args(annotation)
    if get_origin(annotation) is Annotated:
        return plain(inner[0])
    if get_origin(annotation) in {Union, types.UnionType}:
        present = [branch for branch in inner if branch is not type(None)]
        return plain(present[0])
    return annotation


def types_of(key: str, field: FieldInfo) -> tuple[str, ...]:
    """What the page may say of a key's type."""
    kind = plain(field.annotation)
    if key == "outcome.kind":
        return (", ".join(MEASURED_KINDS),)
    if get_origin(kind) is Literal:
        return (", ".join(get_args(kind)),)
    if get_origin(kind) is tuple:
        item = plain(get_args(kind)[0])
        return listed(item)
    if get_origin(kind) is Mapping:
        value = plain(get_args(kind)[1])
        return ("mapping", f"mapping: {members(value)}")
    if isinstance(kind, type) and issubclass(kind, Declared):
        return ("mapping",)
    return (members(kind),) if members(kind) else WORDS[kind]


def listed(item: object) -> tuple[str, ...]:
    if isinstance(item, type) and issubclass(item, Declared):
        return ("list",)
    return (f"list: {members(item)}",) if members(item) else ("list of names",)


def members(kind: object) -> str:
    return ", ".join(kind) if isinstance(kind, type) and issubclass(kind, StrEnum) else ""


def default_of(key: str, field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if key == "title" and field.default is PydanticUndefined:
        return "from `use_case`"
    value = None if field.default is PydanticUndefined else field.default
    match value:
        case None | "" | ():
            return "-"
        case bool():
            return str(value).lower()
        case timedelta():
            return span_text(value)
        case MinimumEffect():
            return f"{{relative: {value.relative}}}"
        case Declared():
            return "{}"
        case tuple():
            return ", ".join(str(item) for item in value)
        case _:
            return f"{value}"


def known() -> dict[str, tuple[str, FieldInfo]]:
    """Keys of both files; `title` and `currency` stand in both, so the file is named too."""
    both = (("use case", UseCase), ("programme", Programme))
    return {
        f"{file}: {key}": (key, field) for file, model in both for key, field in fields(model)
    }


def by_file() -> dict[str, Row]:
    rows = rows_of_the_page()
    start = next(number for number, row in enumerate(rows) if row.key == "programme")
    return {f"use case: {row.key}": row for row in rows[:start]} | {
        f"programme: {row.key}": row for row in rows[start:]
    }


def test_the_page_has_every_key_and_no_other():
    assert by_file().keys() == known().keys()


def test_the_page_says_the_type_of_every_key():
    wrong = {
        name: (row.type, expected)
        for name, row in by_file().items()
        if name != "programme: tools.NAME.kind"  # one word a tool, below
        and row.type not in (expected := types_of(*known()[name]))
    }
    assert wrong == {}
    assert by_file()["programme: tools.NAME.kind"].type == "csv, table"


def test_the_page_says_the_default_of_every_key():
    wrong = {
        name: (row.default, expected)
        for name, row in by_file().items()
        if row.default != (expected := default_of(*known()[name]))
    }
    assert wrong == {}
