"""`pilotage status`: where each use case stands, and what to do next."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest

from pilotage import review
from pilotage.domain.verdict import Verdict
from tests.cli.acme import LEADS, NOW, Acme, pilotage
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
    [one] = cast("list[dict[str, object]]", said.json["runs"])
    return one


def doubled(folder: Path) -> str:
    """Let two leads have the same key; return it."""
    leads = lead_rows()
    leads[710] = leads[709][:1] + leads[710][1:]
    write(folder.parent / "leads.csv", LEADS_HEADER, leads)
    return leads[709][0]


def stop(acme: Acme) -> None:
    """Give a verdict as the review would, had the AI done harm."""
    opened = acme.opened()
    record, as_of = opened.record(), datetime.fromisoformat(NOW).replace(tzinfo=UTC)
    reviewed = review.review(opened.case(opened.only(), now=as_of), record, month=None, as_of=as_of)
    ruling = replace(reviewed.ruling, verdict=Verdict.STOP, rule="harm", until=None)
    review.give(replace(reviewed, ruling=ruling), record, as_of=as_of)


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
    assert status(drafted)["next"] == f"pilotage governance status -p {drafted} calls"


def test_a_review_of_a_month_before_the_start_says_so(drafted: Path):
    pilotage("run", "-p", str(drafted))
    said = pilotage("review", "-p", str(drafted), "--month", "2024-01").err
    assert "2024-01 lies before the start; the first closed cohort is 20" in said


def test_a_use_case_that_was_renamed_is_named_as_the_record_knows_it(drafted: Path):
    pilotage("run", "-p", str(drafted))
    file = drafted / "use_cases/calls.yaml"
    file.write_text(file.read_text().replace("use_case: calls", "use_case: rings"))
    said = pilotage("status", "-p", str(drafted)).out
    assert "rings  replay  not run yet" in said
    assert "calls  is in the record, and no file declares it" in said
    assert pilotage("status", "-p", str(drafted), "--json").json["undeclared"] == ["calls"]
    assert "is in the record" in pilotage("status", "calls", "-p", str(drafted)).err


def test_rows_that_were_parked_are_shown_by_reason_with_an_example(drafted: Path):
    leads = lead_rows()
    leads[700][0] = ""
    leads[710] = leads[709][:1] + leads[710][1:]
    write(drafted.parent / "leads.csv", LEADS_HEADER, leads)
    pilotage("run", "-p", str(drafted))
    said = pilotage("status", "-p", str(drafted)).out
    assert "1 row of leads parked, missing-key: key column 'lead_id' is empty" in said
    assert "2 rows of leads parked, duplicate-key: 2 rows have this 'lead_id'" in said
    assert f"pilotage status -p {drafted} --parked" in said


def test_parked_rows_are_shown_once_whatever_modes_it_ran_in(drafted: Path):
    doubled(drafted)
    pilotage("run", "-p", str(drafted))
    pilotage("run", "-p", str(drafted), "--mode", "shadow", "--as-of", "2026-09-01")
    said = pilotage("status", "-p", str(drafted), "--json").json
    assert [one["mode"] for one in cast("list[dict[str, str]]", said["runs"])] == [
        "replay",
        "shadow",
    ]
    parked = cast("list[dict[str, object]]", said["parked"])
    assert [(one["reason"], one["n"]) for one in parked if one["table"] == "leads"] == [
        ("duplicate-key", 2)
    ]
    assert pilotage("status", "-p", str(drafted)).out.count("duplicate-key") == 1


def test_each_parked_row_is_shown_with_its_key_and_what_to_do(drafted: Path):
    key = doubled(drafted)
    pilotage("run", "-p", str(drafted))
    said = pilotage("status", "--parked", "-p", str(drafted))
    assert "calls: 2 rows of leads, duplicate-key" in said.out
    assert "to do: find out which row is right" in said.out
    assert f"  {key}: 2 rows have this 'lead_id'" in said.out
    assert said.out.endswith(f"next: pilotage run -p {drafted}\n")
    rows = cast(
        "list[dict[str, str]]", pilotage("status", "--parked", "-p", str(drafted), "--json").json
    )
    leads = [(row["key"], row["reason"]) for row in rows if row["table"] == "leads"]
    assert leads == [(key, "duplicate-key")] * 2
    assert all(row["to_do"] for row in rows)


def test_where_no_row_is_parked_it_says_so_and_makes_no_record(drafted: Path):
    assert "No row is parked." in pilotage("status", "--parked", "-p", str(drafted)).out
    assert not (drafted / ".pilotage").exists()


@pytest.mark.parametrize(
    "words",
    [("review",), ("ledger", "export", "BUNDLE"), ("ledger", "verify"), ("ledger", "show", "1")],
)
def test_before_the_first_run_a_look_says_so_and_makes_no_record(
    drafted: Path, words: tuple[str, ...]
):
    said = pilotage(*words, "-p", str(drafted))
    assert said.code == 1
    assert "nothing has run or been signed yet" in said.err
    assert f"fix: pilotage run -p {drafted}" in said.err
    assert not (drafted / ".pilotage").exists()


def test_after_a_stop_it_is_halted_and_after_that_its_evidence_is_kept(live: Acme):
    stop(live)
    said = live.does("status").out
    assert f"next: pilotage governance halt -p {live.folder} {LEADS} --why harm" in said
    live.does("governance", "halt", LEADS, "--why", "harm", "--person", "ana")
    assert f"next: pilotage ledger export -p {live.folder} BUNDLE" in live.does("status").out


@pytest.mark.parametrize("command", ["status", "check"])
def test_keys_that_others_may_read_are_warned_of(live: Acme, command: str):
    keys = live.folder / ".pilotage/keys"
    assert "others on this machine" not in live.types(command).out
    (keys / "ledger.key").chmod(0o644)
    assert f"chmod -R go= {keys}" in live.types(command).out
    (keys / "ledger.key").chmod(0o600)
    keys.chmod(0o755)
    assert live.types(command, "--json").json["warnings"]


def test_proposals_that_wait_for_a_person_are_counted_with_the_oldest(drafted: Path):
    text = (drafted / "use_cases/calls.yaml").read_text()
    asks = "oversight: {automatic_from: 1, ask_from: 0.5, sample: 0}\n"
    (drafted / "use_cases/calls.yaml").write_text(text + asks)
    pilotage("run", "-p", str(drafted))
    one = status(drafted)
    assert cast("int", one["waiting"]) > 100
    said = pilotage("status", "-p", str(drafted)).out
    assert "proposals wait for a person, the oldest since 20" in said
