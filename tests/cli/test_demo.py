"""`pilotage demo`: the simulated company, down the whole road."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pilotage.cli.demo import command
from pilotage.domain.errors import PilotageError


def demo(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(
        command, [str(folder), "--months", "2", *options], standalone_mode=False
    )


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    folder = tmp_path_factory.mktemp("demo") / "company"
    return folder, demo(folder)


def test_it_ends_on_the_page_a_finance_chief_reads(told: tuple[Path, Result]):
    folder, result = told
    assert result.exception is None, result.exception
    for words in (
        "SIMULATED COMPANY",
        "Call the inbound leads that will answer, first",
        "Truth",
        "[measured]",
        "[declared]",
        "approved by finance",
        f"pilotage ledger verify -p {folder}",
    ):
        assert words in result.output


def test_every_month_has_its_verdicts(told: tuple[Path, Result]):
    lines = [line for line in told[1].stdout.splitlines() if line[:5] == "2025-"]
    assert [line.split()[0] for line in lines] == ["2025-01", "2025-02", "2025-03"]
    assert all("inbound-lead-qualification: hold" in line for line in lines)


def test_the_page_is_one_file_that_needs_no_network(told: tuple[Path, Result]):
    page = (told[0] / "review.html").read_text()
    assert "<svg" in page
    assert "http://" not in page
    assert "https://" not in page


def test_its_own_folder_is_replaced_and_no_other(told: tuple[Path, Result], tmp_path: Path):
    assert (told[0] / ".pilotage-demo").exists()
    (tmp_path / "letters.txt").write_text("dear")
    error = demo(tmp_path).exception
    assert isinstance(error, PilotageError)
    assert (tmp_path / "letters.txt").read_text() == "dear"


def test_an_earlier_demo_is_replaced_when_asked_to_and_only_then(tmp_path: Path):
    folder = tmp_path / "company"
    folder.mkdir()
    (folder / ".pilotage-demo").touch()
    (folder / "old").write_text("of an earlier demo")
    refused = demo(folder, "--months", "1").exception
    assert isinstance(refused, PilotageError)
    assert f"pilotage demo {folder} --again" in refused.fix
    assert (folder / "old").exists()
    assert demo(folder, "--months", "1", "--again").exception is None
    assert not (folder / "old").exists()
    assert (folder / "review.html").exists()


def test_json_is_json(tmp_path: Path):
    result = demo(tmp_path / "company", "--json", "--world", "zero-sum", "--months", "1")
    assert result.exception is None, result.exception
    page = json.loads(result.stdout)
    assert [review["use_case"] for review in page["reviews"]] == [
        "inbound-lead-qualification",
        "renewal-risk-flagging",
    ]
