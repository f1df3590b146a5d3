"""Outcomes: what the source says of enrolled units, and what counts once a window closed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    and_,
    case,
    func,
    select,
    update,
)

from pilotage.domain.cohort import CohortMoments
from pilotage.domain.decision import Arm, Mode
from pilotage.domain.effect import Moments
from pilotage.domain.entry import Entry, EntryKind
from pilotage.domain.month import Month
from pilotage.store.database import among, insert_rows
from pilotage.store.ledger import stamp
from pilotage.store.record import Transaction
from pilotage.store.tables import decision, happening, outcome

ROUNDING = 1e-9
"""Relative; a smaller difference is none: engines add the same amounts in another order."""

Due = Row[tuple[str, str, str, str, str, float]]
"""A unit whose window closed: unit, period, arm, month, when the window ended, value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One row of the outcome source, about an enrolled unit."""

    unit: str
    at: datetime
    value: float


def assigned_at(
    connection: Connection, units: Sequence[str], *, use_case: str, mode: Mode
) -> dict[str, datetime]:
    """Return when each of the units was first assigned; units never enrolled are missing."""
    first = (
        select(decision.c.unit, func.min(decision.c.assigned_at))
        .where(
            decision.c.use_case == use_case,
            decision.c.mode == mode.value,
            among(connection, decision.c.unit, units),
        )
        .group_by(decision.c.unit)
    )
    return {unit: datetime.fromisoformat(at) for unit, at in connection.execute(first)}


def note(work: Transaction, happenings: Sequence[Happening], *, use_case: str) -> None:
    """Write what the source says; a row read twice is written once."""
    insert_rows(
        work.connection,
        happening,
        [(use_case, item.unit, stamp(item.at), item.value) for item in happenings],
        skip_known=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Which outcomes count, and how.

    Args:
        once: whether it happened at all counts (a proportion), else amounts add up.
    """

    use_case: str
    mode: Mode
    once: bool


def due(
    connection: Connection, counted: Counted, *, complete_until: datetime, batch: int
) -> Iterator[Sequence[Due]]:
    """Yield the units whose window closed on a complete source, with what counts; zero does.

    Args:
        complete_until: up to when the source is known to hold everything.
    """
    found = (
        _outcomes_in_window(counted)
        .outerjoin(outcome, _same_decision(outcome))
        .where(decision.c.window_ends_at <= stamp(complete_until), outcome.c.unit.is_(None))
        .order_by(decision.c.unit, decision.c.period)
    )
    yield from connection.execution_options(yield_per=batch).execute(found).partitions()


def close(work: Transaction, ended: Sequence[Due], *, use_case: str) -> None:
    """Record what came of units whose window closed, with an `outcome` entry each."""
    entries = work.append(
        *(
            _entry(EntryKind.OUTCOME, use_case, row, as_of=datetime.fromisoformat(row.ends_at))
            for row in ended
        )
    )
    insert_rows(
        work.connection,
        outcome,
        [
            (use_case, row.unit, row.period, row.value, 0, seq)
            for row, seq in zip(ended, entries, strict=True)
        ],
    )


def correct(work: Transaction, counted: Counted, *, as_of: datetime) -> int:
    """Revise outcomes that rows arriving late have changed, with a `correction` entry each.

    Returns:
        Outcomes revised.
    """
    value, before = _value(counted), func.max(outcome.c.value)
    rows = work.connection.execute(
        _outcomes_in_window(counted)
        .add_columns(func.max(outcome.c.revision).label("revision"))
        .join(outcome, _same_decision(outcome))
        .having(func.abs(value - before) > ROUNDING * func.abs(before))
    ).all()
    entries = work.append(
        *(
            _entry(
                EntryKind.CORRECTION,
                counted.use_case,
                row,
                as_of=as_of,
                revision=row.revision + 1,
            )
            for row in rows
        )
    )
    for row, seq in zip(rows, entries, strict=True):
        work.connection.execute(
            update(outcome)
            .where(
                outcome.c.use_case == counted.use_case,
                outcome.c.unit == row.unit,
                outcome.c.period == row.period,
            )
            .values(value=row.value, revision=row.revision + 1, seq=seq)
        )
    return len(rows)


def heard(connection: Connection, *, use_case: str) -> int:
    """Count what the source said of enrolled units after they were assigned."""
    found = select(func.count()).select_from(happening).where(happening.c.use_case == use_case)
    return int(connection.scalar(found) or 0)


