"""Verdicts, and the ruling that gave one."""

from dataclasses import dataclass
from enum import StrEnum

from pilotage.domain.month import Month


class Verdict(StrEnum):
    """What the monthly review says of a use case."""

    SCALE = "scale"
    HOLD = "hold"
    REPAIR = "repair"
    """It could work, but data, design or delivery is broken."""
    STOP = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """A verdict with the rule that fired.

    Args:
        rule: stable name of the rule, in kebab-case.
        reason: one sentence with the figures.
        until: the month by which the verdict may change; always set for `hold`.
        next_step: what a person does now.
    """

    verdict: Verdict
    rule: str
    reason: str
    until: Month | None
    next_step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """The month in which an experiment came to its end, and how.

    Args:
        verdict: scale or stop.
        rule: that fired then.
    """

    verdict: Verdict
    month: Month
    rule: str
