"""The baseline against a plain account of the same history."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import fsum

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pilotage.data.history import Before, read_history
from pilotage.domain.errors import SourceError
from pilotage.domain.month import Month
from pilotage.domain.unit import Outcome, Parked, Unit
from pilotage.spec.outcome import BaselineMonths
from tests.fakes import ListSource

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
START = datetime(2026, 6, 1, tzinfo=UTC)
BEFORE = Before(
    start=START, window=timedelta(days=14), zone=UTC, once=True, monthly=False, declared=None
)
LATE = START + timedelta(days=30)

HOURS = st.integers(min_value=0, max_value=151 * 24)


def at(hour: int) -> datetime:
    return FIRST + timedelta(hours=hour)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A history: when units came, and what came of them."""

    units: Sequence[Unit]
    outcomes: Sequence[Outcome]

    def source(self, *, complete: datetime | None = LATE) -> ListSource:
        return ListSource(held=self.units, happened=self.outcomes, complete=complete)

    def values(self, before: Before, months: Sequence[Month]) -> Iterator[tuple[Month, float]]:
        for month in months:
            start, end = month.start(), month.end()
            for unit in self.units:
                if unit.at <= start if before.monthly else start <= unit.at < end:
                    since = start if before.monthly else unit.at
                    inside = [
                        item.value
                        for item in self.outcomes
                        if item.key == unit.key and since <= item.at < since + before.window
                    ]
                    yield month, float(bool(inside)) if before.once else fsum(inside)


@st.composite
def histories(draw: st.DrawFn) -> Told:
    came = draw(st.lists(HOURS, min_size=5, max_size=40))
    units = [Unit(key=str(i), at=at(hour), cluster=str(i)) for i, hour in enumerate(came)]
    lags = st.integers(min_value=-20, max_value=400)
    later = draw(
        st.lists(
            st.tuples(st.sampled_from(units), lags, st.sampled_from([1.0, -2.5, 0.1, 1e6])),
            max_size=60,
        )
    )
    first = Outcome(key="nobody", at=FIRST)
    told = [
        Outcome(key=unit.key, at=unit.at + timedelta(hours=lag), value=value)
        for unit, lag, value in later
        if unit.at + timedelta(hours=lag) > FIRST
    ]
    return Told(
        units=sorted(units, key=lambda unit: unit.at),
        outcomes=sorted([first, *told], key=lambda item: item.at),
    )


@settings(max_examples=150)
@given(
    told=histories(),
    once=st.booleans(),
    monthly=st.booleans(),
    window=st.integers(min_value=1, max_value=40),
)
def test_the_baseline_is_what_a_plain_account_says(
    told: Told, window: int, *, once: bool, monthly: bool
):
    before = replace(BEFORE, window=timedelta(days=window), once=once, monthly=monthly)
    last = Month.of(START - before.window).plus(-1)
    values = list(told.values(before, [Month(2026, n) for n in range(2, last.number + 1)]))
    assume(len({value for _, value in values}) > 1)
    history = read_history(told.source(), before)
    baseline = history.baseline
    assert baseline.n == len(values) == len(history.newest)
    assert baseline.mean == pytest.approx(fsum(v for _, v in values) / len(values))
    counted = {one.month: (one.n, one.mean) for one in baseline.months}
    for month, found in counted.items():
        inside = [value for each, value in values if each == month]
        assert found == (len(inside), pytest.approx(fsum(inside) / len(inside)))
    assert sorted(past.value for past in history.newest) == sorted(v for _, v in values)


def alternating() -> Told:
    """A unit every six hours; every other one has an outcome after a day."""
    units = [Unit(key=str(i), at=at(6 * i), cluster=str(i)) for i in range(600)]
    happened = [Outcome(key=u.key, at=u.at + timedelta(days=1)) for u in units[::2]]
    return Told(units=units, outcomes=happened)


@pytest.mark.parametrize(
    ("complete", "last"),
    [
        (LATE, Month(2026, 4)),
        (datetime(2026, 5, 15, tzinfo=UTC), Month(2026, 4)),
        (datetime(2026, 5, 14, tzinfo=UTC), Month(2026, 3)),
        (datetime(2026, 4, 3, tzinfo=UTC), Month(2026, 2)),
    ],
)
def test_units_whose_windows_ended_after_the_source_is_complete_are_no_baseline(
    complete: datetime, last: Month
):
    baseline = read_history(alternating().source(complete=complete), BEFORE).baseline
    assert max(one.month for one in baseline.months) == last
    assert baseline.mean == pytest.approx(0.5, abs=0.01)


def test_a_declared_month_that_outcomes_have_not_all_arrived_of_is_refused():
    declared = BaselineMonths.model_validate({"from": "2026-02", "until": "2026-04"})
    source = alternating().source(complete=datetime(2026, 5, 1, tzinfo=UTC))
    with pytest.raises(SourceError, match="open on 2026-05-01, up to when outcomes") as caught:
        read_history(source, replace(BEFORE, declared=declared))
    assert "until: 2026-03" in caught.value.fix


def test_rows_of_history_that_are_refused_are_handed_on_once():
    told = alternating()
    bad = Parked(table="leads", key="", reason="missing-key", detail="empty")
    source = replace(told.source(), refused=[bad])
    for monthly in (False, True):
        assert read_history(source, replace(BEFORE, monthly=monthly)).refused == (bad,)


def test_of_many_clusters_no_more_are_kept_than_tell_that_they_are_many():
    assert len(read_history(alternating().source(), BEFORE).clusters) == 100
