"""Oversight: which proposals leave at once, which a person sees first, which nobody sees."""

from hashlib import sha256

from pilotage.domain.decision import Proposal, Route

HEX_DIGITS = 13
"""Of the sampling hash: 52 bits, as many as a float holds exactly."""


def route(
    proposal: Proposal, *, key: str, automatic_from: float, ask_from: float, sample: float
) -> tuple[Route, str]:
    """Return where a proposal goes, and why a person is asked.

    Args:
        key: the decision's; the same proposal is sampled whenever it is routed.
        automatic_from: probability of being right from which it leaves at once, 0..1.
        ask_from: probability below which nobody is asked, 0..1.
        sample: share of the automatic ones that a person checks all the same, 0..1.

    >>> doubtful = Proposal(score=0.5, confidence=0.5, rank=50, reason="")
    >>> route(doubtful, key="k", automatic_from=0.8, ask_from=0.5, sample=0.05)
    (<Route.HUMAN: 'human'>, '50% likely to be right')
    """
    if proposal.confidence < ask_from:
        return Route.WITHHELD, ""
    if proposal.confidence < automatic_from:
        return Route.HUMAN, f"{proposal.confidence:.0%} likely to be right"
    if sample and _is_sampled(key, sample):
        return Route.HUMAN, "sample"
    return Route.AUTOMATIC, ""


def _is_sampled(key: str, share: float) -> bool:
    digits = sha256(f"oversight|{key}".encode()).hexdigest()[:HEX_DIGITS]
    return int(digits, 16) < share * 16**HEX_DIGITS
