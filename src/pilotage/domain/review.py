"""What the monthly review says of one use case, and of the programme: the page people read."""

from dataclasses import dataclass
from enum import StrEnum

from pilotage.domain.decision import Mode
from pilotage.domain.effect import Effect, Origin
from pilotage.domain.finding import Finding
from pilotage.domain.money import MoneyRange
from pilotage.domain.month import Month
from pilotage.domain.verdict import Ruling


class MetricKind(StrEnum):
    """What an outcome is, so that a change of it reads as points, days or money."""

    PROPORTION = "proportion"
    MEAN = "mean"
    RATIO = "ratio"
    DURATION = "duration"
    RECALL = "recall"


class Better(StrEnum):
    """Which way the outcome should move."""

    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """The outcome that is reported, and the lines it is read against.

    Args:
        name: as the spec has it, such as `reply_rate`.
        unit: what a mean, ratio or duration is counted in, such as `USD` or `hours`.
        minimum_effect: the smallest change worth having; scale and sign of `Review.effect`.
        breakeven: the change that pays the running cost; same scale and sign.
    """

    name: str
    kind: MetricKind
    better: Better
    unit: str = ""
    minimum_effect: float | None = None
    breakeven: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure with where it comes from.

    Args:
        label: what it is, in words.
        value: as people read it.
        origin: measured, declared, approved or assumed.
        source: the evidence, or who declared it and when.
    """

    label: str
    value: str
    origin: Origin
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortEffect:
    """The effect in one closed monthly cohort; None while an arm has no units to compare.

    Args:
        truth: the effect that the simulation planted, where it is one; same scale.
    """

    month: Month
    effect: Effect | None
    truth: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What a simulated company knows and a real one never will.

    Args:
        kind: none, harmful, immediate, slow bloom, displacement.
        effect: true change of the outcome, on the scale of `Review.effect`.
        money_per_month: true change in money a month, at the declared unit value: `USD 61,700`.
        covered: whether the reported interval holds it.
    """

    kind: str
    effect: float
    money_per_month: str
    covered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One use case in one month.

    Args:
        effect: over all closed cohorts, absolute; None while there is nothing to compare.
        relative: the same against the holdout mean; None where that is not to be trusted.
        money: a month at full use, after running cost.
        cohorts: by month, oldest first.
        pending: units whose outcome window is still open.
        evidence: ledger entries the ruling was computed from, as `first..last` of the log.
    """

    use_case: str
    title: str
    owner: str
    mode: Mode
    month: Month
    metric: Metric
    ruling: Ruling
    effect: Effect | None
    relative: Effect | None
    money: MoneyRange | None
    cohorts: tuple[CohortEffect, ...]
    pending: int
    figures: tuple[Figure, ...]
    findings: tuple[Finding, ...]
    spec_hash: str
    evidence: str
    truth: Truth | None = None

    @property
    def simulated(self) -> bool:
        """Whether the company is simulated: only then is a truth known."""
        return self.truth is not None or any(c.truth is not None for c in self.cohorts)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeReview:
    """All use cases of a programme in one month.

    Args:
        checkpoint: the signed note over the ledger that holds these verdicts.
        next_command: what the reader types next.
        money: all use cases together, a month; None where the parts do not add honestly
            (currencies, or intervals whose dependence is unknown). Readers then see each.
    """

    programme: str
    month: Month
    reviews: tuple[Review, ...]
    checkpoint: str
    next_command: str
    money: MoneyRange | None = None

    @property
    def simulated(self) -> bool:
        """Whether any use case runs in a simulated company."""
        return any(review.simulated for review in self.reviews)
