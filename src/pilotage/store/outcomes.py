"""Outcomes: what counts of each unit once its window closed, and what corrects it later."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    bindparam,
    case,
    func,
    select,
    update,
)

from pilotage.domain.decision import Mode
from pilotage.domain.entry import Entry, EntryKind
from pilotage.domain.month import Month
from pilotage.store.database import insert_rows
from pilotage.store.ledger import instant, stamp
from pilotage.store.record import Transaction
from pilotage.store.tables import decision, happening, outcome, same_decision

DIGITS, DECIMALS = 10, 6
"""What the ledger says of an amount, and so what counts: databases add in different orders."""

ROUNDING = 1e-9
"""Relative; a smaller difference is none, nor is one of less than a millionth."""

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
        .outerjoin(outcome, same_decision(outcome))
        .where(decision.c.window_ends_at <= stamp(complete_until), outcome.c.unit.is_(None))
        .order_by(decision.c.use_case, decision.c.unit, decision.c.period)  # as it is grouped
    )
    yield from connection.execution_options(yield_per=batch).execute(found).partitions()


def closed_until(connection: Connection, *, use_case: str, mode: Mode) -> datetime | None:
    """Return when the last of the closed windows ended; None before any was closed."""
    last = (
        select(func.max(decision.c.window_ends_at))
        .join(outcome, same_decision(outcome))
        .where(decision.c.use_case == use_case, decision.c.mode == mode.value)
    )
    ended = connection.scalar(last)
    return instant(ended) if ended else None


def close(work: Transaction, ended: Sequence[Due], *, use_case: str) -> None:
    """Record what came of units whose window closed, with an `outcome` entry each."""
    values = [_as_said(value) for *_, value in ended]
    entries = work.append(
        *(
            Entry(
                kind=EntryKind.OUTCOME,
                use_case=use_case,
                as_of=instant(ends_at),
                facts={
                    "arm": arm,
                    "month": month,
                    "period": period,
                    "revision": 0,
                    "unit": unit,
                    "value": said,
                },
            )
            for (unit, period, arm, month, ends_at, _), said in zip(ended, values, strict=True)
        )
    )
    insert_rows(
        work.connection,
        outcome,
        [
            (use_case, unit, period, float(said), 0, seq)
            for (unit, period, *_), said, seq in zip(ended, values, entries, strict=True)
        ],
    )


def correct(work: Transaction, counted: Counted, *, as_of: datetime) -> int:
    """Revise outcomes of which the source says something else now, with a `correction` entry each.

    Returns:
        Outcomes revised.
    """
    value, before = _value(counted), func.max(outcome.c.value)
    rows = work.connection.execute(
        _outcomes_in_window(counted)
        .add_columns(func.max(outcome.c.revision).label("revision"))
        .join(outcome, same_decision(outcome))
        .having(func.abs(value - before) > ROUNDING * func.abs(before) + 10.0**-DECIMALS)
    ).all()
    entries = work.append(
        *(
            Entry(
                kind=EntryKind.CORRECTION,
                use_case=counted.use_case,
                as_of=as_of,
                facts={
                    "arm": row.arm,
                    "month": row.month,
                    "period": row.period,
                    "revision": row.revision + 1,
                    "unit": row.unit,
                    "value": _as_said(row.value),
                },
            )
            for row in rows
        )
    )
    revised = update(outcome).where(
        outcome.c.use_case == counted.use_case,
        outcome.c.unit == bindparam("of_unit"),
        outcome.c.period == bindparam("of_period"),
    )
    if rows:
        work.connection.execute(
            revised.values(revision=outcome.c.revision + 1),
            [
                {
                    "of_unit": row.unit,
                    "of_period": row.period,
                    "value": float(_as_said(row.value)),
                    "seq": seq,
                }
                for row, seq in zip(rows, entries, strict=True)
            ],
        )
    return len(rows)


def heard(connection: Connection, *, use_case: str, mode: Mode) -> int:
    """Count what the source said of units of a mode after they were assigned."""
    first = (
        select(decision.c.unit, func.min(decision.c.assigned_at).label("at"))
        .where(decision.c.use_case == use_case, decision.c.mode == mode.value)
        .group_by(decision.c.unit)
        .subquery()
    )
    found = (
        select(func.count())
        .select_from(happening)
        .join(first, first.c.unit == happening.c.unit)
        .where(happening.c.use_case == use_case, happening.c.at >= first.c.at)
    )
    return int(connection.scalar(found) or 0)


def pending(connection: Connection, *, use_case: str, mode: Mode) -> dict[Month, int]:
    """Count the units without an outcome yet, by cohort; closed cohorts are missing."""
    waiting = (
        select(decision.c.month, func.count())
        .outerjoin(outcome, same_decision(outcome))
        .where(
            decision.c.use_case == use_case,
            decision.c.mode == mode.value,
            outcome.c.unit.is_(None),
        )
        .group_by(decision.c.month)
    )
    return {Month.parse(month): int(n) for month, n in connection.execute(waiting)}


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


@lru_cache(maxsize=4_096)  # most outcomes are 0 or 1
def _as_said(value: float) -> str:
    """Return an amount as the ledger says it; minus zero is zero."""
    return f"{round(value, DECIMALS) + 0.0:.{DIGITS}g}"
