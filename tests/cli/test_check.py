"""`pilotage check`: all that is wrong, what is assumed, and how soon it can be proven."""

from pathlib import Path
from typing import cast

import duckdb
import pytest

from tests.cli.acme import Said, found, in_a_process, pilotage
from tests.cli.exports import DEALS_HEADER, decided, exported, write
from tests.rights import RIGHTS_MATTER


@pytest.fixture
def drafted(tmp_path: Path) -> Path:
    """A programme drafted from two exports, completed."""
    leads, deals = exported(tmp_path)
    folder = tmp_path / "acme"
    pilotage("init", str(folder), "--from", leads, "--outcomes", deals, "--name", "calls")
    decided(folder / "use_cases/calls.yaml")
    return folder


def check(folder: Path, *words: str) -> Said:
    return pilotage("check", "-p", str(folder), *words)


def changed(folder: Path, before: str, after: str, *, file: str = "use_cases/calls.yaml") -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert before in text
    (folder / file).write_text(text.replace(before, after), encoding="utf-8")


def findings(said: Said, use_case: str = "calls") -> dict[str, dict[str, str]]:
    use_cases = cast("dict[str, dict[str, list[dict[str, str]]]]", said.json["use_cases"])
    return {one["code"]: one for one in use_cases[use_case]["findings"]}


def test_errors_of_all_files_are_reported_at_once(drafted: Path):
    changed(drafted, "timezone: UTC", "timezone: Mars/Base", file="pilotage.yaml")
    changed(drafted, "kind: proportion", "kind: proporton")
    (drafted / "use_cases/other.yaml").write_text("use_case: other\nowner: DECIDE\n")
    said = check(drafted)
    assert said.code == 1
    assert "`timezone` is 'Mars/Base'" in said.out
    assert "proporton" in said.out
    assert "`owner` is still DECIDE" in said.out
    assert "mend what is marked x" in said.out


def test_what_is_assumed_and_what_is_measured_is_said_and_marked(drafted: Path):
    said = check(drafted)
    assert said.code == 0, said.out
    assert "experiment.months: 6 [assumed]" in said.out
    assert "Units a month: 7" in said.out
    assert "Baseline of deal_rate: " in said.out
    assert "[measured]" in said.out
    assert said.out.rstrip().endswith(f"pilotage run -p {drafted}")


def test_an_effect_too_small_for_the_volume_cannot_be_proven_and_ways_out_are_given(drafted: Path):
    found_ = findings(check(drafted, "--json"))["cannot-be-proven"]
    assert "cannot be proven at this volume" in found_["detail"]
    assert "`experiment.holdout: 0.5` takes" in found_["fix"]
    assert "leads a month would take 6" in found_["fix"]


def test_an_effect_large_enough_shows_in_time(drafted: Path):
    changed(drafted, "{relative: 0.5}", "{absolute: 0.3}")
    said = check(drafted, "--json")
    assert "cannot-be-proven" not in findings(said)
    assert said.json["blocked"] is False


def test_a_declared_volume_far_from_the_measured_one_is_warned_of(drafted: Path):
    changed(drafted, "volume_per_month: ", "volume_per_month: 9")
    found_ = findings(check(drafted, "--json"))["volume-differs"]
    assert "were measured" in found_["detail"]


def test_a_column_that_does_not_exist_blocks_with_the_nearest_one(drafted: Path):
    changed(drafted, "at: created_at", "at: creatd_at")
    said = check(drafted, "--json")
    assert said.code == 1
    assert findings(said)["column-not-there"]["fix"] == "write created_at in data.units.at"


def test_a_table_that_is_gone_is_one_error_and_the_rest_is_still_checked(drafted: Path):
    (drafted.parent / "deals.csv").unlink()
    said = check(drafted)
    assert said.code == 1
    assert said.out.count("there is no such file") == 1
    assert "Left out, so assumed" in said.out


def test_outcomes_that_never_happen_in_the_window_leave_nothing_to_plan_with(drafted: Path):
    write(
        drafted.parent / "deals.csv",
        DEALS_HEADER,
        [["D1", "nobody", "2025-07-05"], ["D2", "L0899", "2026-08-01"]],
    )
    said = check(drafted, "--json")
    assert said.code == 1
    assert "there is nothing to compare with" in findings(said)["cannot-run"]["detail"]


