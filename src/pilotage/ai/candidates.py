"""Candidates: built from history, set against each other, kept as bytes and restored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from pilotage.ai.bakeoff import Candidate, choose
from pilotage.ai.examples import Example, Split, time_split
from pilotage.ai.rules import Wording, kept_rules, restored_rules, rule_predictor
from pilotage.ai.tabular import fit_tabular, load_tabular
from pilotage.domain.contest import Contest
from pilotage.domain.entry import Fact
from pilotage.domain.errors import SpecError
from pilotage.domain.finding import Finding
from pilotage.ports import Predictor
from pilotage.spec.decide import Approach, Decide

CHANCE = 20180401
"""Seed of the bootstrap, so that the same history gives the same contest."""

BUILT_HERE = (Approach.RULES, Approach.TABULAR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A candidate that could be built, with the bytes it is restored from."""

    predictor: Predictor
    model: bytes


def compete(decide: Decide, examples: Sequence[Example], *, wording: Wording) -> Contest:
    """Build the spec's candidates on the older history and judge them on the newest.

    The one that wins is the one that was judged; it is not fitted again on the judge's units.

    Args:
        examples: closed history, in any order.

    Raises:
        SpecError: a candidate that this version does not build.
    """
    split = time_split(examples)
    built: list[Built] = []
    findings: list[Finding] = []
    for approach in dict.fromkeys(decide.candidates):
        candidate, found = _build(approach, decide, split, wording=wording)
        findings += found
        built += [candidate] if candidate else []
    if not built:
        raise SpecError(
            "none of `decide.candidates` could be built: "
            + " ".join(finding.detail for finding in findings),
            fix="add `rules` to `decide.candidates`; rules need no history",
        )
    if len(built) == 1:
        only = built[0]
        return _contest(only, facts={"approach": only.predictor.name}, findings=findings)
    choice = choose(
        [_timed(each, split.judge) for each in built],
        split.judge,
        bar=decide.bar,
        rng=np.random.default_rng(CHANCE),
    )
    winner = next(each for each in built if each.predictor.version == choice.winner.version)
    return _contest(winner, facts=choice.facts(), findings=findings)


def restore(model: bytes, *, name: str, version: str) -> Predictor:
    """Return a predictor from the bytes that `compete` gave.

    Raises:
        LedgerError: other bytes than those that were registered.
    """
    if name == Approach.TABULAR:
        return load_tabular(model, version=version)
    return restored_rules(model, version=version)


def _build(
    approach: Approach, decide: Decide, split: Split, *, wording: Wording
) -> tuple[Built | None, tuple[Finding, ...]]:
    if approach is Approach.RULES:
        rules = rule_predictor(
            decide.rules, otherwise=decide.otherwise, examples=split.known, wording=wording
        )
        return Built(predictor=rules, model=kept_rules(rules)), rules.findings
    if approach is Approach.TABULAR:
        fitted = fit_tabular(split, columns=decide.columns)
        if fitted.model is None:
            return None, fitted.findings
        tabular = load_tabular(fitted.model, version=fitted.version)
        return Built(predictor=tabular, model=fitted.model), fitted.findings
    raise SpecError(
        f"`decide.candidates` names {approach}, which this version does not build.",
        fix=f"keep to {' and '.join(BUILT_HERE)}",
    )


def _timed(built: Built, judge: Sequence[Example]) -> Candidate:
    """Measure what a decision takes, on the units it is judged on."""
    start = perf_counter()
    built.predictor.propose([example.unit for example in judge])
    seconds = (perf_counter() - start) / max(1, len(judge))
    return Candidate(predictor=built.predictor, seconds=seconds)


def _contest(winner: Built, *, facts: Mapping[str, Fact], findings: list[Finding]) -> Contest:
    return Contest(
        winner=winner.predictor.name,
        version=winner.predictor.version,
        model=winner.model,
        facts=facts,
        findings=tuple(findings),
    )
