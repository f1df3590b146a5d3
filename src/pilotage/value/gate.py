"""The gate: one ruling a month, a pure function of the evidence.

Each rule is a small function; the first that has something to say wins. Money already spent
has no weight (playbook D5.2): it is not among the evidence.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from pilotage.domain.decision import Mode
from pilotage.domain.verdict import Ruling, Verdict
from pilotage.value.evidence import Evidence, prepared
from pilotage.value.phrases import amount, change
from pilotage.value.settle import LONGEST_WAIT_MONTHS, settled_by

Rule = Callable[[Evidence], Ruling | None]
"""Reads prepared evidence: rounded, and turned so that positive is good."""

PATIENCE_MONTHS = 3
"""No stop before the third closed cohort, harm excepted: slow bloomers look dead until then."""

DELIVERED_LINE = 0.8
"""Below this share of deliveries arriving, the tool is measured and not the AI."""

NO_LIVE_EVIDENCE = {
    Mode.REPLAY: "This is a replay of history, no live evidence.",
    Mode.SHADOW: "Shadow mode delivers nothing, so this is no live evidence.",
}


def rule(evidence: Evidence) -> Ruling:
    """Rule on one use case in one month; the same evidence gives the same bytes."""
    seen = prepared(evidence)
    ruling = next(ruling for ask in RULES if (ruling := ask(seen)))
    if seen.mode is Mode.LIVE or ruling.rule == "no-live-evidence":
        return ruling
    said = f"{NO_LIVE_EVIDENCE[seen.mode]} Live, it would be: {ruling.next_step}"
    return replace(ruling, next_step=said)


def refused_by_interference(seen: Evidence) -> Ruling | None:
    """Repair the design where displacement would read as lift."""
    if not seen.interference:
        return None
    return _repair(
        seen,
        "refused-by-interference",
        "Repair the design: units with and without the AI compete for the same people, so a gain"
        " of the one can be a loss of the other, and no comparison between them is fair.",
        "Draw arms by rep, team or week with `experiment.assign_by`; it starts a new experiment.",
    )


def blocking_finding(seen: Evidence) -> Ruling | None:
    """Repair the data where a check forbids a comparison."""
    found = seen.blocking
    if found is None:
        return None
    return _repair(
        seen,
        "blocking-finding",
        f"Repair the data ({found.code}): {found.detail}",
        f"{found.fix[:1].upper()}{found.fix[1:]}.",
    )


def delivery_broken(seen: Evidence) -> Ruling | None:
    """Repair the delivery where people do not get what the AI suggests."""
    share = seen.delivered_share
    if share is None or share >= DELIVERED_LINE:
        return None
    return _repair(
        seen,
        "delivery-broken",
        f"Repair the delivery: {share:.0%} of the suggestions reached the tool;"
        f" below {DELIVERED_LINE:.0%} the tool is measured and not the AI.",
        "Look at the failed deliveries and the tool's own words, then deliver again.",
    )


def harm(seen: Evidence) -> Ruling | None:
    """Stop what does damage beyond a look's boundary, also after it was scaled."""
    effect, critical = seen.effect, seen.plan.critical_p(seen.month)
    if effect is None or not seen.closed_cohorts or critical is None or effect.estimate >= 0:
        return None
    if effect.p_value >= critical:
        return None
    return _ruling(
        Verdict.STOP,
        "harm",
        f"It does harm: {change(effect, seen.metric)}.",
        "Halt it today, tell its owner, and find out what went wrong before anything else.",
    )


def concluded(seen: Evidence) -> Ruling | None:
    """Let an earlier conclusion stand: a plan that has crossed its boundary is at its end."""
    if seen.concluded is None:
        return None
    verdict, month, by = seen.concluded.verdict, seen.concluded.month, seen.concluded.rule
    steps = {
        Verdict.SCALE: "If it is not rolled out yet: declare it under a new name with"
        " `experiment: {holdout: 0.05}`, and halt this one with `pilotage governance halt`.",
        Verdict.STOP: "Leave it halted (`pilotage governance halt`); another try is a new use case"
        " with a new name.",
    }
    return _ruling(
        verdict,
        "concluded",
        f"Concluded in {month} by the rule {by}, and it stands. By now {_standing(seen)}.",
        steps[verdict],
    )


def nothing_closed_yet(seen: Evidence) -> Ruling | None:
    """Wait while there is nothing to compare; when the answer is due, that is a fault."""
    if seen.effect and seen.closed_cohorts:
        return None
    if seen.month >= max(seen.due, seen.first_closing):
        return _repair(
            seen,
            "nothing-to-compare-when-due",
            f"Repair the data: the answer was due in {seen.due}, and"
            f" {_months(seen.closed_cohorts)} of data allow no comparison of both arms.",
            "Check that outcomes still arrive and that `complete_until` moves on.",
        )
    if seen.closed_cohorts:
        why = "the closed cohorts do not yet allow a comparison of both arms"
    else:
        why = f"no outcome window has closed; the first closes in {seen.first_closing}"
    return replace(
        _ruling(
            Verdict.HOLD,
            "nothing-closed-yet",
            f"There is nothing to judge yet: {why}.",
            "Keep it running as it is.",
        ),
        until=max(seen.first_closing, seen.month.plus(1)),
    )


