"""The placebo: its short cut says what the product says, and it can find what is there."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from pilotage import flow
from pilotage import review as story
from pilotage.bench.placebo import (
    Plan,
    bench_placebo,
    registered_plan,
    reviewed,
    reviewed_often,
    untreated,
)
from pilotage.bench.synthetic import AS_OF, RECORD, open_synthetic, write_programme
from pilotage.domain.decision import Arm
from pilotage.domain.entry import Fact
from pilotage.domain.errors import SpecError
from pilotage.domain.month import Month
from pilotage.domain.review import Review
from pilotage.domain.verdict import Verdict
from pilotage.experiments.assignment import arms
from pilotage.opening import Opened, open_programme
from pilotage.store import verdicts
from tests.real_data import real_data

OLIST = Path(__file__).parents[2] / "examples" / "olist"


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    write_programme(tmp_path, units=3_000, record=RECORD)
    return open_synthetic(tmp_path)


def said(review: Review) -> dict[str, Fact]:
    """A verdict as the ledger holds it, but for the names of spec and entries."""
    facts = verdicts.facts(review)
    return {name: fact for name, fact in facts.items() if name not in {"spec_hash", "evidence"}}


def down_the_whole_road(
    opened: Opened, plan: Plan, months: Sequence[Month], *, as_of: datetime
) -> list[Review]:
    """Decide, deliver, hear and review for real, month by month."""
    case, record = opened.case(plan.case.spec, now=as_of), opened.record()
    flow.run(case, record, as_of=as_of)
    reviews: list[Review] = []
    for month in months:
        reviews.append(story.review(case, record, month=month, as_of=as_of))
        story.give(reviews[-1], record, as_of=as_of)
    return reviews


@pytest.mark.parametrize("months", [2, 3, 12])
def test_the_short_cut_gives_the_verdicts_of_the_whole_road(opened: Opened, months: int):
    plan = registered_plan(opened, as_of=AS_OF).with_months(months).salted(f"again-{months}")
    units = untreated(plan, as_of=AS_OF)
    real = down_the_whole_road(opened, plan, units.months, as_of=AS_OF)
    assert [said(one) for one in reviewed(plan, units)] == [said(one) for one in real]
    assert len(real) == 3
    assert all(one.effect for one in real)


@pytest.mark.parametrize("months", [2, 12])
def test_on_the_example_too_the_short_cut_gives_the_verdicts_of_the_whole_road(
    tmp_path: Path, months: int
):
    opened = open_programme(OLIST, data_folder=real_data("olist_funnel"), kept_in=tmp_path)
    as_of = datetime.now(UTC)
    plan = registered_plan(opened, as_of=as_of).with_months(months).salted("olist-7")
    units = untreated(plan, as_of=as_of)
    real = down_the_whole_road(opened, plan, units.months, as_of=as_of)
    assert [said(one) for one in reviewed(plan, units)] == [said(one) for one in real]
    assert [str(month) for month in units.months] == ["2018-04", "2018-05"]
    assert len(units.keys) == 2_655


def test_an_effect_that_is_there_is_found(opened: Opened):
    plan = registered_plan(opened, as_of=AS_OF).salted("works").as_if_live()
    units = untreated(plan, as_of=AS_OF)
    draw = arms(units.keys, salt="works", holdout=plan.registered.holdout)
    rng = np.random.default_rng(1)
    rate = np.array([0.4 if arm is Arm.TREATMENT else 0.1 for arm in draw])
    for odds, verdict in ((rate, Verdict.SCALE), (0.5 - rate, Verdict.STOP)):
        value = (rng.random(len(rate)) < odds).astype(float)
        treated = replace(units, value=value)
        given = reviewed(plan, treated)
        assert [one.ruling.verdict for one in given] == [verdict] * 3


def test_as_a_replay_the_same_find_is_held(opened: Opened):
    plan = registered_plan(opened, as_of=AS_OF).salted("works")
    units = untreated(plan, as_of=AS_OF)
    draw = arms(units.keys, salt="works", holdout=plan.registered.holdout)
    treated = np.array([float(arm is Arm.TREATMENT) for arm in draw])
    flip = np.random.default_rng(1).random(len(treated)) < 0.1
    given = reviewed(plan, replace(units, value=np.where(flip, 1 - treated, treated)))
    assert {(one.ruling.verdict, one.ruling.rule) for one in given} == {
        (Verdict.HOLD, "no-live-evidence")
    }


def test_every_salt_draws_other_arms(opened: Opened):
    plan = registered_plan(opened, as_of=AS_OF)
    reviews = reviewed_often(plan, untreated(plan, as_of=AS_OF), 5)
    estimates = {one.effect.estimate for each in reviews for one in each[-1:] if one.effect}
    assert len(estimates) == 5


def test_months_whose_windows_are_open_are_left_out(opened: Opened):
    plan = registered_plan(opened, as_of=AS_OF)
    until_march = untreated(plan, as_of=datetime(2026, 3, 16, tzinfo=UTC))
    assert [str(month) for month in until_march.months] == ["2026-01", "2026-02"]
    until_then = untreated(plan, as_of=datetime(2026, 3, 10, tzinfo=UTC))
    assert [str(month) for month in until_then.months] == ["2026-01"]


def test_arms_that_are_not_drawn_unit_by_unit_are_refused(opened: Opened):
    spec = opened.only()
    experiment = spec.experiment.model_copy(update={"assign_by": "origin"})
    by_origin = replace(
        opened, specs={spec.use_case: spec.model_copy(update={"experiment": experiment})}
    )
    with pytest.raises(SpecError, match="unit by unit"):
        registered_plan(by_origin, as_of=AS_OF)


def test_the_report_counts_every_salt_once(opened: Opened):
    report = bench_placebo(opened.folder, data=opened.folder, salts=20)
    assert [one.median for one in report.measured] == pytest.approx([0, 0, 0, 0], abs=0.25)
    for one in report.measured:
        assert one.ends is not None
        assert one.ends[0] <= one.median <= one.ends[1]
    assert "over 20 salts" in report.notes[0]
