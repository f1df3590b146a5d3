"""How two tables hang together: what joins them, which states rows are in, what came of units.

All of it is counted in the engine that holds the tables; only sums come to Python.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from pilotage.data.cells import clock_of, happened, instant, instant_of, label
from pilotage.data.engine import Cell, Rows, collect, ibis
from pilotage.data.rows import EPOCH, naive
from pilotage.data.tables import CustomerTable, readable
from pilotage.domain.month import Month
from pilotage.spec.profile import ColumnType, TableProfile

FEW = 20
"""A column with more values than this is no state that a row is in."""

LAGS_DAYS = (7, 14, 30, 60, 90)
"""Windows that people choose from."""

SLACK = timedelta(days=2)
"""An export that begins or ends a weekend inside a month holds that month whole."""

FOREIGN_DATE = r"^\s*\d{1,2}[./-]\d{1,2}[./-]\d{2,4}"
"""Day first or month first: they look alike, so neither is read."""


def foreign_date(table: CustomerTable, profile: TableProfile) -> tuple[str, str] | None:
    """Return a column that looks like dates not written year first, and one of its values."""
    for column in profile.of_type(ColumnType.TEXT):
        said: Cell = table.rows[column.name].cast("string")
        [found] = collect(table.rows.aggregate(value=said.min(where=said.re_search(FOREIGN_DATE))))
        if found["value"] is not None:
            return column.name, found["value"]
    return None


def states(table: CustomerTable, profile: TableProfile) -> Mapping[str, Mapping[str, int]]:
    """Return the values of columns that have few, most frequent first, with their rows."""
    found: dict[str, Mapping[str, int]] = {}
    for column in profile.of_type(ColumnType.TEXT, ColumnType.BOOLEAN):
        if 1 < column.distinct <= FEW:
            said = label(table.rows[column.name])
            counted = table.rows.select(said=said).filter(ibis._.said.notnull())
            rows = collect(counted.group_by("said").aggregate(n=ibis._.count()))
            rows.sort(key=lambda row: (-row["n"], row["said"]))
            found[column.name] = {row["said"]: row["n"] for row in rows}
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Which column of the outcomes holds which key of the units.

    Args:
        matched: rows of the outcomes whose value is a unit's key.
        rows: of the outcomes that hold a value.
    """

    key: str
    held_in: str
    matched: int
    rows: int

    @property
    def share(self) -> float:
        """Of the outcomes' values, those that are a unit's key."""
        return self.matched / self.rows if self.rows else 0.0


def link(
    units: CustomerTable,
    outcomes: CustomerTable,
    *,
    keys: Sequence[str],
    held_in: Sequence[str],
) -> Link | None:
    """Return the pair of columns that matches best; a like name wins a tie, None where none does.

    Args:
        keys: columns of the units that may be their key.
        held_in: columns of the outcomes that may hold it.
    """
    found = [_linked(units, outcomes, key, column) for key in keys for column in held_in]
    best = max(found, key=lambda pair: (pair.share, pair.key == pair.held_in), default=None)
    return best if best is not None and best.matched else None


