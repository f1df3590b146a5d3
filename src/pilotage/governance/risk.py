"""The risk tier of a use case, from facts in its spec; nobody picks it.

    high    it affects workers (EU AI Act, Annex III, 4: at work, AI is high-risk), reads a
            special category of data (GDPR, Art. 9), or acts alone on personal data (Art. 22)
    medium  a vendor's system is among the candidates, so data may leave; or it acts alone
    low     none of these: it only suggests, and nothing leaves the house

At the lowest tier one person may sign all four controls; above it, several must.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from pilotage.spec.decide import Approach
from pilotage.spec.use_case import Autonomy, UseCase


class Tier(StrEnum):
    """How much can go wrong."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


VENDORS = (Approach.LANGUAGE_MODEL, Approach.EXTERNAL)
"""Candidates that somebody else may run; a model of one's own has a sign-off more than needed."""

SPECIAL_CATEGORIES = re.compile(
    r"(?<![a-z])(biometric|criminal|ethnic|genetic|health|medical|minor|politic|raci|race|religio"
    r"|sexual|union)"
)
"""Words in the name of a data class that mark what GDPR, Art. 9 and 10, protects above all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """A tier and the facts that put the use case there; none at the lowest."""

    tier: Tier
    facts: tuple[str, ...]


def risk_tier(use_case: UseCase) -> Risk:
    """Return the risk tier of a use case.

    >>> from pilotage.spec.loading import load_use_case
    >>> text = '''
    ... use_case: inbound-leads
    ... owner: vp-sales
    ... process: {unit: lead, volume_per_month: 3000}
    ... outcome: {metric: reply_rate, kind: proportion,
    ...           value: {amount: 1500, currency: USD, basis: gross_margin}}
    ... data: {units: {table: leads, key: id, at: created_at},
    ...        outcomes: {table: replies, key: id, at: at}}
    ... governance: {affects_workers: true}
    ... '''
    >>> risk_tier(load_use_case(text, file="inbound.yaml"))
    Risk(tier=<Tier.HIGH: 'high'>, facts=('it affects workers',))
    """
    high, medium = tuple(_high(use_case)), tuple(_medium(use_case))
    tier = Tier.HIGH if high else Tier.MEDIUM if medium else Tier.LOW
    return Risk(tier=tier, facts=high + medium)


def _high(use_case: UseCase) -> Iterator[str]:
    declared = use_case.governance
    if declared.affects_workers:
        yield "it affects workers"
    for name in declared.data_classes:
        if SPECIAL_CATEGORIES.search(name.lower()):
            yield f"it reads {name}, a special category of data"
    if declared.autonomy is Autonomy.ACTS and declared.data_classes:
        yield f"it acts without a person on {', '.join(declared.data_classes)}"


def _medium(use_case: UseCase) -> Iterator[str]:
    declared = use_case.governance
    if declared.autonomy is Autonomy.ACTS and not declared.data_classes:
        yield "it acts without a person"
    for approach in use_case.decide.candidates:
        if approach in VENDORS:
            yield f"its candidate {approach} may be a vendor's, so data may leave the house"
