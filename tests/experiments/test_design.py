"""How long it takes is known before anything is built."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.domain.effect import EffectKind
from pilotage.domain.errors import SpecError
from pilotage.experiments.design import (
    Clusters,
    Design,
    design_effect,
    detectable_effect,
    months_to_detect,
    proportion_spread,
    units_to_detect,
)

sm_power = pytest.importorskip("statsmodels.stats.power")

LEADS = Design(
    volume_per_month=3000,
    holdout=0.2,
    base=0.12,
    standard_deviation=proportion_spread(0.12),
    minimum_effect=0.15,
    kind=EffectKind.RELATIVE,
    window_days=14,
)
PROPOSALS = replace(
    LEADS,
    volume_per_month=40,
    base=0.25,
    standard_deviation=proportion_spread(0.25),
    window_days=90,
)
HOURS = replace(
    LEADS,
    volume_per_month=40,
    holdout=0.5,
    base=8.0,
    standard_deviation=4.0,
    minimum_effect=-0.25,
)


def months(design: Design) -> float:
    needed = months_to_detect(design)
    assert needed is not None
    return needed


@pytest.mark.parametrize(("design", "expected"), [(LEADS, 5.8), (PROPOSALS, 166.5), (HOURS, 3.6)])
def test_the_months_that_the_project_publishes_are_reproduced(design: Design, expected: float):
    """Reply rate, RFP win rate (25% base, 90 days), RFP hours (spread half the mean, -25%)."""
    assert round(months(design), 1) == expected


def test_the_units_are_those_of_statsmodels():
    needed = sm_power.NormalIndPower().solve_power(
        effect_size=0.018 / proportion_spread(0.12), alpha=0.05, power=0.8, ratio=0.25
    )
    assert units_to_detect(LEADS) == pytest.approx(needed * 1.25, rel=1e-3)


def test_a_published_design_effect_is_reproduced():
    """Eldridge, Ashby and Kerry (2006), Int. J. Epidemiology 35, 1292: 1+((cv^2+1)m-1)icc."""
    assert design_effect(units_per_cluster=30, icc=0.05, size_cv=0.65) == pytest.approx(3.08375)


@pytest.mark.parametrize("design", [LEADS, HOURS])
def test_the_planned_units_give_the_planned_power(design: Design, show: Callable[[str], None]):
    n, runs, rng = units_to_detect(design) or 0, 20_000, np.random.default_rng(23)
    held = round(n * design.holdout)
    effect, sd = design.absolute_effect, design.standard_deviation
    spread = sd * (1 / held + 1 / (n - held)) ** 0.5
    gap = rng.normal(effect, spread, runs)
    seen = np.count_nonzero(np.abs(gap) > 1.959964 * spread) / runs
    error = (0.8 * 0.2 / runs) ** 0.5
    show(f"power {seen:.4f} +/- {error:.4f}")
    assert abs(seen - 0.8) < 4 * error


def test_a_reply_rate_that_rises_is_seen_nearly_as_often_as_planned(
    show: Callable[[str], None],
):
    n, runs, rng = units_to_detect(LEADS) or 0, 20_000, np.random.default_rng(29)
    held = round(n * 0.2)
    one, other = rng.binomial(n - held, 0.138, runs), rng.binomial(held, 0.12, runs)
    pooled = (one + other) / n
    error = np.sqrt(pooled * (1 - pooled) * (1 / held + 1 / (n - held)))
    gap = np.abs(one / (n - held) - other / held)
    seen = np.count_nonzero(gap > 1.959964 * error) / runs
    show(f"power {seen:.4f}: the treated vary a little more than before launch")
    assert 0.76 < seen < 0.81


@given(st.floats(0.05, 0.5), st.floats(1, 1e6), st.floats(0.01, 2))
def test_what_is_detectable_after_the_months_needed_is_the_minimum_effect(
    holdout: float, volume: float, minimum: float
):
    for clusters in (None, Clusters(n=40, icc=0.01, size_cv=0.5)):
        design = replace(
            LEADS,
            holdout=holdout,
            volume_per_month=volume,
            minimum_effect=minimum,
            clusters=clusters,
        )
        needed = months_to_detect(design)
        if needed is not None and (units_to_detect(design) or 0) > 10_000:
            seen = detectable_effect(design, months=needed)
            assert seen == pytest.approx(0.12 * minimum, rel=1e-3)


def test_few_clusters_that_differ_never_show_a_small_effect():
    reps = replace(LEADS, clusters=Clusters(n=20, icc=0.2))
    assert months_to_detect(reps) is None
    assert months(replace(LEADS, clusters=Clusters(n=400, icc=0.001))) > months(LEADS)


def test_nothing_is_detectable_before_the_first_window_closed():
    assert detectable_effect(LEADS, months=0.2) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"volume_per_month": 0.0},
        {"base": 0.0},
        {"minimum_effect": 0.0},
        {"holdout": 1.0},
        {"standard_deviation": float("nan")},
        {"clusters": Clusters(n=3, icc=0.1)},
    ],
)
def test_a_design_without_an_answer_is_refused_with_a_fix(wrong: dict[str, float]):
    with pytest.raises(SpecError, match="fix: "):
        replace(LEADS, **wrong)
