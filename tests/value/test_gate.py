"""The monthly ruling: rules in order, each for its own reason, and never on a whim."""

from collections.abc import Mapping
from dataclasses import replace
from statistics import NormalDist
from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilotage.domain.decision import Mode
from pilotage.domain.effect import Effect, EffectKind
from pilotage.domain.errors import SpecError
from pilotage.domain.finding import Finding, Severity
from pilotage.domain.look import Look, LookPlan
from pilotage.domain.month import Month
from pilotage.domain.review import Better, Metric, MetricKind
from pilotage.domain.verdict import Conclusion, Ruling, Verdict
from pilotage.value.evidence import Evidence, prepared
from pilotage.value.gate import PATIENCE_MONTHS, RULES, rule
from pilotage.value.settle import LONGEST_WAIT_MONTHS

FIRST = Month(2026, 10)
PLAN = LookPlan(
    name="Haybittle-Peto",
    looks=tuple(Look(month=FIRST.plus(i), critical_p=0.001 if i < 5 else 0.045) for i in range(6)),
    late_p=0.001,
    level=0.95,
)
MISMATCH = Finding(
    code="sample-ratio-mismatch", severity=Severity.BLOCKS, detail="Too few.", fix="look at rows"
)
ORDER: Final[Mapping[Verdict, int]] = {
    Verdict.STOP: 0,
    Verdict.REPAIR: 1,
    Verdict.HOLD: 2,
    Verdict.SCALE: 3,
}


def effect(z: float, error: float = 0.01, *, level: float = 0.95) -> Effect:
    """An effect so many standard errors from zero."""
    reach = NormalDist().inv_cdf((1 + level) / 2)
    return Effect(
        estimate=z * error,
        low=(z - reach) * error,
        high=(z + reach) * error,
        standard_error=error,
        p_value=2 * NormalDist().cdf(-abs(z)),
        kind=EffectKind.ABSOLUTE,
        method="",
        n_treatment=2400,
        n_holdout=600,
        holdout_mean=0.12,
        level=level,
    )


def seeing(seen: Evidence, z: float, error: float = 0.01) -> Evidence:
    """The same evidence with another effect, which is read at the month's boundary too."""
    critical = seen.plan.critical_p(seen.month)
    strict = None if critical is None else effect(z, error, level=1 - critical)
    return replace(seen, effect=effect(z, error), at_boundary=strict)


def metric(minimum: float = 0.018, breakeven: float = 0.002) -> Metric:
    return Metric(
        name="reply_rate",
        kind=MetricKind.PROPORTION,
        better=Better.HIGHER,
        minimum_effect=minimum,
        breakeven=breakeven,
    )


def evidence(z: float | None, *, month: int, closed: int | None = None) -> Evidence:
    """Evidence at the so-manyeth monthly look of six."""
    nothing = Evidence(
        month=FIRST.plus(month - 1),
        plan=PLAN,
        forecast=PLAN.final,
        metric=metric(),
        effect=None,
        closed_cohorts=month if closed is None else closed,
        first_closing=FIRST,
        mode=Mode.LIVE,
        interference=False,
    )
    return nothing if z is None else seeing(nothing, z)


shares = st.none() | st.floats(0, 1)
without_effect = st.builds(
    Evidence,
    month=st.integers(0, 24).map(FIRST.plus),
    plan=st.just(PLAN),
    forecast=st.integers(0, 9).map(FIRST.plus),
    metric=st.builds(metric, st.floats(0, 0.1), st.floats(0, 0.1)),
    effect=st.none(),
    closed_cohorts=st.integers(0, 24),
    first_closing=st.integers(0, 6).map(FIRST.plus),
    mode=st.sampled_from(Mode),
    interference=st.sampled_from([False, False, False, True]),
    findings=st.sampled_from([(), (), (), (MISMATCH,)]),
    delivered_share=shares,
)
situations = without_effect | st.builds(
    seeing, without_effect, st.floats(-6, 6), st.floats(1e-4, 0.1)
)
unbroken = st.builds(
    replace,
    situations,
    interference=st.just(False),  # noqa: FBT003 - a strategy's value, not a switch
    findings=st.just(()),
    delivered_share=st.none(),
)


def given_by(ruling: Ruling) -> tuple[Verdict, str]:
    return ruling.verdict, ruling.rule


