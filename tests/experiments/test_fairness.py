"""Fairness: what forbids the comparison of the arms, or weakens what is read from it."""

from dataclasses import replace

import pytest

from pilotage.domain.decision import Arm
from pilotage.domain.finding import Severity
from pilotage.domain.recorded import Recorded
from pilotage.experiments.fairness import fairness
from pilotage.spec.loading import load_use_case
from pilotage.spec.use_case import UseCase
from tests.experiments.records import RECORDED
from tests.spec.written import SHORT

EVEN = {Arm.TREATMENT: 800, Arm.HOLDOUT: 200}


def spec(more: str = "") -> UseCase:
    return load_use_case(SHORT + more, file="leads.yaml")


def codes(declared: UseCase, seen: Recorded) -> list[str]:
    return [finding.code for finding in fairness(declared, seen)]


@pytest.mark.parametrize(
    ("too_late", "in_time", "blocked"),
    [(0, 100, False), (10, 90, False), (11, 89, True), (49, 0, False), (50, 0, True)],
)
def test_outcomes_before_the_decision_block_once_they_are_many(
    too_late: int, in_time: int, *, blocked: bool
):
    seen = replace(RECORDED, too_late=too_late, in_time=in_time, assigned=EVEN)
    assert codes(spec(), seen) == ["decided-too-late"] * blocked
    for finding in fairness(spec(), seen):
        assert finding.severity is Severity.BLOCKS
        assert f"{too_late} outcomes came before" in finding.detail
        assert "pilotage run" in finding.fix


@pytest.mark.parametrize(
    ("unread", "in_time", "severity"),
    [
        (1, 0, Severity.WARNING),
        (4, 90, Severity.WARNING),
        (5, 90, Severity.BLOCKS),
        (9, 991, Severity.WARNING),
        (10, 990, Severity.BLOCKS),
    ],
)
def test_units_that_count_as_nothing_because_nobody_could_read_them_are_named_and_block_when_many(
    unread: int, in_time: int, severity: Severity
):
    [finding] = fairness(spec(), replace(RECORDED, unread=unread, in_time=in_time, assigned=EVEN))
    assert (finding.code, finding.severity) == ("outcomes-unread", severity)
    assert f"{unread} units" in finding.detail


def test_arms_of_another_size_than_drawn_block():
    lost = replace(RECORDED, assigned={Arm.TREATMENT: 800, Arm.HOLDOUT: 120})
    [finding] = fairness(spec(), lost)
    assert (finding.code, finding.severity) == ("sample-ratio-mismatch", Severity.BLOCKS)
    assert codes(spec(), replace(RECORDED, assigned=EVEN)) == []


def test_units_of_a_cluster_come_together_so_their_ratio_is_not_the_draws():
    lost = replace(RECORDED, assigned={Arm.TREATMENT: 800, Arm.HOLDOUT: 120})
    assert codes(spec("experiment: {assign_by: rep}\n"), lost) == ["forecast-ignores-clusters"]


def test_units_decided_every_month_are_told_of_in_the_forecast():
    monthly = spec("decide: {every: month}\n")
    assert codes(monthly, replace(RECORDED, assigned=EVEN)) == ["forecast-counts-unit-months"]
