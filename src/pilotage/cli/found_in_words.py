"""What a first look found, as `pilotage init` says it."""

import re
import textwrap
from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

from pilotage.cli.first_look import WINDOW, YEAR_FIRST, Look, Table
from pilotage.cli.number import how_many
from pilotage.data.funnel import CameOf, foreign_date
from pilotage.domain.month import Month
from pilotage.spec.draft import unit_name
from pilotage.spec.profile import ColumnType

MOST_MONTHS = 18
"""Older ones are summed up in a line."""

HALF = 0.5
"""Where fewer outcomes than this name a known unit, the link deserves a second look."""

STATES_SHOWN = 8
WIDTH = 96


def in_words(look: Look, *, zone: ZoneInfo) -> str:
    """Return what the tables hold, month by month, and what to be careful with."""
    warnings = [_wrapped(warning) for warning in _warnings(look, zone)]
    parts = [list(_tables(look, zone)), list(_months(look, zone)), warnings]
    return _plain("\n\n".join("\n".join(lines) for lines in parts if lines))


def _plain(text: str) -> str:
    """Return the text without what could move a terminal's cursor: names come from files."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text)


def _tables(look: Look, zone: ZoneInfo) -> Iterator[str]:
    units, outcomes, linked = look.units, look.outcomes, look.link
    key = units.column(linked.key)
    yield f"{units.opened.location}: {how_many(units.rows, 'row')}, read as {plural(look.unit)}"
    unique = "a different value in every row"
    if not key.may_be_key:
        unique = f"{key.distinct:,} values in {key.rows:,} rows"
    yield f"  key   {linked.key}, {unique}"
    yield _time_line(units, look.at, zone, sure=look.found.at is not None)
    if look.one_table:
        yield from _outcomes_of_one(look, zone)
        return
    yield f"{outcomes.opened.location}: {how_many(outcomes.rows, 'row')}"
    yield (
        f"  key   {linked.held_in}: {linked.matched:,} of {linked.rows:,}"
        f" name a {look.unit} of {units.profile.name}"
    )
    yield _time_line(outcomes, look.happened_at, zone, sure=look.found.happened_at is not None)
    yield from _wheres(look)


def _outcomes_of_one(look: Look, zone: ZoneInfo) -> Iterator[str]:
    yield "The same table says what came of them:"
    yield _time_line(look.outcomes, look.happened_at, zone, sure=look.found.happened_at is not None)
    yield from _wheres(look)
    if not look.found.where:
        yield "  where: no column says which rows ended well; every row with that time counts below"


def _wheres(look: Look) -> Iterator[str]:
    for column, value in look.found.where.items():
        yield f"  where {column} is {value}; it also is {_others(look, column, value)}"


def _others(look: Look, column: str, value: str) -> str:
    others = [said for said in look.found.states.get(column, ()) if said != value]
    return ", ".join(others[:STATES_SHOWN]) or "nothing else"


def _time_line(table: Table, name: str, zone: ZoneInfo, *, sure: bool) -> str:
    column = table.column(name)
    span = " to ".join(
        f"{at.astimezone(zone):%Y-%m-%d}" for at in (column.earliest, column.latest) if at
    )
    empty = f", empty in {column.null_share:.0%} of the rows" if column.null_share else ""
    times = [c.name for c in table.profile.of_type(ColumnType.TIME)]
    guessed = "" if sure else f"; a guess out of {', '.join(times)}"
    return f"  time  {name}, {span} ({zone}){empty}{guessed}"


def _months(look: Look, zone: ZoneInfo) -> Iterator[str]:
    came, units, days = look.funnel, plural(look.unit), WINDOW / timedelta(days=1)
    happened = _happened(look)
    yield f"What came of the {units} within {days:.0f} days"
    yield f"  month    {units:>10}  {happened:>14}    rate"
    older, shown = came.months[:-MOST_MONTHS], came.months[-MOST_MONTHS:]
    if older:
        yield f"  {len(older)} months before: {sum(month.units for month in older):,} {units}"
    for month in shown:
        yield f"  {month.month}  {month.units:>10,}  {month.happened:>14,}  {_rate(month)}" + _note(
            month, look, zone
        )
    if came.came:
        shares = ", ".join(f"{n / came.came:.0%} within {d}" for d, n in came.within.items())
        yield f"Of the {came.came:,} that came at any time after: {shares} days."
    if look.covered:
        first, last = look.covered[0].month, look.covered[-1].month
        yield (
            f"Measured over {first} to {last}: {look.found.volume_per_month:,.0f} {units} a"
            f" month, {look.found.base_rate or 0:.1%} {happened}."
        )


def _happened(look: Look) -> str:
    if not look.one_table and not look.found.where:
        return "with a " + unit_name(look.outcomes.profile.name)
    return next(iter(look.found.where.values()), "with that time")


def plural(noun: str) -> str:
    """Return what several are called.

    >>> plural("lead"), plural("opportunity")
    ('leads', 'opportunities')
    """
    return noun[:-1] + "ies" if re.search(r"[^aeiou]y$", noun) else noun + "s"


def _wrapped(text: str) -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent="  ")


def _rate(month: CameOf) -> str:
    return f"{month.happened / month.units:>6.1%}"


def _note(month: CameOf, look: Look, zone: ZoneInfo) -> str:
    recorded = look.funnel.recorded
    if recorded is None or month in look.covered:
        return ""
    begun = Month.of(recorded.first, zone=zone)
    if month.month < begun and not month.happened:
        return "  no outcome was recorded yet"
    if month.month <= begun:
        return "  recorded in part"
    ended = month.month.end(zone=zone) + WINDOW <= recorded.last
    return "  not a whole month" if ended else "  windows still open"


def _recording(look: Look, zone: ZoneInfo) -> Iterator[str]:
    """Warn where outcomes begin to be recorded later than units: such rates rise by themselves."""
    came = look.funnel
    if came.recorded is None:
        yield f"Warning: no time in {look.happened_at} can be read, so no outcome counts."
    elif came.months and Month.of(came.recorded.first, zone=zone) > came.months[0].month:
        since = came.recorded.first.astimezone(zone)
        yield (
            f"Warning: outcomes are recorded only from {since:%Y-%m-%d} on, the"
            f" {plural(look.unit)} from {came.months[0].month}. A rate over the months before"
            " would measure recording, not selling."
        )


def _not_read(look: Look) -> Iterator[str]:
    """Warn of dates that are taken for text."""
    for table in dict.fromkeys((look.units.location, look.outcomes.location)):
        one = look.units if table == look.units.location else look.outcomes
        foreign = foreign_date(one.opened, one.profile)
        if foreign:
            yield (
                f"Warning: {one.opened.location}: {foreign[0]} holds dates such as {foreign[1]},"
                " which are not read: day and month cannot be told apart. To use it,"
                f" {YEAR_FIRST.format(column=foreign[0])}."
            )


def _warnings(look: Look, zone: ZoneInfo) -> Iterator[str]:
    came, linked = look.funnel, look.link
    yield from _recording(look, zone)
    yield from _not_read(look)
    if not look.one_table and linked.share < HALF:
        yield (
            f"Warning: {linked.rows - linked.matched:,} of {linked.rows:,} outcomes name no known"
            f" {look.unit}; is {linked.held_in} the right column, and are both exports whole?"
        )
    if came.before:
        yield (
            f"Warning: {came.before:,} {plural(look.unit)} have an outcome only from before they"
            " came into being; they count as without."
        )
    key = look.units.column(linked.key)
    if not key.may_be_key:
        yield (
            f"Warning: {key.rows - key.distinct:,} rows of {linked.key} are doubled or empty; a"
            " run will park them."
        )
    untimely = key.distinct - sum(month.units for month in came.months)
    if untimely > 0:
        yield (
            f"Warning: {untimely:,} {plural(look.unit)} have no {look.at} between 1970 and now; a"
            " run will park them."
        )
    if look.found.start is None:
        yield (
            "Warning: history is too short to replay: it takes a month to compare with and one to"
            " judge, with all outcomes recorded. Start in shadow, or load an older export."
        )
