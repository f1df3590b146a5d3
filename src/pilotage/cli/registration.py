"""Registering a person's public key in pilotage.yaml, with every comment kept."""

import json
import os
from collections.abc import Iterable, MutableMapping
from io import StringIO
from pathlib import Path
from typing import Protocol, cast

from ruamel.yaml import YAML

from pilotage.domain.errors import RefusedError
from pilotage.opening import PROGRAMME_FILE
from pilotage.spec.loading import load_programme
from pilotage.spec.programme import Person, Programme

AS_LONG_AS_IT_IS = 10_000
"""Line width: no line of the author's is wrapped."""


class _RoundTrip(Protocol):  # ruamel.yaml leaves its types open; these are the parts that we use
    preserve_quotes: bool
    width: int

    def load(self, stream: str) -> MutableMapping[str, object]: ...
    def dump(self, data: MutableMapping[str, object], stream: StringIO) -> None: ...
    def indent(self, *, mapping: int, sequence: int, offset: int) -> None: ...


def lines_for(name: str, roles: Iterable[str], vkey: str) -> str:
    """Return what registers a person, as lines of pilotage.yaml.

    >>> print(lines_for("ana", ["legal"], "ana+00000000+AAAA"))
    people:
      ana: {roles: ["legal"], key: ana+00000000+AAAA}
    """
    return f"people:\n  {name}: {_entry(roles, vkey)}"


def register(folder: Path, name: str, *, roles: Iterable[str], vkey: str) -> Person:
    """Write a person's roles and public key into pilotage.yaml; roles they have stay.

    Where all of it is there already, the file is left as it is.

    Raises:
        RefusedError: another key is registered for them, or the file cannot be written.
        SpecError: the file cannot be read.
    """
    path = folder / PROGRAMME_FILE
    text = path.read_text(encoding="utf-8")
    before = load_programme(text, file=PROGRAMME_FILE)
    known = before.people.get(name, Person())
    if known.key not in {None, vkey}:
        raise RefusedError(
            f"{path}: another key is registered for {name}.",
            fix=f"if it is lost, replace it by hand with {vkey}; sign-offs under it end with it",
        )
    person = Person(roles=tuple(dict.fromkeys([*known.roles, *roles])), key=vkey)
    if person == known:
        return person
    written = _with(text, name, person)
    after = load_programme(written, file=PROGRAMME_FILE)
    if after != _expected(before, name, person):
        raise RefusedError(
            f"{path}: it could not be changed without changing more than `people`.",
            fix="add the lines by hand:\n" + lines_for(name, person.roles, vkey),
        )
    _replace(path, written)
    return person


def _entry(roles: Iterable[str], vkey: str) -> str:
    return f"{{roles: {json.dumps(list(roles), ensure_ascii=False)}, key: {vkey}}}"


def _expected(before: Programme, name: str, person: Person) -> Programme:
    return before.model_copy(update={"people": {**before.people, name: person}})


def _with(text: str, name: str, person: Person) -> str:
    """Return the file's text with a person added."""
    yaml = cast("_RoundTrip", YAML())
    yaml.preserve_quotes, yaml.width = True, AS_LONG_AS_IT_IS
    yaml.indent(mapping=2, sequence=4, offset=2)
    tree = yaml.load(text)
    entry = yaml.load(_entry(person.roles, str(person.key)))
    people = cast("MutableMapping[str, object]", tree.setdefault("people", yaml.load("{}")))
    people[name] = entry
    out = StringIO()
    yaml.dump(tree, out)
    return out.getvalue()


def _replace(path: Path, text: str) -> None:
    """Put the new text in place of the old in one step."""
    fresh = path.with_suffix(f".{os.getpid()}")
    try:
        fresh.write_text(text, encoding="utf-8")
        fresh.chmod(path.stat().st_mode)
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise RefusedError(
            f"{path}: cannot be written ({error.strerror}).", fix="give yourself write access to it"
        ) from error