@pytest.mark.parametrize(
    ("seen", "verdict", "name"),
    [
        (evidence(None, month=1, closed=0), Verdict.HOLD, "nothing-closed-yet"),
        (evidence(None, month=6), Verdict.REPAIR, "nothing-to-compare-when-due"),
        (evidence(1.0, month=3), Verdict.HOLD, "before-forecast-month"),
        (evidence(3.0, month=3), Verdict.HOLD, "before-forecast-month"),
        (evidence(4.5, month=3), Verdict.SCALE, "scale"),
        (evidence(-3.0, month=1), Verdict.HOLD, "before-forecast-month"),
        (evidence(-3.5, month=1), Verdict.STOP, "harm"),
        (evidence(-2.1, month=6), Verdict.STOP, "harm"),
        (evidence(2.5, month=6), Verdict.SCALE, "scale"),
        (evidence(-0.5, month=6), Verdict.STOP, "too-small"),
        (evidence(-0.5, month=6, closed=2), Verdict.HOLD, "patience"),
        (evidence(1.0, month=6), Verdict.HOLD, "inconclusive-at-final"),
    ],
)
def test_each_situation_has_its_ruling(seen: Evidence, verdict: Verdict, name: str):
    assert given_by(rule(seen)) == (verdict, name)


@pytest.mark.parametrize(
    ("broken", "name"),
    [
        ({"interference": True}, "refused-by-interference"),
        ({"findings": (MISMATCH,)}, "blocking-finding"),
        ({"delivered_share": 0.79}, "delivery-broken"),
    ],
)
def test_what_is_broken_is_repaired_whatever_the_effect(broken: dict[str, bool], name: str):
    for z in (-5.0, 0.0, 5.0):
        ruling = rule(replace(evidence(z, month=6), **broken))
        assert given_by(ruling) == (Verdict.REPAIR, name)
        assert ruling.reason.startswith("Repair the ")


def test_a_warning_alone_repairs_nothing():
    warned = replace(MISMATCH, severity=Severity.WARNING)
    seen = replace(evidence(2.5, month=6), findings=(warned,), delivered_share=0.8)
    assert rule(seen).verdict is Verdict.SCALE


def test_what_cannot_pay_its_cost_is_stopped_for_that():
    seen = replace(evidence(-0.5, month=6), metric=metric(minimum=0.01, breakeven=0.02))
    assert given_by(rule(seen)) == (Verdict.STOP, "not-worth-its-cost")


def test_a_wait_of_more_than_a_year_is_a_stop():
    hopeless = replace(evidence(0.5, month=6), metric=metric(minimum=0.004, breakeven=0.002))
    ruling = rule(hopeless)
    assert given_by(ruling) == (Verdict.STOP, "inconclusive-at-final")
    assert "12 months past 2027-03" in ruling.reason


def test_an_open_question_names_the_month_that_settles_it():
    ruling = rule(evidence(1.0, month=6))
    assert ruling.until == Month(2027, 12)  # 6 x ((1.96 + 0.84) x 0.01 / 0.018)^2 = 14.5
    assert "2027-12" in ruling.reason


def test_the_reason_holds_the_figures():
    ruling = rule(evidence(2.5, month=6))
    assert ruling.reason == (
        "It works and pays: reply_rate is better by 2.5 points with the AI"
        " (95% interval: 0.54 points better to 4.46 points better); it pays above 0.2 points."
    )


@pytest.mark.parametrize(
    ("z", "month", "certainty"), [(2.5, 3, "99.9%"), (3.0, 9, "99.9%"), (2.0, 6, "95.5%")]
)
def test_what_pays_by_its_interval_but_not_by_the_look_says_what_the_look_asks(
    z: float, month: int, certainty: str
):
    seen = replace(evidence(z, month=month), metric=metric(minimum=0.018, breakeven=0.0))
    ruling = rule(seen)
    assert ruling.verdict is Verdict.HOLD
    assert f"the month's look asks for {certainty} certainty" in ruling.reason
    assert "look asks" not in rule(evidence(1.0, month=month)).reason


def test_a_first_month_in_part_has_no_look_and_says_so():
    seen = replace(evidence(4.0, month=1), month=FIRST.plus(-1), at_boundary=None)
    ruling = rule(seen)
    assert given_by(ruling) == (Verdict.HOLD, "before-forecast-month")
    assert "not a whole one, so it has no look" in ruling.reason


@pytest.mark.parametrize("mode", [Mode.REPLAY, Mode.SHADOW])
@pytest.mark.parametrize("month", [1, 3, 6, 20])
def test_what_would_be_scaled_live_is_held_without_live_evidence(mode: Mode, month: int):
    seen = evidence(4.5, month=month)
    assert given_by(rule(seen)) == (Verdict.SCALE, "scale")
    held = rule(replace(seen, mode=mode))
    assert given_by(held) == (Verdict.HOLD, "no-live-evidence")
    assert held.until == seen.month.plus(1)
    assert "no live evidence. Live, it would be `scale`" in held.reason
    assert "Go live" in held.next_step


