"""Fairness: what forbids the comparison of the arms, or weakens what is read from it."""

from collections.abc import Callable
from typing import Final

from pilotage.domain.decision import Arm
from pilotage.domain.finding import Finding, Severity
from pilotage.domain.recorded import Recorded
from pilotage.experiments.ratio_check import ArmCount, Stage, ratio_mismatches
from pilotage.spec.decide import Every
from pilotage.spec.use_case import UseCase

LATE_SHARE = 0.1
"""Of outcomes. When more than that came before the decision, the rest is no fair picture."""

FEW_OUTCOMES = 50
"""Below this many, the share of late ones says nothing yet."""


FEW_UNREAD = 5
"""Fewer than that are a few slips."""

UNREAD_SHARE = 0.01
"""Of the units of which something was heard. More that count as 0 by mistake move the effect."""


def fairness(spec: UseCase, recorded: Recorded) -> tuple[Finding, ...]:
    """Return what the checks object to, in order."""
    return tuple(finding for check in CHECKS if (finding := check(spec, recorded)))


def decided_too_late(_spec: UseCase, recorded: Recorded) -> Finding | None:
    """Block a verdict over units that were decided after most had shown what they would do."""
    told = recorded.too_late + recorded.in_time
    if told < FEW_OUTCOMES or recorded.too_late <= LATE_SHARE * told:
        return None
    return Finding(
        code="decided-too-late",
        severity=Severity.BLOCKS,
        detail=f"{recorded.too_late:,} outcomes came before their unit was decided, and do not"
        " count: their dates are wrong, or the pass runs too seldom for this process.",
        fix="let `pilotage run` run more often, such as every hour; `pilotage status --parked`"
        " shows the outcomes, and those that came before their unit did. One that is mended in its"
        " table still counts here: a use case under a new name starts afresh",
    )


def outcomes_unread(_spec: UseCase, recorded: Recorded) -> Finding | None:
    """Warn of units that count as 0 because their outcome could not be read; block if many."""
    unread, told = recorded.unread, recorded.unread + recorded.in_time
    if not unread:
        return None
    many = unread >= max(FEW_UNREAD, UNREAD_SHARE * told)
    return Finding(
        code="outcomes-unread",
        severity=Severity.BLOCKS if many else Severity.WARNING,
        detail=f"{unread:,} units have an outcome whose amount could not be read, beside"
        f" {recorded.in_time:,} that could be ({unread / told:.1%}): they count as 0.",
        fix="export amounts as plain numbers such as 1002.23, and run again; `pilotage status"
        " --parked` shows them",
    )


def sample_ratio(spec: UseCase, recorded: Recorded) -> Finding | None:
    """Block a verdict over arms that are not as large as they were drawn.

    Units of a cluster come together, so their ratio is not the draw's.
    """
    if not spec.assigns_units:
        return None
    drawn = ArmCount(
        stage=Stage.ASSIGNED,
        treatment=recorded.assigned[Arm.TREATMENT],
        holdout=recorded.assigned[Arm.HOLDOUT],
    )
    return next(iter(ratio_mismatches((drawn,), share=recorded.registered.holdout)), None)


def clusters_not_in_the_forecast(spec: UseCase, recorded: Recorded) -> Finding | None:
    """Say that the forecast counts units where arms are drawn for clusters."""
    if spec.assigns_units:
        return None
    counted = recorded.registered.counted
    values = "" if counted is None else f"{len(counted)} "
    return Finding(
        code="forecast-ignores-clusters",
        severity=Severity.INFO,
        detail=f"Arms are drawn for {values}values of {spec.assign_column}; the months to detect"
        " count units as if they were independent, so it will take longer.",
        fix="read the interval, which does count clusters",
    )


def months_in_the_forecast(spec: UseCase, _recorded: Recorded) -> Finding | None:
    """Say that the forecast counts each month of a unit."""
    if spec.decide.every is not Every.MONTH:
        return None
    return Finding(
        code="forecast-counts-unit-months",
        severity=Severity.INFO,
        detail="Each unit is decided every month and counts once, by its mean; the months to"
        " detect count its months as if they were independent, so it will take longer.",
        fix="read the interval, which counts each unit once",
    )


CHECKS: Final[tuple[Callable[[UseCase, Recorded], Finding | None], ...]] = (
    decided_too_late,
    outcomes_unread,
    sample_ratio,
    clusters_not_in_the_forecast,
    months_in_the_forecast,
)
