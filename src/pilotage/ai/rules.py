"""Rules: the first that matches gives the probability; the candidate every other must beat."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import TypeAdapter

from pilotage.ai.examples import Example
from pilotage.ai.matching import SEGMENT, Matcher, plain
from pilotage.ai.ranking import Ranking
from pilotage.domain.decision import Proposal
from pilotage.domain.errors import LedgerError, PilotageError
from pilotage.domain.finding import Finding, Severity
from pilotage.domain.unit import Unit
from pilotage.spec.decide import Condition, Rule

PRIOR_UNITS = 2
"""What a declared probability weighs beside measured units: it moves small counts only."""
SEGMENT_PRIOR_UNITS = 20
"""What the overall rate weighs in a segment nobody wrote a rule for: three replies of three
leads are no 100%."""
_KEPT = TypeAdapter(
    tuple[
        list[tuple[list[tuple[str, Condition]], str, float, int, int]],
        list[tuple[float, int]],
        tuple[str, str],
    ]
)
"""Rules, how often each score stands in the baseline, and the wording."""

MOST_SEGMENTS = 100
"""The largest segments get a rate of their own; the others share the overall rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """How reasons name a unit and its outcome.

    Args:
        units: what the units are called, such as `leads`.
        happened: what happened to them, such as `replied`.
    """

    units: str = "units"
    happened: str = "reached the outcome"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredRule:
    """A rule with what history says of it.

    Args:
        when: conditions by column; none at all always holds.
        probability: measured where history has such units, else as declared.
        n: units of history for which it is the first rule that holds.
        happened: how many of them reached the outcome.
    """

    when: Mapping[str, Condition]
    reason: str
    probability: float
    n: int = 0
    happened: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePredictor:
    """An ordered list of rules, first match wins; the last one always holds.

    Make one with `rule_predictor`.

    Args:
        rules: with what was measured of each.
        proposals: one a rule; all units that it matches share it.
        version: sha256 over the rules, what was measured of them, and the baseline's scores.
        findings: rules that match nothing in history.
    """

    rules: tuple[MeasuredRule, ...]
    proposals: tuple[Proposal, ...]
    matcher: Matcher
    ranking: Ranking
    wording: Wording
    version: str
    findings: tuple[Finding, ...] = ()
    name: str = "rules"

    def propose(self, units: Sequence[Unit]) -> Sequence[Proposal]:
        """Return the proposal of the first rule that holds, for every unit in order."""
        return [self.proposals[first] for first in self.matcher.first(units)]


def rule_predictor(
    rules: Sequence[Rule],
    *,
    otherwise: float | None = None,
    examples: Sequence[Example] = (),
    wording: Wording | None = None,
) -> RulePredictor:
    """Return rules whose probabilities are measured on the examples where there are any.

    A rule's rate is (happened + 2 p) / (n + 2) over the units for which it is the first that
    holds: a Beta prior about the declared p, worth two units. With no rules declared, every
    segment of history is one, drawn towards the overall rate (Jeffreys' (happened + 1/2) /
    (n + 1)) by a prior worth twenty units.

    Args:
        otherwise: probability where no rule holds; None takes the overall rate.
        examples: closed history before the slice that judges.

    Raises:
        PilotageError: neither `otherwise` nor an example says what to expect of other units.

    >>> from pilotage.spec.decide import Rule
    >>> predictor = rule_predictor(
    ...     [Rule(when={"origin": "referral"}, probability=0.3, reason="referral")],
    ...     otherwise=0.1,
    ... )
    >>> [rule.probability for rule in predictor.rules]
    [0.3, 0.1]
    """
    if otherwise is None and not examples:
        raise PilotageError(
            "`decide.otherwise` is not set, and there is no closed history to measure it on.",
            fix="write `otherwise: 0.1`, the probability where no rule holds",
        )
    declared = _declared(rules, otherwise, examples)
    matcher = Matcher([rule.when for rule in declared])
    firsts = matcher.first([example.unit for example in examples])
    prior_units = PRIOR_UNITS if rules else SEGMENT_PRIOR_UNITS
    measured = _measure(declared, firsts, examples, prior_units=prior_units)
    ranking, words = Ranking.of(_baseline(measured)), wording or Wording()
    if otherwise is None and not measured[-1].n:
        measured[-1] = _as_all(measured[-1], examples)
    return _predictor(
        measured,
        ranking=ranking,
        wording=words,
        findings=tuple(_unused(measured[:-1])) if examples else (),
    )


def _declared(
    rules: Sequence[Rule], otherwise: float | None, examples: Sequence[Example]
) -> list[MeasuredRule]:
    overall = (sum(example.happened for example in examples) + 0.5) / (len(examples) + 1)
    written = [
        MeasuredRule(when=rule.when, reason=rule.reason, probability=rule.probability)
        for rule in rules
    ]
    rest = overall if otherwise is None else otherwise
    return [
        *(written or _segment_rules(examples, overall)),
        MeasuredRule(when={}, reason="no rule matches", probability=rest),
    ]


