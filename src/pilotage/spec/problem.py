"""A problem in a file: where, what and the fix; and all of a file's problems as one error."""

from collections.abc import Sequence
from dataclasses import dataclass

from pilotage.domain.errors import SpecError

Path = tuple[str | int, ...]
"""Keys and positions from the top of a file: `("decide", "rules", 0, "reason")`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing in a file that cannot be right.

    Args:
        line: from 1.
        path: of the value; empty for the file as a whole.
        detail: a clause about the value, such as `is 1.2; it is a share.`
    """

    line: int
    path: Path
    detail: str
    fix: str

    def __str__(self) -> str:
        return f"`{dotted(self.path)}` {self.detail}" if self.path else self.detail


def dotted(path: Path) -> str:
    """Write a path as people say it.

    >>> dotted(("decide", "rules", 0, "reason"))
    'decide.rules[0].reason'
    """
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def spec_error(problems: Sequence[Problem], *, file: str) -> SpecError:
    """Return one error that lists every problem of a file, in the file's order."""
    first, *others = ordered = sorted(problems, key=lambda problem: problem.line)
    if not others:
        return SpecError(f"{file}:{first.line}: {first}", fix=first.fix)
    lines = [f"  {file}:{problem.line}: {problem}\n    fix: {problem.fix}" for problem in ordered]
    return SpecError("\n".join([f"{file}: {len(ordered)} things to mend", *lines]), fix=first.fix)
