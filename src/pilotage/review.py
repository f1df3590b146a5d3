"""The monthly review. Read it after flow.py.

    ledger -> closed cohorts -> checks -> effect -> money -> ruling -> ledger

What is recorded decides: the same outcomes give the same verdict, byte for byte. A month whose
outcomes changed since gets a new revision; the old verdict stays.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from pilotage.domain.cohort import Cohort
from pilotage.domain.decision import Mode
from pilotage.domain.errors import RefusedError
from pilotage.domain.experiment import Registered
from pilotage.domain.month import Month
from pilotage.domain.recorded import Recorded
from pilotage.domain.review import Review
from pilotage.experiments.fairness import fairness
from pilotage.experiments.forecast import first_closing, forecast
from pilotage.experiments.readout import HowCompared, Readout, read_out
from pilotage.followup import unread
from pilotage.governance.permit import VALUE, in_force
from pilotage.launch import registered
from pilotage.ports import Case
from pilotage.spec.decide import Every
from pilotage.spec.hashing import value_hash
from pilotage.store import (
    decisions,
    happenings,
    moments,
    outbox,
    outcomes,
    parking,
    registry,
    verdicts,
)
from pilotage.store.agreement import require_agreement
from pilotage.store.record import Record
from pilotage.value.economics import Economics, economics_of, metric_of, worth_per_month
from pilotage.value.evidence import Evidence
from pilotage.value.figures import figures
from pilotage.value.gate import rule


def review(case: Case, record: Record, *, month: Month | None, as_of: datetime) -> Review:
    """Review a use case: what its closed cohorts prove, what that is worth, what to do.

    Args:
        month: the last cohort to count; the newest closed one when left out.
        as_of: the instant the review stands for.

    Raises:
        RefusedError: nothing ran yet, or the month is not closed.
        LedgerError: the record's rows are not what the ledger says.
    """
    known = registered_of(case, record)
    if as_of < known.started_at:
        raise RefusedError(
            f"{case.spec.use_case} began on {known.started_at:%Y-%m-%d}; there is nothing to"
            f" review as of {as_of:%Y-%m-%d}.",
            fix="leave --as-of out, or name a later day",
        )
    return judge(case, gather(case, known, record, month=month, as_of=as_of))


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
    case: Case, known: Registered, record: Record, *, month: Month | None, as_of: datetime
) -> Recorded:
    """Read what the record holds of closed months, up to the one under review."""
    name, mode = case.spec.use_case, case.mode
    with record.reading() as connection:
        require_agreement(connection, use_case=name, mode=mode)
        waiting = outcomes.pending(connection, use_case=name, mode=mode)
        months = decisions.months(connection, use_case=name, mode=mode)
        ended = [
            m
            for m, windows_end in months.items()
            if m not in waiting and max(m.end(zone=case.zone), windows_end) <= as_of
        ]
        closed = up_to(month, ended, use_case=name)
        present = Month.of(as_of, zone=case.zone)
        reviewed = closed[-1] if closed else present
        cohort = Cohort(use_case=name, mode=mode, month=reviewed)
        asked = moments.Asked(
            use_case=name,
            mode=mode,
            shift=known.baseline.mean,
            clustered=not case.spec.assigns_units,
            months=closed,
        )
        repeated = case.spec.decide.every is Every.MONTH
        return Recorded(
            registered=known,
            month=reviewed,
            first=next(iter(months), present),
            closed=closed,
            cohorts=moments.of_cohorts(connection, asked),
            by_unit=moments.of_units(connection, asked) if repeated else None,
            assigned=decisions.assigned(connection, use_case=name, mode=mode, months=closed),
            pending=sum(waiting.values()),
            delivered=outbox.counts(connection, use_case=name, mode=mode, months=closed),
            evidence=moments.evidence(connection, asked),
            begins_at=decisions.handed_over(connection, use_case=name, mode=mode, begins=as_of),
            ends_at=decisions.newest(connection, cohort) if mode is Mode.REPLAY else None,
            in_time=outcomes.heard(connection, use_case=name, mode=mode),
            too_late=too_late(case, connection, record),
            unread=unread(case, record, connection),
            approved=is_approved(case, connection, as_of=as_of),
            concluded=verdicts.conclusion(connection, cohort),
        )


def too_late(case: Case, connection: Connection, record: Record) -> int:
    """Count the outcomes that came before their unit was decided in this mode."""
    name = case.spec.use_case
    keys = parking.keys(connection, use_case=name, reason=parking.BEFORE_ASSIGNMENT)
    units = record.pseudonyms(keys, kind=case.spec.process.unit)
    enrolled = happenings.followed(connection, units, use_case=name, mode=case.mode)
    return sum(unit in enrolled for unit in units)


def up_to(month: Month | None, closed: Sequence[Month], *, use_case: str) -> list[Month]:
    """Return the closed months up to the one asked for, or all.

    Raises:
        RefusedError: the month asked for is not closed, or lies before the first.
    """
    if month is not None and closed and month < closed[0]:
        raise RefusedError(
            f"{use_case}: {month} lies before the start; the first closed cohort is {closed[0]}.",
            fix=f"leave --month out for the newest closed cohort ({closed[-1]})",
        )
    if month is not None and month not in closed:
        raise RefusedError(
            f"{use_case}: the cohort of {month} is not closed; it closes when its outcome windows"
            " have ended and the outcome source is complete until then.",
            fix="leave --month out for the newest closed cohort"
            + (f" ({closed[-1]})" if closed else ""),
        )
    return [each for each in closed if month is None or each <= month]


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


def judge(case: Case, recorded: Recorded) -> Review:
    """Return the review that the record leads to; no clock, no database, the same bytes again."""
    readout = read_out(recorded.cohorts, how_compared(case, recorded), by_unit=recorded.by_unit)
    economics = economics_of(case.spec, recorded, zone=case.zone)
    seen = evidence(case, recorded, readout, economics)
    return write_up(case, recorded, readout, seen=seen, economics=economics)


def how_compared(case: Case, recorded: Recorded) -> HowCompared:
    """Return how the arms are compared: as registered, at the certainty of the month's look."""
    known = recorded.registered
    return HowCompared(
        kind=case.spec.outcome.kind,
        level=known.looks.level,
        critical_p=known.looks.critical_p(recorded.month),
        strata=known.strata,
        seed=int(known.experiment_hash[:16], 16),
    )


