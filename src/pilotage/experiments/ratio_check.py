"""Sample-ratio mismatch: arms that are not as large as drawn were not compared fairly."""

from dataclasses import dataclass
from enum import StrEnum

from scipy.special import chdtrc
from scipy.stats import binomtest

from pilotage.domain.finding import Finding, Severity

MISMATCH_P = 0.001
"""Below this the verdict is blocked (Fabijan et al., 2019, use the same order)."""

SMALL_EXPECTED = 5.0
"""Expected units in an arm below which the exact binomial test replaces chi-square."""


class Stage(StrEnum):
    """Where units are counted on their way from assignment to outcome."""

    ASSIGNED = "assigned"
    OUTCOME_JOINED = "outcome joined"


FIXES = {
    Stage.ASSIGNED: "compare the units' table with the ledger's assignments for rows that were"
    " deleted, merged or read twice",
    Stage.OUTCOME_JOINED: "check the outcomes' table and its key: one arm's outcomes get lost,"
    " or the AI changes which units are recorded",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmCount:
    """Units an arm has at one stage; clusters, where arms are drawn for clusters."""

    stage: Stage
    treatment: int
    holdout: int


def ratio_p_value(count: ArmCount, *, share: float) -> float:
    """Return the p-value of the arms being as drawn: chi-square, one degree of freedom.

    Args:
        count: units by arm.
        share: designed share of the holdout, 0 < share < 1.

    The example is that of Kohavi, Tang and Xu (2020), chapter 21.

    >>> round(ratio_p_value(ArmCount(stage=Stage.ASSIGNED, treatment=821_588, holdout=815_482),
    ...                     share=0.5), 7)
    1.8e-06
    """
    total = count.treatment + count.holdout
    if not total:
        return 1.0
    expected = total * share
    if min(expected, total - expected) < SMALL_EXPECTED:
        return float(binomtest(count.holdout, total, share).pvalue)
    gap = count.holdout - expected
    return float(chdtrc(1, gap * gap / expected + gap * gap / (total - expected)))


def ratio_mismatch(count: ArmCount, *, share: float) -> Finding | None:
    """Block the verdict when the arms are not as large as they were drawn.

    For arms drawn independently by hash, and for finished counts: looked at again every day
    it raises false alarms.

    Args:
        count: units by arm.
        share: designed share of the holdout, 0 < share < 1.
    """
    p_value = ratio_p_value(count, share=share)
    if p_value >= MISMATCH_P:
        return None
    total = count.treatment + count.holdout
    return Finding(
        code="sample-ratio-mismatch",
        severity=Severity.BLOCKS,
        detail=f"Of {total:,} units {count.stage}, {count.holdout:,} are in the holdout where"
        f" {total * share:,.0f} were expected ({share:.0%}); chance does that less than once"
        f" in {1 / max(p_value, 1e-9):,.0f} times.",
        fix=FIXES[count.stage],
    )


def ratio_mismatches(counts: tuple[ArmCount, ...], *, share: float) -> tuple[Finding, ...]:
    """Check every stage; the first that is off says where units were lost."""
    findings = (ratio_mismatch(count, share=share) for count in counts)
    return tuple(finding for finding in findings if finding)
