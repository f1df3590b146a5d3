"""Which keys a declaration knows at each level, and which one a misspelt key meant."""

import difflib
import types
from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Union, get_args, get_origin

from pilotage.spec.problem import Path
from pilotage.spec.scalars import Declared

ALIKE = 0.5
"""Least similarity (Ratcliff and Obershelp, 1988) at which a key is taken for a misspelling:
one letter wrong of two."""
MISPLACED_BELOW = 0.75
"""A key that is right elsewhere, and less like any key here than this, is misplaced."""


def keys_at(model: type[Declared], path: Path) -> frozenset[str]:
    """Return the keys that the mapping at a path may have; empty where any name will do."""
    places: tuple[object, ...] = (model,)
    for step in path:
        places = tuple(inner for place in places for inner in _step(place, step))
    return frozenset(key for place in places for key in _fields(place))


def meant(key: str, *, known: Collection[str], alike: float = ALIKE) -> str | None:
    """Return the known key that a misspelt one is most like.

    >>> meant("volum-per-month", known={"unit", "volume_per_month", "today"})
    'volume_per_month'
    """
    plain = {_plain(name): name for name in sorted(known)}
    close = difflib.get_close_matches(_plain(key), plain, n=1, cutoff=alike)
    return plain[close[0]] if close else None


def _plain(name: str) -> str:
    return name.lower().replace("-", "_").replace(" ", "_")


def home_of(key: str, *, model: type[Declared]) -> Path | None:
    """Return the only level at which a key is known, where there is just one."""
    homes = [path for path, known in _levels(model) if key in known]
    return homes[0] if len(homes) == 1 else None


def _levels(model: type[Declared], above: Path = ()) -> Iterator[tuple[Path, Collection[str]]]:
    fields = _fields(model)
    yield above, tuple(fields)
    for key, annotation in fields.items():
        for inner in _declared(annotation):
            yield from _levels(inner, (*above, key))


def _fields(place: object) -> Mapping[str, object]:
    if not (isinstance(place, type) and issubclass(place, Declared)):
        return {}
    return {field.alias or name: field.annotation for name, field in place.model_fields.items()}


def _step(place: object, step: str | int) -> Iterator[object]:
    """Go one key or position down; all branches of a union at once."""
    origin, inner = get_origin(place), get_args(place)
    if origin is tuple and isinstance(step, int):
        yield from _branches(inner[0])
    elif origin is Mapping and isinstance(step, str):
        yield from _branches(inner[1])
    elif isinstance(step, str) and step in (fields := _fields(place)):
        yield from _branches(fields[step])


def _branches(annotation: object) -> Iterator[object]:
    """Open unions and annotations until what is left is a type with a shape."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _branches(inner[0])
    elif origin in {Union, types.UnionType}:
        for branch in inner:
            yield from _branches(branch)
    else:
        yield annotation


def _declared(annotation: object) -> Iterator[type[Declared]]:
    """Find the declarations directly below a key, single or in a list."""
    for branch in _branches(annotation):
        inner = get_args(branch)
        if isinstance(branch, type) and issubclass(branch, Declared):
            yield branch
        elif get_origin(branch) is tuple:
            yield from _declared(inner[0])