def evidence(case: Case, recorded: Recorded, readout: Readout, economics: Economics) -> Evidence:
    """Return what the ruling rests on."""
    spec, known, window = case.spec, recorded.registered, case.spec.outcome.window
    return Evidence(
        month=recorded.month,
        plan=known.looks,
        forecast=forecast(known, window=window),
        metric=metric_of(spec, economics, minimum_effect=known.minimum_effect),
        effect=readout.effect,
        at_boundary=readout.at_boundary,
        closed_cohorts=len(recorded.closed),
        first_closing=first_closing(recorded.first, window=window, zone=case.zone),
        mode=case.mode,
        interference=spec.process.shared_capacity and spec.assigns_units,
        findings=(*readout.findings, *fairness(spec, recorded)),
        delivered_share=recorded.delivered_share,
        concluded=recorded.concluded,
    )


def write_up(
    case: Case, recorded: Recorded, readout: Readout, *, seen: Evidence, economics: Economics
) -> Review:
    """Rule, and return the page that people read."""
    spec, known, effect = case.spec, recorded.registered, readout.effect
    return Review(
        use_case=spec.use_case,
        title=spec.title,
        owner=spec.owner,
        mode=case.mode,
        month=recorded.month,
        metric=seen.metric,
        ruling=rule(seen),
        effect=effect,
        relative=readout.relative,
        money=effect and worth_per_month(effect, economics, better=seen.metric.better),
        cohorts=readout.by_month,
        pending=recorded.pending,
        figures=figures(spec, recorded, economics, metric=seen.metric),
        findings=seen.findings,
        spec_hash=known.spec_hash,
        evidence="{}..{}".format(*recorded.evidence) if recorded.evidence else "none yet",
    )


def give(reviewed: Review, record: Record, *, as_of: datetime) -> int | None:
    """Write a verdict into the ledger, unless the same one was given; return its revision.

    None where one of a later day stands: a look back replaces nothing.
    """
    with record.transaction() as work:
        return verdicts.give(work, reviewed, as_of=as_of)
