"""Where arms are drawn for reps or teams, the draw itself is the source of certainty."""

import math
from collections.abc import Callable
from dataclasses import astuple, replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilotage.domain.decision import Arm
from pilotage.domain.effect import Effect, Moments
from pilotage.domain.finding import Finding, Severity
from pilotage.experiments.clusters import ClusteredEffect, ClusterMoments, clustered_difference

Rng = np.random.Generator


def cluster(name: str, arm: Arm, values: list[float], stratum: str = "") -> ClusterMoments:
    sums = Moments(n=len(values), y=sum(values), yy=sum(v * v for v in values))
    return ClusterMoments(cluster=name, stratum=stratum, arm=arm, moments=sums)


def clustered(clusters: list[ClusterMoments], *, seed: int = 0) -> ClusteredEffect:
    result = clustered_difference(clusters, rng=np.random.default_rng(seed))
    assert isinstance(result, ClusteredEffect)
    return result


def code_of(clusters: list[ClusterMoments]) -> str:
    result = clustered_difference(clusters, rng=np.random.default_rng(0))
    assert isinstance(result, Finding)
    return result.code


def simulated(
    rng: Rng, *, treated: int, held: int, effect: float = 0.0, size_cv: float = 0.8
) -> list[ClusterMoments]:
    """Reps with an intraclass correlation of .2 and unequal books of leads."""
    drawn: list[ClusterMoments] = []
    places = rng.permutation(treated + held)
    for i in range(treated + held):
        place = int(places[i])
        arm = Arm.TREATMENT if place < treated else Arm.HOLDOUT
        mean = float(rng.normal(0, math.sqrt(0.2))) + (effect if place < treated else 0.0)
        size = max(2, int(rng.lognormal(3, size_cv)))
        drawn.append(cluster(str(i), arm, rng.normal(mean, math.sqrt(0.8), size).tolist()))
    return drawn


def by_arm(treatment: list[float], holdout: list[float]) -> list[ClusterMoments]:
    pairs = [(Arm.TREATMENT, v) for v in treatment] + [(Arm.HOLDOUT, v) for v in holdout]
    return [cluster(str(i), arm, [v]) for i, (arm, v) in enumerate(pairs)]


def test_the_worked_example_of_an_exact_permutation_test_is_reproduced():
    """Efron and Tibshirani (1993), table 2.1, the mouse data: 7 treated, 9 controls.

    Their permutation test of the means gives about .14 one-sided; every one of the 11,440
    assignments is counted here, two-sided and studentised.
    """
    treated = [94.0, 197, 16, 38, 99, 141, 23]
    control = [52.0, 104, 146, 10, 51, 30, 40, 27, 46]
    result = clustered(by_arm(treated, control))
    assert result.enumerated
    assert result.effect.estimate == pytest.approx(30.63, abs=0.005)
    assert result.effect.standard_error == pytest.approx(28.93, abs=0.01)
    assert result.effect.p_value == pytest.approx(brute_force(treated, control))
    assert 0.25 < result.effect.p_value < 0.35


def brute_force(treatment: list[float], holdout: list[float]) -> float:
    """Studentised randomisation test, written out."""
    values = np.array(treatment + holdout)

    def statistic(chosen: tuple[int, ...]) -> float:
        inside = np.isin(np.arange(values.size), chosen)
        a, b = values[inside], values[~inside]
        return abs(a.mean() - b.mean()) / math.sqrt(a.var(ddof=1) / a.size + b.var(ddof=1) / b.size)

    actual = statistic(tuple(range(len(treatment))))
    every = combinations(range(values.size), len(treatment))
    return float(np.mean([statistic(chosen) >= actual - 1e-9 for chosen in every]))


def test_the_estimate_weighs_units_and_the_cluster_means_stand_beside_it():
    big = [cluster("big", Arm.TREATMENT, [2.0] * 30)]
    small = [cluster(f"s{i}", Arm.TREATMENT, [float(i % 2)] * 10) for i in range(4)]
    other = [cluster(f"o{i}", Arm.HOLDOUT, [float(i % 3)] * 10) for i in range(6)]
    result = clustered(big + small + other)
    assert result.effect.estimate == pytest.approx(80 / 70 - 1)
    assert result.cluster_means.estimate == pytest.approx(4 / 5 - 1)
    assert result.cluster_means.method == "difference of cluster means, t(9)"
    assert (result.effect.n_treatment, result.effect.n_holdout) == (70, 60)


def test_strata_of_different_level_and_share_leave_no_bias():
    rng = np.random.default_rng(2)
    clusters: list[ClusterMoments] = []
    for stratum, level, arms in (("EU", 100.0, "TTTTTH"), ("US", 0.0, "THHHHH")):
        for i, letter in enumerate(arms):
            arm = Arm.TREATMENT if letter == "T" else Arm.HOLDOUT
            values = (level + 3 * (letter == "T") + rng.normal(0, 0.1, 20)).tolist()
            clusters.append(cluster(f"{stratum}{i}", arm, values, stratum))
    result = clustered_difference(clusters, rng=rng, level=0.9)
    assert isinstance(result, ClusteredEffect)
    assert result.smallest_p == pytest.approx(1 / 36)
    assert result.effect.estimate == pytest.approx(3, abs=0.1)
    assert result.effect.p_value == pytest.approx(1 / 36)


