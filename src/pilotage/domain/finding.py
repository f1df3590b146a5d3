"""A finding: what a check saw. A check is a function that returns `Finding | None`."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How a finding bears on the decision."""

    INFO = "info"
    WARNING = "warning"
    BLOCKS = "blocks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a check saw, and how to mend it.

    Args:
        code: stable name of the check, in kebab-case.
        severity: `blocks` keeps the verdict from being given.
        detail: one sentence with the figures.
        fix: the next command, key or deed.
    """

    code: str
    severity: Severity
    detail: str
    fix: str
