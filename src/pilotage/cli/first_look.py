"""A first look at somebody's own tables: what `pilotage init` drafts from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn
from zoneinfo import ZoneInfo

from pilotage.cli.counted import Table, count_table, table_names
from pilotage.data.funnel import (
    CameOf,
    Funnel,
    Link,
    Read,
    covered_months,
    foreign_date,
    funnel,
    link,
    replay_start,
    states,
)
from pilotage.data.outcomes import holding
from pilotage.data.tables import CustomerTable, open_table
from pilotage.domain.errors import SourceError
from pilotage.spec.draft import Found, unit_name
from pilotage.spec.profile import ColumnProfile, ColumnType

WINDOW = timedelta(days=30)
"""What the draft proposes; the look counts with it."""

NEARLY = 0.99
"""A column whose values are so often different is a key with a few doubled rows."""

SUCCEEDED = frozenset(
    {"won", "closed won", "closed-won", "converted", "accepted", "signed", "renewed", "success"}
)
"""What the state of a row says where it came to a good end; anything else a person decides."""

YEAR_FIRST = (
    "give {column!r} the format yyyy-mm-dd in the spreadsheet (yyyy-mm-dd hh:mm:ss with times),"
    " and export again: 2026-09-01, 2026-09-01T08:30:00Z"
)
"""What to do about dates whose day and month cannot be told apart."""

NO_STATES: Mapping[str, Sequence[str]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What two tables show; one table may be both.

    Args:
        at: the time that units were counted by.
        happened_at: the time that outcomes were counted by.
        covered: months whose outcomes were recorded from the first day to the last window's end.
        zone: whose months they are.
    """

    units: Table
    outcomes: Table
    link: Link
    at: str
    happened_at: str
    funnel: Funnel
    covered: tuple[CameOf, ...]
    found: Found
    zone: ZoneInfo

    @property
    def unit(self) -> str:
        """What one row of the units is called."""
        return unit_name(self.units.profile.name, key=self.found.key)

    @property
    def one_table(self) -> bool:
        """Whether units and outcomes are rows of the same table."""
        return self.units is self.outcomes

    def facts(self) -> dict[str, object]:
        """Return what was found, for machines; a rate only over months that were recorded whole."""
        found, linked = self.found, self.link
        return {
            "units": _facts(self.units, linked.key, self.at),
            "outcomes": {
                **_facts(self.outcomes, linked.held_in, self.happened_at),
                "where": dict(found.where),
                "naming_a_unit": linked.matched,
            },
            "window_days": WINDOW.days,
            "months": [
                {
                    "month": str(one.month),
                    "units": one.units,
                    "with_outcome": one.happened,
                    "recorded_whole": one in self.covered,
                }
                for one in self.funnel.months
            ],
            "units_per_month": found.volume_per_month,
            "rate": found.base_rate,
        }


def look(units: str, outcomes: str, *, zone: ZoneInfo, now: datetime) -> Look:
    """Count two tables, find what joins them, and what came of the units.

    Args:
        units: path or URL.
        outcomes: path or URL; the same where one table holds both.
        zone: the programme's.

    Raises:
        SourceError: a table cannot be read, or holds no key, no time or no link to the other.
    """
    names = table_names([units, outcomes])
    begun = count_table(units, names[0], zone, now)
    happened = begun if outcomes == units else count_table(outcomes, names[1], zone, now)
    keys = _keys(begun)
    one = happened is begun
    times = _times_of_one(begun) if one else (_time(begun), _time(happened))
    linked = _link(begun, happened, keys[:1] if one else keys, one=one)
    said = _states(happened)
    where = _where(said)
    if not one and not where:  # then each row of the second table is an outcome
        said = NO_STATES
    reading = _as_it_will_be_read(begun, happened, linked, where)
    came = funnel(
        Read(table=reading[0], key=linked.key, at=times[0]),
        Read(table=reading[1], key=linked.held_in, at=times[1]),
        window=WINDOW,
        zone=str(zone),
        now=now,
    )
    covered = covered_months(came, window=WINDOW, zone=zone)
    counted = covered or came.months
    total = sum(month.units for month in counted)
    return Look(
        units=begun,
        outcomes=happened,
        link=linked,
        at=times[0],
        happened_at=times[1],
        funnel=came,
        covered=covered,
        found=Found(
            volume_per_month=round(total / max(1, len(counted))) or 1,
            base_rate=sum(m.happened for m in covered) / total if covered and total else None,
            key=linked.key,
            held_in=linked.held_in,
            at=times[0] if _sure(begun, one=one) else None,
            happened_at=times[1] if _sure(happened, one=one) else None,
            where=where,
            states={c: tuple(values) for c, values in said.items() if not where or c in where},
            knowable=_knowable(begun, linked.key, times[0], where, one=one),
            start=replay_start(covered, window=WINDOW, zone=zone),
        ),
        zone=zone,
    )


def _facts(table: Table, key: str, at: str) -> dict[str, object]:
    return {"table": table.opened.location, "rows": table.rows, "key": key, "at": at}


