"""How a unit is decided, who looks at it, and where the user sees it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Self

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    model_validator,
)

from pilotage.spec.scalars import Declared, Name, Number, Share, refused


class Every(StrEnum):
    """How often a unit is decided."""

    ONCE = "once"
    MONTH = "month"


class Approach(StrEnum):
    """The candidates that compete (playbook P1.2)."""

    RULES = "rules"
    TABULAR = "tabular"
    RETRIEVAL = "retrieval"
    LANGUAGE_MODEL = "language-model"
    EXTERNAL = "external"


class Shown(StrEnum):
    """What of a proposal a field of a tool shows."""

    RANK = "rank"
    REASON = "reason"
    SCORE = "score"


class Bounds(Declared):
    """Numbers from `at_least` (included) to `below` (excluded)."""

    at_least: Number | None = None
    below: Number | None = None

    @model_validator(mode="after")
    def _some_bound(self) -> Self:
        low, high = self.at_least, self.below
        if low is None and high is None:
            raise refused("has no bound.", fix="write {at_least: 3}, {below: 10} or both")
        if low is not None and high is not None and low >= high:
            raise refused(
                f"holds no number: at least {low:g} and below {high:g}.",
                fix="make below the larger one",
            )
        return self


def _cell(value: object) -> object:
    if not isinstance(value, str | int | float | bool):
        raise refused("is no value of a cell.", fix="write text, a number, true or false")
    return value


CellValue = Annotated[str | int | float | bool, BeforeValidator(_cell)]
"""What a cell of a table can be compared with."""


def _condition_form(value: object) -> str:
    if isinstance(value, Mapping | Bounds):
        return "bounds"
    return "any" if isinstance(value, list | tuple) else "value"


Condition = Annotated[
    Annotated[Bounds, Tag("bounds")]
    | Annotated[tuple[CellValue, ...], Tag("any"), Field(min_length=1)]
    | Annotated[CellValue, Tag("value")],
    Discriminator(_condition_form),
]
"""What a column must hold: a value, one of several, or a number within bounds."""


class Rule(Declared):
    """The first rule whose columns all match gives a unit its probability.

    Args:
        probability: of the outcome, 0..1.
        reason: what the user is told.
    """

    when: Annotated[Mapping[Name, Condition], Field(min_length=1)]
    probability: Share
    reason: Name


class Bar(Declared):
    """What a candidate must clear before a cheaper one loses to it."""

    metric: Name = "average_precision"
    above: Approach = Approach.RULES
    lower_bound: bool = True


class Decide(Declared):
    """How a unit is decided.

    Args:
        columns: those knowable at decision time; None for all of the units' table.
        rules: the `rules` candidate, first match first.
        otherwise: the probability where no rule matches; None for the base rate.
    """

    every: Every = Every.ONCE
    candidates: Annotated[tuple[Approach, ...], Field(min_length=1)] = (Approach.RULES,)
    bar: Bar = Bar()
    columns: tuple[Name, ...] | None = None
    rules: tuple[Rule, ...] = ()
    otherwise: Share | None = None

    @model_validator(mode="after")
    def _no_model_learns_from_columns_of_a_later_day(self) -> Self:
        if self.every is Every.MONTH and Approach.TABULAR in self.candidates:
            raise refused(
                "has `tabular`, while each unit is decided every month: the table shows a unit as"
                " it is today, so a model would learn past months from what was not known then.",
                fix="write `candidates: [rules]`, or `every: once`",
                at=("candidates",),
            )
        return self


class Oversight(Declared):
    """Where a proposal goes, by the calibrated probability that it is right.

    Args:
        automatic_from: delivered at once.
        ask_from: shown to a person first; below it, nothing is said.
        sample: share of the automatic ones that a person checks all the same.
    """

    automatic_from: Share = 0.80
    ask_from: Share = 0.50
    sample: Share = 0.05

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.ask_from > self.automatic_from:
            raise refused(
                f"asks from {self.ask_from:g} but is automatic from {self.automatic_from:g}.",
                fix="make ask_from the smaller one",
                at=("ask_from",),
            )
        return self


ObjectName = Annotated[Name, StringConstraints(pattern=r"^[^./\\][^/\\]*$")]
"""No path: a CSV tool names a file after it."""


class Deliver(Declared):
    """Fields of one object in a tool that people already use (playbook P3.1)."""

    tool: Name
    object: ObjectName
    fields: Annotated[Mapping[Name, Shown], Field(min_length=1)]
