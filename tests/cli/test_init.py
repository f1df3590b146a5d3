"""`pilotage init`: a programme to complete, or a draft measured on somebody's own tables."""

import os
from pathlib import Path
from typing import cast

import pytest

from pilotage.cli.counted import table_names
from pilotage.cli.init import as_source, open_choices
from pilotage.spec.loading import load_programme, load_use_case
from tests.cli.acme import pilotage
from tests.cli.exports import (
    DEALS_HEADER,
    LEADS_HEADER,
    deal_rows,
    decided,
    exported,
    lead_rows,
    write,
)

DATA = Path(os.environ.get("PILOTAGE_DATA", Path(__file__).parents[2] / "../shared/data"))
OLIST = DATA / "olist_funnel"
PIPELINE = DATA / "maven_crm/sales_pipeline.csv"


def test_a_new_programme_says_what_a_person_has_to_decide_and_what_to_type_next(tmp_path: Path):
    said = pilotage("init", str(tmp_path / "acme"))
    assert said.code == 0
    assert "For you to decide" in said.out
    for key in ("owner", "volume_per_month", "shared_capacity", "minimum_effect", "amount"):
        assert key in said.out
    assert said.out.rstrip().endswith(f"pilotage check -p {tmp_path / 'acme'}")
    assert (tmp_path / "acme/.gitignore").read_text() == ".pilotage/\n"
    programme = load_programme((tmp_path / "acme/pilotage.yaml").read_bytes(), file="x")
    assert (programme.programme, programme.mode) == ("acme", "shadow")


def test_init_never_overwrites_a_file(tmp_path: Path):
    leads, deals = exported(tmp_path)
    folder = tmp_path / "acme"
    assert pilotage("init", str(folder)).code == 0
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    again = pilotage("init", str(folder))
    assert again.code == 1
    assert "is there already; nothing was written" in again.err
    first = pilotage("init", str(folder), "--from", leads, "--outcomes", deals, "--name", "first")
    assert first.code == 1
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_second_use_case_leaves_the_programme_alone_and_says_what_it_lacks(tmp_path: Path):
    leads, deals = exported(tmp_path)
    folder = tmp_path / "acme"
    pilotage("init", str(folder))
    before = (folder / "pilotage.yaml").read_text()
    said = pilotage("init", str(folder), "--from", leads, "--outcomes", deals, "--name", "calls")
    assert said.code == 0
    assert (folder / "pilotage.yaml").read_text() == before
    assert 'deals: "../deals.csv"' in said.out
    assert (folder / "use_cases/calls.yaml").exists()


def test_it_says_what_the_tables_hold_in_plain_words(tmp_path: Path):
    leads, deals = exported(tmp_path)
    said = pilotage("init", str(tmp_path / "acme"), "--from", leads, "--outcomes", deals).out
    wins = len(deal_rows(lead_rows()))
    assert "900 rows, read as leads" in said
    assert "lead_id, a different value in every row" in said
    assert f"{wins} of {wins} name a lead of leads" in said
    december = sum(at.startswith("2025-12") for _, at, _, _ in lead_rows())
    assert f"2025-12  {december:>10}" in said
    assert "leads a month" in said
    assert "Warning" not in said


def test_outcomes_recorded_later_than_units_are_warned_of_and_not_in_the_rate(tmp_path: Path):
    leads = lead_rows()
    units = write(tmp_path / "leads.csv", LEADS_HEADER, leads)
    deals = deal_rows(leads, recorded_from="2025-11-10")
    outcomes = write(tmp_path / "deals.csv", DEALS_HEADER, deals)
    said = pilotage("init", str(tmp_path / "a"), "--from", str(units), "--outcomes", str(outcomes))
    assert "outcomes are recorded only from 2025-11-1" in said.out
    assert "no outcome was recorded yet" in said.out
    assert "Measured over 2025-12 to" in said.out


def test_a_draft_from_tables_checks_runs_and_is_reviewed_once_decided(tmp_path: Path):
    leads, deals = exported(tmp_path)
    folder = tmp_path / "acme"
    pilotage("init", str(folder), "--from", leads, "--outcomes", deals, "--name", "calls")
    assert pilotage("check", "-p", str(folder)).code == 1
    decided(folder / "use_cases/calls.yaml")
    checked = pilotage("check", "-p", str(folder))
    assert checked.code == 0, checked.out
    ran = pilotage("run", "-p", str(folder), "--json")
    tally = cast("dict[str, int]", ran.json["calls"])
    assert tally["decided"] > 300
    reviewed = pilotage("review", "-p", str(folder))
    assert "replay of history: never counts as live evidence" in reviewed.out


