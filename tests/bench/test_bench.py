"""What all benches share: their names, their figures, their tables."""

import json

import pytest
from click.testing import CliRunner

from pilotage.bench.__main__ import benches
from pilotage.bench.measured import Goal, Measured, Report, machine
from pilotage.bench.progress import Progress
from pilotage.bench.start import bench_start


def test_without_a_name_the_benches_are_listed():
    listed = CliRunner().invoke(benches, []).output
    for name in ("flow", "ledger", "start", "placebo"):
        assert f"  {name} " in listed


def test_a_figure_is_the_median_between_its_ends():
    figure = Measured(what="x", unit="s", values=(0.5, 0.1, 0.2), goal=Goal(at_most=0.2))
    assert (figure.median, figure.ends, figure.met) == (0.2, (0.1, 0.5), True)
    assert figure.row() == "| x | 0.2 s | 0.1 to 0.5 | <= 0.2 | yes |"


def test_a_goal_that_is_missed_is_said_in_capitals():
    figure = Measured(what="x", unit="units/s", values=(9_999.0,), goal=Goal(at_least=10_000))
    assert figure.row() == "| x | 9,999 units/s |  | >= 10,000 | NO |"


def test_a_share_is_judged_by_the_low_end_of_its_interval():
    figure = Measured(
        what="x",
        unit="of salts",
        values=(0.06,),
        spread=(0.04, 0.08),
        goal=Goal(at_most=0.05),
        judged=0.04,
    )
    assert figure.met


def test_json_holds_every_figure_and_no_name_of_the_machine():
    report = Report(
        command="python -m pilotage.bench x",
        measured=[
            Measured(what="x", unit="s", values=(1.0, 3.0)),
        ],
    )
    facts = json.loads(json.dumps(report.facts()))
    assert facts["measured"][0]["median"] == 2
    assert facts["machine"] == machine()
    assert "cores" in machine()


def test_progress_is_silent_for_two_seconds(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    clock = iter([0.0, 1.0, 7.0, 7.1, 13.0])
    monkeypatch.setattr("pilotage.bench.progress.monotonic", lambda: next(clock))
    progress = Progress()
    for words in ("early", "shown", "too soon", "shown again"):
        progress.say(words)
    assert capsys.readouterr().err == "shown\nshown again\n"


def test_the_command_line_starts_beside_python_itself():
    ours, python = bench_start(repeats=2).measured
    assert 0 < python.median < ours.median < 5
