"""The arms are compared from moments alone: as oracles do it, and never a NaN."""

import math
from collections.abc import Callable, Sequence
from dataclasses import astuple

import numpy as np
import numpy.typing as npt
import pytest
import scipy.stats
import tea_tasting as tt
from hypothesis import given
from hypothesis import strategies as st
from tea_tasting.metrics.mean import MeanResult

from pilotage.domain.effect import Effect, EffectKind, Moments
from pilotage.domain.finding import Finding
from pilotage.experiments.difference import difference, difference_of_proportions, relative

pa = pytest.importorskip("pyarrow")
sm = pytest.importorskip("statsmodels.api")
sm_proportion = pytest.importorskip("statsmodels.stats.proportion")

Floats = npt.NDArray[np.float64]

amounts = st.lists(st.floats(-1e6, 1e6), max_size=12)
anything = st.lists(st.floats(), max_size=6)
zeros_and_ones = st.lists(st.sampled_from([0.0, 1.0]), max_size=40)


def moments(
    outcomes: Sequence[float] | Floats,
    covariates: Sequence[float] | Floats | None = None,
    *,
    shift: float = 0.0,
) -> Moments:
    y = [float(value) - shift for value in outcomes]
    x = [0.0] * len(y) if covariates is None else [float(value) for value in covariates]
    return Moments(
        n=len(y),
        y=sum(y),
        yy=sum(value * value for value in y),
        y_shift=shift,
        x=sum(x),
        xx=sum(value * value for value in x),
        xy=sum(a * b for a, b in zip(x, y, strict=True)),
    )


def proportion(wins: int, n: int) -> Moments:
    return Moments(n=n, y=wins, yy=wins)


def effect_of(result: Effect | Finding | None) -> Effect:
    assert isinstance(result, Effect)
    return result


def code_of(result: Effect | Finding | None) -> str:
    assert isinstance(result, Finding)
    return result.code


def all_finite(effect: Effect) -> bool:
    return all(math.isfinite(v) for v in astuple(effect) if isinstance(v, float))


def test_newcombe_1998_table_2_is_reproduced():
    """Newcombe (1998), Statistics in Medicine 17, 873-890, Table II, method 10."""
    published = {
        (56, 70, 48, 80): (0.0524, 0.3339),
        (9, 10, 3, 10): (0.1705, 0.8090),
        (5, 56, 0, 29): (-0.0381, 0.1926),
        (0, 10, 0, 20): (-0.1611, 0.2775),
        (10, 10, 0, 20): (0.6791, 1.0),
    }
    for (a, m, b, n), (low, high) in published.items():
        effect = effect_of(difference_of_proportions(proportion(a, m), proportion(b, n)))
        assert (round(effect.low, 4), round(effect.high, 4)) == (low, high)


@pytest.mark.parametrize(("wins", "n"), [((414, 90), (3000, 750)), ((3, 1), (10, 9))])
def test_proportions_agree_with_statsmodels_and_scipy(wins: tuple[int, int], n: tuple[int, int]):
    effect = effect_of(
        difference_of_proportions(proportion(wins[0], n[0]), proportion(wins[1], n[1]))
    )
    low, high = sm_proportion.confint_proportions_2indep(
        wins[0], n[0], wins[1], n[1], method="newcomb", compare="diff"
    )
    assert (effect.low, effect.high) == pytest.approx((low, high), abs=1e-9)
    table = np.array([[wins[0], n[0] - wins[0]], [wins[1], n[1] - wins[1]]])
    exact = scipy.stats.fisher_exact(table).pvalue
    chi_square = scipy.stats.chi2_contingency(table, correction=False).pvalue
    assert effect.p_value == pytest.approx(exact if min(n) < 100 else chi_square)


def test_means_agree_with_tea_tasting():
    rng = np.random.default_rng(7)
    one, other = rng.gamma(2, 300, 800), rng.gamma(2, 280, 200)
    effect = effect_of(difference(moments(one, shift=500), moments(other, shift=500)))
    table = {
        "variant": np.repeat([1, 0], [800, 200]),
        "amount": np.concatenate([one, other]),
    }
    oracle = tt.Experiment(amount=tt.Mean("amount")).analyze(pa.table(table), control=0)["amount"]
    assert isinstance(oracle, MeanResult)
    assert effect.estimate == pytest.approx(oracle.effect_size)
    assert effect.low == pytest.approx(oracle.effect_size_ci_lower)
    assert effect.high == pytest.approx(oracle.effect_size_ci_upper)
    assert effect.p_value == pytest.approx(oracle.pvalue)
    share = effect_of(relative(moments(one), moments(other)))
    assert share.kind is EffectKind.RELATIVE
    assert share.estimate == pytest.approx(oracle.rel_effect_size)
    assert share.low == pytest.approx(oracle.rel_effect_size_ci_lower)
    assert share.high == pytest.approx(oracle.rel_effect_size_ci_upper)