@given(situations)
def test_history_and_shadow_never_scale_and_are_else_ruled_alike(seen: Evidence):
    live, other = (given_by(rule(replace(seen, mode=m))) for m in (Mode.LIVE, Mode.SHADOW))
    assert other[0] is not Verdict.SCALE
    expected = (Verdict.HOLD, "no-live-evidence") if live[0] is Verdict.SCALE else live
    assert other == expected


def test_a_replay_says_in_every_verdict_that_it_is_no_live_evidence():
    for z in (-4.0, 0.5, 4.0):
        ruling = rule(replace(evidence(z, month=6), mode=Mode.REPLAY))
        assert "no live evidence" in ruling.reason + ruling.next_step
        assert "no live evidence" not in rule(evidence(z, month=6)).next_step


@given(situations)
def test_live_it_scales_just_where_test_and_interval_of_the_look_agree(seen: Evidence):
    """A strong enough p-value, and the interval of that certainty above what pays."""
    healthy = replace(seen, mode=Mode.LIVE, interference=False, findings=(), delivered_share=None)
    ready = prepared(healthy)
    critical, effect_, strict = ready.plan.critical_p(ready.month), ready.effect, ready.at_boundary
    crossed = (
        critical is not None
        and effect_ is not None
        and strict is not None
        and ready.closed_cohorts > 0
        and effect_.p_value < critical
        and strict.low > ready.pays
    )
    assert (rule(healthy).rule == "scale") is crossed


@given(situations)
def test_every_hold_has_an_end_in_the_future(seen: Evidence):
    ruling = rule(seen)
    if ruling.verdict is Verdict.HOLD:
        assert ruling.until is not None
        assert seen.month < ruling.until
    if ruling.verdict in {Verdict.STOP, Verdict.SCALE}:
        assert ruling.until is None


@given(unbroken)
def test_nothing_is_held_longer_than_a_year_past_its_due_month(seen: Evidence):
    ruling = rule(seen)
    if ruling.rule == "no-live-evidence":
        return  # it waits for somebody to go live
    if ruling.verdict is Verdict.HOLD and seen.closed_cohorts >= PATIENCE_MONTHS and seen.effect:
        assert ruling.until is not None
        assert ruling.until <= seen.due.plus(LONGEST_WAIT_MONTHS)


@settings(max_examples=400)
@given(unbroken, st.floats(-6, 6), st.floats(-6, 6), st.floats(1e-4, 0.1))
def test_a_better_effect_never_gets_a_worse_verdict(
    seen: Evidence, one: float, other: float, error: float
):
    worse, better = (seeing(seen, z, error) for z in sorted((one, other)))
    assert ORDER[rule(worse).verdict] <= ORDER[rule(better).verdict]


@given(situations)
def test_nothing_scales_while_its_interval_holds_zero_or_breakeven(seen: Evidence):
    if rule(seen).verdict is Verdict.SCALE:
        assert seen.effect is not None
        assert seen.effect.low > max(0.0, seen.metric.breakeven or 0.0)


@given(situations)
def test_nothing_but_harm_stops_before_the_third_closed_cohort(seen: Evidence):
    ruling = rule(seen)
    if ruling.verdict is Verdict.STOP and seen.closed_cohorts < PATIENCE_MONTHS:
        assert ruling.rule == "harm"


@given(situations)
def test_before_the_answer_is_due_only_harm_stops(seen: Evidence):
    ruling = rule(seen)
    if ruling.verdict is Verdict.STOP and seen.month < seen.due:
        assert ruling.rule == "harm"


@given(situations)
def test_evidence_that_was_rounded_before_gives_the_same_ruling(seen: Evidence):
    assert rule(prepared(seen)) == rule(seen)
    assert prepared(prepared(seen)) == prepared(seen)


def turned(found: Effect) -> Effect:
    return replace(found, estimate=-found.estimate, low=-found.high, high=-found.low)


@given(situations)
def test_a_metric_that_should_fall_is_ruled_like_one_that_should_rise(seen: Evidence):
    own, found = seen.metric, seen.effect
    mirrored = replace(
        seen,
        metric=replace(
            own,
            better=Better.LOWER,
            minimum_effect=-(own.minimum_effect or 0.0),
            breakeven=-(own.breakeven or 0.0),
        ),
        effect=found and turned(found),
        at_boundary=seen.at_boundary and turned(seen.at_boundary),
    )
    assert rule(mirrored) == rule(seen)


