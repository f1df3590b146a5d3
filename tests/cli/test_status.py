"""`pilotage status`: where each use case stands, and what to do next."""

from pathlib import Path
from typing import cast

import pytest

from tests.cli.acme import pilotage
from tests.cli.exports import LEADS_HEADER, decided, exported, lead_rows, write


@pytest.fixture
def drafted(tmp_path: Path) -> Path:
    """A programme drafted from two exports, completed."""
    leads, deals = exported(tmp_path)
    folder = tmp_path / "acme"
    pilotage("init", str(folder), "--from", leads, "--outcomes", deals, "--name", "calls")
    decided(folder / "use_cases/calls.yaml")
    return folder


def status(folder: Path) -> dict[str, object]:
    said = pilotage("status", "-p", str(folder), "--json")
    [one] = cast("list[dict[str, object]]", said.json)
    return one


def test_before_the_first_run_it_says_so_and_makes_no_record(drafted: Path):
    said = pilotage("status", "-p", str(drafted))
    assert said.out == f"calls  replay  not run yet  next: pilotage check -p {drafted}\n"
    assert not (drafted / ".pilotage").exists()


def test_after_a_run_it_counts_and_points_at_the_review(drafted: Path):
    pilotage("run", "-p", str(drafted))
    one = status(drafted)
    decided_ = cast("dict[str, int]", one["decided"])
    assert decided_["treatment"] > decided_["holdout"] > 0
    assert one["pending"] == 0
    assert one["verdict"] is None
    assert one["next"] == f"pilotage review -p {drafted}"


def test_the_last_verdict_stands_with_its_month(drafted: Path):
    pilotage("run", "-p", str(drafted))
    reviewed = pilotage("review", "-p", str(drafted), "--json").json
    verdict = cast("dict[str, str]", status(drafted)["verdict"])
    assert verdict["month"] == reviewed["month"]
    assert verdict["verdict"] in pilotage("status", "-p", str(drafted)).out


def test_rows_that_were_parked_are_shown_by_reason_with_an_example(drafted: Path):
    leads = lead_rows()
    leads[700][0] = ""
    leads[710] = leads[709][:1] + leads[710][1:]
    write(drafted.parent / "leads.csv", LEADS_HEADER, leads)
    pilotage("run", "-p", str(drafted))
    said = pilotage("status", "-p", str(drafted)).out
    assert "1 rows of leads parked, missing-key: key column 'lead_id' is empty" in said
    assert "2 rows of leads parked, duplicate-key: 2 rows have this 'lead_id'" in said


def test_proposals_that_wait_for_a_person_are_counted_with_the_oldest(drafted: Path):
    text = (drafted / "use_cases/calls.yaml").read_text()
    asks = "oversight: {automatic_from: 1, ask_from: 0.5, sample: 0}\n"
    (drafted / "use_cases/calls.yaml").write_text(text + asks)
    pilotage("run", "-p", str(drafted))
    one = status(drafted)
    assert cast("int", one["waiting"]) > 100
    said = pilotage("status", "-p", str(drafted)).out
    assert "proposals wait for a person, the oldest since 20" in said
