"""Tabular model: gradient boosting on the units' columns, calibrated, with reasons."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from pilotage.ai.boosting import Boosting, Frame, from_bytes, installed, to_bytes
from pilotage.ai.calibration import Sigmoid
from pilotage.ai.columns import Column, Table, columns_of, table_of
from pilotage.ai.examples import Example, Split
from pilotage.ai.factors import Factors, reason, typical_rows
from pilotage.ai.leakage import leaks
from pilotage.ai.ranking import Ranking
from pilotage.ai.scores import Flags, Floats
from pilotage.domain.decision import Proposal
from pilotage.domain.errors import LedgerError, PilotageError
from pilotage.domain.finding import Finding, Severity
from pilotage.domain.unit import Unit

FEWEST = 20
"""Units with and without the outcome that the fit slice must hold."""
FEWEST_TO_CALIBRATE = 5
"""The same of the calibration slice: two parameters are fitted there."""
MOST_EXPLAINED = 12
"""Columns that reasons are looked for in, those that move scores most; the rest costs time."""
SAMPLED = 300
"""Units on which it is found out which columns move scores most."""
CHUNK = 5_000
"""Units decided at a time; bounds memory."""
DIGITS = 6
"""Of a score. Sums in another order differ in the last bits, ranks and ledgers must not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TabularPredictor:
    """A fitted model with its calibration, its baseline and what it takes to explain itself.

    Args:
        version: sha256 of the bytes it was loaded from.
    """

    model: Boosting
    columns: tuple[Column, ...]
    calibration: Sigmoid
    factors: Factors
    ranking: Ranking
    version: str
    name: str = "tabular"

    def propose(self, units: Sequence[Unit]) -> Sequence[Proposal]:
        """Return one calibrated and explained proposal a unit, in the order given."""
        return [
            proposal
            for start in range(0, len(units), CHUNK)
            for proposal in self._chunk(units[start : start + CHUNK])
        ]

    def _chunk(self, units: Sequence[Unit]) -> Iterator[Proposal]:
        encoded = self.model.encode(table_of(units, self.columns))
        moves = self.factors.moves(self.model, encoded, self._score)
        for unit, score, moved in zip(
            units, self._score(encoded).tolist(), moves.tolist(), strict=True
        ):
            yield Proposal(
                score=score,
                confidence=round(max(score, 1 - score), DIGITS),
                rank=self.ranking.rank(score),
                reason=reason(unit, score, dict(zip(self.factors.columns, moved, strict=True))),
            )

    def _score(self, encoded: Frame) -> Floats:
        return _scores(self.model, self.calibration, encoded)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """What came of fitting.

    Args:
        model: bytes for `load_tabular`; None where there is no candidate.
        version: sha256 of the bytes, or empty.
        findings: columns left out, or why there is no candidate.
    """

    model: bytes | None
    version: str
    findings: tuple[Finding, ...]


def fit_tabular(split: Split, *, columns: Sequence[str] | None = None) -> Fitted:
    """Fit on the oldest slice, calibrate on the next; the judge slice only shows leakage.

    Args:
        columns: those knowable at decision time; None for all attributes.
    """
    too_few = _too_few(split)
    if too_few:
        return Fitted(model=None, version="", findings=(too_few,))
    given = columns_of([example.unit for example in split.fit], columns)
    left_out = dict(leaks(split, given))
    used = tuple(column for column in given if column not in left_out)
    findings = tuple(left_out.values())
    if not used:
        return Fitted(model=None, version="", findings=(*findings, _no_columns()))
    model = to_bytes({"libraries": installed(), "content": to_bytes(_content(split, used))})
    return Fitted(model=model, version=hashlib.sha256(model).hexdigest(), findings=findings)


def load_tabular(model: bytes, *, version: str) -> TabularPredictor:
    """Return the predictor, after its hash was checked: unpickling runs code.

    Args:
        version: sha256 that the ledger's promotion entry names.

    Raises:
        LedgerError: other bytes than those that were promoted.
        PilotageError: written by other versions of the libraries.
    """
    found = hashlib.sha256(model).hexdigest()
    if found != version:
        raise LedgerError(
            f"The stored model is not the one that was promoted: sha256 {found[:12]}…, "
            f"the ledger names {version[:12]}….",
            fix="restore the model from a backup, or fit and promote a new one",
        )
    outer = cast("dict[str, object]", from_bytes(model))
    if outer["libraries"] != installed():
        raise PilotageError(
            f"The model was written with {outer['libraries']}; installed: {installed()}.",
            fix="install those versions, or fit and promote a new model",
        )
    content = cast("_Content", from_bytes(cast("bytes", outer["content"])))
    return TabularPredictor(
        model=content.model,
        columns=content.columns,
        calibration=content.calibration,
        factors=content.factors,
        ranking=Ranking(content.baseline),
        version=found,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Content:
    """What a model's bytes hold."""

    model: Boosting
    columns: tuple[Column, ...]
    calibration: Sigmoid
    factors: Factors
    baseline: tuple[float, ...]


def _content(split: Split, columns: tuple[Column, ...]) -> _Content:
    table = _table(split.fit, columns)
    model = Boosting.fit(table, _happened(split.fit))
    newer = model.encode(_table(split.calibrate, columns))
    calibration = Sigmoid.fit(model.log_odds(newer), _happened(split.calibrate))
    typical = typical_rows(table)
    names = [column.name for column in columns if model.encoded_names(column.name)]
    sampled = model.encode(_table(split.calibrate[-SAMPLED:], columns))
    moves = Factors(typical, names).moves(
        model, sampled, lambda encoded: _scores(model, calibration, encoded)
    )
    strongest = np.argsort(-np.abs(moves).mean(axis=0), kind="stable")[:MOST_EXPLAINED]
    return _Content(
        model=model,
        columns=columns,
        calibration=calibration,
        factors=Factors(typical, [names[int(index)] for index in strongest]),
        baseline=tuple(sorted(_scores(model, calibration, newer).tolist())),
    )


def _scores(model: Boosting, calibration: Sigmoid, encoded: Frame) -> Floats:
    return np.round(calibration.probability(model.log_odds(encoded)), DIGITS)


def _table(examples: Sequence[Example], columns: Sequence[Column]) -> Table:
    return table_of([example.unit for example in examples], columns)


def _happened(examples: Sequence[Example]) -> Flags:
    return np.array([example.happened for example in examples], dtype=np.bool_)


def _too_few(split: Split) -> Finding | None:
    fit, calibrate = _fewer_class(split.fit), _fewer_class(split.calibrate)
    judge = _fewer_class(split.judge)
    if fit >= FEWEST and calibrate >= FEWEST_TO_CALIBRATE and judge:
        return None
    n = len(split.known) + len(split.judge)
    return Finding(
        code="too-few-outcomes",
        severity=Severity.WARNING,
        detail=f"The tabular model is no candidate: of {n:,} units of history, the oldest 60% "
        f"hold {fit} of the rarer outcome (at least {FEWEST}), the next 20% {calibrate} "
        f"(at least {FEWEST_TO_CALIBRATE}), the newest 20% {judge} (at least 1).",
        fix="keep `rules`, and let the history grow",
    )


def _fewer_class(examples: Sequence[Example]) -> int:
    happened = sum(example.happened for example in examples)
    return min(happened, len(examples) - happened)


def _no_columns() -> Finding:
    return Finding(
        code="no-columns",
        severity=Severity.WARNING,
        detail="The tabular model is no candidate: no column is left that may be used.",
        fix="name columns known before the decision in `decide.columns`",
    )
