"""An effect becomes money only with its interval, and only once."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.domain.effect import Effect, EffectKind, Origin
from pilotage.domain.errors import SpecError
from pilotage.domain.money import Money
from pilotage.domain.review import Better
from pilotage.value.economics import Economics, breakeven, worth_per_month
from pilotage.value.quantise import quantise

small = st.floats(-0.5, 0.5)
amounts = st.integers(1, 10**6)


def effect(estimate: float, half: float = 0.01, kind: EffectKind = EffectKind.ABSOLUTE) -> Effect:
    return Effect(
        estimate=estimate,
        low=estimate - half,
        high=estimate + half,
        standard_error=half / 1.96,
        p_value=0.5,
        kind=kind,
        method="",
        n_treatment=2400,
        n_holdout=600,
        holdout_mean=0.12,
    )


def economics(value: int = 1500, cost: int = 9000) -> Economics:
    return Economics(
        value=Money.of(value, "USD"),
        origin=Origin.APPROVED,
        units_per_month=3000,
        run_cost_per_month=Money.of(cost, "USD"),
    )


def test_the_money_is_effect_times_units_times_value_less_the_running_cost():
    worth = worth_per_month(effect(0.018), economics(), better=Better.HIGHER)
    assert worth.estimate.amount == Decimal("72000.00")  # .018 x 3000 x 1500 - 9000
    assert worth.low.amount == Decimal("27000.00")
    assert worth.high.amount == Decimal("117000.00")
    assert worth.origin is Origin.APPROVED


def test_a_fall_is_money_where_lower_is_better():
    up = worth_per_month(effect(0.02), economics(), better=Better.HIGHER)
    down = worth_per_month(effect(-0.02), economics(), better=Better.LOWER)
    assert up == down


@given(small, st.floats(0, 0.5), st.sampled_from(Better), amounts, amounts)
def test_the_interval_keeps_its_order_and_the_amounts_are_cents(
    estimate: float, half: float, better: Better, value: int, cost: int
):
    worth = worth_per_month(effect(estimate, half), economics(value, cost), better=better)
    assert worth.low.amount <= worth.estimate.amount <= worth.high.amount
    for end in (worth.low, worth.estimate, worth.high):
        assert end.amount == end.amount.quantize(Decimal("0.01"))


@given(amounts, amounts)
def test_at_breakeven_nothing_is_left(value: int, cost: int):
    at = breakeven(
        run_cost_per_month=Money.of(cost, "USD"),
        value=Money.of(value, "USD"),
        units_per_month=3000,
    )
    worth = worth_per_month(effect(at), economics(value, cost), better=Better.HIGHER)
    assert abs(worth.estimate.amount) <= Decimal(cost) * Decimal("1e-5") + Decimal("0.01")


def test_a_relative_effect_is_no_money():
    with pytest.raises(SpecError, match="absolute"):
        worth_per_month(effect(0.15, kind=EffectKind.RELATIVE), economics(), better=Better.HIGHER)


def test_two_currencies_are_refused_with_a_fix():
    with pytest.raises(SpecError, match="one currency"):
        breakeven(
            run_cost_per_month=Money.of(1, "EUR"), value=Money.of(1, "USD"), units_per_month=1
        )


@pytest.mark.parametrize(("value", "units"), [(0, 10.0), (10, 0.0)])
def test_what_nothing_can_pay_for_is_refused_with_a_fix(value: int, units: float):
    with pytest.raises(SpecError, match="above 0"):
        breakeven(
            run_cost_per_month=Money.of(1, "USD"),
            value=Money.of(value, "USD"),
            units_per_month=units,
        )


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300))
def test_rounding_twice_is_rounding_once_and_costs_a_millionth(value: float):
    once = quantise(value)
    assert quantise(once) == once
    assert once == pytest.approx(value, rel=1e-5)
    assert str(once) != "-0.0"


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_not_finite_is_no_evidence(value: float):
    with pytest.raises(ValueError, match="cannot be evidence"):
        quantise(value)
