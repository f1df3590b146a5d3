"""Calibration: log odds become probabilities that are true on units the model has not seen."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.ai.calibration import Sigmoid


@pytest.mark.parametrize(("slope", "intercept"), [(0.5, -1.0), (1.0, 0.0), (2.0, 0.7)])
def test_the_sigmoid_that_made_the_outcomes_is_found(slope: float, intercept: float) -> None:
    rng = np.random.default_rng(1)
    log_odds = rng.normal(size=40_000)
    true = Sigmoid(slope=slope, intercept=intercept)
    found = Sigmoid.fit(log_odds, rng.random(40_000) < true.probability(log_odds))
    assert found.slope == pytest.approx(slope, abs=0.06)
    assert found.intercept == pytest.approx(intercept, abs=0.06)


def test_a_model_that_ranks_the_wrong_way_round_is_given_the_rate() -> None:
    log_odds = np.linspace(-2, 2, 400)
    happened = np.arange(400) < 100
    found = Sigmoid.fit(log_odds, happened)
    assert found.slope == 0
    assert found.probability(log_odds) == pytest.approx(np.full(400, 0.25), abs=0.01)


def test_five_outcomes_that_separate_perfectly_do_not_run_away() -> None:
    found = Sigmoid.fit(np.linspace(-3, 3, 50), np.arange(50) >= 45)
    extremes = found.probability(np.array([-3.0, 3.0]))
    assert 0 < extremes[0] < 0.05
    assert 0.5 < extremes[1] < 1


@given(
    rows=st.lists(st.tuples(st.floats(-20, 20), st.booleans()), min_size=2, max_size=60),
)
def test_calibration_never_turns_the_order_round(rows: list[tuple[float, bool]]) -> None:
    log_odds = np.array(sorted(value for value, _ in rows))
    found = Sigmoid.fit(
        np.array([value for value, _ in rows]),
        np.array([happened for _, happened in rows], dtype=np.bool_),
    )
    probability = found.probability(log_odds)
    assert np.isfinite(probability).all()
    assert (np.diff(probability) >= 0).all()
