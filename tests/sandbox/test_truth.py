"""True effects: known unit by unit, acting only through what was delivered."""

import csv
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pilotage.domain.errors import PilotageError
from pilotage.domain.month import Month
from pilotage.sandbox import Company, Delivered, Motion, Scenario, World
from pilotage.sandbox.leads import leads
from pilotage.sandbox.outcomes import NEVER, Shown, displaced_chance, outcomes, unit_effects

START = Month(2026, 1)


def world(scenario: Scenario, *, seed: int = 5, months: int = 12) -> World:
    return World(seed=seed, leads=scenario, renewals=scenario, months=months)


def outcome_keys(folder: Path, file: str) -> set[str]:
    """The live units whose outcome came, without the early ones, which are mess."""
    with (folder / file).open(encoding="utf-8", newline="") as lines:
        live = [row for row in csv.reader(lines) if row[0][2:4] == "26" and "X" not in row[0]]
    return {key for key, at, _ in live if at >= "2026-01-31T23:59:59Z"}


def told(scenario: Scenario, folder: Path, records: Iterable[str]) -> Company:
    company = Company(world(scenario, months=1), folder)
    company.advance(START)
    company.react(START, [Delivered(record=key, field="ai_priority", value="7") for key in records])
    company.advance(START.plus(2))
    return company


@pytest.mark.parametrize("motion", Motion)
@pytest.mark.parametrize("scenario", [Scenario.NONE, Scenario.DISPLACEMENT])
def test_an_ai_that_does_nothing_or_only_displaces_has_no_true_effect(
    tmp_path: Path, scenario: Scenario, motion: Motion
) -> None:
    company = Company(world(scenario), tmp_path)
    assert company.truth(motion) == 0
    assert all(company.truth(motion, month) == 0 for month in company.world.live)


def test_immediate_and_harmful_effects_are_a_fifth_up_and_down(tmp_path: Path) -> None:
    for scenario, sign in ((Scenario.IMMEDIATE, 1), (Scenario.HARMFUL, -1)):
        company = Company(world(scenario), tmp_path)
        assert company.truth(Motion.LEADS) == pytest.approx(sign * 0.2 * 0.12, abs=0.003)
        assert company.truth(Motion.RENEWALS) == pytest.approx(sign * 0.2 * 0.22, abs=0.006)


def test_a_slow_bloomer_does_nothing_in_month_1_and_thirty_percent_by_month_4(
    tmp_path: Path,
) -> None:
    company = Company(world(Scenario.SLOW_BLOOM), tmp_path)
    months = [company.truth(Motion.LEADS, START.plus(k)) for k in range(12)]
    assert months[0] == 0
    assert months[0] < months[1] < months[2] < np.mean(months[4:])
    assert months[3] == pytest.approx(0.3 * 0.12, abs=0.012)
    planted = [company.world.effect(Motion.LEADS, START.plus(k)) for k in range(12)]
    assert planted[3] == 0.30
    assert planted == sorted(planted)


def test_the_truth_of_all_months_is_the_mean_over_their_units(tmp_path: Path) -> None:
    company = Company(world(Scenario.IMMEDIATE, months=3), tmp_path)
    effects = [company.unit_effects(Motion.LEADS, month) for month in company.world.live]
    assert set().union(*effects) == set(company.unit_effects(Motion.LEADS))
    total = sum(sum(one.values()) for one in effects) / sum(map(len, effects))
    assert company.truth(Motion.LEADS) == pytest.approx(total, rel=1e-12)


@pytest.mark.parametrize("scenario", [Scenario.IMMEDIATE, Scenario.HARMFUL])
def test_without_deliveries_the_ai_has_changed_nothing(tmp_path: Path, scenario: Scenario) -> None:
    told(scenario, tmp_path / "some", [])
    told(Scenario.NONE, tmp_path / "none", [])
    for file in ("replies.csv", "renewed.csv"):
        assert (tmp_path / "some" / file).read_bytes() == (tmp_path / "none" / file).read_bytes()


@pytest.mark.parametrize("scenario", [Scenario.IMMEDIATE, Scenario.HARMFUL])
def test_deliveries_to_all_change_the_outcome_of_exactly_the_units_that_the_truth_names(
    tmp_path: Path, scenario: Scenario
) -> None:
    without = told(scenario, tmp_path / "none", [])
    for motion, file in ((Motion.LEADS, "replies.csv"), (Motion.RENEWALS, "renewed.csv")):
        effects = without.unit_effects(motion)
        told(scenario, tmp_path / motion, effects)
        before = outcome_keys(tmp_path / "none", file)
        after = outcome_keys(tmp_path / motion, file)
        assert after - before == {key for key, effect in effects.items() if effect == 1}
        assert before - after == {key for key, effect in effects.items() if effect == -1}
        assert before != after


def test_a_delivery_changes_no_other_unit(tmp_path: Path) -> None:
    company = told(Scenario.IMMEDIATE, tmp_path / "none", [])
    gained = [key for key, effect in company.unit_effects(Motion.LEADS).items() if effect == 1]
    told(Scenario.IMMEDIATE, tmp_path / "one", gained[:1])
    before = outcome_keys(tmp_path / "none", "replies.csv")
    assert outcome_keys(tmp_path / "one", "replies.csv") - before == {gained[0]}


