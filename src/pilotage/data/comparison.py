"""What is compared, and what the engine says of it: columns in, moments out."""

from dataclasses import dataclass

from pilotage.domain.effect import Moments
from pilotage.domain.finding import Finding
from pilotage.experiments.clusters import ClusterMoments


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Which columns of a table hold an experiment.

    Args:
        arm: says which side a row was on; rows of other arms are left out.
        treatment: the arm column's value for the treated.
        control: the arm column's value for those they are compared with.
        outcome: a number, a boolean, or yes and no.
        covariate: a number from before the experiment that goes with the outcome.
        where: a condition in SQL on the rows to use.
    """

    arm: str
    treatment: str
    control: str
    outcome: str
    covariate: str | None = None
    where: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmSums:
    """One arm.

    Args:
        moments: over the rows with a finite outcome; a missing covariate counts as the shift.
        missing: rows without an outcome.
        not_finite: rows whose outcome or covariate is NaN or infinite, left out.
        missing_covariate: rows with an outcome, but without a covariate.
    """

    moments: Moments
    missing: int
    not_finite: int
    missing_covariate: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmMoments:
    """Both arms.

    Args:
        proportion: whether every outcome is 0 or 1, false or true, no or yes.
        other_rows: rows of other arms, or of none.
        findings: what the reader must know; `blocks` keeps an effect from being shown.
    """

    treatment: ArmSums
    control: ArmSums
    proportion: bool
    other_rows: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clusters:
    """The clusters of both arms.

    Args:
        moments: one for each cluster and arm that has rows.
        straddling: clusters with rows in both arms: they were not drawn as a whole.
    """

    moments: tuple[ClusterMoments, ...]
    straddling: tuple[str, ...]
