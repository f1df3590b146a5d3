"""The monthly review. Read it after flow.py.

    ledger -> closed cohorts -> checks -> effect -> money -> ruling -> ledger

What is recorded decides: the same outcomes give the same verdict, byte for byte. A month whose
outcomes changed since gets a new revision; the old verdict stays.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy import Connection

from pilotage.domain.cohort import Cohort, CohortMoments
from pilotage.domain.decision import Arm, DeliveryState, Mode
from pilotage.domain.effect import Origin
from pilotage.domain.errors import RefusedError
from pilotage.domain.experiment import Registered
from pilotage.domain.finding import Finding, Severity
from pilotage.domain.money import Money
from pilotage.domain.month import Month
from pilotage.domain.review import Better, CohortEffect, Metric, Review
from pilotage.domain.verdict import Conclusion
from pilotage.experiments.design import DAYS_PER_MONTH
from pilotage.experiments.forecast import first_closing, forecast
from pilotage.experiments.ratio_check import ArmCount, Stage, ratio_mismatches
from pilotage.experiments.readout import Readout, read_out
from pilotage.governance.permit import VALUE, in_force
from pilotage.launch import registered
from pilotage.ports import Case
from pilotage.spec.decide import Every
from pilotage.spec.hashing import value_hash
from pilotage.store import decisions, outbox, outcomes, parking, registry, verdicts
from pilotage.store.record import Record
from pilotage.value.economics import Economics, breakeven, worth_per_month
from pilotage.value.evidence import Evidence
from pilotage.value.figures import figures
from pilotage.value.gate import rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What the record holds of a use case, up to the month under review.

    Args:
        month: under review: the newest closed one, or the present one while none is closed.
        closed: months of whose units every outcome window closed on a complete source.
        cohorts: sums over their outcomes, by month and arm.
        by_unit: where units are decided every month, sums over each unit's mean; else None.
        assigned: units by arm, in closed months; one decided in several counts once.
        pending: units whose outcome is not known yet.
        delivered: deliveries by state.
        newest: when the newest unit of the last closed month was assigned.
        in_time: outcomes that came after their unit was decided.
        too_late: outcomes that came before, so that they do not count.
        evidence: first and last ledger entry of the outcomes.
        approved: whether finance has signed the value in force.
        concluded: the earlier month that said scale or stop, if there is one.
    """

    month: Month
    closed: Sequence[Month]
    cohorts: Sequence[CohortMoments]
    by_unit: Sequence[CohortMoments] | None
    assigned: Mapping[Arm, int]
    pending: int
    delivered: Mapping[DeliveryState, int]
    evidence: tuple[int, int] | None
    newest: datetime | None = None
    in_time: int = 0
    too_late: int = 0
    approved: bool = False
    concluded: Conclusion | None = None


def review(case: Case, record: Record, *, month: Month | None, as_of: datetime) -> Review:
    """Review a use case: what its closed cohorts prove, what that is worth, what to do.

    Args:
        month: the last cohort to count; the newest closed one when left out.
        as_of: the instant the review stands for.

    Raises:
        RefusedError: nothing ran yet, or the month is not closed.
    """
    known = registered_of(case, record)
    if as_of < known.started_at:
        raise RefusedError(
            f"{case.spec.use_case} began on {known.started_at:%Y-%m-%d}; there is nothing to"
            f" review as of {as_of:%Y-%m-%d}.",
            fix="leave --as-of out, or name a later day",
        )
    recorded = gather(case, known, record, month=month, as_of=as_of)
    return judge(case, known, recorded)


def judge(case: Case, registered: Registered, recorded: Recorded) -> Review:
    """Return the review that the record leads to; no clock, no database, the same bytes again."""
    spec = case.spec
    readout = read_out(
        recorded.cohorts,
        by_unit=recorded.by_unit,
        kind=spec.outcome.kind,
        level=registered.looks.level,
        rng=np.random.default_rng(int(registered.experiment_hash[:16], 16)),
    )
    findings = (*readout.findings, *check(case, registered, recorded))
    economics = economics_of(case, registered, recorded)
    metric = metric_of(case, registered, economics)
    ruling = rule(
        Evidence(
            month=recorded.month,
            plan=registered.looks,
            forecast=forecast(registered, window=spec.outcome.window),
            metric=metric,
            effect=readout.effect,
            closed_cohorts=len(recorded.closed),
            first_closing=first_closing(registered, window=spec.outcome.window, zone=case.zone),
            mode=case.mode,
            interference=spec.process.shared_capacity and spec.assigns_units,
            findings=findings,
            delivered_share=delivered_share(recorded.delivered),
            concluded=recorded.concluded,
        )
    )
    return Review(
        use_case=spec.use_case,
        title=spec.title,
        owner=spec.owner,
        mode=case.mode,
        month=recorded.month,
        metric=metric,
        ruling=ruling,
        effect=readout.effect,
        relative=readout.relative,
        money=readout.effect and worth_per_month(readout.effect, economics, better=metric.better),
        cohorts=cohort_effects(readout),
        pending=recorded.pending,
        figures=figures(spec, registered, economics, metric=metric, delivered=recorded.delivered),
        findings=findings,
        spec_hash=registered.spec_hash,
        evidence="{}..{}".format(*recorded.evidence) if recorded.evidence else "none yet",
    )


