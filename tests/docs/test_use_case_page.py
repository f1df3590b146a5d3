"""docs/use-case.md knows every key that the models know, with its type and default."""

import types
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from enum import EnumType, StrEnum
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Union, cast, get_args, get_origin

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
    return [
        Row(key=key.strip("`"), type=type_, default=default) for key, type_, default, *_ in cells
    ]


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
        return plain(next(branch for branch in inner if branch is not type(None)))
    return annotation


def types_of(key: str, field: FieldInfo) -> tuple[str, ...]:
    """What the page may say of a key's type."""
    kind = plain(field.annotation)
    inner = get_args(kind)
    if key == "outcome.kind":
        return (", ".join(MEASURED_KINDS),)
    match get_origin(kind):
        case origin if origin is Literal:
            return (", ".join(inner),)
        case origin if origin is tuple:
            return listed(plain(inner[0]))
        case origin if origin is Mapping:
            return ("mapping", *(f"mapping: {each}" for each in members(plain(inner[1]))))
        case _:
            return ("mapping",) if is_declared(kind) else (members(kind) or WORDS[kind])


def listed(item: object) -> tuple[str, ...]:
    if is_declared(item):
        return ("list",)
    return tuple(f"list: {each}" for each in members(item)) or ("list of names",)


def is_declared(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Declared)


def members(kind: object) -> tuple[str, ...]:
    """The closed choices of an enumeration, as one text; nothing for another type."""
    if isinstance(kind, EnumType):
        return (", ".join(str(choice.value) for choice in cast("type[StrEnum]", kind)),)
    return ()


def default_of(key: str, field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = None if field.default is PydanticUndefined else field.default
    if key == "title" and value is None:
        return "from `use_case`"
    match value:
        case timedelta():
            said = span_text(value)
        case MinimumEffect():
            said = f"{{relative: {value.relative}}}"
        case Declared():
            said = "{}"
        case tuple():
            said = ", ".join(str(item) for item in cast("tuple[object, ...]", value))
        case bool():
            said = str(value).lower()
        case _:
            said = "" if value is None else str(value)
    return said or "-"


def known() -> dict[str, tuple[str, FieldInfo]]:
    """Keys of both files; `title` and `currency` stand in both, so the file is named too."""
    both = (("use case", UseCase), ("programme", Programme))
    return {f"{file}: {key}": (key, field) for file, model in both for key, field in fields(model)}


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
