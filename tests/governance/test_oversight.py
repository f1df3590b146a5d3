"""Oversight: which proposals leave at once, which a person sees, which nobody sees."""

from hypothesis import given
from hypothesis import strategies as st

from pilotage.domain.decision import Proposal, Route
from pilotage.governance.oversight import route

shares = st.floats(0, 1)
confidences = st.floats(0.5, 1)


def routed(confidence: float, *, key: str = "k", sample: float = 0.0) -> Route:
    proposal = Proposal(score=confidence, confidence=confidence, rank=1, reason="")
    where, why = route(proposal, key=key, automatic_from=0.8, ask_from=0.6, sample=sample)
    assert bool(why) == (where is Route.HUMAN)
    return where


@given(confidences)
def test_the_thresholds_part_the_proposals(confidence: float):
    expected = Route.WITHHELD if confidence < 0.6 else Route.HUMAN
    assert routed(confidence) is (Route.AUTOMATIC if confidence >= 0.8 else expected)


@given(st.text(), shares)
def test_the_same_proposal_is_sampled_whenever_it_is_routed(key: str, sample: float):
    assert routed(0.9, key=key, sample=sample) is routed(0.9, key=key, sample=sample)


def test_a_sample_of_the_automatic_ones_is_as_large_as_asked():
    asked = sum(routed(0.9, key=f"unit-{k}", sample=0.05) is Route.HUMAN for k in range(20_000))
    error = (0.05 * 0.95 / 20_000) ** 0.5
    assert abs(asked / 20_000 - 0.05) < 4 * error


def test_everything_is_sampled_at_one_and_nothing_at_zero():
    assert {routed(0.9, key=str(k), sample=1.0) for k in range(99)} == {Route.HUMAN}
    assert {routed(0.9, key=str(k), sample=0.0) for k in range(99)} == {Route.AUTOMATIC}