def test_the_interval_holds_what_the_test_does_not_reject():
    rng = np.random.default_rng(4)
    clusters = simulated(rng, treated=6, held=6, effect=1.0)
    effect = clustered(clusters).effect
    width = effect.high - effect.low
    for null, inside in (
        (effect.low + 0.001 * width, True),
        (effect.low - 0.001 * width, False),
        (effect.high - 0.001 * width, True),
        (effect.high + 0.001 * width, False),
    ):
        shifted = [_less(c, null) if c.arm is Arm.TREATMENT else c for c in clusters]
        assert (clustered(shifted).effect.p_value > 0.05) == inside


def _less(c: ClusterMoments, by: float) -> ClusterMoments:
    return replace(c, moments=replace(c.moments, y_shift=c.moments.y_shift - by))


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.integers(4, 8), st.integers(4, 8))
def test_the_order_of_clusters_and_the_level_of_outcomes_do_not_matter(
    seed: int, treated: int, held: int
):
    rng = np.random.default_rng(seed)
    clusters = simulated(rng, treated=treated, held=held)
    first = clustered(clusters).effect
    moved = [replace(c, moments=replace(c.moments, y_shift=1e6)) for c in clusters]
    assert clustered(clusters[::-1]).effect == first
    assert astuple(clustered(moved).effect)[:5] == pytest.approx(astuple(first)[:5], rel=1e-5)


@given(st.lists(st.lists(st.floats(-1e6, 1e6), max_size=4), max_size=12), st.data())
@settings(max_examples=100, deadline=None)
def test_any_clusters_give_a_finite_effect_or_a_finding(
    books: list[list[float]], data: st.DataObject
):
    arms = data.draw(st.lists(st.sampled_from(Arm), min_size=len(books), max_size=len(books)))
    strata = data.draw(st.lists(st.sampled_from("ab"), min_size=len(books), max_size=len(books)))
    clusters = [
        cluster(str(i), arm, values, stratum)
        for i, (arm, values, stratum) in enumerate(zip(arms, books, strata, strict=True))
    ]
    result = clustered_difference(clusters, rng=np.random.default_rng(0))
    if isinstance(result, ClusteredEffect):
        for effect in (result.effect, result.cluster_means):
            assert all(math.isfinite(v) for v in astuple(effect) if isinstance(v, float))
            assert effect.low <= effect.estimate <= effect.high
        assert result.effect.p_value >= result.smallest_p * (1 - 1e-9)


def test_too_few_clusters_are_refused_with_a_fix():
    rng = np.random.default_rng(0)
    result = clustered_difference(simulated(rng, treated=3, held=3), rng=rng)
    assert isinstance(result, Finding)
    assert result.code == "too-few-clusters"
    assert result.severity is Severity.BLOCKS
    assert "0.100" in result.detail
    assert clustered(simulated(rng, treated=17, held=3)).smallest_p == pytest.approx(1 / 1140)


def test_each_reason_for_no_estimate_has_its_name():
    flat = by_arm([1.0] * 5, [0.0] * 5)
    assert code_of(flat) == "no-spread"
    assert code_of(by_arm([1.0, 2, 3], [])) == "empty-arm"
    assert code_of(by_arm([1.0, 2, 3], [4])) == "one-unit"
    assert code_of([*flat, flat[0]]) == "cluster-twice"
    assert code_of(by_arm([1.0, 2, math.inf], [4.0, 5])) == "outcome-not-finite"


def test_the_same_seed_gives_the_same_answer():
    clusters = simulated(np.random.default_rng(1), treated=10, held=10)
    one, other = clustered(clusters, seed=5), clustered(clusters, seed=5)
    assert not one.enumerated
    assert one == other


@pytest.mark.parametrize(("treated", "held", "runs"), [(10, 10, 200), (17, 3, 600)])
def test_the_test_keeps_its_alpha_and_the_interval_covers(
    treated: int, held: int, runs: int, show: Callable[[str], None]
):
    rng = np.random.default_rng(31)
    rejected = covered = 0
    for _ in range(runs):
        clusters = simulated(rng, treated=treated, held=held)
        result = clustered_difference(clusters, rng=rng)
        assert isinstance(result, ClusteredEffect)
        assert isinstance(result.cluster_means, Effect)
        rejected += result.effect.p_value < 0.05
        covered += result.effect.low <= 0 <= result.effect.high
    error = (0.05 * 0.95 / runs) ** 0.5
    show(f"{treated}+{held}: type I {rejected / runs:.3f}, coverage {covered / runs:.3f}")
    show(f"Monte-Carlo error {error:.3f}")
    assert rejected / runs < 0.05 + 3 * error
    assert covered / runs > 0.95 - 3 * error
