"""The defaults that stood in for what the author left out; `check` prints them as assumed."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import cast

from pilotage.domain.effect import Origin
from pilotage.domain.review import Figure
from pilotage.spec.problem import Path, dotted
from pilotage.spec.scalars import Declared, span_text
from pilotage.spec.use_case import UseCase

SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "outcome.minimum_effect.relative": "a change that is usually worth having",
        "data.critical": "what a comparison cannot do without",
        "decide.candidates": "the cheapest approach first",
        "experiment.holdout": "one unit in five without the AI",
        "experiment.months": "an effect must show within half a year",
        "experiment.looks": "one look a month, as the review is monthly",
    }
)
"""Why these defaults, where there is more to say than that they are ours."""


def defaults(use_case: UseCase) -> tuple[Figure, ...]:
    """Return every default that was filled in, by its key.

    Keys whose default is nothing at all (no segment, no guardrails) are left out.
    """
    filled = [
        Figure(
            label=dotted(path),
            value=value,
            origin=Origin.ASSUMED,
            source=SOURCES.get(dotted(path), "a default of Pilotage"),
        )
        for path, value in _filled(use_case, (), unset=False)
        if path != ("title",)
    ]
    if use_case.experiment.assign_by is None:
        filled.append(
            Figure(
                label="experiment.assign_by",
                value=use_case.process.unit,
                origin=Origin.ASSUMED,
                source="each unit has its own arm",
            )
        )
    return tuple(filled)


def _filled(declared: Declared, above: Path, *, unset: bool) -> Iterator[tuple[Path, str]]:
    for name, field in type(declared).model_fields.items():
        path = (*above, field.alias or name)
        left_out = unset or name not in declared.model_fields_set
        yield from _inside(getattr(declared, name), path, unset=left_out)


def _inside(value: object, path: Path, *, unset: bool) -> Iterator[tuple[Path, str]]:
    items = _items(value)
    if isinstance(value, Declared):
        yield from _filled(value, path, unset=unset)
    elif any(isinstance(item, Declared) for item in items):
        for index, item in enumerate(items):
            yield from _inside(item, (*path, index), unset=unset)
    elif unset and value not in (None, "", ()):
        yield path, ", ".join(_text(item) for item in items) or _text(value)


def _items(value: object) -> tuple[object, ...]:
    return cast("tuple[object, ...]", value) if isinstance(value, tuple) else ()


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, timedelta):
        return span_text(value)
    return f"{value:g}" if isinstance(value, float | Decimal) else str(value)