def give(reviewed: Review, record: Record, *, as_of: datetime) -> int:
    """Write a verdict into the ledger, unless the same one was given; return its revision."""
    with record.transaction() as work:
        return verdicts.give(work, reviewed, as_of=as_of)


def registered_of(case: Case, record: Record) -> Registered:
    """Return the experiment as it was registered by the first pass.

    Raises:
        RefusedError: there was none, or the spec says something else by now.
    """
    known = registered(case, record)
    if known is None:
        raise RefusedError(
            f"{case.spec.use_case} has not run {case.mode} yet: there is nothing to review.",
            fix=f"pilotage run {case.spec.use_case}",
        )
    if known.spec_hash != case.spec_hash:
        raise RefusedError(
            f"the spec of {case.spec.use_case} was changed since it last ran.",
            fix=f"pilotage run {case.spec.use_case}, which notes the change in the ledger",
        )
    return known


def gather(
    case: Case, registered: Registered, record: Record, *, month: Month | None, as_of: datetime
) -> Recorded:
    """Read what the record holds of closed months, up to the one under review."""
    name, mode = case.spec.use_case, case.mode
    with record.reading() as connection:
        waiting = outcomes.pending(connection, use_case=name, mode=mode)
        closed = [
            each
            for each in decisions.months(connection, use_case=name, mode=mode)
            if each not in waiting and each.end(zone=case.zone) <= as_of
        ]
        if month is not None and month not in closed:
            raise RefusedError(
                f"{name}: the cohort of {month} is not closed; it closes when its outcome windows"
                " have ended and the outcome source is complete until then.",
                fix="leave --month out for the newest closed cohort"
                + (f" ({closed[-1]})" if closed else ""),
            )
        closed = [each for each in closed if month is None or each <= month]
        asked = outcomes.Asked(
            use_case=name,
            mode=mode,
            shift=registered.baseline.mean,
            clustered=not case.spec.assigns_units,
            months=closed,
        )
        reviewed = closed[-1] if closed else Month.of(as_of, zone=case.zone)
        repeated = case.spec.decide.every is Every.MONTH
        return Recorded(
            month=reviewed,
            closed=closed,
            cohorts=outcomes.moments(connection, asked),
            by_unit=outcomes.moments_by_unit(connection, asked) if repeated else None,
            assigned=decisions.assigned(connection, use_case=name, mode=mode, months=closed),
            pending=sum(waiting.values()),
            delivered=outbox.counts(connection, use_case=name, mode=mode, months=closed),
            evidence=outcomes.evidence(connection, asked),
            newest=decisions.newest(connection, use_case=name, mode=mode, month=reviewed),
            in_time=outcomes.heard(connection, use_case=name),
            too_late=parking.count(connection, use_case=name, reason=parking.BEFORE_ASSIGNMENT),
            approved=is_approved(case, connection, as_of=as_of),
            concluded=verdicts.conclusion(
                connection, Cohort(use_case=name, mode=mode, month=reviewed)
            ),
        )


def check(case: Case, registered: Registered, recorded: Recorded) -> tuple[Finding, ...]:
    """Return what forbids or weakens the comparison."""
    return (*late_decisions(recorded), *sizes(case, registered, recorded))


LATE_SHARE = 0.1
"""Of outcomes. When more than that came before the decision, the rest is no fair picture."""


FEW_OUTCOMES = 50
"""Below this many, the share of late ones says nothing yet."""


def late_decisions(recorded: Recorded) -> tuple[Finding, ...]:
    """Block a verdict over units that were decided after most had shown what they would do."""
    told = recorded.too_late + recorded.in_time
    if told < FEW_OUTCOMES or recorded.too_late <= LATE_SHARE * told:
        return ()
    return (
        Finding(
            code="decided-too-late",
            severity=Severity.BLOCKS,
            detail=f"{recorded.too_late:,} outcomes came before their unit was decided, and do"
            " not count: the pass runs too seldom for this process.",
            fix="let `pilotage run` run more often, such as every hour; `pilotage status` shows"
            " the parked outcomes",
        ),
    )


