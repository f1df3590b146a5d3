"""The readout: closed cohorts all together and month by month."""

import numpy as np
import pytest

from pilotage.domain.cohort import CohortMoments
from pilotage.domain.decision import Arm
from pilotage.domain.effect import Moments
from pilotage.domain.month import Month
from pilotage.domain.review import MetricKind
from pilotage.experiments.difference import difference, difference_of_proportions
from pilotage.experiments.readout import Readout, read_out

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
    kind: MetricKind = MetricKind.PROPORTION,
) -> Readout:
    rng = np.random.default_rng(1)
    return read_out(cohorts, by_unit=by_unit, kind=kind, level=0.95, rng=rng)


def test_cohorts_of_units_with_one_outcome_each_just_add():
    whole = difference_of_proportions(
        Moments(n=1500, y=210, yy=210), Moments(n=350, y=38, yy=38), level=0.95
    )
    found = read(COHORTS)
    assert found.effect == whole
    assert found.relative is not None
    assert found.relative.estimate == pytest.approx(210 / 1500 / (38 / 350) - 1)
    assert list(found.by_month) == [JANUARY, FEBRUARY]
    assert found.by_month[JANUARY] == difference_of_proportions(
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
    cohorts = [
        part(
            month,
            Arm.TREATMENT if k < 8 else Arm.HOLDOUT,
            50,
            10 + (k % 4) + (k < 8),
            cluster=f"c{k}",
        )
        for month in (JANUARY, FEBRUARY)
        for k in range(16)
    ]
    found = read(cohorts)
    assert found.effect is not None
    assert "randomisation inference" in found.effect.method
    assert found.effect.n_treatment == 800
    assert found.relative is None


def test_an_empty_arm_is_said_and_the_other_months_are_shown():
    found = read([*COHORTS[:2], COHORTS[2]])
    assert found.effect is not None
    assert found.by_month[FEBRUARY] is None
    nothing = read(COHORTS[2:3])
    assert nothing.effect is None
    assert [finding.code for finding in nothing.findings] == ["empty-arm"]
