"""What the AI is to change: the process it stands in, and the one outcome it is judged by."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from pilotage.domain.effect import EffectKind
from pilotage.domain.review import Better, MetricKind
from pilotage.spec.scalars import (
    CalendarMonth,
    Currency,
    Declared,
    Name,
    Positive,
    PositiveAmount,
    Span,
    refused,
)

MEASURED_KINDS = (MetricKind.PROPORTION, MetricKind.MEAN)
"""What this version can carry a verdict on."""


class Basis(StrEnum):
    """What the money of one more unit of outcome is."""

    GROSS_MARGIN = "gross_margin"
    COST_OUT = "cost_out"
    COST_AVOIDED = "cost_avoided"


class Process(Declared):
    """The work that the AI is to change, before any model is named (playbook P1.1).

    Args:
        today: how it is done now.
        unit: one piece of work, such as `lead`; the row of `data.units.table`.
        volume_per_month: units; declared, and measured by the audit.
        minutes_per_unit: of a person, today.
        shared_capacity: whether units compete for the same people or budget.
    """

    today: str = ""
    unit: Name
    volume_per_month: Positive
    minutes_per_unit: Positive | None = None
    shared_capacity: bool = False


class MinimumEffect(Declared):
    """A change, typed: a share of the comparison (relative) or a difference (absolute)."""

    relative: Positive | None = None
    absolute: Positive | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.relative is None) == (self.absolute is None):
            raise refused(
                "must be either relative or absolute, and not both:"
                " confusing the two inflates value tenfold.",
                fix="write {relative: 0.15} for 15 % more, or {absolute: 0.02} for 2 points more",
            )
        return self

    @property
    def kind(self) -> EffectKind:
        """Which of the two was written."""
        return EffectKind.ABSOLUTE if self.relative is None else EffectKind.RELATIVE

    def absolute_at(self, base: float) -> float:
        """Return the change as a difference, at a comparison of `base`.

        >>> MinimumEffect(relative=0.25).absolute_at(0.12)
        0.03
        """
        return self.absolute if self.absolute is not None else (self.relative or 0.0) * base


class UnitValue(Declared):
    """What one more unit of outcome is worth; unapproved until finance has approved it.

    Args:
        amount: for one more success (proportion), or one more of the mean's own unit.
        pnl_line: where finance will look for it.
        source: where the amount comes from.
        approved_by: the role that approved it, empty until then.
    """

    amount: PositiveAmount
    currency: Currency
    basis: Basis
    pnl_line: str = ""
    source: str = ""
    approved_by: str = ""


class LeadingMetric(Declared):
    """A metric that moves before the outcome; labelled surrogate, never carries a `scale`."""

    metric: Name
    kind: MetricKind
    better: Better = Better.HIGHER


class Guardrail(LeadingMetric):
    """A metric that must not get worse by as much as this."""

    must_not_worsen_by: MinimumEffect


class BaselineMonths(Declared):
    """The months that the comparison before launch is taken from, both included."""

    from_: Annotated[CalendarMonth, Field(alias="from")]
    until: CalendarMonth

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.until < self.from_:
            raise refused(
                f"ends in {self.until}, before it begins in {self.from_}.",
                fix=f"write {{from: {self.until}, until: {self.from_}}}",
            )
        return self


class OutcomeSpec(Declared):
    """The one metric that the use case is judged by (playbook P5.3).

    Args:
        window: how long after assignment an outcome counts, in both arms.
        minimum_effect: the smallest change worth having.
    """

    metric: Name
    kind: MetricKind
    better: Better = Better.HIGHER
    window: Span = timedelta(days=30)
    minimum_effect: MinimumEffect = MinimumEffect(relative=0.15)
    value: UnitValue
    leading: tuple[LeadingMetric, ...] = ()
    guardrails: tuple[Guardrail, ...] = ()
    baseline: BaselineMonths | None = None

    @field_validator("kind")
    @classmethod
    def _measured_here(cls, kind: MetricKind) -> MetricKind:
        if kind not in MEASURED_KINDS:
            raise refused(
                f"is {kind}; this version measures proportion and mean only.",
                fix="write proportion (did it happen?) or mean (how much, from a value column)",
            )
        return kind
