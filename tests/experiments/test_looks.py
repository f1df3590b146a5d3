"""Looking every month costs nothing, because early looks ask for overwhelming evidence."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr

from pilotage.domain.errors import SpecError
from pilotage.domain.month import Month
from pilotage.experiments.looks import INTERIM_P, haybittle_peto

FIRST = Month(2026, 10)


def months(n: int) -> list[Month]:
    return [FIRST.plus(i) for i in range(n)]


@given(st.integers(1, 40))
def test_all_looks_together_spend_the_error_and_no_more(n: int):
    plan = haybittle_peto(months(n))
    assert sum(look.critical_p for look in plan.looks) == pytest.approx(0.05)
    assert all(look.critical_p == INTERIM_P for look in plan.looks[:-1])
    assert plan.final == plan.looks[-1].month == months(n)[-1]
    assert plan.months == tuple(months(n))


def test_a_month_without_a_look_has_no_boundary_and_a_late_one_a_hard_one():
    plan = haybittle_peto([FIRST, FIRST.plus(3)])
    assert plan.critical_p(FIRST.plus(1)) is None
    assert plan.critical_p(FIRST.plus(-1)) is None
    assert plan.critical_p(FIRST.plus(3)) == pytest.approx(0.049)
    assert plan.critical_p(FIRST.plus(4)) == INTERIM_P


@pytest.mark.parametrize(
    "wrong", [[], [FIRST, FIRST], [FIRST.plus(1), FIRST], [FIRST.plus(i) for i in range(51)]]
)
def test_a_plan_that_cannot_hold_is_refused_with_a_fix(wrong: list[Month]):
    with pytest.raises(SpecError, match="fix: "):
        haybittle_peto(wrong)


@pytest.mark.parametrize("growth", ["equal", "front-loaded", "back-loaded"])
def test_six_looks_keep_their_alpha(growth: str, show: Callable[[str], None]):
    runs, rng = 40_000, np.random.default_rng(13)
    info = {
        "equal": np.ones(6),
        "front-loaded": np.array([5.0, 1, 1, 1, 1, 1]),
        "back-loaded": np.array([1.0, 1, 1, 1, 1, 5]),
    }[growth]
    walk = np.cumsum(rng.standard_normal((runs, 6)) * np.sqrt(info), axis=1)
    p_values = 2 * ndtr(-np.abs(walk / np.sqrt(np.cumsum(info))))
    critical = np.array([look.critical_p for look in haybittle_peto(months(6)).looks])
    rejected = float((p_values < critical).any(axis=1).mean())
    naive = float((p_values < 0.05).any(axis=1).mean())
    error = (0.05 * 0.95 / runs) ** 0.5
    show(f"{growth}: type I {rejected:.4f} +/- {error:.4f}; naive {naive:.3f}")
    assert 0.045 - 3 * error < rejected < 0.05 + 3 * error
    assert naive > 0.09


def test_twelve_late_looks_fit_in_what_the_plan_left(show: Callable[[str], None]):
    runs, rng = 40_000, np.random.default_rng(17)
    plan = haybittle_peto(months(6))
    walk = np.cumsum(rng.standard_normal((runs, 18)), axis=1) / np.sqrt(np.arange(1, 19))
    critical = [plan.critical_p(month) or 0.0 for month in months(18)]
    rejected = float((2 * ndtr(-np.abs(walk)) < critical).any(axis=1).mean())
    error = (0.05 * 0.95 / runs) ** 0.5
    show(f"six looks and twelve late ones: type I {rejected:.4f} +/- {error:.4f}")
    assert rejected < 0.05 + error


def test_planning_to_look_costs_little_power(show: Callable[[str], None]):
    runs, rng = 20_000, np.random.default_rng(19)
    walk = np.cumsum(rng.standard_normal((runs, 6)), axis=1) / np.sqrt(np.arange(1, 7))
    drift = (1.959964 + 0.841621) * np.sqrt(np.arange(1, 7) / 6)
    p_values = 2 * ndtr(-np.abs(walk + drift))
    critical = np.array([look.critical_p for look in haybittle_peto(months(6)).looks])
    power = float((p_values < critical).any(axis=1).mean())
    show(f"power {power:.3f} +/- {(0.8 * 0.2 / runs) ** 0.5:.4f} where a fixed plan has 0.800")
    assert power > 0.77
