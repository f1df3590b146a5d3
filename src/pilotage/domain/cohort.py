"""A monthly cohort: the units assigned in one month, and the sums over their outcomes."""

from dataclasses import dataclass

from pilotage.domain.decision import Arm, Mode
from pilotage.domain.effect import Moments
from pilotage.domain.month import Month


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """The units of a use case assigned in one month, in one mode."""

    use_case: str
    mode: Mode
    month: Month


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortMoments:
    """Moments of one arm of one closed cohort; of one cluster of it, where arms are clustered."""

    month: Month
    arm: Arm
    moments: Moments
    cluster: str = ""
    stratum: str = ""
