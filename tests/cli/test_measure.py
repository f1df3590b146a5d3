"""`pilotage measure`: published effects reproduced, and what cannot be measured refused."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pydantic import BaseModel

from pilotage.cli.measure import command
from pilotage.domain.errors import PilotageError
from pilotage.domain.finding import Finding, Severity
from tests.real_data import real_data

LEADS = """lead,arm,rep,replied,score
1,ai,ann,1,10
2,ai,ann,0,11
3,ai,ann,1,12
4,none,bob,0,13
5,none,bob,0,14
6,none,bob,1,15
"""


@pytest.fixture
def leads(tmp_path: Path) -> Path:
    path = tmp_path / "leads.csv"
    path.write_text(LEADS)
    return path


def run(file: Path, *options: str, arms: tuple[str, str] = ("ai", "none")) -> Result:
    treatment, control = arms
    named = ["--treatment", treatment, "--control", control]
    return CliRunner().invoke(command, [str(file), *named, *options], standalone_mode=False)


class Shown(BaseModel, extra="forbid"):
    estimate: float
    low: float
    high: float
    kind: str
    method: str


class Answer(BaseModel, extra="forbid"):
    """The documented shape of `--json`."""

    effect: Shown | None
    p_value: float | None
    n: dict[str, int]
    findings: list[Finding]

    @property
    def estimate(self) -> float:
        assert self.effect is not None
        return self.effect.estimate


def answer(result: Result) -> Answer:
    assert result.exception is None, result.exception
    return Answer.model_validate_json(result.output)


@pytest.mark.parametrize(
    ("arm", "outcome", "published"),
    [
        ("Mens E-Mail", "visit", 0.0766),
        ("Womens E-Mail", "visit", 0.0452),
        ("Mens E-Mail", "spend", 0.770),
        ("Womens E-Mail", "spend", 0.424),
    ],
)
def test_hillstroms_campaign_is_reproduced(arm: str, outcome: str, published: float):
    """K. Hillstrom (2008), as published."""
    found = answer(
        run(
            real_data("hillstrom_email/hillstrom_email.parquet"),
            *["--arm", "segment", "--outcome", outcome, "--json"],
            arms=(arm, "No E-Mail"),
        )
    )
    assert found.estimate == pytest.approx(published, abs=5e-4)
    assert found.effect is not None
    assert found.effect.kind == "absolute"


def test_the_replication_games_are_reproduced():
    """Brodeur et al. (2025), study 1: 37.1% of AI-led teams reproduced, 93.9% of human-only."""
    found = answer(
        run(
            real_data("ai_rct_replication_games/ai_games.csv"),
            *["--arm", "branch", "--outcome", "reproduction", "--json"],
            *["--where", "game <> 'Virtual 2025'"],
            arms=("AI-Led", "Human-Only"),
        )
    )
    assert found.estimate == pytest.approx(-0.568, abs=5e-4)
    assert found.n == {"treatment": 35, "control": 33}
    assert found.p_value is not None
    assert found.p_value < 1e-5


def test_arms_change_places_with_the_arguments(leads: Path):
    one = answer(run(leads, "--arm", "arm", "--outcome", "replied", "--json"))
    other = answer(
        run(leads, "--arm", "arm", "--outcome", "replied", "--json", arms=("none", "ai"))
    )
    assert one.estimate == pytest.approx(1 / 3)
    assert other.estimate == pytest.approx(-1 / 3)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--arm", "arm", "--outcome", "reply"), "replied"),
        (("--arm", "arm", "--outcome", "replied", "--where", "lead >"), "syntax"),
        (("--arm", "arm", "--outcome", "rep"), "no numbers"),
        (
            ("--arm", "arm", "--outcome", "replied", "--covariate", "score", "--cluster", "rep"),
            "together",
        ),
    ],
)
def test_what_cannot_be_measured_is_refused_with_a_fix(
    leads: Path, options: tuple[str, ...], said: str
):
    error = run(leads, *options).exception
    assert isinstance(error, PilotageError)
    assert said in str(error)
    assert error.fix


def test_an_arm_that_does_not_occur_is_answered_with_those_that_do(leads: Path):
    error = run(leads, "--arm", "arm", "--outcome", "replied", arms=("AI", "none")).exception
    assert isinstance(error, PilotageError)
    assert "'ai'" in error.message


def test_four_clusters_conclude_nothing_and_the_exit_code_says_so(tmp_path: Path):
    path = tmp_path / "leads.csv"
    arms = {"ann": "ai", "bob": "none", "cid": "ai", "dee": "none"}
    rows = [f"{k},{arm},{rep},{k % 2}" for rep, arm in arms.items() for k in range(5)]
    path.write_text("lead,arm,rep,replied\n" + "\n".join(rows))
    result = run(path, "--arm", "arm", "--outcome", "replied", "--cluster", "rep", "--json")
    found = answer(result)
    assert result.return_value == 1
    assert found.effect is None
    assert found.p_value is None
    assert [(one.code, one.severity) for one in found.findings] == [
        ("too-few-clusters", Severity.BLOCKS)
    ]


def test_a_cluster_in_both_arms_is_named(tmp_path: Path):
    path = tmp_path / "leads.csv"
    path.write_text(LEADS.replace("none,bob", "none,ann"))
    found = answer(run(path, "--arm", "arm", "--outcome", "replied", "--cluster", "rep", "--json"))
    assert found.effect is None
    assert "'ann'" in found.findings[0].detail


def test_arms_that_are_not_as_large_as_drawn_are_no_comparison(tmp_path: Path):
    path = tmp_path / "leads.csv"
    rows = [f"{k},{'ai' if k % 10 else 'none'},{k % 3 == 0:d}" for k in range(1000)]
    path.write_text("lead,arm,replied\n" + "\n".join(rows))
    options = ["--arm", "arm", "--outcome", "replied", "--json", "--holdout", "0.5"]
    found = answer(run(path, *options))
    assert [finding.code for finding in found.findings] == ["sample-ratio-mismatch"]
    assert found.effect is None


@pytest.mark.parametrize("value", ["nan", "inf"])
def test_a_number_that_is_none_is_a_finding_and_never_an_answer(tmp_path: Path, value: str):
    path = tmp_path / "leads.csv"
    path.write_text(LEADS.replace("ann,0,", f"ann,{value},"))
    result = run(path, "--arm", "arm", "--outcome", "replied", "--json")
    found = answer(result)
    assert found.effect is None
    assert found.findings[0].severity is Severity.BLOCKS
    assert "NaN" not in result.output.replace("NaN or infinity", "")