def no_live_evidence(seen: Evidence) -> Ruling | None:
    """Hold what would be `scale`: nobody was treated in a replay or a shadow, so it is chance."""
    would_be = None if seen.mode is Mode.LIVE else scale(seen)
    if would_be is None:
        return None
    return replace(
        _ruling(
            Verdict.HOLD,
            "no-live-evidence",
            f"{NO_LIVE_EVIDENCE[seen.mode]} Live, it would be `scale`: {_standing(seen)};"
            f" {_paying(seen)}.",
            "Go live to get live evidence: write `mode: live` in pilotage.yaml, and"
            " `pilotage run` names the sign-offs it takes.",
        ),
        until=seen.month.plus(1),
    )


def scale(seen: Evidence) -> Ruling | None:
    """Scale what crossed the boundary and surely pays, at the look's own certainty."""
    effect, critical, strict = seen.effect, seen.plan.critical_p(seen.month), seen.at_boundary
    if effect is None or critical is None or strict is None:
        return None
    if effect.p_value >= critical or strict.low <= seen.pays:
        return None
    return _ruling(
        Verdict.SCALE,
        "scale",
        f"It works and pays: {change(effect, seen.metric)}; {_paying(seen)}.",
        "Roll it out: declare it under a new name with `experiment: {holdout: 0.05}`, which keeps"
        " measuring it, and halt this one with `pilotage governance halt`.",
    )


def patience(seen: Evidence) -> Ruling | None:
    """Wait for the third closed cohort before anything is called dead."""
    missing = PATIENCE_MONTHS - seen.closed_cohorts
    if seen.month < seen.due or missing <= 0:
        return None
    return replace(
        _ruling(
            Verdict.HOLD,
            "patience",
            f"{_standing(seen)}. Only {_months(seen.closed_cohorts)} of data closed, and what"
            f" starts slowly looks dead before the third.",
            "Keep it running as it is.",
        ),
        until=seen.month.plus(missing),
    )


def too_small(seen: Evidence) -> Ruling | None:
    """Stop what, when the answer is due, is surely too small to be worth having."""
    effect = seen.effect
    if effect is None or seen.month < seen.due or effect.high >= seen.worthwhile:
        return None
    costly = seen.pays >= (seen.metric.minimum_effect or 0.0)
    line = "pay its running cost" if costly else "make it worth having"
    return _ruling(
        Verdict.STOP,
        "not-worth-its-cost" if costly else "too-small",
        f"{_standing(seen)}; even the better end of that is below the"
        f" {amount(seen.worthwhile, seen.metric)} that {line}.",
        "Stop it with `pilotage governance halt`, and offer its budget to the next-best use.",
    )


def before_forecast_month(seen: Evidence) -> Ruling | None:
    """Wait until the answer is due."""
    if seen.month >= seen.due:
        return None
    return replace(
        _ruling(
            Verdict.HOLD,
            "before-forecast-month",
            f"Too early to tell: {_standing(seen)}, after {_months(seen.closed_cohorts)} of data"
            f"{_asked(seen)}. By {seen.due} an effect of"
            f" {amount(seen.worthwhile, seen.metric)} would show.",
            f"Keep it running as it is until {seen.due}.",
        ),
        until=seen.due,
    )


def inconclusive_at_final(seen: Evidence) -> Ruling:
    """Wait only where waiting will settle it within a year; else stop."""
    until = settled_by(seen)
    if until:
        return replace(
            _ruling(
                Verdict.HOLD,
                "inconclusive-at-final",
                f"Not settled: {_standing(seen)}; {_paying(seen)}{_asked(seen)}. At the pace so"
                f" far it will be settled by {until}.",
                f"Keep it running as it is until {until}, or widen it to settle it sooner.",
            ),
            until=until,
        )
    return _ruling(
        Verdict.STOP,
        "inconclusive-at-final",
        f"Not settled when due: {_standing(seen)}; {_paying(seen)}{_asked(seen)}. Waiting"
        f" {LONGEST_WAIT_MONTHS} months past {seen.due} would not settle it.",
        "Stop it with `pilotage governance halt`, and offer its budget to the next-best use; a"
        " larger volume could try again.",
    )


RULES: Final[tuple[Rule, ...]] = (
    refused_by_interference,
    blocking_finding,
    delivery_broken,
    harm,
    concluded,
    nothing_closed_yet,
    no_live_evidence,
    scale,
    patience,
    too_small,
    before_forecast_month,
    inconclusive_at_final,
)
"""In order; the last one always has an answer."""


def _ruling(verdict: Verdict, name: str, reason: str, next_step: str) -> Ruling:
    return Ruling(verdict=verdict, rule=name, reason=reason, until=None, next_step=next_step)


def _repair(seen: Evidence, name: str, reason: str, next_step: str) -> Ruling:
    return replace(_ruling(Verdict.REPAIR, name, reason, next_step), until=seen.month.plus(1))


def _standing(seen: Evidence) -> str:
    return change(seen.effect, seen.metric) if seen.effect else "there is nothing to compare"


def _paying(seen: Evidence) -> str:
    return f"it pays above {amount(seen.pays, seen.metric)}"


def _asked(seen: Evidence) -> str:
    """Say why an interval that pays is not enough: the look asks for more than the interval is."""
    effect, critical = seen.effect, seen.plan.critical_p(seen.month)
    if effect is None or effect.low <= seen.pays:
        return ""
    if critical is None:
        return "; the month is not a whole one, so it has no look"
    return f"; but the month's look asks for {(1 - critical) * 100:.4g}% certainty"


def _months(n: int) -> str:
    return f"{n} month" if n == 1 else f"{n} months"