def test_what_the_company_is_told_of_a_month_later_comes_too_late(tmp_path: Path) -> None:
    company = told(Scenario.IMMEDIATE, tmp_path, [])
    before = outcome_keys(tmp_path, "replies.csv")
    late = [
        Delivered(record=key, field="x", value="") for key in company.unit_effects(Motion.LEADS)
    ]
    company.react(START, late)
    assert outcome_keys(tmp_path, "replies.csv") == before


def test_what_is_delivered_too_late_undoes_nothing_and_earns_nothing() -> None:
    for scenario in (Scenario.HARMFUL, Scenario.IMMEDIATE):
        one = world(scenario)
        arrivals = leads(one, START)
        n = len(arrivals.keys)
        without = outcomes(one, arrivals, Shown.nothing(n))
        after = replace(Shown.nothing(n), at=arrivals.deadline)
        assert (outcomes(one, arrivals, after).happened == without.happened).all()
        in_time = Shown.everything(arrivals)
        assert (outcomes(one, arrivals, in_time).happened != without.happened).any()


def test_a_reply_that_has_come_stays_and_one_that_is_earned_comes_after_the_delivery() -> None:
    for scenario in (Scenario.HARMFUL, Scenario.IMMEDIATE):
        one = world(scenario)
        arrivals = leads(one, START)
        n = len(arrivals.keys)
        without = outcomes(one, arrivals, Shown.nothing(n))
        middle = (arrivals.worked + arrivals.deadline) // 2
        came = outcomes(one, arrivals, replace(Shown.nothing(n), at=middle))
        had_come = without.happened & (without.at < middle)
        assert (came.happened[had_come] & (came.at == without.at)[had_come]).all()
        earned = came.happened & ~without.happened
        assert (came.at[earned] >= middle[earned]).all()
        assert (came.happened != without.happened).any()


def test_units_whose_rep_does_not_act_have_no_effect() -> None:
    arrivals = leads(world(Scenario.IMMEDIATE), START)
    effects = unit_effects(world(Scenario.IMMEDIATE), arrivals)
    assert not effects[~arrivals.acts].any()
    assert arrivals.acts.mean() == pytest.approx(0.8, abs=0.03)


def delivered_at_random(rng: np.random.Generator, share: float, n: int, at: int) -> Shown:
    """Random scores, for a share of the units."""
    treated = rng.random(n) < share
    order = np.where(treated, rng.integers(1, 101, n), np.inf)
    return Shown(at=np.where(treated, at, NEVER).astype(np.int64), order=order)


def test_displacement_with_random_scores_looks_like_lift_and_wins_nothing() -> None:
    rng = np.random.default_rng(1)
    displacing = world(Scenario.DISPLACEMENT)
    treated_rate: list[float] = []
    holdout_rate: list[float] = []
    gained: list[float] = []
    for month in displacing.live:
        arrivals = leads(displacing, month)
        n = len(arrivals.keys)
        shown = delivered_at_random(rng, 0.8, n, int(arrivals.at[0]))
        happened = outcomes(displacing, arrivals, shown).happened
        treated = shown.at != NEVER
        treated_rate.append(float(happened[treated].mean()))
        holdout_rate.append(float(happened[~treated].mean()))
        nobody = Shown.nothing(n)
        usual = outcomes(displacing, arrivals, nobody).happened
        gained.append(float(happened.mean() - usual.mean()))
        chances = displaced_chance(arrivals, shown), displaced_chance(arrivals, nobody)
        assert chances[0].sum() == pytest.approx(chances[1].sum(), rel=1e-9)
    naive = np.mean(treated_rate) / np.mean(holdout_rate) - 1
    assert 0.25 < naive < 0.55
    assert abs(np.mean(gained)) < 0.003


def test_a_lower_number_is_called_first_where_calls_are_short() -> None:
    displacing = world(Scenario.DISPLACEMENT)
    arrivals = leads(displacing, START)
    n = len(arrivals.keys)
    numbers = np.arange(n, dtype=np.float64)
    chance = displaced_chance(arrivals, Shown(at=arrivals.at, order=numbers))
    usual = displaced_chance(arrivals, Shown.nothing(n))
    first = arrivals.acts & (numbers < n / 4)
    last = arrivals.acts & (numbers > 9 * n / 10)
    assert (chance[first] >= usual[first] - 1e-12).all()
    assert (chance[last] <= usual[last] + 1e-12).all()


def test_a_use_case_that_the_company_does_not_have_is_refused_with_those_it_has(
    tmp_path: Path,
) -> None:
    with pytest.raises(PilotageError, match="renewal-risk-flagging"):
        Company(world(Scenario.NONE, months=1), tmp_path).truth("deal-desk")


def test_there_is_no_truth_of_a_month_before_the_start(tmp_path: Path) -> None:
    with pytest.raises(PilotageError, match="from 2026-01 to 2026-01"):
        Company(world(Scenario.NONE, months=1), tmp_path).truth(Motion.LEADS, START.plus(-1))


@pytest.mark.parametrize("wrong", [{"seed": -1}, {"seed": 1, "months": 0}])
def test_a_world_that_cannot_be_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(PilotageError, match="the least is"):
        World(**wrong)  # pyright: ignore[reportArgumentType] - the keys are those of the case


def test_a_name_that_no_world_has_is_refused() -> None:
    assert World.named("demo", seed=3) == World(seed=3)
    with pytest.raises(PilotageError, match="zero-sum"):
        World.named("paradise", seed=3)
