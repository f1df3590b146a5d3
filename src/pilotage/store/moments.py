"""Moments of what was recorded: exact, and the same on SQLite and PostgreSQL to the last bit.

A database counts how often each value occurs; floats are added here, correctly rounded, so that
their order does not matter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import fsum

from sqlalchemy import ColumnElement, Connection, Select, Text, and_, func, literal, select

from pilotage.domain.cohort import CohortMoments
from pilotage.domain.decision import Arm, Mode
from pilotage.domain.effect import Moments
from pilotage.domain.month import Month
from pilotage.store.tables import decision, outcome, same_decision

EXACT_DIGITS = 12
"""Of a unit's mean over its months; further ones depend on the order of addition."""

STEP = 10_000
"""Rows read at once."""

MONTH_WIDTH = len("2026-09")


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


def of_cohorts(connection: Connection, asked: Asked) -> list[CohortMoments]:
    """Sum the outcomes by month and arm, and by cluster where arms are clustered."""
    groups = [decision.c.month, decision.c.arm, *_clusters(asked)]
    counted = (
        select(decision.c.month, decision.c.arm, *_cells(asked), outcome.c.value, func.count())
        .select_from(decision)
        .join(outcome, same_decision(outcome))
        .where(_asked_for(asked))
        .group_by(*groups, outcome.c.value)
        .order_by(*groups)
    )
    return _summed(connection, counted, asked)


def of_units(connection: Connection, asked: Asked) -> list[CohortMoments]:
    """Sum the mean outcome of each unit by arm: a unit of several months counts once.

    One that moved within its arm counts where it was first; the stratum is as registered.
    """
    if not asked.months:
        return []
    last = literal(str(max(asked.months)), Text())
    none = literal("", Text())
    first = func.substr(func.min(decision.c.month + decision.c.cluster), MONTH_WIDTH + 1)
    cluster = (first if asked.clustered else none).label("cluster")
    means = (
        select(decision.c.arm, cluster, func.avg(outcome.c.value).label("value"))
        .join(outcome, same_decision(outcome))
        .where(_asked_for(asked))
        .group_by(decision.c.unit, decision.c.arm)
        .subquery()
    )
    groups = [means.c.arm, means.c.cluster]
    counted = (
        select(last, *groups, none, means.c.value, func.count())
        .group_by(*groups, means.c.value)
        .order_by(*groups)
    )
    return _summed(connection, counted, asked)


def evidence(connection: Connection, asked: Asked) -> tuple[int, int] | None:
    """Return the first and last ledger entry that the outcomes stand in; None for no outcome."""
    ends = (
        select(func.min(outcome.c.seq), func.max(outcome.c.seq))
        .select_from(decision)
        .join(outcome, same_decision(outcome))
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
