"""Bake-off: candidates decide the same newest units; the cheapest that clears the bar wins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from pilotage.ai.examples import Example
from pilotage.ai.scores import Flags, Floats, Metric, draw_weights, score, without_ties
from pilotage.domain.entry import Fact
from pilotage.domain.errors import PilotageError
from pilotage.domain.unit import Unit
from pilotage.ports import Predictor
from pilotage.spec.decide import Approach, Bar

DRAWS = 200
"""Bootstrap draws: the ends of a 95% interval are good to about a tenth of its width."""
LEVEL = 0.95
CELLS = 4_000_000
"""Weights held at a time; bounds memory at a few hundred megabytes."""
TIE_ORDERS = 100
"""Orders that the estimate is averaged over where a predictor gives units the same score. A list
is worked in some order: rules, which tie, and models, which do not, are judged on the same."""
CHEAPEST_FIRST = tuple(Approach)
"""In the order the spec lists them: rules, tabular, retrieval, language model, external."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A predictor with what one of its decisions takes.

    Args:
        cost_usd: per decision; None where nobody measured it.
        seconds: per decision; None where nobody measured it.
    """

    predictor: Predictor
    cost_usd: float | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """An estimate with its 95% bootstrap interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One candidate in the table.

    Args:
        n: units it was judged on.
        scores: every metric.
        advantage: over the reference on the bar's metric, in the same draws; positive is better;
            None for the reference itself.
        cleared: whether it clears the bar.
        why: in words, for the review.
    """

    name: str
    version: str
    n: int
    scores: Mapping[Metric, Score]
    advantage: Score | None
    cleared: bool
    why: str
    cost_usd: float | None
    seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Who won, and the table that shows it; the reference stays when nobody clears the bar."""

    winner: Line
    reference: str
    metric: Metric
    lines: tuple[Line, ...]

    def facts(self) -> Mapping[str, Fact]:
        """Return what the ledger's promotion entry holds."""
        return {
            "approach": self.winner.name,
            "version": self.winner.version,
            "reference": self.reference,
            "metric": self.metric.value,
            "why": self.winner.why,
            "candidates": [_facts(line) for line in self.lines],
        }


def choose(
    candidates: Sequence[Candidate],
    judge: Sequence[Example],
    *,
    bar: Bar,
    rng: np.random.Generator,
) -> Choice:
    """Return the cheapest candidate whose advantage over the reference is beyond chance.

    All decide the same units and are scored in the same bootstrap draws, so that the luck of
    the sample cancels out of the advantage. A candidate clears the bar when the lower end of
    its advantage is above 0 (with `lower_bound: false`: when the estimate is).

    Args:
        judge: the newest slice by time, which no candidate has learned from.

    Raises:
        PilotageError: unknown metric, the reference is no candidate, or nothing to judge on.
    """
    metric = _metric(bar)
    happened = np.array([example.happened for example in judge], dtype=np.bool_)
    if happened.all() or not happened.any():
        raise PilotageError(
            f"The newest {len(judge):,} units of history all ended the same way: there is "
            "nothing to tell candidates apart by.",
            fix="check the outcome's table, or keep `candidates: [rules]` until history grows",
        )
    ordered = sorted(candidates, key=lambda c: CHEAPEST_FIRST.index(Approach(c.predictor.name)))
    reference = _reference(ordered, bar)
    units = [example.unit for example in judge]
    probabilities = [_probabilities(candidate, units) for candidate in ordered]
    drawn = _drawn(probabilities, happened, rng)
    lines = tuple(
        _line(candidate, scored, drawn[reference], bar=bar, n=len(judge))
        for candidate, scored in zip(ordered, drawn, strict=True)
    )
    cleared = [line for line in lines if line.cleared]
    return Choice(
        winner=cleared[0] if cleared else lines[reference],
        reference=lines[reference].name,
        metric=metric,
        lines=lines,
    )


Draws = Mapping[Metric, Floats]
"""Values of a metric: the estimate first, then one a bootstrap draw."""


