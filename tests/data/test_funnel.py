"""How two tables hang together, held against counting by hand."""

import csv
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pilotage.data.funnel import (
    CameOf,
    Funnel,
    Read,
    Span,
    covered_months,
    foreign_date,
    funnel,
    link,
    replay_start,
    states,
)
from pilotage.data.profile import profile
from pilotage.data.tables import CustomerTable, open_table
from pilotage.domain.month import Month

NOW = datetime(2026, 11, 23, tzinfo=UTC)
WINDOW = timedelta(days=30)
START = datetime(2026, 1, 1, tzinfo=UTC)


def table(path: Path, header: str, rows: Sequence[Sequence[object]]) -> CustomerTable:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header.split(","), *rows])
    return open_table(str(path), text=header.split(","))


hours = st.integers(min_value=0, max_value=24 * 120)
units_and_outcomes = st.tuples(
    st.lists(hours, min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(0, 13), hours), max_size=12),
)


def test_an_outcome_dated_on_the_day_that_its_unit_came_came_after_it(tmp_path: Path):
    units = table(tmp_path / "u.csv", "id,at", [("a", "2026-01-05T10:00:00Z")])
    outcomes = table(tmp_path / "o.csv", "id,at", [("a", "2026-01-05")])
    found = funnel(
        Read(table=units, key="id", at="at"),
        Read(table=outcomes, key="id", at="at"),
        window=WINDOW,
        zone="UTC",
        now=NOW,
    )
    assert (found.came, found.before) == (1, 0)
    assert found.recorded == Span(
        first=datetime(2026, 1, 5, tzinfo=UTC), last=datetime(2026, 1, 5, tzinfo=UTC)
    )


@given(units_and_outcomes)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
def test_what_came_of_units_is_what_counting_one_by_one_gives(
    tmp_path: Path, drawn: tuple[list[int], list[tuple[int, int]]]
):
    begun, happened = drawn
    at = [START + timedelta(hours=n) for n in begun]
    came = [(key, START + timedelta(hours=n)) for key, n in happened]
    units = table(tmp_path / "u.csv", "id,at", [(i, t.isoformat()) for i, t in enumerate(at)])
    outcomes = table(
        tmp_path / "o.csv", "id,at", [(k, t.isoformat()) for k, t in came] or [("x", "")]
    )
    found = funnel(
        Read(table=units, key="id", at="at"),
        Read(table=outcomes, key="id", at="at"),
        window=WINDOW,
        zone="America/Sao_Paulo",
        now=NOW,
    )
    within = [
        any(key == i and t <= then < t + WINDOW for key, then in came) for i, t in enumerate(at)
    ]
    months = [Month.of(t, zone=ZoneInfo("America/Sao_Paulo")) for t in at]
    expected = tuple(
        CameOf(
            month=month,
            units=months.count(month),
            happened=sum(w for w, m in zip(within, months, strict=True) if m == month),
        )
        for month in sorted(set(months))
    )
    assert found.months == expected
    assert found.within[30] == sum(within)


def test_the_column_that_holds_the_key_is_found_by_its_values(tmp_path: Path):
    leads = table(tmp_path / "l.csv", "email,id", [("a@x", "1"), ("b@x", "2"), ("c@x", "3")])
    deals = table(tmp_path / "d.csv", "id,contact", [("9", "a@x"), ("8", "c@x"), ("7", "z@x")])
    found = link(leads, deals, keys=["email", "id"], held_in=["id", "contact"])
    assert found is not None
    assert (found.key, found.held_in, found.matched, found.rows) == ("email", "contact", 2, 3)
    assert link(leads, deals, keys=["id"], held_in=["id"]) is None


def test_states_are_counted_most_frequent_first(tmp_path: Path):
    rows = [(str(i), "Won" if i % 3 else "Lost ") for i in range(30)]
    deals = table(tmp_path / "d.csv", "id,stage", rows)
    assert states(deals, profile(deals)) == {"stage": {"Won": 20, "Lost": 10}}


def test_a_date_with_the_day_first_is_pointed_at(tmp_path: Path):
    leads = table(tmp_path / "l.csv", "id,at", [("1", "31/12/2025"), ("2", "01.02.2026")])
    assert foreign_date(leads, profile(leads)) == ("at", "01.02.2026")


def test_a_column_of_times_with_a_few_unreadable_ones_is_still_a_time(tmp_path: Path):
    times = [(str(i), f"2026-09-{i:02}T10:00:00Z") for i in range(1, 29)]
    rows = [*times, ("x", "soon"), ("y", "2099-01-01"), ("z", "1900-01-01")]
    column = profile(table(tmp_path / "l.csv", "id,at", rows), now=NOW).columns[1]
    assert column.type == "time"
    assert column.earliest == datetime(2026, 9, 1, 10, tzinfo=UTC)
    assert column.latest == datetime(2026, 9, 28, 10, tzinfo=UTC)


def by_month(first: str, last: str, *, recorded: tuple[str, str]) -> Funnel:
    begun = Span(first=_at(first), last=_at(last))
    month, end = Month.of(begun.first), Month.of(begun.last)
    months = [month.plus(k) for k in range(end.minus(month) + 1)]
    return Funnel(
        months=tuple(CameOf(month=m, units=100, happened=10) for m in months),
        begun=begun,
        recorded=Span(first=_at(recorded[0]), last=_at(recorded[1])),
        came=0,
        within={},
        before=0,
    )


def _at(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


def test_only_months_with_all_units_and_all_outcomes_are_covered():
    came = by_month("2025-06-14", "2026-05-31", recorded=("2025-12-05", "2026-06-25"))
    covered = covered_months(came, window=WINDOW, zone=UTC)
    assert [str(m.month) for m in covered] == ["2026-01", "2026-02", "2026-03", "2026-04"]


@pytest.mark.parametrize(("last", "newest"), [("2026-05-30", "2026-05"), ("2026-05-20", "2026-04")])
def test_an_export_that_ends_a_weekend_early_holds_the_month_whole(last: str, newest: str):
    came = by_month("2025-06-01", last, recorded=("2025-06-01", "2026-10-01"))
    assert str(covered_months(came, window=WINDOW, zone=UTC)[-1].month) == newest


@pytest.mark.parametrize("n", range(12))
def test_a_replay_starts_where_a_closed_month_lies_before_and_one_to_judge_after(n: int):
    covered = [CameOf(month=Month(2026, 4).plus(k), units=9, happened=1) for k in range(n)]
    start = replay_start(covered, window=WINDOW, zone=UTC)
    if n < 3:
        assert start is None
        return
    assert start is not None
    latest_closed = Month.of(datetime(start.year, start.month, 1, tzinfo=UTC) - WINDOW).plus(-1)
    assert covered[0].month <= latest_closed
    assert date(2026, 4, 1) < start <= covered[-1].month.start().date()