MONTHLY_FORECAST = Finding(
    code="forecast-counts-unit-months",
    severity=Severity.INFO,
    detail="Each unit is decided every month and counts once, by its mean; the months to detect"
    " count its months as if they were independent, so it will take longer.",
    fix="read the interval, which counts each unit once",
)


def sizes(case: Case, registered: Registered, recorded: Recorded) -> tuple[Finding, ...]:
    """Return what is wrong with how large the arms are, or what the forecast leaves out."""
    if registered.counted:
        return (
            Finding(
                code="forecast-ignores-clusters",
                severity=Severity.INFO,
                detail=f"Arms are drawn for {len(registered.counted)} values of"
                f" {case.spec.assign_column}; the months to detect count units as if they were"
                " independent, so it will take longer.",
                fix="read the interval, which does count clusters",
            ),
        )
    if not case.spec.assigns_units:
        return ()  # units of a cluster come together, so their ratio is not the draw's
    drawn = ArmCount(
        stage=Stage.ASSIGNED,
        treatment=recorded.assigned[Arm.TREATMENT],
        holdout=recorded.assigned[Arm.HOLDOUT],
    )
    repeated = [MONTHLY_FORECAST] if case.spec.decide.every is Every.MONTH else []
    return (*ratio_mismatches((drawn,), share=registered.holdout), *repeated)


def is_approved(case: Case, connection: Connection, *, as_of: datetime) -> bool:
    """Return whether finance has signed the value of one more unit of outcome, as it stands."""
    signed = in_force(
        registry.signatures(connection, use_case=case.spec.use_case),
        subject=VALUE,
        covers=value_hash(case.spec),
        signatories=case.signatories,
        now=as_of,
    )
    return signed is not None


def economics_of(case: Case, registered: Registered, recorded: Recorded) -> Economics:
    """Return what turns the effect into money, and whether finance approved it."""
    spec, value = case.spec, case.spec.outcome.value
    units = sum(part.moments.n for part in recorded.cohorts)
    months = covered_months(case, registered, recorded)
    cost = spec.budget.run_per_month if spec.budget else 0
    return Economics(
        value=Money.of(value.amount, value.currency),
        origin=Origin.APPROVED if recorded.approved else Origin.DECLARED,
        units_per_month=units / months if months else registered.baseline.volume_per_month,
        run_cost_per_month=Money.of(cost, value.currency),
    )


def covered_months(case: Case, registered: Registered, recorded: Recorded) -> float:
    """Return how many months the closed cohorts span; first and last may be in part."""
    if not recorded.closed:
        return 0.0
    first, last = recorded.closed[0], recorded.closed[-1]
    missing = 0.0
    if first.start(zone=case.zone) < registered.started_at < first.end(zone=case.zone):
        missing += share_before(registered.started_at, first, case)
    if case.mode is Mode.REPLAY and recorded.newest is not None:  # the export may end in a month
        missing += 1 - share_before(recorded.newest, last, case)
    return max(len(recorded.closed) - missing, 1 / DAYS_PER_MONTH)


def share_before(instant: datetime, month: Month, case: Case) -> float:
    """Return the share of a month that lies before an instant of it."""
    start, end = month.start(zone=case.zone), month.end(zone=case.zone)
    return (instant - start) / (end - start)


def metric_of(case: Case, registered: Registered, economics: Economics) -> Metric:
    """Return the outcome with the lines it is read against, on its own scale and sign."""
    outcome = case.spec.outcome
    pays = breakeven(
        run_cost_per_month=economics.run_cost_per_month,
        value=economics.value,
        units_per_month=economics.units_per_month,
    )
    toward = 1 if outcome.better is Better.HIGHER else -1
    return Metric(
        name=outcome.metric,
        kind=outcome.kind,
        better=outcome.better,
        minimum_effect=toward * registered.minimum_effect,
        breakeven=toward * pays,
    )


def delivered_share(delivered: Mapping[DeliveryState, int]) -> float | None:
    """Return the share of sendable deliveries that reached the tool; None before any."""
    sendable = sum(
        delivered[state]
        for state in (DeliveryState.DELIVERED, DeliveryState.PENDING, DeliveryState.DEAD)
    )
    return delivered[DeliveryState.DELIVERED] / sendable if sendable else None


def cohort_effects(readout: Readout) -> tuple[CohortEffect, ...]:
    """Return the effect month by month, oldest first."""
    return tuple(
        CohortEffect(month=month, effect=effect) for month, effect in readout.by_month.items()
    )