def _drawn(
    probabilities: Sequence[Floats], happened: Flags, rng: np.random.Generator
) -> list[Draws]:
    n = len(happened)
    at_once = max(1, CELLS // n)
    sizes = [min(at_once, DRAWS - start) for start in range(0, DRAWS, at_once)]
    parts = [[_scored(p, happened, np.ones((TIE_ORDERS, n)), rng)] for p in probabilities]
    for mine in parts:
        mine[0] = {metric: values.mean(keepdims=True) for metric, values in mine[0].items()}
    for size in sizes:
        weights = draw_weights(n, draws=size, rng=rng)
        for mine, probability in zip(parts, probabilities, strict=True):
            mine.append(_scored(probability, happened, weights, rng))
    return [
        {metric: np.concatenate([part[metric] for part in mine]) for metric in Metric}
        for mine in parts
    ]


def _scored(
    probability: Floats, happened: Flags, weights: Floats, rng: np.random.Generator
) -> dict[Metric, Floats]:
    """Score every metric; ranking with ties in a new order in every draw."""
    scored = {
        metric: score(metric, probability, happened, weights)
        for metric in Metric
        if metric is not Metric.AVERAGE_PRECISION
    }
    ranked = [
        score(Metric.AVERAGE_PRECISION, without_ties(probability, rng), happened, row[None, :])
        for row in weights
    ]
    return {Metric.AVERAGE_PRECISION: np.concatenate(ranked), **scored}


def _line(candidate: Candidate, drawn: Draws, reference: Draws, *, bar: Bar, n: int) -> Line:
    predictor, metric = candidate.predictor, Metric(bar.metric)
    advantage = None
    if drawn is not reference:
        sign = 1 if metric.higher_is_better else -1
        advantage = _interval(sign * (drawn[metric] - reference[metric]), least=-np.inf)
    reached = None if advantage is None else advantage.low if bar.lower_bound else advantage.value
    cleared = reached is not None and reached > 0
    return Line(
        name=predictor.name,
        version=predictor.version,
        n=n,
        scores={each: _interval(drawn[each]) for each in Metric},
        advantage=advantage,
        cleared=cleared,
        why=_why(advantage, cleared=cleared, bar=bar),
        cost_usd=candidate.cost_usd,
        seconds=candidate.seconds,
    )


def _interval(draws: Floats, *, least: float = 0.0) -> Score:
    """Return the estimate with the middle 95% of the draws, centred on it.

    A unit drawn twice stands next to itself in the ranking, which flatters every draw.
    """
    value = float(draws[0])
    centred = draws[1:] - np.nanmean(draws[1:]) + value
    low, high = np.nanquantile(centred, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Score(value=value, low=max(least, float(low)), high=float(high))


def _why(advantage: Score | None, *, cleared: bool, bar: Bar) -> str:
    if advantage is None:
        return "the bar that others must clear"
    metric = bar.metric.replace("_", " ")
    better = f"{metric} better than {bar.above} by {advantage}"
    if cleared:
        return better
    if advantage.value > 0:
        return f"{better}: that may be chance"
    return f"{metric} no better than {bar.above}: {advantage}"


def _probabilities(candidate: Candidate, units: Sequence[Unit]) -> Floats:
    return np.array([proposal.score for proposal in candidate.predictor.propose(units)])


def _reference(ordered: Sequence[Candidate], bar: Bar) -> int:
    names = [candidate.predictor.name for candidate in ordered]
    if bar.above not in names:
        raise PilotageError(
            f"`decide.bar.above` is {bar.above}, which is no candidate; there are "
            f"{', '.join(names)}.",
            fix=f"add {bar.above} to `decide.candidates`",
        )
    return names.index(bar.above)


def _metric(bar: Bar) -> Metric:
    if bar.metric not in set(Metric):
        raise PilotageError(
            f"`decide.bar.metric` is {bar.metric!r}, which is not measured.",
            fix=f"write one of {', '.join(Metric)}",
        )
    return Metric(bar.metric)


def _facts(line: Line) -> Mapping[str, Fact]:
    return {
        "approach": line.name,
        "version": line.version,
        "n": line.n,
        "cleared": line.cleared,
        "why": line.why,
        "cost_usd": _decimal(line.cost_usd),
        "seconds": _decimal(line.seconds),
        "advantage": _score_facts(line.advantage),
        "scores": {metric.value: _score_facts(each) for metric, each in line.scores.items()},
    }


def _score_facts(score: Score | None) -> Fact:
    if score is None:
        return None
    return {
        "value": _decimal(score.value),
        "low": _decimal(score.low),
        "high": _decimal(score.high),
    }


def _decimal(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(f"{value:.6f}")
