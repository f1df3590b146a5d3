"""Outcomes: what the source says of enrolled units, and what counts once a window closed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from math import fsum

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    Text,
    and_,
    case,
    func,
    literal,
    select,
    update,
)

from pilotage.domain.cohort import CohortMoments
from pilotage.domain.decision import Arm, Mode
from pilotage.domain.effect import Moments
from pilotage.domain.entry import Entry, EntryKind
from pilotage.domain.month import Month
from pilotage.store.database import insert_rows
from pilotage.store.ledger import instant, stamp
from pilotage.store.record import Transaction
from pilotage.store.tables import decision, happening, outcome

DIGITS, DECIMALS = 10, 6
"""What the ledger says of an amount, and so what counts: databases add in different orders."""

ROUNDING = 1e-9
"""Relative; a smaller difference is none, nor is one of less than a millionth."""

EXACT_DIGITS = 12
"""Of a unit's mean over its months; further ones depend on the order of addition."""

STEP = 10_000
"""Rows read at once."""

Due = Row[tuple[str, str, str, str, str, float]]
"""A unit whose window closed: unit, period, arm, month, when the window ended, value."""


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


def closed_until(connection: Connection, *, use_case: str, mode: Mode) -> datetime | None:
    """Return when the last of the closed windows ended; None before any was closed."""
    last = (
        select(func.max(decision.c.window_ends_at))
        .join(outcome, _same_decision(outcome))
        .where(decision.c.use_case == use_case, decision.c.mode == mode.value)
    )
    ended = connection.scalar(last)
    return instant(ended) if ended else None


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
            (use_case, row.unit, row.period, _as_said(row.value), 0, seq)
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
        .having(func.abs(value - before) > ROUNDING * func.abs(before) + 10.0**-DECIMALS)
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
            .values(value=_as_said(row.value), revision=row.revision + 1, seq=seq)
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
    groups = [decision.c.month, decision.c.arm, *_clusters(asked)]
    counted = (
        select(decision.c.month, decision.c.arm, *_cells(asked), outcome.c.value, func.count())
        .select_from(decision)
        .join(outcome, _same_decision(outcome))
        .where(_asked_for(asked))
        .group_by(*groups, outcome.c.value)
        .order_by(*groups)
    )
    return _summed(connection, counted, asked)


def moments_by_unit(connection: Connection, asked: Asked) -> list[CohortMoments]:
    """Sum the mean outcome of each unit by arm: a unit of several months counts once."""
    if not asked.months:
        return []
    last = literal(str(max(asked.months)), Text())
    means = (
        select(decision.c.arm, *_cells(asked), func.avg(outcome.c.value).label("value"))
        .join(outcome, _same_decision(outcome))
        .where(_asked_for(asked))
        .group_by(decision.c.unit, decision.c.arm, *_clusters(asked))
        .subquery()
    )
    groups = [means.c.arm, means.c.cluster, means.c.stratum]
    counted = (
        select(last, *groups, means.c.value, func.count())
        .group_by(*groups, means.c.value)
        .order_by(*groups)
    )
    return _summed(connection, counted, asked)


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


def _clusters(asked: Asked) -> list[ColumnElement[str]]:
    return [decision.c.cluster, decision.c.stratum] if asked.clustered else []


def _cells(asked: Asked) -> list[ColumnElement[str]]:
    none = literal("", Text())
    return _clusters(asked) or [none.label("cluster"), none.label("stratum")]


def _asked_for(asked: Asked) -> ColumnElement[bool]:
    return and_(
        decision.c.use_case == asked.use_case,
        decision.c.mode == asked.mode.value,
        decision.c.month.in_([str(month) for month in asked.months]),
    )


def _summed(
    connection: Connection, counted: Select[tuple[object, ...]], asked: Asked
) -> list[CohortMoments]:
    """Sum how often each value occurs; the same bytes in whatever order a database adds.

    Args:
        counted: month, arm, cluster and stratum where arms are clustered, value, how often.
    """
    rows = connection.execute(counted.execution_options(yield_per=STEP))
    found = [
        CohortMoments(
            month=Month.parse(month),
            arm=Arm(arm),
            moments=_moments([row[-2:] for row in same], shift=asked.shift),
            cluster=cluster,
            stratum=stratum,
        )
        for (month, arm, cluster, stratum), same in groupby(rows, key=lambda row: row[:4])
    ]
    return sorted(found, key=lambda c: (c.month, c.arm, c.cluster, c.stratum))


def _moments(values: Sequence[Sequence[float]], *, shift: float) -> Moments:
    deviations = [(float(f"{value:.{EXACT_DIGITS}g}") - shift, n) for value, n in values]
    return Moments(
        n=sum(int(n) for _, n in deviations),
        y=fsum(n * deviation for deviation, n in deviations),
        yy=fsum(n * deviation**2 for deviation, n in deviations),
        y_shift=shift,
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
            "value": f"{_as_said(row.value):.{DIGITS}g}",
        },
    )


def _as_said(value: float) -> float:
    """Round an amount to what the ledger says of it; minus zero becomes zero."""
    return float(f"{round(value, DECIMALS):.{DIGITS}g}") + 0.0