def _linked(units: CustomerTable, outcomes: CustomerTable, key: str, column: str) -> Link:
    known = units.rows.select(key=label(units.rows[key])).distinct()
    held = outcomes.rows.select(key=label(outcomes.rows[column])).filter(ibis._.key.notnull())
    with readable(outcomes.location):
        [rows] = collect(held.aggregate(n=ibis._.count()))
        [matched] = collect(held.semi_join(known, "key").aggregate(n=ibis._.count()))
    return Link(key=key, held_in=column, matched=matched["n"], rows=rows["n"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A table with the columns to read: its key, and when a row came into being."""

    table: CustomerTable
    key: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CameOf:
    """What came of the units of one month.

    Args:
        happened: units with an outcome within the window.
    """

    month: Month
    units: int
    happened: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The first and the last instant of something, not later than now, UTC."""

    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """Units by month and what came of them.

    Args:
        months: on the programme's calendar, oldest first; months without a unit are missing.
        begun: from the first unit to the last.
        recorded: from the first outcome to the last, of a known unit or not.
        came: units with an outcome at some time after they came into being.
        within: of those, how many had the first one within so many days.
        before: units whose outcome came before they did.
    """

    months: tuple[CameOf, ...]
    begun: Span | None
    recorded: Span | None
    came: int
    within: Mapping[int, int]
    before: int


def funnel(units: Read, outcomes: Read, *, window: timedelta, zone: str, now: datetime) -> Funnel:
    """Count units by month, and how many had an outcome within the window."""
    begun = _rows(units, zone, now).group_by("key").aggregate(at=ibis._.at.min())
    recorded = _rows(outcomes, zone, now)
    later = recorded.select("key", then=recorded.latest)
    joined = begun.left_join(later, "key")
    days = (joined.then.epoch_seconds() - joined.at.epoch_seconds()) / 86_400.0
    lag: Cell = days.min(where=days >= 0)
    early: Cell = (days < 0).any()
    first = joined.group_by(joined.key, joined.at).aggregate(lag=lag, early=early)
    clock: Cell = clock_of(zone, instant_of("UTC", first.at))
    by_month = first.mutate(month=clock.strftime("%Y-%m")).group_by("month")
    window_days = window / timedelta(days=1)
    with readable(units.table.location):
        counted = collect(
            by_month.aggregate(
                units=ibis._.count(),
                happened=(ibis._.lag < window_days).sum().fill_null(0),
                came=ibis._.lag.count(),
                before=(ibis._.early & ibis._.lag.isnull()).sum().fill_null(0),
                **{f"in_{n}": (ibis._.lag < n).sum().fill_null(0) for n in LAGS_DAYS},
            ).order_by("month")
        )
    return Funnel(
        months=tuple(
            CameOf(month=Month.parse(row["month"]), units=row["units"], happened=row["happened"])
            for row in counted
        ),
        begun=_span(begun),
        recorded=_span(recorded),
        came=sum(row["came"] for row in counted),
        within={n: sum(row[f"in_{n}"] for row in counted) for n in LAGS_DAYS},
        before=sum(row["before"] for row in counted),
    )


def covered_months(came: Funnel, *, window: timedelta, zone: tzinfo) -> tuple[CameOf, ...]:
    """Return the months that the tables cover: units whole, outcomes from first day to last window.

    A month of units is whole when the export begins and ends no more than `SLACK` inside it.
    """
    if came.begun is None or came.recorded is None:
        return ()
    recorded_from = Month.of(came.recorded.first, zone=zone).plus(1)
    latest = min(came.recorded.last - window, came.begun.last + SLACK)
    return tuple(
        m
        for m in came.months
        if m.month >= recorded_from
        and m.month.start(zone=zone) >= came.begun.first - SLACK
        and m.month.end(zone=zone) <= latest
    )


def replay_start(covered: Sequence[CameOf], *, window: timedelta, zone: tzinfo) -> date | None:
    """Return where to cut history: about half to compare with, the rest to judge; None if short.

    The windows of the months to compare with end before the cut.
    """
    for index in range((len(covered) + 1) // 2, len(covered)):
        start = covered[index].month.start(zone=zone)
        latest = Month.of(start - window, zone=zone).plus(-1)
        if latest >= covered[0].month:
            return start.astimezone(zone).date()
    return None


def _rows(read: Read, zone: str, now: datetime) -> Rows:
    """Return key and time of the rows that have both, and the latest that the time may mean."""
    rows = read.table.rows.select(
        key=label(read.table.rows[read.key]),
        at=instant(read.table, read.at, zone),
        latest=happened(read.table, read.at, zone),
    )
    return rows.filter(rows.key.notnull() & (rows.at >= EPOCH) & (rows.at <= naive(now)))


def _span(rows: Rows) -> Span | None:
    [ends] = collect(rows.aggregate(first=rows.at.min(), last=rows.at.max()))
    if ends["first"] is None:
        return None
    return Span(first=ends["first"].replace(tzinfo=UTC), last=ends["last"].replace(tzinfo=UTC))
