"""What is fixed before the first decision, and never edited after it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pilotage.domain.decision import Arm, Mode
from pilotage.domain.look import LookPlan
from pilotage.domain.month import Month


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineMonth:
    """The outcome before launch, in one month."""

    month: Month
    n: int
    mean: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """How things went before launch (playbook P5.1).

    Args:
        mean: of the outcome over all units of the months; a share for a proportion.
        standard_deviation: of the outcome, same scale.
        months: that were counted, oldest first.
    """

    n: int
    mean: float
    standard_deviation: float
    months: tuple[BaselineMonth, ...]

    @property
    def volume_per_month(self) -> float:
        """Units a month, as measured."""
        return self.n / len(self.months)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """An experiment as it was registered.

    Args:
        started_at: no unit from before is enrolled, UTC.
        counted: the arm of each cluster, where clusters are few; None where arms are by hash.
        strata: of those clusters, in which their arms were counted out; both under pseudonyms.
        fixed: what of the spec may not change while it runs, by key, as JSON.
        minimum_effect: the smallest change worth having, absolute.
        looks: the months in which the review may conclude.
        months_to_detect: how long the minimum effect takes to show; None when it never will.
        predictor: the approach that won.
        version: sha256 of what it was built from.
    """

    use_case: str
    mode: Mode
    started_at: datetime
    spec_hash: str
    experiment_hash: str
    baseline: Baseline
    holdout: float
    minimum_effect: float
    looks: LookPlan
    months_to_detect: float | None
    predictor: str
    version: str
    counted: Mapping[str, Arm] | None = None
    strata: Mapping[str, str] = field(default_factory=dict[str, str])
    fixed: Mapping[str, str] = field(default_factory=dict[str, str])
