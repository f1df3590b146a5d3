"""The tabular model: calibrated, explained, repeatable, and refused where it must be."""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from pilotage.ai import Example, Split, time_split
from pilotage.ai.boosting import to_bytes
from pilotage.ai.scores import Metric, score
from pilotage.ai.tabular import Fitted, TabularPredictor, fit_tabular, load_tabular
from pilotage.domain.errors import LedgerError, PilotageError
from pilotage.domain.unit import Unit, Value
from pilotage.ports import Predictor
from tests.ai.history import lead, simulated


@cache
def history() -> Split:
    return time_split(simulated(6_000, seed=1)[0])


@cache
def fitted() -> Fitted:
    return fit_tabular(history())


def predictor() -> TabularPredictor:
    model = fitted().model
    assert model is not None
    return load_tabular(model, version=fitted().version)


def test_its_probabilities_are_true_on_units_it_never_saw() -> None:
    newer, true = simulated(20_000, seed=2)
    candidate: Predictor = predictor()
    proposals = candidate.propose([example.unit for example in newer])
    probability = np.array([proposal.score for proposal in proposals])
    happened = np.array([example.happened for example in newer])
    error = score(Metric.CALIBRATION_ERROR, probability, happened, np.ones((1, len(newer))))
    assert error[0] <= 0.03
    assert np.corrcoef(probability, true)[0, 1] > 0.85


def test_confidence_is_that_of_the_likelier_outcome_and_ranks_follow_scores() -> None:
    proposals = predictor().propose([example.unit for example in history().judge])
    for proposal in proposals:
        assert proposal.confidence == pytest.approx(max(proposal.score, 1 - proposal.score))
    ranks = [p.rank for p in sorted(proposals, key=lambda p: -p.score)]
    assert ranks == sorted(ranks)
    assert min(ranks) <= 3
    assert max(ranks) >= 98


def test_a_batch_of_one_is_decided_like_a_batch_of_many() -> None:
    units = [example.unit for example in history().judge[:300]]
    together = predictor().propose(units)
    assert [predictor().propose([unit])[0] for unit in units[:12]] == together[:12]
    assert predictor().propose([]) == []


def test_the_reason_names_the_columns_that_moved_the_score() -> None:
    (best, worst) = predictor().propose(
        [
            lead(1, origin="referral", employees=5000.0, score=0.8, opted_in=True),
            lead(2, origin="social", employees=3.0, score=-0.8, opted_in=True),
        ]
    )
    assert "origin is referral (+" in best.reason
    assert "employees is 5,000 (+" in best.reason
    assert "origin is social (-" in worst.reason
    assert best.score > 0.6
    assert worst.score < 0.1


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"origin": "a fair in Zürich", "employees": None},
        {"origin": 7, "employees": "about 200", "score": "high", "opted_in": "?"},
        {"origin": None, "employees": 10**9, "score": float("nan")},
    ],
)
def test_cells_unlike_any_in_history_still_get_a_proposal(attributes: dict[str, Value]) -> None:
    (proposal,) = predictor().propose([lead(1, **attributes)])
    assert 0 < proposal.score < 1
    assert "likely" in proposal.reason


def test_a_column_filled_after_the_outcome_is_left_out_and_said() -> None:
    filled = _changed(lambda e, _: _with(e.unit, deal_stage="won" if e.happened else None))
    found = fit_tabular(filled)
    assert [finding.code for finding in found.findings] == ["leakage"]
    assert "`deal_stage` alone tells the outcome" in found.findings[0].detail
    assert found.model is not None
    model = load_tabular(found.model, version=found.version)
    assert "deal_stage" not in [column.name for column in model.columns]


def test_a_number_that_separates_only_in_the_middle_is_leakage_too() -> None:
    split = _changed(lambda e, i: _with(e.unit, fee=50.0 if e.happened else 99.0 * (i % 2)))
    assert [finding.code for finding in fit_tabular(split).findings] == ["leakage"]


def test_with_nothing_but_leaking_columns_there_is_no_candidate() -> None:
    split = _changed(lambda e, _: replace(e.unit, attributes={"stage": str(e.happened)}))
    found = fit_tabular(split)
    assert found.model is None
    assert [finding.code for finding in found.findings] == ["leakage", "no-columns"]


def test_too_few_outcomes_or_only_one_kind_is_a_finding_and_no_crash() -> None:
    few = [replace(e, happened=i % 200 == 0) for i, e in enumerate(history().fit)]
    none = [replace(e, happened=False) for e in history().fit]
    for examples in (few, none, []):
        found = fit_tabular(time_split(examples))
        assert found.model is None
        assert [finding.code for finding in found.findings] == ["too-few-outcomes"]


def test_only_the_named_columns_are_read() -> None:
    found = fit_tabular(history(), columns=["origin", "employees"])
    assert found.model is not None
    model = load_tabular(found.model, version=found.version)
    assert [column.name for column in model.columns] == ["origin", "employees"]


def test_the_same_history_gives_the_same_bytes() -> None:
    assert fit_tabular(history()).version == fitted().version


def test_other_bytes_than_those_promoted_are_refused_before_they_can_run() -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return pytest.fail, ("unpickled before the hash was checked",)

    with pytest.raises(LedgerError, match=r"not the one that was promoted.*\n  fix: restore"):
        load_tabular(to_bytes(Bomb()), version=fitted().version)


def test_a_model_written_by_other_versions_is_refused_before_it_is_misread() -> None:
    old = to_bytes({"libraries": {"scikit-learn": "0.1"}, "content": b"unreadable"})
    with pytest.raises(PilotageError, match=r"written with .*0\.1.*\n  fix: install"):
        load_tabular(old, version=hashlib.sha256(old).hexdigest())


def test_a_months_3000_leads_are_decided_and_explained_in_two_seconds() -> None:
    wide = [
        replace(e, unit=_with(e.unit, **{f"extra {j}": float((i * j) % 97) for j in range(6)}))
        for i, e in enumerate(simulated(3_000, seed=3)[0])
    ]
    found = fit_tabular(time_split(wide))
    assert found.model is not None
    model = load_tabular(found.model, version=found.version)
    units = [example.unit for example in wide]
    seconds = min(_seconds(model, units) for _ in range(2))
    assert len(model.factors.columns) == 11
    assert seconds < 2


def test_importing_the_room_does_not_wait_for_the_learning_libraries() -> None:
    program = (
        "import sys, pilotage.ai, pilotage.ai.tabular\n"
        "print(*{'sklearn', 'skrub', 'pandas', 'joblib'} & set(sys.modules))\n"
    )
    source = Path(__file__).parents[2] / "src"
    run = subprocess.run(  # noqa: S603 - our own interpreter and the program above
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(source)},
    )
    assert run.stdout.strip() == ""


def _seconds(model: TabularPredictor, units: list[Unit]) -> float:
    start = time.perf_counter()
    model.propose(units)
    return time.perf_counter() - start


def _changed(change: Callable[[Example, int], Unit]) -> Split:
    split = history()
    fit, calibrate, judge = (
        tuple(replace(e, unit=change(e, i)) for i, e in enumerate(part))
        for part in (split.fit, split.calibrate, split.judge)
    )
    return Split(fit=fit, calibrate=calibrate, judge=judge)


def _with(unit: Unit, **more: Value) -> Unit:
    return replace(unit, attributes={**unit.attributes, **more})