def test_a_table_of_won_and_lost_is_units_and_outcomes(tmp_path: Path):
    won = {key: at for _, key, at in deal_rows(lead_rows())}
    rows = [
        [key, at, origin, "Won" if key in won else "Lost", won.get(key, at)]
        for key, at, origin, _ in lead_rows()
    ]
    header = ("opportunity_id", "opened_at", "origin", "stage", "closed_at")
    write(tmp_path / "pipeline.csv", header, rows)
    folder = tmp_path / "acme"
    said = pilotage("init", str(folder), "--from", str(tmp_path / "pipeline.csv"))
    assert said.code == 0, said.err
    assert "where stage is Won; it also is Lost" in said.out
    file = folder / "use_cases/opportunity-won.yaml"
    decided(file)
    spec = load_use_case(file.read_bytes(), file="x")
    assert spec.data.outcomes.where == {"stage": "Won"}
    assert spec.decide.columns == ("origin",)  # neither the stage nor what is known at the close
    assert pilotage("check", "-p", str(folder)).code == 0


def test_a_table_of_outcomes_that_also_holds_lost_ones_is_read_for_the_won(tmp_path: Path):
    leads = lead_rows()
    won = {key: at for _, key, at in deal_rows(leads)}
    rows = [
        [f"O{key}", key, won.get(key, at), "Won" if key in won else "Lost"] for key, at, *_ in leads
    ]
    units = write(tmp_path / "leads.csv", LEADS_HEADER, leads)
    outcomes = write(tmp_path / "deals.csv", ("deal_id", "lead_id", "closed_at", "Stage"), rows)
    folder = tmp_path / "acme"
    said = pilotage("init", str(folder), "--from", str(units), "--outcomes", str(outcomes))
    assert said.code == 0, said.err
    assert "where Stage is Won; it also is Lost" in said.out
    file = folder / "use_cases/lead-won.yaml"
    decided(file)
    spec = load_use_case(file.read_bytes(), file="x")
    assert spec.data.outcomes.where == {"Stage": "Won"}
    assert spec.decide.columns == ("origin", "size")
    checked = pilotage("check", "-p", str(folder), "--json").json
    assert checked["blocked"] is False


def test_dates_whose_day_and_month_cannot_be_told_apart_are_named_with_what_to_do(tmp_path: Path):
    leads = [[*row, f"{1 + n % 28:02}/{1 + n % 12:02}/2026"] for n, row in enumerate(lead_rows())]
    units = write(tmp_path / "leads.csv", (*LEADS_HEADER, "signed_on"), leads)
    deals = write(tmp_path / "deals.csv", DEALS_HEADER, deal_rows(lead_rows()))
    said = pilotage("init", str(tmp_path / "a"), "--from", str(units), "--outcomes", str(deals))
    assert said.code == 0, said.err
    text = " ".join(said.out.split())
    assert "signed_on holds dates such as 01/01/2026, which are not read" in text
    assert "the format yyyy-mm-dd in the spreadsheet" in text


def test_days_are_those_of_the_programme_s_time_zone(tmp_path: Path):
    leads = lead_rows()
    last = [["D-last", leads[0][0], "2026-08-01T03:00:00Z"]]
    units = write(tmp_path / "leads.csv", LEADS_HEADER, leads)
    deals = write(tmp_path / "deals.csv", DEALS_HEADER, deal_rows(leads) + last)
    words = ("--from", str(units), "--outcomes", str(deals), "--timezone", "America/Los_Angeles")
    said = pilotage("init", str(tmp_path / "a"), *words)
    assert "the last stamp is 2026-07-31" in said.out


LATIN = "lead_id,created_at,city\n1,2026-01-01,Zürich\n".encode("latin-1")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "there is no such file"),
        (b"", "the file is empty (0 bytes)"),
        (b"lead_id,created_at\n", "has a header (lead_id, created_at) and no row below it"),
        (LATIN, "line 2 is not UTF-8: byte 0xfc"),
        (b"lead_id\n1\n2\n", "no column holds a time"),
        (b"lead_id,at\n1,31/12/2025\n2,30/12/2025\n", "looks like dates, such as '30/12/2025'"),
        (b"at,origin\n2026-01-01,a\n2026-01-01,a\n", "no column tells each row from every other"),
        (b"lead_id,at\n1.0,2026-01-01\n2.5,2026-01-02\n", "holds numbers with decimals"),
        (b"lead_id,at\nX1,2026-01-01\nX2,2026-01-02\n", "no column holds a key of"),
    ],
)
def test_a_table_that_cannot_be_drafted_from_is_refused_with_a_fix(
    tmp_path: Path, content: bytes | None, said: str
):
    _, deals = exported(tmp_path)
    units = tmp_path / "units.csv"
    if content is not None:
        units.write_bytes(content)
    refused = pilotage("init", str(tmp_path / "a"), "--from", str(units), "--outcomes", deals)
    assert refused.code == 1
    assert said in refused.err
    assert "fix: " in refused.err
    assert not (tmp_path / "a").exists()


def test_a_few_doubled_and_untimely_rows_are_warned_of(tmp_path: Path):
    leads, deals = lead_rows(), deal_rows(lead_rows())
    leads += [leads[0], leads[1], ["L9999", "2090-01-01", "web", "small"]]
    units = write(tmp_path / "leads.csv", LEADS_HEADER, leads)
    outcomes = write(tmp_path / "deals.csv", DEALS_HEADER, deals)
    said = pilotage("init", str(tmp_path / "a"), "--from", str(units), "--outcomes", str(outcomes))
    assert said.code == 0, said.err
    assert "2 rows of lead_id are doubled or empty" in said.out
    assert "1 leads have no created_at between 1970 and now" in said.out


