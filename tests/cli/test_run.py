"""`pilotage run`: for which day a pass may stand, and what it says."""

import json
from pathlib import Path
from typing import cast

import pytest

from pilotage.cli.run import in_words
from pilotage.domain.tally import Tally
from tests.cli.acme import LEADS, Acme, Said, in_a_process, pilotage


def run(acme: Acme, *words: str, on: str) -> Said:
    return acme.types("run", *words, on=on)


def test_a_live_pass_does_not_stand_for_a_day_whose_sign_offs_have_expired_since(live: Acme):
    said = run(live, "--as-of", "2027-08-31", on="2027-09-02")
    assert said.code == 1
    assert "a live pass stands for today" in said.err
    assert "leave --as-of out" in said.err
    assert "no current sign-off" in run(live, on="2027-09-02").err


def test_a_live_pass_does_not_stand_for_tomorrow(live: Acme):
    assert "a live pass stands for today" in run(live, "--as-of", "2026-10-16", on="2026-10-15").err


def test_a_live_pass_may_name_today(live: Acme):
    assert run(live, "--as-of", "2026-10-15", on="2026-10-15T23:30").code == 0


@pytest.mark.parametrize("mode", ["shadow", "replay"])
def test_another_mode_may_stand_for_any_day(founded: Acme, mode: str):
    assert run(founded, "--mode", mode, "--as-of", "2026-10-15", on="2026-12-01").code == 0


def test_a_day_is_a_day_of_the_programme_s_time_zone(founded: Acme):
    path = founded.folder / "pilotage.yaml"
    path.write_text(path.read_text() + "timezone: America/Los_Angeles\n")
    founded.does("run", "--mode", "shadow", "--as-of", "2026-10-15")
    assert {one["as_of"] for one in founded.entries("experiment")} == {
        "2026-10-15T07:00:00.000000Z"
    }


def test_an_instant_with_a_zone_of_its_own_is_that_instant(founded: Acme):
    path = founded.folder / "pilotage.yaml"
    path.write_text(path.read_text() + "timezone: America/Los_Angeles\n")
    founded.does("run", "--mode", "shadow", "--as-of", "2026-10-15T08:30:00+02:00")
    assert {one["as_of"] for one in founded.entries("experiment")} == {
        "2026-10-15T06:30:00.000000Z"
    }


def test_a_refusal_names_commands_for_the_same_programme_and_data(founded: Acme):
    words = ("--data", str(founded.folder))
    said = run(founded, *words, on="2026-10-15")
    there = f"-p {founded.folder} --data {founded.folder}"
    assert f"pilotage governance sign {there} {LEADS} legal --evidence FILE" in said.err


def test_where_one_use_case_is_refused_the_others_go_on(live: Acme):
    text = (live.folder / "use_cases/leads.yaml").read_text()
    second = text.replace("use_case: inbound-leads", "use_case: a-second")
    (live.folder / "use_cases/a.yaml").write_text(second)
    said = run(live, on="2026-10-15")
    assert said.code == 1
    assert "a-second may not run live" in said.err
    assert said.out.startswith(f"{LEADS}\n")
    assert "next:" not in said.out


def test_with_json_every_refusal_is_a_line_of_json_on_stderr(founded: Acme):
    text = (founded.folder / "use_cases/leads.yaml").read_text()
    (founded.folder / "use_cases/other.yaml").write_text(text.replace(LEADS, "other"))
    said = run(founded, "--json", on="2026-10-15")
    assert said.json == {}
    refused = [json.loads(line) for line in said.err.splitlines()]
    assert [one["error"] for one in refused] == ["RefusedError", "RefusedError"]
    assert all(f"sign -p {founded.folder}" in one["fix"] for one in refused)


def test_with_json_a_usage_error_is_json_on_stderr(tmp_path: Path):
    said = in_a_process("run", "--mode", "lively", "--json", "-p", str(tmp_path))
    assert said.code == 2
    assert said.out == ""
    assert "lively" in said.error["message"]
    assert "run --help" in said.error["fix"]


def test_a_usage_error_names_the_help_as_its_fix():
    said = pilotage("run", "--mod")
    assert said.code == 2
    assert "error: No such option" in said.err
    assert said.err.endswith("\n  fix: `pilotage run --help` shows how it is written\n")
    assert "fix: `pilotage --help`" in pilotage("nosuch").err
    assert "Commands:" in pilotage().err


def test_one_of_something_is_said_in_the_singular():
    one = Tally(read=1, decided=1, closed=1, corrected=1, parked=1)
    assert in_words(one) == (
        "1 unit read; 1 decided, 1 outcome window closed, 1 outcome corrected, 1 row parked"
    )


def test_rows_from_before_the_start_are_counted_and_left_out(live: Acme):
    said = run(live, on="2026-10-15")
    assert "  368 rows lie before the start, and are left out" in said.out
    [counts] = run(live, "--json", on="2026-10-15").json.values()
    assert cast("dict[str, int]", counts)["before_start"] == 368


def test_where_a_tool_takes_nothing_outcomes_are_heard_all_the_same(live: Acme):
    live.does("oversight", "approve", "--all", LEADS, "--person", "ana")
    (live.folder / "crm").write_text("no folder")
    said = run(live, on="2026-11-01")
    assert said.code == 1
    assert "cannot be written" in said.err
    [one] = cast("list[dict[str, int]]", live.does("status", "--json").json["runs"])
    assert one["pending"] == 0


def test_of_all_use_cases_those_after_a_tool_that_fails_go_on(live: Acme):
    live.does("oversight", "approve", "--all", LEADS, "--person", "ana")
    (live.folder / "crm").write_text("no folder")
    text = (live.folder / "use_cases/leads.yaml").read_text().replace(LEADS, "other")
    before, after = text.split("deliver:")[0], text.split("experiment:")[1]
    (live.folder / "use_cases/other.yaml").write_text(f"{before}experiment:{after}")
    live.does("governance", "sign", "other", "all", "--evidence", live.evidence, "--person", "ana")
    said = run(live, on="2026-10-16")
    assert said.code == 1
    assert said.out.startswith("other\n")
    assert "112 decided" in said.out


def test_of_all_use_cases_those_after_a_table_that_is_gone_go_on(live: Acme):
    text = (live.folder / "use_cases/leads.yaml").read_text()
    first = text.replace(f"use_case: {LEADS}", "use_case: a-first").replace(
        "table: replies", "table: gone"
    )
    (live.folder / "use_cases/a.yaml").write_text(first)
    programme = live.folder / "pilotage.yaml"
    programme.write_text(programme.read_text().replace("sources: {", "sources: {gone: gone.csv, "))
    said = run(live, on="2026-10-15")
    assert said.code == 1
    assert "gone.csv: there is no such file" in said.err
    assert said.out.startswith(f"{LEADS}\n")