@given(situations)
def test_rules_are_named_in_kebab_case_and_say_what_to_do(seen: Evidence):
    ruling = rule(seen)
    assert ruling.rule.replace("-", "").isalnum()
    assert ruling.rule == ruling.rule.lower()
    assert ruling.reason.endswith(".")
    assert ruling.next_step.endswith(".")


def test_a_relative_effect_is_refused():
    found = replace(effect(2.0), kind=EffectKind.RELATIVE)
    with pytest.raises(SpecError, match="absolute"):
        replace(evidence(2.0, month=6), effect=found)


def test_an_interval_at_another_certainty_than_the_look_asks_for_is_refused():
    usual = effect(2.0)
    with pytest.raises(SpecError, match=r"of level 0\.95; .* asks for p below 0\.045"):
        replace(evidence(2.0, month=6), at_boundary=usual)
    before_the_first_look = replace(evidence(None, month=1), month=FIRST.plus(-1))
    with pytest.raises(SpecError, match="leave it out where there is no look"):
        replace(before_the_first_look, at_boundary=usual)


def test_the_rules_stand_in_the_order_that_the_docs_promise():
    assert [ask.__name__ for ask in RULES] == [
        "refused_by_interference",
        "blocking_finding",
        "delivery_broken",
        "harm",
        "concluded",
        "nothing_closed_yet",
        "no_live_evidence",
        "scale",
        "patience",
        "too_small",
        "before_forecast_month",
        "inconclusive_at_final",
    ]


def history(drift: float, *, runs: int, seed: int, breakeven: float = 0.0) -> dict[Verdict, float]:
    """Return the share of verdicts that six monthly reviews, and a year past them, end in.

    Args:
        drift: the true effect, in standard errors at the final look.
    """
    rng = np.random.default_rng(seed)
    ends: list[Verdict] = []
    lines = metric(minimum=2.8 * 6**-0.5, breakeven=breakeven)
    for steps in rng.standard_normal((runs, 18)):
        walk = np.cumsum(steps + drift * 6**-0.5)
        verdict = Verdict.HOLD
        for month in range(1, 19):
            z, error = float(walk[month - 1]) * month**-0.5, month**-0.5
            seen = seeing(replace(evidence(None, month=month), metric=lines), z, error)
            verdict = rule(seen).verdict
            if verdict is not Verdict.HOLD:
                break
        ends.append(verdict)
    return {verdict: ends.count(verdict) / runs for verdict in Verdict}


def test_without_an_effect_three_in_a_hundred_scale_at_most():
    runs = 12_000
    shares_of = history(0.0, runs=runs, seed=41)
    false_scale = shares_of[Verdict.SCALE]
    error = (0.025 * 0.975 / runs) ** 0.5
    assert false_scale + 2 * error <= 0.03, f"false scale {false_scale:.4f} +/- {error:.4f}"
    assert shares_of[Verdict.HOLD] == 0, "every case ends"


def test_an_effect_that_only_pays_its_cost_seldom_scales():
    runs = 1_000
    shares_of = history(1.0, runs=runs, seed=43, breakeven=6**-0.5)
    error = (0.025 * 0.975 / runs) ** 0.5
    assert shares_of[Verdict.SCALE] <= 0.03 + error, f"{shares_of} +/- {error:.4f}"


def test_an_effect_worth_having_mostly_scales():
    shares_of = history(2.8, runs=500, seed=47)
    assert shares_of[Verdict.SCALE] > 0.75, str(shares_of)


@pytest.mark.parametrize("verdict", [Verdict.SCALE, Verdict.STOP])
def test_a_conclusion_stands_whatever_a_later_month_would_have_said(verdict: Verdict):
    earlier = Conclusion(verdict=verdict, month=FIRST.plus(5), rule="scale")
    ruling = rule(replace(evidence(1.0, month=9), concluded=earlier))
    assert given_by(ruling) == (verdict, "concluded")
    assert str(earlier.month) in ruling.reason


def test_what_was_scaled_is_stopped_when_it_does_harm_later():
    earlier = Conclusion(verdict=Verdict.SCALE, month=FIRST.plus(5), rule="scale")
    ruling = rule(replace(evidence(-4.0, month=9), concluded=earlier))
    assert given_by(ruling) == (Verdict.STOP, "harm")
