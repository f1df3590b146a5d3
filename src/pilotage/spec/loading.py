"""From the customer's YAML to a declaration, or to one error with every file, line, key and fix.

>>> load_programme("{programme: sales-2026, sourcs: {leads: leads.csv}}", file="pilotage.yaml")
Traceback (most recent call last):
    ...
pilotage.domain.errors.SpecError: pilotage.yaml:1: `sourcs` is no key here.
  fix: write sources
"""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pilotage.spec.known_keys import ALIKE, MISPLACED_BELOW, home_of, keys_at, meant
from pilotage.spec.problem import Path, Problem, dotted, spec_error
from pilotage.spec.programme import Programme
from pilotage.spec.reading import Plain, Tree, read_yaml
from pilotage.spec.scalars import UNDECIDED, Declared
from pilotage.spec.use_case import UseCase
from pilotage.spec.wording import words

Declaration = TypeVar("Declaration", bound=Declared)


def load_use_case(text: str | bytes, *, file: str) -> UseCase:
    """Read a use case.

    Args:
        file: its name, as errors show it.

    Raises:
        SpecError: it lists every problem of the file, each with line, key, value and fix.
    """
    return _load(UseCase, text, file=file)


def load_programme(text: str | bytes, *, file: str) -> Programme:
    """Read `pilotage.yaml`.

    Args:
        file: its name, as errors show it.

    Raises:
        SpecError: it lists every problem of the file, each with line, key, value and fix.
    """
    return _load(Programme, text, file=file)


def _load(model: type[Declaration], text: str | bytes, *, file: str) -> Declaration:
    tree = read_yaml(text, file=file)
    problems = [*tree.problems, *_undecided(tree)]
    settled = {problem.path for problem in problems}
    try:
        declaration = model.model_validate(tree.top)
    except ValidationError as error:
        found = error.errors(include_url=False)
        problems += _problems(found, tree=tree, model=model, settled=settled)
        raise spec_error(problems, file=file) from None
    if problems:
        raise spec_error(problems, file=file)
    return declaration


def _undecided(tree: Tree) -> Iterator[Problem]:
    """Find every open choice of a draft."""
    for path, value in _leaves(tree.top, ()):
        if value == UNDECIDED or path[-1] == UNDECIDED:
            yield Problem(
                line=tree.line(path),
                path=path,
                detail=f"is still {UNDECIDED}; a person has to choose.",
                fix=f"replace {UNDECIDED}; the comment beside it says by what",
            )


def _leaves(value: Plain, path: Path) -> Iterator[tuple[Path, Plain]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, (*path, index))
    elif path:
        yield path, value


def _problems(
    errors: Sequence[ErrorDetails], *, tree: Tree, model: type[Declared], settled: set[Path]
) -> list[Problem]:
    """Word what pydantic found, leaving out what follows from another problem."""
    unknown = [_place(error, tree) for error in errors if error["type"] == "extra_forbidden"]
    problems = [_unknown_key(path, tree=tree, model=model) for path in unknown]
    meant_paths = {(*p.path[:-1], p.fix.removeprefix("write ")) for p in problems}
    for error in errors:
        path = _place(error, tree)
        if error["type"] in {"extra_forbidden", "default_factory_not_called"}:
            continue
        if path in settled or (error["type"] == "missing" and path in meant_paths):
            continue
        if error["type"] == "too_short" and _value(tree.top, path):
            continue  # its items are wrong, not too few
        key = ".".join(step for step in path if isinstance(step, str))
        detail, fix = words(error, key=key, value=_value(tree.top, path))
        problems.append(Problem(line=tree.line(path), path=path, detail=detail, fix=fix))
    return problems


def _unknown_key(path: Path, *, tree: Tree, model: type[Declared]) -> Problem:
    above, key = path[:-1], str(path[-1])
    known = keys_at(model, above)
    siblings = _value(tree.top, above)
    unused = known - set(siblings if isinstance(siblings, dict) else ())
    home = home_of(key, model=model)
    nearest = meant(key, known=unused, alike=MISPLACED_BELOW if home is not None else ALIKE)
    if home is not None and not nearest:
        fix = f"move it to {dotted((*home, key))}"
    elif nearest:
        fix = f"write {nearest}"
    else:
        fix = f"leave it out; known here: {', '.join(sorted(known))}"
    return Problem(line=tree.line(path), path=path, detail="is no key here.", fix=fix)


def _place(error: ErrorDetails, tree: Tree) -> Path:
    """Translate pydantic's location, which also names branches of unions, into the file's."""
    place: Path = ()
    value: Plain = tree.top
    context: dict[str, Path] = error.get("ctx", {})
    below = context.get("at", ())
    steps: Path = (*error["loc"], *below)
    named = len(error["loc"]) if error["type"] != "missing" else len(error["loc"]) - 1
    for number, step in enumerate(steps):
        inside = _value(value, (step,))
        absent = number >= named
        if inside is not None or _holds(value, step) or absent:
            place, value = (*place, step), inside
    return place


def _holds(value: Plain, step: str | int) -> bool:
    return isinstance(value, dict) and step in value


def _value(value: Plain, path: Path) -> Plain:
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value
