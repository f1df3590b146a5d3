"""A contest: how the candidate approaches fared on the same units, and which one won."""

from collections.abc import Mapping
from dataclasses import dataclass

from pilotage.domain.entry import Fact
from pilotage.domain.finding import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """What came of a contest.

    Args:
        winner: the approach that decides.
        version: sha256 of what the winner was built from.
        model: the bytes it is restored from.
        facts: the table of candidates, as the ledger holds it.
        findings: columns left out, rules that never hold, candidates that could not be fitted.
    """

    winner: str
    version: str
    model: bytes
    facts: Mapping[str, Fact]
    findings: tuple[Finding, ...] = ()
