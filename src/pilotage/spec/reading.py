"""YAML as plain values with the line of each, and nothing that could surprise its author.

Read as YAML 1.2: `yes`, `NO` and `12:30` are text. Days stay text too, until a key wants one.
Anchors, tags, several documents in one file and keys that appear twice are refused.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, cast

from ruamel.yaml import YAML, YAMLError
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent

from pilotage.spec.problem import Path, Problem, spec_error

Plain = str | int | float | bool | None | list["Plain"] | dict[str, "Plain"]
"""What YAML can say."""

DEEPEST = 20
"""Levels of nesting; a declaration has six."""

LONGEST_NUMBER = 30
"""Digits."""

_TAG = "tag:yaml.org,2002:"


class _Mark(Protocol):  # ruamel.yaml leaves its types open; these are the parts that we use
    line: int


class _Scalar(Protocol):
    id: Literal["scalar"]
    tag: str
    value: str
    start_mark: _Mark


class _Sequence(Protocol):
    id: Literal["sequence"]
    value: "list[_Node]"
    start_mark: _Mark


class _Mapping(Protocol):
    id: Literal["mapping"]
    value: "list[tuple[_Node, _Node]]"
    start_mark: _Mark


_Node = _Scalar | _Sequence | _Mapping


class _Event(Protocol):
    start_mark: _Mark


class _Yaml(Protocol):
    def parse(self, stream: str) -> Iterator[_Event]: ...
    def compose(self, stream: str) -> _Node | None: ...


class _Marked(Protocol):
    problem: str
    problem_mark: _Mark | None
    context_mark: _Mark | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A file's values.

    Args:
        lines: the line, from 1, of each key and list item.
        problems: what is wrong with the YAML, though it could be read.
    """

    top: dict[str, Plain]
    lines: Mapping[Path, int]
    problems: tuple[Problem, ...]

    def line(self, path: Path) -> int:
        """Return the line of a path, or of the nearest mapping around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_yaml(text: str | bytes, *, file: str) -> Tree:
    """Read a file that holds one mapping.

    Raises:
        SpecError: it is not UTF-8, no YAML, empty, or not a mapping at the top.
    """
    decoded = _decoded(text, file=file)
    try:
        _refuse_surprises(decoded, file=file)
        node = _yaml().compose(decoded)
    except YAMLError as error:
        raise spec_error([_syntax(error, decoded)], file=file) from error
    except (ValueError, OverflowError) as error:  # an escape such as "\U7fffffff"
        problem = _whole(f"holds a character that does not exist ({error}).", "leave it out")
        raise spec_error([problem], file=file) from error
    if node is None or (node.id == "scalar" and node.tag == f"{_TAG}null"):
        raise spec_error(
            [_whole("the file is empty.", "start with `pilotage init`, which writes a draft")],
            file=file,
        )
    if node.id != "mapping":
        raise spec_error(
            [_whole("the file holds no `key: value` lines.", "write keys, such as `owner: cro`")],
            file=file,
        )
    walk = _Walk()
    return Tree(top=walk.mapping(node, ()), lines=walk.lines, problems=tuple(walk.problems))


@dataclass(slots=True)
class _Walk:
    """Collects lines and problems on the way down."""

    lines: dict[Path, int] = field(default_factory=dict[Path, int])
    problems: list[Problem] = field(default_factory=list[Problem])

    def mapping(self, node: _Mapping, path: Path) -> dict[str, Plain]:
        values: dict[str, Plain] = {}
        for key, value in node.value:
            if key.id != "scalar":
                self.refuse(key, path, "has a key that is no text.", "write `key: value`")
                continue
            name = key.value
            here = (*path, name)
            if name in values:
                first = f"stands here and on line {self.lines[here]}."
                self.refuse(key, here, first, "keep one of the two")
                continue
            self.lines[here] = _line(key)
            values[name] = self.value(value, here)
        return values

    def value(self, node: _Node, path: Path) -> Plain:
        if node.id == "mapping":
            return self.mapping(node, path)
        if node.id == "sequence":
            return [self.item(item, (*path, index)) for index, item in enumerate(node.value)]
        return self.scalar(node, path)

    def item(self, node: _Node, path: Path) -> Plain:
        self.lines[path] = _line(node)
        return self.value(node, path)

    def scalar(self, node: _Scalar, path: Path) -> Plain:
        text = node.value
        kind = node.tag.removeprefix(_TAG)
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() == "true"
        if kind == "int":
            return self.integer(node, text, path)
        if kind == "float":
            return float(
                text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan")
            )
        return text

    def integer(self, node: _Scalar, text: str, path: Path) -> Plain:
        digits = text.lstrip("+-")
        if digits.isdecimal() and (digits == "0" or not digits.startswith("0")):
            return int(text) if len(digits) <= LONGEST_NUMBER else float("inf")
        plain = digits.replace("_", "")
        if plain.isdecimal() and not plain.startswith("0") and len(plain) <= LONGEST_NUMBER:
            return int(text.replace("_", ""))
        self.refuse(
            node,
            path,
            f"is {text}, which is read as a number in some tools and as text in others.",
            f'write it in quotes if it is a code: "{text}"',
        )
        return text

    def refuse(self, node: _Node, path: Path, detail: str, fix: str) -> None:
        self.problems.append(Problem(line=_line(node), path=path, detail=detail, fix=fix))


def _decoded(text: str | bytes, *, file: str) -> str:
    if isinstance(text, str):
        return text.removeprefix("\ufeff")
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        problem = Problem(
            line=line,
            path=(),
            detail=f"the file is not UTF-8: byte {text[error.start]:#04x} on line {line}.",
            fix='save the file with the encoding "UTF-8"',
        )
        raise spec_error([problem], file=file) from error


def _refuse_surprises(text: str, *, file: str) -> None:
    depth = 0
    for event in _yaml().parse(text):
        line = event.start_mark.line + 1
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if isinstance(event, AliasEvent):
            detail = "takes a value from an anchor (*); anchors are not read here."
            fix = "write the value out where it belongs"
        elif getattr(event, "tag", None) is not None:
            detail, fix = "has a tag (!); tags are not read here.", "leave the tag out"
        elif getattr(event, "version", None) is not None:
            detail, fix = "asks for a version of YAML; 1.2 is read here.", "leave %YAML out"
        elif depth > DEEPEST:
            detail, fix = f"is nested deeper than {DEEPEST} levels.", "close the brackets"
        else:
            continue
        raise spec_error([Problem(line=line, path=(), detail=detail, fix=fix)], file=file)


def _syntax(error: YAMLError, text: str) -> Problem:
    marked = cast("_Marked", error) if isinstance(error, MarkedYAMLError) else None
    marks = (marked.problem_mark, marked.context_mark) if marked else ()
    lines = text.rstrip("\n").split("\n")
    at = next((mark.line for mark in marks if mark and mark.line < len(lines)), 0)
    line, shown = at + 1, lines[at]
    reason = marked.problem if marked else "it holds a character that YAML forbids"
    detail = f"is no YAML: {reason} at {shown.strip()[:60]!r}."
    fix = "compare brackets, quotes and indentation with the lines around"
    if "\t" in shown:
        detail, fix = "has a tab; YAML is indented by spaces.", "replace each tab by two spaces"
    return Problem(line=line, path=(), detail=detail, fix=fix)


def _yaml() -> _Yaml:
    return cast("_Yaml", YAML(typ="safe", pure=True))


def _whole(detail: str, fix: str) -> Problem:
    return Problem(line=1, path=(), detail=detail, fix=fix)


def _line(node: _Node) -> int:
    return node.start_mark.line + 1
