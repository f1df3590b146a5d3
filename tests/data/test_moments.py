"""Moments of a finished experiment, summed up in the engine."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import duckdb
import numpy as np
import pytest

from pilotage.data.comparison import ArmMoments, Comparison
from pilotage.data.moments import arm_moments, cluster_moments, open_compared
from pilotage.domain.decision import Arm
from pilotage.domain.errors import SourceError
from pilotage.domain.finding import Severity
from tests.real_data import real_data

WOMEN = "Womens E-Mail"  # codespell:ignore - as the data spells it
TRIAL = Comparison(arm="arm", treatment="ai", control="none", outcome="won")
HILLSTROM = "hillstrom_email/hillstrom_email.parquet"
GAMES = "ai_rct_replication_games/ai_games.csv"


def _measured(tmp_path: Path, text: str, comparison: Comparison = TRIAL) -> ArmMoments:
    path = tmp_path / "trial.csv"
    path.write_text(text, encoding="utf-8")
    return arm_moments(open_compared(str(path), comparison), comparison)


def _difference(found: ArmMoments) -> float:
    return found.treatment.moments.mean - found.control.moments.mean


@pytest.mark.parametrize(
    ("outcome", "arm", "published"),
    [
        ("visit", "Mens E-Mail", 0.0766),
        ("visit", WOMEN, 0.0452),
        ("spend", "Mens E-Mail", 0.770),
        ("spend", WOMEN, 0.424),
    ],
)
def test_hillstroms_published_effects_are_reproduced(outcome: str, arm: str, published: float):
    comparison = Comparison(
        arm="segment", treatment=arm, control="No E-Mail", outcome=outcome, covariate="history"
    )
    found = arm_moments(open_compared(str(real_data(HILLSTROM)), comparison), comparison)
    assert _difference(found) == pytest.approx(published, abs=5e-4)
    assert found.proportion is (outcome == "visit")
    counted = found.treatment.moments.n + found.control.moments.n + found.other_rows
    assert counted == 64_000
    assert found.findings == ()


def test_the_published_harm_of_ai_led_reproduction_is_reproduced():
    comparison = Comparison(
        arm="branch",
        treatment="AI-Led",
        control="Human-Only",
        outcome="reproduction",
        where="game <> 'Virtual 2025'",
    )
    found = arm_moments(open_compared(str(real_data(GAMES)), comparison), comparison)
    assert _difference(found) == pytest.approx(-0.568, abs=5e-4)
    assert found.proportion
    assert found.control.moments.mean == pytest.approx(0.939, abs=5e-4)
    assert found.treatment.moments.mean == pytest.approx(0.371, abs=5e-4)


def test_the_spread_survives_a_mean_eight_hundred_thousand_times_as_large(tmp_path: Path):
    rng = np.random.default_rng(7)
    values = {arm: rng.normal(8e8, 1e3, 5_000) for arm in ("ai", "none")}
    database = duckdb.connect()
    database.execute("CREATE TABLE t (arm TEXT, won DOUBLE, before DOUBLE)")
    rows = [(arm, float(v), float(v) / 3) for arm, drawn in values.items() for v in drawn]
    database.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
    path = str(tmp_path / "trial.parquet")
    database.table("t").write_parquet(path)
    comparison = replace(TRIAL, covariate="before")
    found = arm_moments(open_compared(path, comparison), comparison)
    for side, arm in ((found.treatment, "ai"), (found.control, "none")):
        exact = [Fraction(float(v)) for v in values[arm]]
        mean = sum(exact) / len(exact)
        variance = sum((v - mean) ** 2 for v in exact) / (len(exact) - 1)
        assert side.moments.mean == pytest.approx(float(mean), rel=1e-12)
        assert side.moments.variance == pytest.approx(float(variance), rel=1e-9)
        assert side.moments.covariance == pytest.approx(float(variance) / 3, rel=1e-9)


@pytest.mark.parametrize(
    ("yes", "no"), [("yes", "no"), ("Yes", "NO"), ("True", "False"), ("1", "0"), ("1.0", "0.0")]
)
def test_yes_and_no_are_one_and_zero_and_counts_stay_whole(tmp_path: Path, yes: str, no: str):
    text = f"arm,won\nai,{yes}\nai,{yes}\nai,{no}\nnone,{no}\nnone,{yes}\nnone,\nother,{no}\n"
    found = _measured(tmp_path, text)
    assert found.proportion
    assert (found.treatment.moments.n, found.treatment.moments.y) == (3, 2.0)
    assert (found.control.moments.n, found.control.moments.y) == (2, 1.0)
    assert (found.control.missing, found.other_rows) == (1, 1)
    assert [(f.code, f.severity) for f in found.findings] == [("outcome-missing", Severity.WARNING)]


def test_arms_are_compared_as_written(tmp_path: Path):
    comparison = replace(TRIAL, treatment="Yes", control="No")
    found = _measured(tmp_path, "arm,won\nYes,3\nNo,1\n", comparison)
    assert _difference(found) == 2
    comparison = replace(TRIAL, treatment="01", control="00")
    assert _difference(_measured(tmp_path, "arm,won\n01,3\n00,1\n", comparison)) == 2


def test_numbers_are_a_mean(tmp_path: Path):
    found = _measured(tmp_path, "arm,won\nai,3\nai,5\nnone,1\nnone,1\n")
    assert not found.proportion
    assert (found.treatment.moments.mean, found.treatment.moments.variance) == (4, 2)


@pytest.mark.parametrize("wild", ["NaN", "inf", "-Infinity"])
def test_nan_and_infinity_block_and_never_reach_a_sum(tmp_path: Path, wild: str):
    found = _measured(tmp_path, f"arm,won\nai,1.5\nai,{wild}\nnone,2\nnone,3\n")
    assert found.treatment.moments.mean == 1.5
    assert found.treatment.not_finite == 1
    [finding] = found.findings
    assert (finding.code, finding.severity) == ("outcome-not-finite", Severity.BLOCKS)


def test_a_missing_covariate_counts_as_average_and_is_said(tmp_path: Path):
    text = "arm,won,before\nai,3,10\nai,5,\nnone,1,10\nnone,1,10\n"
    found = _measured(tmp_path, text, replace(TRIAL, covariate="before"))
    assert found.treatment.moments.x_mean == 10
    assert found.treatment.missing_covariate == 1
    assert [finding.code for finding in found.findings] == ["covariate-missing"]


@pytest.mark.parametrize(
    ("text", "comparison", "says"),
    [
        ("arm,won\nai,1\n", TRIAL, r"'arm' is never 'none'; there are: 'ai' \(1 rows\)"),
        ("arm,won\nai,1\nnone,1\n", replace(TRIAL, control="ai"), "nothing to compare"),
        ("arm,won\nai,1\nnone,many\n", TRIAL, "1 values of 'won' are no numbers, such as 'many'"),
        ("arm,won\nai,yes\nnone,3\n", TRIAL, "mixes yes and no with other numbers"),
        ("arm,won\nai,1\nnone,1\n", replace(TRIAL, outcome="win"), "there is no column 'win'"),
        ("arm,won\nai,2026-09-01\nnone,2026-09-02\n", TRIAL, "no number and no yes or no"),
        ("arm,won\nai,1e200\nai,1\nnone,2\nnone,-1e200\n", TRIAL, "too large to be squared"),
        ("arm,won\nai,1\nnone,1\n", replace(TRIAL, where="won ="), "Parser Error"),
        ("arm,won\nai,1\nnone,1\n", replace(TRIAL, where="win = 1"), "Binder Error"),
        ("arm,won\nai,1\nnone,1\n", replace(TRIAL, where="won > 5"), "'arm' is never 'ai' where"),
        (
            "arm,won\nai,1\nnone,1\n",
            replace(TRIAL, where="1=1); DROP VIEW x; SELECT (1"),
            "more than one statement",
        ),
        ("arm,won\n", TRIAL, "there are: no values"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_a_fix(
    tmp_path: Path, text: str, comparison: Comparison, says: str
):
    with pytest.raises(SourceError, match=says) as caught:
        _measured(tmp_path, text, comparison)
    assert caught.value.fix


def test_a_condition_that_fails_on_a_row_is_a_source_error(tmp_path: Path):
    with pytest.raises(SourceError, match="Conversion Error"):
        _measured(
            tmp_path, "arm,won\nai,1\nnone,1\n", replace(TRIAL, where="CAST(arm AS INTEGER) > 0")
        )


def test_clusters_add_up_to_their_arms_and_one_in_both_is_named(tmp_path: Path):
    path = tmp_path / "trial.csv"
    path.write_text(
        "arm,won,rep\nai,1,r1\nai,0,r1\nai,1,r2\nnone,1,r3\nnone,0,r2\nother,1,r4\n",
        encoding="utf-8",
    )
    table = open_compared(str(path), TRIAL, cluster="rep")
    found = cluster_moments(table, TRIAL, cluster="rep")
    assert found.straddling == ("r2",)
    assert [(one.cluster, one.arm.value, one.moments.n) for one in found.moments] == [
        ("r1", "treatment", 2),
        ("r2", "holdout", 1),
        ("r2", "treatment", 1),
        ("r3", "holdout", 1),
    ]
    whole = arm_moments(table, TRIAL)
    treated = [one.moments for one in found.moments if one.arm is Arm.TREATMENT]
    assert treated[0] + treated[1] == whole.treatment.moments


def test_rows_without_a_cluster_are_refused(tmp_path: Path):
    path = tmp_path / "trial.csv"
    path.write_text("arm,won,rep\nai,1,r1\nnone,0,\n", encoding="utf-8")
    table = open_compared(str(path), TRIAL, cluster="rep")
    with pytest.raises(SourceError, match="1 rows of the two arms have no 'rep'"):
        cluster_moments(table, TRIAL, cluster="rep")