def pending(connection: Connection, *, use_case: str, mode: Mode) -> dict[Month, int]:
    """Count the units without an outcome yet, by cohort; closed cohorts are missing."""
    waiting = (
        select(decision.c.month, func.count())
        .outerjoin(outcome, _same_decision(outcome))
        .where(
            decision.c.use_case == use_case,
            decision.c.mode == mode.value,
            outcome.c.unit.is_(None),
        )
        .group_by(decision.c.month)
    )
    return {Month.parse(month): int(n) for month, n in connection.execute(waiting)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which outcomes are summed.

    Args:
        shift: taken off each outcome before summing; the baseline's mean.
        clustered: whether arms were drawn for clusters, whose sums are then kept apart.
        months: closed ones.
    """

    use_case: str
    mode: Mode
    shift: float
    clustered: bool
    months: Sequence[Month]


def moments(connection: Connection, asked: Asked) -> list[CohortMoments]:
    """Sum the outcomes by month and arm, and by cluster where arms are clustered."""
    value = outcome.c.value - asked.shift
    summed = _joined(asked, [decision.c.month, *_groups(asked)], value, value * value)
    return _sorted(
        _cohort(row, Month.parse(row.month), asked) for row in connection.execute(summed)
    )


def moments_by_unit(connection: Connection, asked: Asked) -> list[CohortMoments]:
    """Sum the mean outcome of each unit by arm: a unit of several months counts once."""
    groups = _groups(asked)
    of_units = (
        select(*groups, (func.avg(outcome.c.value) - asked.shift).label("mean"))
        .join(outcome, _same_decision(outcome))
        .where(_asked_for(asked))
        .group_by(decision.c.unit, *groups)
        .subquery()
    )
    names = [of_units.c[column.name] for column in groups]
    summed = select(
        *names,
        func.count().label("n"),
        func.sum(of_units.c.mean).label("y"),
        func.sum(of_units.c.mean * of_units.c.mean).label("yy"),
    ).group_by(*names)
    last = max(asked.months, default=None)
    if last is None:
        return []
    return _sorted(_cohort(row, last, asked) for row in connection.execute(summed))


def evidence(connection: Connection, asked: Asked) -> tuple[int, int] | None:
    """Return the first and last ledger entry that the outcomes stand in; None for no outcome."""
    ends = (
        select(func.min(outcome.c.seq), func.max(outcome.c.seq))
        .select_from(decision)
        .join(outcome, _same_decision(outcome))
        .where(_asked_for(asked))
    )
    first, last = connection.execute(ends).one()
    return None if first is None else (int(first), int(last))


def _groups(asked: Asked) -> list[Column[str]]:
    clusters = [decision.c.cluster, decision.c.stratum] if asked.clustered else []
    return [decision.c.arm, *clusters]


def _asked_for(asked: Asked) -> ColumnElement[bool]:
    return and_(
        decision.c.use_case == asked.use_case,
        decision.c.mode == asked.mode.value,
        decision.c.month.in_([str(month) for month in asked.months]),
    )


def _joined(
    asked: Asked,
    groups: Sequence[ColumnElement[str]],
    value: ColumnElement[float],
    square: ColumnElement[float],
) -> Select[tuple[object, ...]]:
    return (
        select(
            *groups,
            func.count().label("n"),
            func.sum(value).label("y"),
            func.sum(square).label("yy"),
        )
        .select_from(decision)
        .join(outcome, _same_decision(outcome))
        .where(_asked_for(asked))
        .group_by(*groups)
    )


def _sorted(cohorts: Iterable[CohortMoments]) -> list[CohortMoments]:
    """Sort here: databases sort text as their language does."""
    return sorted(cohorts, key=lambda c: (c.month, c.arm, c.cluster, c.stratum))


def _cohort(row: Row[tuple[object, ...]], month: Month, asked: Asked) -> CohortMoments:
    return CohortMoments(
        month=month,
        arm=Arm(row.arm),
        moments=Moments(n=row.n, y=row.y, yy=row.yy, y_shift=asked.shift),
        cluster=row.cluster if asked.clustered else "",
        stratum=row.stratum if asked.clustered else "",
    )


def _value(counted: Counted) -> ColumnElement[float]:
    if counted.once:
        return case((func.count(happening.c.at) > 0, 1.0), else_=0.0)
    return func.coalesce(func.sum(happening.c.value), 0.0)


def _outcomes_in_window(counted: Counted) -> Select[tuple[str, str, str, str, str, float]]:
    return (
        select(
            decision.c.unit,
            decision.c.period,
            decision.c.arm,
            decision.c.month,
            decision.c.window_ends_at.label("ends_at"),
            _value(counted).label("value"),
        )
        .select_from(decision)
        .outerjoin(
            happening,
            (happening.c.use_case == decision.c.use_case)
            & (happening.c.unit == decision.c.unit)
            & (happening.c.at >= decision.c.assigned_at)
            & (happening.c.at < decision.c.window_ends_at),
        )
        .where(decision.c.use_case == counted.use_case, decision.c.mode == counted.mode.value)
        .group_by(decision.c.use_case, decision.c.unit, decision.c.period)
    )


def _same_decision(table: Table) -> ColumnElement[bool]:
    return (
        (table.c.use_case == decision.c.use_case)
        & (table.c.unit == decision.c.unit)
        & (table.c.period == decision.c.period)
    )


def _entry(
    kind: EntryKind,
    use_case: str,
    row: Due,
    *,
    as_of: datetime,
    revision: int = 0,
) -> Entry:
    return Entry(
        kind=kind,
        use_case=use_case,
        as_of=as_of,
        facts={
            "arm": row.arm,
            "month": row.month,
            "period": row.period,
            "revision": revision,
            "unit": row.unit,
            "value": f"{row.value:.10g}",
        },
    )
