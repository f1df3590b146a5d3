"""How long the closed cohorts took, and what of their deliveries arrived."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.domain.decision import DeliveryState
from pilotage.domain.month import Month
from tests.experiments.records import RECORDED, started

APRIL, MAY, JUNE = (Month(2026, number) for number in (4, 5, 6))
START = APRIL.start()


@pytest.mark.parametrize(
    ("started_at", "closed", "ends_at", "months"),
    [
        (START, [APRIL, MAY], None, 2.0),
        (START + timedelta(days=15), [APRIL, MAY], None, 1.5),  # of the thirty days of April
        (START, [APRIL], START + timedelta(days=15), 0.5),
        (START + timedelta(days=9), [APRIL], START + timedelta(days=15), 0.2),
        (START - timedelta(days=31), [APRIL], None, 2.0),  # the first pass took the units of March
        (START, [APRIL], START, 1 / 31),
        (START, [], None, 0.0),
    ],
)
def test_months_are_counted_in_part(
    started_at: datetime, closed: list[Month], ends_at: datetime | None, months: float
):
    seen = replace(started(started_at), closed=closed, ends_at=ends_at)
    assert seen.covered_months(zone=UTC) == pytest.approx(months)


@pytest.mark.parametrize(("days", "months"), [(-40, 2.0), (0, 2.0), (15, 1.5), (30, 1.0)])
def test_what_another_mode_decided_is_in_no_month(days: int, months: float):
    seen = replace(RECORDED, closed=[APRIL, MAY], begins_at=START + timedelta(days=days))
    assert seen.covered_months(zone=UTC) == pytest.approx(months)


def test_units_that_are_decided_every_month_count_each_as_a_whole():
    seen = replace(started(START + timedelta(days=15)), closed=[APRIL, MAY], by_unit=[])
    assert seen.covered_months(zone=UTC) == 2


@given(st.integers(0, 29), st.integers(0, 30))
def test_a_later_start_or_an_earlier_end_never_covers_more(start: int, end: int):
    whole = replace(RECORDED, closed=[APRIL, MAY])
    part = replace(
        started(START + timedelta(days=start)),
        closed=[APRIL, MAY],
        ends_at=MAY.start() + timedelta(days=end),
    )
    assert 0 < part.covered_months(zone=UTC) <= whole.covered_months(zone=UTC)


def test_only_what_could_arrive_is_in_the_share_that_arrived():
    none = RECORDED.delivered
    assert RECORDED.delivered_share is None
    idle = {**none, DeliveryState.WAITING: 9, DeliveryState.CANCELLED: 9}
    assert replace(RECORDED, delivered=idle).delivered_share is None
    some = {**idle, DeliveryState.DELIVERED: 6, DeliveryState.PENDING: 1, DeliveryState.DEAD: 1}
    assert replace(RECORDED, delivered=some).delivered_share == 0.75