def test_a_start_in_the_past_is_warned_of_outside_a_replay(drafted: Path):
    assert "start-in-the-past" not in findings(check(drafted, "--json"))
    changed(drafted, "mode: replay", "mode: shadow", file="pilotage.yaml")
    found_ = findings(check(drafted, "--json"))["start-in-the-past"]
    assert "take `experiment.start` out" in found_["fix"]


def test_a_live_use_case_without_sign_offs_is_blocked_with_the_commands(tmp_path: Path):
    acme = found(tmp_path)
    said = check(acme.folder, "--as-of", "2026-10-15", "--json")
    assert said.code == 1
    fix = findings(said, "inbound-leads")["sign-off-legal"]["fix"]
    there = f"-p {acme.folder}"
    assert fix == f"pilotage governance sign {there} inbound-leads legal --evidence FILE"


def test_a_shadow_use_case_is_told_what_is_missing_before_it_goes_live(drafted: Path):
    said = check(drafted)
    assert "need a signature: legal, compliance, security, procurement, value" in said.out


def test_a_look_makes_no_record(drafted: Path):
    check(drafted)
    assert not (drafted / ".pilotage").exists()


def test_after_the_first_run_its_own_baseline_is_shown(drafted: Path):
    assert pilotage("run", "-p", str(drafted)).code == 0
    assert "frozen before the first decision" in check(drafted).out


def test_a_changed_experiment_is_blocked_before_the_next_run_refuses_it(drafted: Path):
    pilotage("run", "-p", str(drafted))
    changed(drafted, "holdout: 0.2", "holdout: 0.3")
    said = check(drafted, "--json")
    assert said.code == 1
    assert "was changed while it runs" in findings(said)["cannot-run"]["detail"]


def test_a_programme_that_may_not_be_read_is_answered_with_the_right_to_read_it(drafted: Path):
    path = drafted / "pilotage.yaml"
    path.chmod(0)
    said = in_a_process("check", "-p", str(drafted), before=RIGHTS_MATTER)
    assert said.code == 1
    assert f"chmod u+r {path}" in said.out
    assert "pilotage init" not in said.out


def test_a_programme_without_a_use_case_is_answered_with_how_to_draft_one(drafted: Path):
    (drafted / "use_cases/calls.yaml").unlink()
    said = check(drafted)
    assert said.code == 1
    assert "no use case is declared" in said.out


@pytest.mark.parametrize("name", ["../lead", "crm/lead", ".lead"])
def test_an_object_is_a_name_and_no_path(drafted: Path, name: str):
    changed(drafted, "object: lead", f"object: {name}")
    said = check(drafted)
    assert said.code == 1
    assert "deliver[0].object" in said.out


def test_an_invented_reference_is_printed_nowhere(drafted: Path):
    assert "playbook" not in check(drafted).out


@pytest.mark.parametrize("command", ["check", "run"])
def test_a_forgotten_data_folder_is_answered_with_the_option(drafted: Path, command: str):
    changed(drafted, "../leads.csv", "${data}/leads.csv", file="pilotage.yaml")
    said = pilotage(command, "-p", str(drafted))
    assert "--data FOLDER" in said.out + said.err
    assert pilotage(command, "-p", str(drafted), "--data", str(drafted.parent)).code == 0


def test_the_file_of_a_database_is_relative_to_the_programme(
    drafted: Path, monkeypatch: pytest.MonkeyPatch
):
    with duckdb.connect(drafted.parent / "crm.duckdb") as database:
        database.execute(f"CREATE TABLE leads AS FROM '{drafted.parent / 'leads.csv'}'")
    changed(drafted, "../leads.csv", "duckdb:///../crm.duckdb#leads", file="pilotage.yaml")
    monkeypatch.chdir("/")
    assert check(drafted, "--json").json["errors"] == []


def test_a_file_in_place_of_the_folder_is_said_to_be_one(drafted: Path):
    said = check(drafted / "pilotage.yaml")
    assert "pilotage.yaml: this is a file" in said.out
    assert "-p FOLDER" in said.out


def test_a_window_of_no_time_is_told_that_it_is_above_0(drafted: Path):
    changed(drafted, "window: 30 days", "window: 0 days")
    assert "`outcome.window` is '0 days'; a span is above 0" in check(drafted).out


def test_a_folder_without_a_programme_is_answered_with_init(tmp_path: Path):
    said = check(tmp_path)
    assert said.code == 1
    assert f"fix: pilotage init {tmp_path}" in said.out