def _keys(units: Table) -> list[str]:
    """Return the columns that tell rows apart; else those with a few doubled rows."""
    exact = units.profile.of_type(ColumnType.TEXT, ColumnType.WHOLE)
    sure = [column.name for column in exact if column.may_be_key]
    nearly = [c.name for c in exact if c.rows > 1 and c.distinct >= NEARLY * c.rows]
    if sure or nearly:
        return sorted(sure or nearly, key=lambda name: not name.lower().endswith("id"))
    numbers = [c.name for c in units.profile.of_type(ColumnType.NUMBER) if c.distinct == c.rows]
    if numbers:
        raise SourceError(
            f"{units.opened.location}: the only column that tells rows apart, {numbers[0]!r},"
            " holds numbers with decimals, and 7.0 and 7 would be two units.",
            fix=f"export {numbers[0]!r} as text or whole numbers",
        )
    nearest = max(units.profile.columns, key=lambda column: column.distinct)
    raise SourceError(
        f"{units.opened.location}: no column tells each row from every other; the nearest,"
        f" {nearest.name!r}, has {nearest.distinct:,} values in {nearest.rows:,} rows.",
        fix="export the table with the record's own ID as a column",
    )


def _time(table: Table) -> str:
    """Return the time to count by: the one most rows have, the earliest of those."""
    times = _times(table)
    return min(times, key=lambda c: (c.null_share, str(c.earliest))).name if times else _none(table)


def _times(table: Table) -> list[ColumnProfile]:
    return [c for c in table.profile.of_type(ColumnType.TIME) if c.latest is not None]


def _none(table: Table) -> NoReturn:
    where = table.opened.location
    foreign = foreign_date(table.opened, table.profile)
    if foreign:
        raise SourceError(
            f"{where}: {foreign[0]!r} looks like dates, such as {foreign[1]!r}, but not year"
            " first; whether day or month comes first cannot be told.",
            fix=YEAR_FIRST.format(column=foreign[0]),
        )
    raise SourceError(
        f"{where}: no column holds a time; there are: {', '.join(table.opened.rows.columns)}.",
        fix="export the time at which each row came into being, such as 2026-09-01T08:30:00Z",
    )


def _times_of_one(table: Table) -> tuple[str, str]:
    """Return when a unit of a table with both came into being, and when its outcome happened."""
    begun = _time(table)
    others = [column for column in _times(table) if column.name != begun]
    if not others:
        raise SourceError(
            f"{table.opened.location}: {begun!r} is the only time in the table; an outcome needs"
            " a time of its own.",
            fix="name the table of outcomes with --outcomes, or export when each one happened",
        )
    return begun, max(others, key=lambda column: (column.null_share, str(column.latest))).name


def _sure(table: Table, *, one: bool) -> bool:
    """Return whether the time needs no person: the only one, or the only one never empty."""
    times = _times(table)
    never_empty = [column for column in times if column.null_share == 0]
    return len(times) == (2 if one else 1) or (len(never_empty) == 1 and not one)


def _link(units: Table, outcomes: Table, keys: Sequence[str], *, one: bool) -> Link:
    exact = outcomes.profile.of_type(ColumnType.TEXT, ColumnType.WHOLE)
    held_in = list(keys) if one else [column.name for column in exact]
    found = link(units.opened, outcomes.opened, keys=keys, held_in=held_in)
    if found is not None:
        return found
    raise SourceError(
        f"{outcomes.opened.location}: no column holds a key of {units.opened.location}; looked for"
        f" the values of {', '.join(keys)} in {', '.join(held_in) or 'no column of text'}.",
        fix=f"export the outcomes with the {keys[0]} of the row that they belong to",
    )


def _states(table: Table) -> Mapping[str, Sequence[str]]:
    return {column: tuple(values) for column, values in states(table.opened, table.profile).items()}


def _where(said: Mapping[str, Sequence[str]]) -> Mapping[str, str]:
    for column, values in said.items():
        for value in values:
            if value.casefold() in SUCCEEDED:
                return {column: value}
    return {}


def _as_it_will_be_read(
    units: Table, outcomes: Table, linked: Link, where: Mapping[str, str]
) -> tuple[CustomerTable, CustomerTable]:
    """Open both once more, the keys as text, so that 007 stays 007."""
    begun = open_table(units.location, text=[linked.key])
    happened = open_table(outcomes.location, text=[linked.held_in, *where])
    return begun, holding(happened, where)


def _knowable(
    units: Table, key: str, at: str, where: Mapping[str, str], *, one: bool
) -> tuple[str, ...]:
    """Return the columns that a decision may read.

    Where one table has both, a number or a column that open rows leave empty is written with the
    outcome, and the column that says what came of the row is the outcome.
    """
    known = units.profile.of_type(
        ColumnType.TEXT, ColumnType.BOOLEAN, ColumnType.WHOLE, ColumnType.NUMBER
    )
    columns = [c for c in known if c.name != key and c.distinct > 1 and not c.may_be_key]
    if not one:
        return tuple(column.name for column in columns)
    least = units.column(at).null_share
    return tuple(
        c.name
        for c in columns
        if c.type is ColumnType.TEXT and c.null_share <= least and c.name not in where
    )
