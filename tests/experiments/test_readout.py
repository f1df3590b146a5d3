"""The readout: closed cohorts all together and month by month."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilotage.domain.cohort import CohortMoments
from pilotage.domain.decision import Arm
from pilotage.domain.effect import Moments
from pilotage.domain.month import Month
from pilotage.domain.review import MetricKind
from pilotage.experiments.difference import difference, difference_of_proportions
from pilotage.experiments.readout import HowCompared, Readout, read_out

JANUARY, FEBRUARY = Month(2026, 1), Month(2026, 2)


def part(month: Month, arm: Arm, n: int, wins: int, *, cluster: str = "") -> CohortMoments:
    moments = Moments(n=n, y=wins, yy=wins)
    return CohortMoments(month=month, arm=arm, moments=moments, cluster=cluster)


COHORTS = [
    part(JANUARY, Arm.TREATMENT, 800, 120),
    part(JANUARY, Arm.HOLDOUT, 200, 20),
    part(FEBRUARY, Arm.TREATMENT, 700, 90),
    part(FEBRUARY, Arm.HOLDOUT, 150, 18),
]


def read(
    cohorts: list[CohortMoments],
    *,
    by_unit: list[CohortMoments] | None = None,
    critical_p: float | None = 0.001,
    strata: Mapping[str, str] | None = None,
) -> Readout:
    how = HowCompared(
        kind=MetricKind.PROPORTION, level=0.95, critical_p=critical_p, strata=strata or {}, seed=1
    )
    return read_out(cohorts, how, by_unit=by_unit)


def clustered(*, strata: Sequence[str] = ("",)) -> list[CohortMoments]:
    """Sixteen clusters of 50 units a month, half of them treated, each in one or more strata."""
    return [
        replace(
            part(
                month,
                Arm.TREATMENT if k < 8 else Arm.HOLDOUT,
                50,
                10 + (k % 4) + (k < 8),
                cluster=f"c{k}",
            ),
            stratum=stratum,
        )
        for month in (JANUARY, FEBRUARY)
        for k in range(16)
        for stratum in strata
    ]


def test_cohorts_of_units_with_one_outcome_each_just_add():
    whole = difference_of_proportions(
        Moments(n=1500, y=210, yy=210), Moments(n=350, y=38, yy=38), level=0.95
    )
    found = read(COHORTS)
    assert found.effect == whole
    assert found.relative is not None
    assert found.relative.estimate == pytest.approx(210 / 1500 / (38 / 350) - 1)
    assert [cohort.month for cohort in found.by_month] == [JANUARY, FEBRUARY]
    assert found.by_month[0].effect == difference_of_proportions(
        Moments(n=800, y=120, yy=120), Moments(n=200, y=20, yy=20), level=0.95
    )


def test_units_decided_every_month_count_once_by_their_mean():
    means = [
        CohortMoments(month=FEBRUARY, arm=Arm.TREATMENT, moments=Moments(n=8, y=3.0, yy=1.5)),
        CohortMoments(month=FEBRUARY, arm=Arm.HOLDOUT, moments=Moments(n=8, y=2.0, yy=1.0)),
    ]
    found = read(COHORTS, by_unit=means)
    assert found.effect == difference(means[0].moments, means[1].moments)
    assert found.by_month == read(COHORTS).by_month


def test_arms_drawn_for_clusters_are_compared_over_clusters():
    found = read(clustered())
    assert found.effect is not None
    assert "randomisation inference" in found.effect.method
    assert found.effect.n_treatment == 800
    assert found.relative is None


def test_an_empty_arm_is_said_and_the_other_months_are_shown():
    found = read([*COHORTS[:2], COHORTS[2]])
    assert found.effect is not None
    assert found.by_month[1].effect is None
    nothing = read(COHORTS[2:3])
    assert nothing.effect is None
    assert [finding.code for finding in nothing.findings] == ["empty-arm"]


def test_a_cluster_stays_in_the_stratum_its_arm_was_drawn_in():
    drawn_in = {f"c{k}": "north" if k % 2 else "south" for k in range(16)}
    moved = read(clustered(strata=("north", "south")), strata=drawn_in)
    stayed = read(clustered(strata=("", "")), strata=drawn_in)
    assert moved.findings == ()
    assert moved == stayed
    assert moved.effect != read(clustered(strata=("", ""))).effect


def test_a_month_without_a_look_has_no_boundary():
    assert read(COHORTS, critical_p=None).at_boundary is None


counts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))


@given(counts, counts, st.sampled_from([0.001, 0.01, 0.045]), st.booleans())
def test_the_boundary_is_the_same_effect_by_the_same_method_only_surer(
    one: tuple[int, int],
    other: tuple[int, int],
    critical_p: float,
    mean: bool,  # noqa: FBT001 - drawn
):
    parts = [part(JANUARY, Arm.TREATMENT, *one), part(JANUARY, Arm.HOLDOUT, *other)]
    found = read(parts, by_unit=parts if mean else None, critical_p=critical_p)
    if found.effect is None:
        assert found.at_boundary is None
        return
    test = difference if mean else difference_of_proportions
    again = test(parts[0].moments, parts[1].moments, level=1 - critical_p)
    assert found.at_boundary == again
    assert found.at_boundary is not None
    assert found.at_boundary.low <= found.effect.low
    if mean and found.effect.estimate:  # t-test and t-interval are one thing
        rejected = found.effect.p_value < critical_p
        holds_zero = found.at_boundary.low <= 0 <= found.at_boundary.high
        assert rejected is not holds_zero


@settings(max_examples=25)
@given(
    st.lists(st.integers(0, 50), min_size=12, max_size=12),
    st.sampled_from([0.005, 0.02, 0.045]),
)
def test_between_clusters_the_interval_holds_zero_just_where_the_test_does_not_reject_it(
    wins: list[int], critical_p: float
):
    parts = [
        part(JANUARY, Arm.TREATMENT if k < 6 else Arm.HOLDOUT, 50, n, cluster=f"c{k}")
        for k, n in enumerate(wins)
    ]
    found = read(parts, critical_p=critical_p)
    if found.effect is None or found.at_boundary is None:
        return
    rejected = found.effect.p_value < critical_p
    holds_zero = found.at_boundary.low < 0 < found.at_boundary.high
    assert found.at_boundary.p_value == found.effect.p_value, "the same draws"
    assert not (rejected and holds_zero)


def test_so_few_clusters_that_none_could_cross_the_boundary_have_no_interval_there():
    parts = [part for part in clustered() if int(part.cluster[1:]) in {0, 1, 2, 3, 8, 9, 10, 11}]
    found = read(parts)
    assert found.effect is not None
    assert found.at_boundary is None