def _as_all(rest: MeasuredRule, examples: Sequence[Example]) -> MeasuredRule:
    """Return the last rule with the overall rate that it takes, having no units of its own."""
    return replace(
        rest,
        reason="unlike any before, so as all",
        n=len(examples),
        happened=sum(example.happened for example in examples),
    )


def _segment_rules(examples: Sequence[Example], overall: float) -> list[MeasuredRule]:
    seen = Counter(example.unit.segment for example in examples)
    largest = sorted(seen.items(), key=lambda item: (-item[1], item[0]))[:MOST_SEGMENTS]
    return [
        MeasuredRule(
            when={SEGMENT: value}, reason=value or "no segment recorded", probability=overall
        )
        for value, _ in largest
    ]


def _measure(
    rules: Sequence[MeasuredRule],
    firsts: Sequence[int],
    examples: Sequence[Example],
    *,
    prior_units: int,
) -> list[MeasuredRule]:
    n = Counter(firsts)
    happened = Counter(
        first for first, example in zip(firsts, examples, strict=True) if example.happened
    )
    return [
        replace(
            rule,
            probability=(happened[i] + prior_units * rule.probability) / (n[i] + prior_units),
            n=n[i],
            happened=happened[i],
        )
        for i, rule in enumerate(rules)
    ]


def _baseline(measured: Sequence[MeasuredRule]) -> list[float]:
    """Return the score of every unit of history; without any, one of each rule."""
    weighted = [rule.probability for rule in measured for _ in range(rule.n)]
    return weighted or [rule.probability for rule in measured]


def _unused(measured: Sequence[MeasuredRule]) -> Iterator[Finding]:
    for rule in measured:
        if not rule.n:
            yield Finding(
                code="rule-matches-nothing",
                severity=Severity.WARNING,
                detail=f"The rule {rule.reason!r} is the first to match in no unit of "
                f"history; its probability of {_percent(rule.probability)} is declared, "
                "not measured.",
                fix="compare its values with those in the table, and the rules above it",
            )


def _proposal(measured: MeasuredRule, ranking: Ranking, wording: Wording) -> Proposal:
    return Proposal(
        score=measured.probability,
        confidence=max(measured.probability, 1 - measured.probability),
        rank=ranking.rank(measured.probability),
        reason=_reason(measured, wording),
    )


def kept_rules(predictor: RulePredictor) -> bytes:
    """Return the bytes that `restored_rules` reads; their sha256 is the version."""
    rules = [
        [
            [[column, plain(condition)] for column, condition in measured.when.items()],
            measured.reason,
            measured.probability,
            measured.n,
            measured.happened,
        ]
        for measured in predictor.rules
    ]
    scores = sorted(Counter(predictor.ranking.scores).items())
    words = [predictor.wording.units, predictor.wording.happened]
    return json.dumps([rules, scores, words]).encode()


def restored_rules(model: bytes, *, version: str) -> RulePredictor:
    """Return the rules as they were registered.

    Raises:
        LedgerError: other bytes than those that were registered.
    """
    found = hashlib.sha256(model).hexdigest()
    if found != version:
        raise LedgerError(
            f"The stored rules are not those that were registered: sha256 {found[:12]}…, the"
            f" ledger names {version[:12]}….",
            fix="restore the record from a backup",
        )
    rules, scores, (units, happened) = _KEPT.validate_json(model)
    return _predictor(
        [
            MeasuredRule(
                when=dict(when), reason=reason, probability=probability, n=n, happened=count
            )
            for when, reason, probability, n, count in rules
        ],
        ranking=Ranking.of(score for score, times in scores for _ in range(times)),
        wording=Wording(units=units, happened=happened),
    )


def _predictor(
    measured: Sequence[MeasuredRule],
    *,
    ranking: Ranking,
    wording: Wording,
    findings: tuple[Finding, ...] = (),
) -> RulePredictor:
    predictor = RulePredictor(
        rules=tuple(measured),
        proposals=tuple(_proposal(rule, ranking, wording) for rule in measured),
        matcher=Matcher([rule.when for rule in measured]),
        ranking=ranking,
        wording=wording,
        version="",
        findings=findings,
    )
    return replace(predictor, version=hashlib.sha256(kept_rules(predictor)).hexdigest())


def _reason(measured: MeasuredRule, wording: Wording) -> str:
    words = measured.reason.rstrip(". ")
    if not measured.n:
        return f"{words}: {_percent(measured.probability)}, declared, not measured yet"
    rate = _percent(measured.happened / measured.n)
    return f"{words}: {rate} of {measured.n:,} such {wording.units} {wording.happened}"


def _percent(share: float) -> str:
    one_percent = 0.01
    return f"{share:.1%}" if 0 < share < one_percent else f"{share:.0%}"
