"""A use case as its author writes it. Attribute names are the keys of the YAML."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pilotage.domain.review import MetricKind
from pilotage.spec.decide import CellValue, Decide, Deliver, Every, Oversight
from pilotage.spec.outcome import OutcomeSpec, Process
from pilotage.spec.scalars import (
    Amount,
    Currency,
    Day,
    Declared,
    InnerShare,
    KebabName,
    Months,
    Name,
    refused,
)


class Autonomy(StrEnum):
    """What the AI may do without a person."""

    SUGGESTS = "suggests"
    ACTS = "acts"


class Dimension(StrEnum):
    """What the readiness audit scores (playbook P2)."""

    COMPLETENESS = "completeness"
    VALIDITY = "validity"
    UNIQUENESS = "uniqueness"
    FRESHNESS = "freshness"
    CONSISTENCY = "consistency"
    LINKAGE = "linkage"
    HYGIENE = "hygiene"
    ACCESS = "access"
    TEXT_QUALITY = "text-quality"
    LEAKAGE = "leakage"
    RECORDING = "recording"
    CLOCKS = "clocks"
    DEMO_PRODUCTION_GAP = "demo-production-gap"


MONTHLY_WINDOW = timedelta(days=31)
"""A month; what overlaps by a day or two in a short one does so in both arms alike."""


class UnitsTable(Declared):
    """Where the units are: the table, and its columns by what they mean.

    Args:
        at: when the unit came into being.
        owner: whose work it is.
        segment: a group of units; without rules of the author, the `rules` candidate scores by it.
    """

    table: Name
    key: Name
    at: Name
    owner: Name | None = None
    segment: Name | None = None


class OutcomesTable(Declared):
    """Where the outcomes are.

    Args:
        key: the column that holds the unit's key.
        at: when it happened.
        value: the amount, for a mean.
        complete_until: a column whose latest value, or an ISO date, up to which every
            outcome is known to have arrived.
        where: what a row must hold to be an outcome, such as `{stage: Won}`; upper and lower
            case are the same. Left out, every row is one.
    """

    table: Name
    key: Name
    at: Name
    value: Name | None = None
    complete_until: Name | None = None
    where: Mapping[Name, CellValue] | None = None

    @property
    def conditions(self) -> Mapping[str, str]:
        """What a row must hold to be an outcome, as a table shows it: `true`, `3`, `Won`."""
        return {
            column: str(wanted).lower() if isinstance(wanted, bool) else str(wanted)
            for column, wanted in (self.where or {}).items()
        }

    @property
    def complete_until_date(self) -> date | None:
        """The date, where `complete_until` is one and not a column."""
        try:
            return date.fromisoformat(self.complete_until or "")
        except ValueError:
            return None


class DataSpec(Declared):
    """The tables, the contract over them, and what of their readiness is critical."""

    contract: Name | None = None
    units: UnitsTable
    outcomes: OutcomesTable
    critical: tuple[Dimension, ...] = (
        Dimension.COMPLETENESS,
        Dimension.FRESHNESS,
        Dimension.LINKAGE,
    )


class Experiment(Declared):
    """How treated and untreated units are told apart.

    Args:
        holdout: share without the AI.
        assign_by: the unit, or a column of the units' table (rep, team, week).
        strata: columns within which few clusters are counted out.
        months: after which the last look is taken.
    """

    holdout: InnerShare = 0.2
    assign_by: Name | None = None
    strata: tuple[Name, ...] = ()
    looks: Literal["monthly"] = "monthly"
    months: Months = 6
    start: Day | None = None


class Governance(Declared):
    """The facts that the risk tier is computed from."""

    data_classes: tuple[Name, ...] = ()
    regions: tuple[Name, ...] = ()
    autonomy: Autonomy = Autonomy.SUGGESTS
    affects_workers: bool = False


class Budget(Declared):
    """The first twelve months (playbook E1, P2.6, D4.1); `technology` excludes the others."""

    currency: Currency
    data: Amount = Decimal(0)
    governance: Amount = Decimal(0)
    technology: Amount = Decimal(0)
    change: Amount = Decimal(0)
    run_per_month: Amount = Decimal(0)


def _title(earlier: Mapping[str, str]) -> str:
    return earlier["use_case"].replace("-", " ").capitalize()


class UseCase(Declared):
    """A use case: about twelve lines suffice, the rest has defaults that `check` prints."""

    use_case: KebabName
    title: Annotated[Name, Field(default_factory=_title)]
    owner: Name
    sponsor: Name | None = None
    process: Process
    outcome: OutcomeSpec
    data: DataSpec
    decide: Decide = Decide()
    oversight: Oversight = Oversight()
    deliver: tuple[Deliver, ...] = ()
    experiment: Experiment = Experiment()
    governance: Governance = Governance()
    budget: Budget | None = None

    @property
    def assign_column(self) -> str:
        """The column of the units' table that arms are drawn for: the key, or rep, team, week."""
        return self.data.units.key if self.assigns_units else str(self.experiment.assign_by)

    @property
    def assigns_units(self) -> bool:
        """Whether each unit has its own arm."""
        by = self.experiment.assign_by
        return by is None or by in {self.process.unit, self.data.units.key}

    @model_validator(mode="after")
    def _no_interference(self) -> Self:
        if self.process.shared_capacity and self.assigns_units:
            raise refused(
                f"draws arms {self.process.unit} by {self.process.unit}, while"
                " `process.shared_capacity` is true: units compete for the same people, so what"
                " the treated gain the others lose, and displacement would read as lift.",
                fix="name a column with the rep, team or week, such as `assign_by: sdr_id`",
                at=("experiment", "assign_by"),
            )
        return self

    @model_validator(mode="after")
    def _a_mean_has_a_column(self) -> Self:
        if self.outcome.kind is MetricKind.MEAN and self.data.outcomes.value is None:
            raise refused(
                "is missing; a mean is taken over a column of amounts.",
                fix=f"name the column of `{self.data.outcomes.table}` that holds the amount",
                at=("data", "outcomes", "value"),
            )
        return self

    @model_validator(mode="after")
    def _monthly_windows_do_not_overlap(self) -> Self:
        if self.decide.every is Every.MONTH and self.outcome.window > MONTHLY_WINDOW:
            raise refused(
                f"is {self.outcome.window.days} days, while each unit is decided every month:"
                " one outcome would count in several.",
                fix="write 31 days or fewer, or `decide: {every: once}`",
                at=("outcome", "window"),
            )
        return self

    @model_validator(mode="after")
    def _a_field_is_written_once(self) -> Self:
        written: set[tuple[str, str, str]] = set()
        for n, to in enumerate(self.deliver):
            again = [field for field in to.fields if (to.tool, to.object, field) in written]
            if again:
                raise refused(
                    f"is written already, by an entry above it: `{to.object}` of {to.tool} has one"
                    f" `{again[0]}`.",
                    fix="give it a name of its own, or take one of the two out",
                    at=("deliver", n, "fields", again[0]),
                )
            written |= {(to.tool, to.object, field) for field in to.fields}
        return self

    @model_validator(mode="after")
    def _one_currency(self) -> Self:
        value = self.outcome.value.currency
        if self.budget is not None and self.budget.currency != value:
            raise refused(
                f"is {self.budget.currency}, while `outcome.value` is in {value}: what it earns"
                " and what it costs do not add.",
                fix=f"write both in one currency, such as `currency: {value}`",
                at=("budget", "currency"),
            )
        return self
