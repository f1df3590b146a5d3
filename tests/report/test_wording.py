"""Figures as people read them: honest digits."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.domain.effect import EffectKind, Origin
from pilotage.domain.review import Better, Metric, MetricKind
from pilotage.report import wording
from tests.report import examples

ANY = st.floats(allow_nan=True, allow_infinity=True)
SANE = st.floats(min_value=-1e9, max_value=1e9)


def metric(kind: MetricKind = MetricKind.PROPORTION, unit: str = "") -> Metric:
    return Metric(name="reply_rate", kind=kind, better=Better.HIGHER, unit=unit)


@pytest.mark.parametrize(
    ("estimate", "half", "written"),
    [
        (0.018, 0.012, "+1.8 points [0.6, 3.0]"),
        (-0.568, 0.11, "-57 points [-68, -46]"),
        (0.0041, 0.0035, "+0.41 points [0.06, 0.76]"),
        (0.0, 0.01, "0.0 points [-1.0, 1.0]"),
        (-0.00001, 0.01, "0.0 points [-1.0, 1.0]"),
    ],
)
def test_points_show_the_digits_their_interval_can_carry(
    estimate: float, half: float, written: str
):
    assert str(wording.change(examples.effect(estimate, half), metric())) == written


def test_an_end_that_is_not_zero_is_not_written_as_zero_where_one_more_digit_tells():
    reading = wording.change(examples.effect(0.0121, 0.0117), metric())
    assert reading.interval == "[0.04, 2.38]"


def test_units_decide_between_points_percent_currency_and_hours():
    found = examples.effect(12.34, 5.0)
    assert str(wording.change(found, metric(MetricKind.MEAN, "USD"))) == "+USD 12.3 [7.3, 17.3]"
    hours = wording.change(found, metric(MetricKind.DURATION, "hours"))
    assert str(hours) == "+12.3 hours [7.3, 17.3]"
    relative = examples.effect(0.1234, 0.05, kind=EffectKind.RELATIVE)
    assert str(wording.change(relative, metric(MetricKind.MEAN, "USD"))) == "+12.3% [7.3%, 17.3%]"


def test_money_drops_digits_that_its_interval_cannot_carry():
    reading = wording.money(examples.money(81023.55, 26998.10, 135040.0, Origin.APPROVED))
    assert str(reading) == "USD 81,000 [27,000, 135,000]"


def test_only_an_approval_by_finance_is_called_one():
    assert wording.standing(Origin.APPROVED) == "unit value approved by finance"
    others = [wording.standing(origin) for origin in Origin if origin is not Origin.APPROVED]
    assert all("unapproved until finance signs" in words for words in others)


@given(estimate=ANY, low=ANY, high=ANY, kind=st.sampled_from(MetricKind))
def test_no_reader_ever_sees_nan_infinity_or_a_negative_zero(
    estimate: float, low: float, high: float, kind: MetricKind
):
    for how in EffectKind:
        reading = wording.scale(metric(kind), kind=how).read(estimate, low, high)
        assert not re.search(r"nan|inf|[-+]0(\.0*)?(?![\d.,])", str(reading), re.IGNORECASE)


@given(estimate=SANE, half=st.floats(min_value=1e-3, max_value=1e9))
def test_rounding_moves_an_end_by_less_than_a_tenth_of_the_half_width(estimate: float, half: float):
    low, high = estimate - half, estimate + half
    reading = wording.scale(metric(MetricKind.MEAN)).read(estimate, low, high)
    shown = [float(end.replace(",", "")) for end in re.findall(r"-?[\d.,]*\d", reading.interval)]
    for end, written in zip((low, high), shown, strict=True):
        assert math.isclose(end, written, rel_tol=1e-9, abs_tol=half / 10)
