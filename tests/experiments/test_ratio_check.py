"""Arms that are not as large as they were drawn block the verdict."""

from collections.abc import Callable

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from pilotage.domain.finding import Severity
from pilotage.experiments.ratio_check import (
    ArmCount,
    Stage,
    ratio_mismatch,
    ratio_mismatches,
    ratio_p_value,
)

counts = st.integers(0, 10**7)


def count(treatment: int, holdout: int, stage: Stage = Stage.ASSIGNED) -> ArmCount:
    return ArmCount(stage=stage, treatment=treatment, holdout=holdout)


def test_a_published_mismatch_is_found():
    """Kohavi, Tang and Xu (2020), Trustworthy Online Controlled Experiments, chapter 21."""
    published = count(821_588, 815_482)
    assert ratio_p_value(published, share=0.5) == pytest.approx(1.8e-6, rel=0.02)
    finding = ratio_mismatch(published, share=0.5)
    assert finding is not None
    assert finding.severity is Severity.BLOCKS
    assert "815,482" in finding.detail
    assert "818,535" in finding.detail


@given(counts, counts, st.floats(0.01, 0.99))
def test_the_p_value_is_that_of_the_usual_test(treatment: int, holdout: int, share: float):
    total = treatment + holdout
    ours = ratio_p_value(count(treatment, holdout), share=share)
    assert 0 <= ours <= 1
    if total and min(total * share, total * (1 - share)) >= 5:
        expected = [total * (1 - share), total * share]
        oracle = scipy.stats.chisquare([treatment, holdout], expected).pvalue
        assert ours == pytest.approx(oracle, rel=1e-6, abs=1e-12)


def test_no_units_are_no_mismatch():
    assert ratio_mismatch(count(0, 0), share=0.2) is None


def test_a_whole_arm_missing_is_found_even_in_few_units():
    assert ratio_mismatch(count(12, 0), share=0.5) is not None
    assert ratio_mismatch(count(6, 0), share=0.5) is None


def test_the_stage_that_lost_units_is_named():
    stages = (count(8_000, 2_000), count(8_000, 1_700, Stage.OUTCOME_JOINED))
    (finding,) = ratio_mismatches(stages, share=0.2)
    assert "outcome joined" in finding.detail
    assert "outcomes' table" in finding.fix


def test_false_alarms_are_one_in_a_thousand(show: Callable[[str], None]):
    held = np.random.default_rng(3).binomial(5_000, 0.2, 20_000)
    alarms = np.mean([ratio_p_value(count(5_000 - h, h), share=0.2) < 0.001 for h in held.tolist()])
    error = (0.001 * 0.999 / held.size) ** 0.5
    show(f"false alarms {alarms:.5f} +/- {error:.5f}")
    assert abs(alarms - 0.001) < 4 * error
