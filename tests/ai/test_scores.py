"""Scores of probabilities, against published examples, oracles and their own definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.ai.scores import Flags, Floats, Metric, auc, draw_weights, score

judged = st.lists(
    st.tuples(st.integers(0, 10), st.booleans(), st.integers(0, 3)), min_size=2, max_size=40
).filter(lambda rows: any(happened and weight for _, happened, weight in rows))


def _arrays(rows: list[tuple[int, bool, int]]) -> tuple[Floats, Flags, np.ndarray]:
    probability = np.array([tenths / 10 for tenths, _, _ in rows])
    happened = np.array([happened for _, happened, _ in rows], dtype=np.bool_)
    return probability, happened, np.array([weight for _, _, weight in rows])


def test_average_precision_of_the_example_in_the_scikit_learn_manual() -> None:
    value = score(
        Metric.AVERAGE_PRECISION,
        np.array([0.1, 0.4, 0.35, 0.8]),
        np.array([False, False, True, True]),
        np.ones((1, 4)),
    )
    assert value[0] == pytest.approx(0.8333, abs=1e-4)


def test_brier_score_of_the_example_in_the_scikit_learn_manual() -> None:
    value = score(
        Metric.BRIER,
        np.array([0.1, 0.9, 0.8, 0.3]),
        np.array([False, True, True, False]),
        np.ones((1, 4)),
    )
    assert value[0] == pytest.approx(0.0375)


@given(rows=judged)
def test_a_weight_counts_like_the_unit_repeated(rows: list[tuple[int, bool, int]]) -> None:
    probability, happened, weight = _arrays(rows)
    for metric in (Metric.AVERAGE_PRECISION, Metric.BRIER, Metric.LOG_LOSS):
        weighted = score(metric, probability, happened, weight[None, :].astype(np.float64))
        repeated = score(
            metric,
            np.repeat(probability, weight),
            np.repeat(happened, weight),
            np.ones((1, int(weight.sum()))),
        )
        assert weighted[0] == pytest.approx(repeated[0])


@given(rows=judged)
def test_auc_counts_the_pairs_that_are_in_order(rows: list[tuple[int, bool, int]]) -> None:
    probability, happened, _ = _arrays(rows)
    pairs = [(a > b) + (a == b) / 2 for a in probability[happened] for b in probability[~happened]]
    if pairs:
        assert auc(probability, happened) == pytest.approx(np.mean(pairs))
    else:
        assert np.isnan(auc(probability, happened))


def test_true_probabilities_have_hardly_any_calibration_error_and_halved_ones_have() -> None:
    rng = np.random.default_rng(1)
    probability = rng.random(50_000)
    happened = rng.random(50_000) < probability
    ones = np.ones((1, 50_000))
    assert score(Metric.CALIBRATION_ERROR, probability, happened, ones)[0] < 0.01
    assert score(Metric.CALIBRATION_ERROR, probability / 2, happened, ones)[0] == pytest.approx(
        0.25, abs=0.01
    )


def test_one_probability_for_all_is_one_group() -> None:
    happened = np.array([True, False, False, False])
    value = score(Metric.CALIBRATION_ERROR, np.full(4, 0.5), happened, np.ones((1, 4)))
    assert value[0] == pytest.approx(0.25)


def test_every_bootstrap_draw_holds_as_many_units_as_there_are() -> None:
    weights = draw_weights(30, draws=7, rng=np.random.default_rng(1))
    assert weights.shape == (7, 30)
    assert weights.sum(axis=1).tolist() == [30] * 7
    assert len({tuple(row) for row in weights.tolist()}) == 7
