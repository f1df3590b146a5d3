"""Rules: first match wins, rates are measured, and a batch of one is ranked like any other."""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.ai import Example, Wording, rule_predictor, time_split
from pilotage.domain.errors import PilotageError
from pilotage.domain.unit import Unit, Value
from pilotage.ports import Predictor
from pilotage.spec.decide import Bounds, Condition, Rule

START = datetime(2026, 1, 1, tzinfo=UTC)
LEADS = Wording(units="leads", happened="replied")
RULES = [
    Rule(
        when={"origin": "referral", "employees": Bounds(at_least=200)},
        probability=0.3,
        reason="referral from a company of 200+",
    ),
    Rule(when={"origin": ("paid search", "social")}, probability=0.05, reason="paid origin"),
]


def lead(number: int, *, segment: str = "", **attributes: Value) -> Unit:
    return Unit(
        key=f"lead-{number}",
        at=START + timedelta(minutes=number),
        cluster=f"lead-{number}",
        segment=segment,
        attributes=attributes,
    )


def test_the_first_rule_that_matches_gives_the_declared_probability_without_history() -> None:
    predictor: Predictor = rule_predictor(RULES, otherwise=0.1)
    proposals = predictor.propose(
        [
            lead(1, origin="referral", employees=250),
            lead(2, origin="referral", employees=199),
            lead(3, origin="social", employees=None),
            lead(4),
        ]
    )
    assert [p.score for p in proposals] == [0.3, 0.1, 0.05, 0.1]
    assert proposals[0].confidence == 0.7
    assert proposals[0].reason == (
        "referral from a company of 200+: 30%, declared, not measured yet"
    )
    assert predictor.name == "rules"


def test_history_measures_each_rule_and_the_reason_says_rate_and_number() -> None:
    history = [
        Example(unit=lead(i, origin="referral", employees=500), happened=i % 5 == 0)
        for i in range(400)
    ]
    history += [Example(unit=lead(i, origin="direct"), happened=False) for i in range(400, 800)]
    predictor = rule_predictor(RULES, otherwise=0.1, examples=history, wording=LEADS)
    (best,) = predictor.propose([lead(9, origin="referral", employees=200)])
    assert best.score == pytest.approx((80 + 2 * 0.3) / (400 + 2))
    assert best.reason == "referral from a company of 200+: 20% of 400 such leads replied"
    assert best.rank == 1
    (rest,) = predictor.propose([lead(10, origin="direct")])
    assert rest.score == pytest.approx((0 + 2 * 0.1) / (400 + 2))
    assert rest.rank == 51


def test_a_rule_that_matches_nothing_in_history_is_found_and_stays_declared() -> None:
    history = [Example(unit=lead(1, origin="Social"), happened=True)]
    predictor = rule_predictor(RULES, otherwise=0.1, examples=history)
    assert [f.code for f in predictor.findings] == ["rule-matches-nothing"] * 2
    assert "paid origin" in predictor.findings[1].detail
    assert predictor.rules[1].probability == 0.05


def test_without_rules_every_segment_of_history_has_its_measured_rate() -> None:
    history = [
        Example(unit=lead(i, segment="referral" if i % 2 else "social"), happened=i % 4 == 1)
        for i in range(4000)
    ]
    predictor = rule_predictor([], examples=history, wording=LEADS)
    referral, social, new = predictor.propose(
        [lead(1, segment="referral"), lead(2, segment="social"), lead(3, segment="fair")]
    )
    assert referral.score == pytest.approx(0.5, abs=0.01)
    assert social.score == pytest.approx(0.0, abs=0.01)
    assert new.score == pytest.approx(0.25, abs=0.01)
    assert new.reason == "unlike any before, so as all: 25% of 4,000 such leads replied"
    assert referral.reason == "referral: 50% of 2,000 such leads replied"


def test_three_replies_of_three_leads_do_not_make_a_segment_certain() -> None:
    history = [Example(unit=lead(i, segment="social"), happened=i % 10 == 0) for i in range(1000)]
    history += [Example(unit=lead(i, segment="fair"), happened=True) for i in range(3)]
    (fair,) = rule_predictor([], examples=history).propose([lead(1, segment="fair")])
    assert 0.1 < fair.score < 0.3


def test_nothing_declared_and_no_history_is_refused_with_a_fix() -> None:
    with pytest.raises(PilotageError, match=r"decide\.otherwise.*\n  fix: write `otherwise"):
        rule_predictor([])


def test_the_version_changes_with_the_history_and_not_with_the_run() -> None:
    history = [Example(unit=lead(i, origin="social"), happened=i % 3 == 0) for i in range(30)]
    version = rule_predictor(RULES, otherwise=0.1, examples=history).version
    assert version == rule_predictor(RULES, otherwise=0.1, examples=history).version
    assert version != rule_predictor(RULES, otherwise=0.1, examples=history[:-1]).version
    assert version != rule_predictor(RULES[:1], otherwise=0.1, examples=history).version


written = st.one_of(st.booleans(), st.integers(0, 4), st.sampled_from("abc"))
cell = st.one_of(st.none(), written)
units = st.lists(
    st.tuples(cell, cell).map(lambda cells: lead(0, a=cells[0], b=cells[1])), max_size=20
)
condition = st.one_of(
    written,
    st.lists(written, min_size=1, max_size=3).map(tuple),
    st.builds(Bounds, at_least=st.integers(0, 4)),
    st.builds(Bounds, below=st.integers(0, 4)),
)
whens = st.dictionaries(st.sampled_from("ab"), condition, min_size=1, max_size=2)


def _plainly_holds(condition: Condition, value: Value) -> bool:
    match condition:
        case Bounds(at_least=low, below=high):
            number = isinstance(value, int | float)
            return number and (low is None or value >= low) and (high is None or value < high)
        case tuple():
            return any(value == item for item in condition)
        case _:
            return value == condition


@given(units=units, whens=st.lists(whens, max_size=5))
def test_matching_in_batches_equals_trying_rule_after_rule(
    units: list[Unit], whens: list[dict[str, Condition]]
) -> None:
    rules = [Rule(when=when, probability=i / 10, reason=str(i)) for i, when in enumerate(whens)]
    expected = [
        next(
            (
                rule.probability
                for rule in rules
                if all(_plainly_holds(c, unit.attributes[k]) for k, c in rule.when.items())
            ),
            0.9,
        )
        for unit in units
    ]
    predictor = rule_predictor(rules, otherwise=0.9)
    assert [p.score for p in predictor.propose(units)] == expected
    assert [predictor.propose([unit])[0] for unit in units] == list(predictor.propose(units))


def test_a_hundred_thousand_leads_are_decided_at_300_000_a_second() -> None:
    draw = random.Random(1)
    leads = [
        lead(
            i,
            origin=draw.choice(["referral", "social", "direct"]),
            employees=draw.randrange(5000),
        )
        for i in range(100_000)
    ]
    predictor = rule_predictor(RULES, otherwise=0.1)
    predictor.propose(leads[:10])
    seconds = min(_timed(lambda: predictor.propose(leads)) for _ in range(3))
    assert len(leads) / seconds > 300_000


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def test_the_split_is_by_time_and_loses_nothing() -> None:
    history = [
        Example(unit=lead(i), happened=False) for i in random.Random(2).sample(range(10), 10)
    ]
    split = time_split(history)
    assert [e.unit.key for e in split.fit] == [f"lead-{i}" for i in range(6)]
    assert [e.unit.key for e in split.calibrate] == ["lead-6", "lead-7"]
    assert [e.unit.key for e in split.judge] == ["lead-8", "lead-9"]
    assert split.known == split.fit + split.calibrate