def test_the_adjusted_difference_is_the_regression_coefficient():
    """Lin (2013): one pooled slope is analysis of covariance; statsmodels is the oracle."""
    rng = np.random.default_rng(11)
    arm = np.repeat([1.0, 0.0], [900, 300])
    before = rng.normal(50, 10, arm.size)
    after = 0.8 * before + 2 * arm + rng.normal(0, 5, arm.size)
    effect = effect_of(
        difference(
            moments(after[arm == 1], before[arm == 1]),
            moments(after[arm == 0], before[arm == 0]),
            covariate=True,
        )
    )
    fit = sm.OLS(after, np.column_stack([np.ones(arm.size), arm, before])).fit(cov_type="HC1")
    assert effect.estimate == pytest.approx(fit.params[1])
    assert effect.standard_error == pytest.approx(fit.bse[1], rel=5e-3)
    plain = effect_of(difference(moments(after[arm == 1]), moments(after[arm == 0])))
    assert effect.standard_error < 0.7 * plain.standard_error


@given(amounts, amounts, st.sampled_from([{}, {"covariate": True}]))
def test_means_give_a_finite_effect_or_a_finding(
    one: list[float], other: list[float], adjusted: dict[str, bool]
):
    result = difference(moments(one, one), moments(other, sorted(other)), **adjusted)
    if isinstance(result, Effect):
        assert all_finite(result)
        assert result.low < result.estimate < result.high
        assert 0 <= result.p_value <= 1
    shares = relative(moments(one), moments(other))
    assert shares is None or all_finite(shares)


@given(anything, anything)
def test_broken_outcomes_give_a_finding_and_no_warning(one: list[float], other: list[float]):
    a, b = (moments([min(v, 1e300) for v in side]) for side in (one, other))
    for result in (difference(a, b), difference_of_proportions(a, b), relative(a, b)):
        assert not isinstance(result, Effect) or all_finite(result)


@given(zeros_and_ones, zeros_and_ones, st.sampled_from([0.0, 0.12]))
def test_proportions_give_an_effect_whenever_both_arms_have_units(
    one: list[float], other: list[float], shift: float
):
    result = difference_of_proportions(moments(one, shift=shift), moments(other, shift=shift))
    assert isinstance(result, Effect) == bool(one and other)
    if isinstance(result, Effect):
        assert all_finite(result)
        assert -1 <= result.low <= result.estimate <= result.high <= 1
        assert result.standard_error > 0


@given(amounts, amounts)
def test_swapping_the_arms_changes_the_sign_and_nothing_else(one: list[float], other: list[float]):
    there, back = difference(moments(one), moments(other)), difference(moments(other), moments(one))
    if isinstance(there, Effect):
        swapped = effect_of(back)
        assert swapped.estimate == -there.estimate
        assert swapped.high == pytest.approx(-there.low)
        assert swapped.p_value == pytest.approx(there.p_value)


def test_each_reason_for_no_estimate_has_its_name():
    few, none, one = moments([1, 2, 4]), moments([]), moments([3])
    flat, broken = moments([7.1, 7.1, 7.1]), moments([1, math.inf])
    assert code_of(difference(few, none)) == "empty-arm"
    assert code_of(difference(one, few)) == "one-unit"
    assert code_of(difference(few, flat)) == "no-spread"
    assert code_of(difference(broken, few)) == "outcome-not-finite"
    assert code_of(difference_of_proportions(few, few)) == "not-zero-or-one"
    alike = moments([1, 2, 4], [5, 5, 5])
    assert code_of(difference(alike, alike, covariate=True)) == "no-covariate-spread"
    copied = moments([1, 2, 4], [1, 2, 4])
    assert code_of(difference(copied, copied, covariate=True)) == "no-spread"


def test_a_finding_says_which_arm():
    finding = difference(moments([1, 2]), moments([5, 5]))
    assert isinstance(finding, Finding)
    assert "holdout" in finding.detail


def test_nothing_is_relative_to_a_mean_that_may_be_zero():
    rng = np.random.default_rng(1)
    near_zero, clear = rng.normal(0.3, 1, 100), rng.normal(3, 1, 100)
    assert relative(moments(clear), moments(near_zero)) is None
    assert relative(moments(clear), moments(clear)) is not None


def test_the_interval_covers_and_the_test_keeps_its_alpha(show: Callable[[str], None]):
    rng = np.random.default_rng(5)
    runs, covered, rejected = 2_000, 0, 0
    for wins_1, wins_0 in zip(
        rng.binomial(400, 0.12, runs), rng.binomial(100, 0.12, runs), strict=True
    ):
        effect = effect_of(
            difference_of_proportions(proportion(int(wins_1), 400), proportion(int(wins_0), 100))
        )
        covered += effect.low <= 0 <= effect.high
        rejected += effect.p_value < 0.05
    error = (0.05 * 0.95 / runs) ** 0.5
    show(f"coverage {covered / runs:.4f}, type I {rejected / runs:.4f}, +/- {error:.4f}")
    assert covered / runs > 0.95 - 3 * error
    assert rejected / runs < 0.05 + 3 * error