def test_a_wrong_option_is_answered_with_the_right_one(tmp_path: Path):
    leads, deals = exported(tmp_path)
    options = ("--from", leads, "--outcomes", deals)
    assert "--name lead-calls" in pilotage("init", "a", *options, "--name", "Lead calls").err
    assert "Europe/Paris" in pilotage("init", "a", *options, "--timezone", "Mars/Base").err
    assert "without --from" in pilotage("init", "a", "--outcomes", deals).err


def test_with_json_a_draft_says_what_it_found_wrote_and_left_open(tmp_path: Path):
    leads, deals = exported(tmp_path)
    folder = tmp_path / "acme"
    said = pilotage(
        "init", str(folder), "--from", leads, "--outcomes", deals, "--name", "calls", "--json"
    ).json
    use_case = str(folder / "use_cases/calls.yaml")
    assert said["written"] == [use_case, str(folder / "pilotage.yaml")]
    found = cast("dict[str, dict[str, object]]", said["found"])
    assert (found["units"]["rows"], found["units"]["key"]) == (900, "lead_id")
    assert found["outcomes"]["at"] == "won_at"
    decide = cast("list[dict[str, object]]", said["decide"])
    assert {"owner", "minimum_effect", "amount"} <= {str(one["key"]) for one in decide}
    lines = Path(use_case).read_text(encoding="utf-8").splitlines()
    assert all("DECIDE" in lines[int(str(one["line"])) - 1] for one in decide)
    assert said["next"] == f"pilotage check -p {folder}"


def test_with_json_a_second_use_case_says_what_the_programme_lacks(tmp_path: Path):
    leads, deals = exported(tmp_path)
    folder = tmp_path / "acme"
    first = pilotage("init", str(folder), "--json").json
    assert (first["found"], first["add_to_sources"]) == (None, {})
    words = ("--from", leads, "--outcomes", deals, "--name", "calls", "--json")
    said = pilotage("init", str(folder), *words).json
    assert said["written"] == [str(folder / "use_cases/calls.yaml")]
    assert said["add_to_sources"] == {"leads": "../leads.csv", "deals": "../deals.csv"}


def test_tables_are_named_as_people_would():
    assert table_names(["x/olist_marketing_qualified_leads_dataset.csv", "won_deals.csv"]) == [
        "leads",
        "deals",
    ]
    assert table_names(["old_leads.csv", "new_leads.csv"]) == ["leads", "new_leads"]
    assert table_names(["duckdb:///crm.db#main.leads"]) == ["leads"]


def test_a_table_near_the_programme_is_named_relatively(tmp_path: Path):
    assert as_source(str(tmp_path / "leads.csv"), folder=tmp_path / "acme") == "../leads.csv"
    assert as_source(str(tmp_path / "acme/leads.csv"), folder=tmp_path / "acme") == "leads.csv"
    assert as_source("/exports/leads.csv", folder=tmp_path / "acme") == "/exports/leads.csv"
    url = "postgresql://crm@db/crm#leads"
    assert as_source(url, folder=tmp_path) == url
    file = f"sqlite:///{tmp_path / 'crm.db'}#leads"
    assert as_source(file, folder=tmp_path / "acme") == "sqlite:///../crm.db#leads"


def test_open_choices_are_read_with_their_hints():
    text = "a:\n  owner: DECIDE  # the role\n  value: {amount: DECIDE, currency: USD}\nb: 1\n"
    found = [(choice.line, choice.key, choice.hint) for choice in open_choices(text)]
    assert found == [(2, "owner", "the role"), (3, "amount", "")]


@pytest.mark.skipif(not OLIST.is_dir(), reason="the real data is not here")
def test_the_olist_funnel_is_drafted_with_its_recording_artefact_named(tmp_path: Path):
    leads = str(OLIST / "olist_marketing_qualified_leads_dataset.csv")
    deals = str(OLIST / "olist_closed_deals_dataset.csv")
    said = pilotage("init", str(tmp_path / "a"), "--from", leads, "--outcomes", deals)
    assert "8,000 rows, read as leads" in said.out
    assert "842 of 842 name a lead of leads" in said.out
    assert "outcomes are recorded only from 2017-12-05 on" in said.out
    draft = (tmp_path / "a/use_cases/lead-deal.yaml").read_text()
    assert "start: 2018-04-01" in draft


@pytest.mark.skipif(not PIPELINE.is_file(), reason="the real data is not here")
def test_a_crm_s_pipeline_of_won_and_lost_is_drafted(tmp_path: Path):
    said = pilotage("init", str(tmp_path / "a"), "--from", str(PIPELINE))
    assert "8,800 rows, read as opportunities" in said.out
    assert "where deal_stage is Won; it also is Lost, Engaging, Prospecting" in said.out
