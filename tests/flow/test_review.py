"""The review over a real record: what it refuses, what it blocks, and that it says it again."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import update

from pilotage import review as story
from pilotage.cli.ledger import verify_record
from pilotage.domain.decision import Mode
from pilotage.domain.errors import LedgerError, RefusedError
from pilotage.domain.month import Month
from pilotage.domain.review import Review
from pilotage.domain.verdict import Verdict
from pilotage.store import registry, verdicts
from pilotage.store.tables import decision, outcome
from tests.flow.company import (
    END,
    HISTORY,
    LEADS,
    NEW,
    OLD_REPLIES,
    USE_CASE,
    Company,
    instant,
    lead,
    reply,
)
from tests.store.test_registry import CONTEST


def review(company: Company, *, as_of: str = END, mode: str | None = None) -> Review:
    with company.opened(mode=mode) as (case, record):
        return story.review(case, record, month=None, as_of=instant(as_of))


def looks(company: Company, *, mode: str | None = None) -> list[str]:
    with company.opened(mode=mode) as (case, record), record.reading() as connection:
        known = registry.registered(connection, use_case=USE_CASE, mode=case.mode)
    assert known is not None
    return [str(month) for month in known.looks.months]


def test_the_same_record_gives_the_same_bytes(company: Company):
    company.run()
    one, other = (verdicts.facts(review(company)) for _ in range(2))
    assert one == other


def test_a_look_back_counts_no_cohort_whose_windows_ended_later(company: Company):
    """April's leads came until the 20th and have 14 days: on 2 May some of them had still time."""
    company.run()
    assert review(company).month == Month(2026, 4)
    before = review(company, as_of="2026-05-02")
    assert (before.ruling.rule, before.effect) == ("nothing-closed-yet", None)
    assert review(company, as_of="2026-05-05").effect == review(company).effect


def test_a_review_of_a_spec_that_was_changed_since_the_last_run_is_refused(company: Company):
    company.run()
    before = review(company)
    company.spec["outcome"]["value"]["amount"] = 9
    with pytest.raises(RefusedError, match="was changed since it last ran") as caught:
        review(company)
    assert "pilotage run" in caught.value.fix
    company.run()
    after = review(company)
    assert before.money is not None
    assert after.money is not None
    assert after.money.estimate != before.money.estimate


def test_a_review_of_another_experiment_under_the_same_name_is_refused(company: Company):
    company.run()
    company.spec["outcome"]["window"] = "21 days"
    with pytest.raises(RefusedError, match=r"`outcome\.window` was 14 days, is 21 days"):
        review(company)


ALTERED = {
    "a value": update(outcome).values(value=1.0 - outcome.c.value),
    "an arm": update(decision).values(arm="treatment").where(decision.c.arm == "holdout"),
    "a month": update(decision).values(month="2026-03"),
    "an entry": update(outcome).values(seq=outcome.c.seq - 1),
}


@pytest.mark.parametrize("what", ALTERED)
def test_rows_that_were_changed_beside_the_ledger_are_not_reviewed(company: Company, what: str):
    company.run()
    with company.record() as record, record.engine.begin() as connection:
        connection.execute(ALTERED[what])
    with pytest.raises(LedgerError, match="are not what the ledger says of them") as caught:
        review(company)
    assert "restore the record" in caught.value.fix


def test_verifying_the_record_names_them(company: Company):
    company.run()
    with company.record() as record:
        assert verify_record(record, key=None, older=None, watch=lambda _: None).is_intact
        with record.engine.begin() as connection:
            connection.execute(ALTERED["a value"])
        found = verify_record(record, key=None, older=None, watch=lambda _: None)
    assert not found.is_intact
    assert {finding.code for finding in found.findings} == {"record-differs"}
    said = re.compile(r"entry \d+ says \(.*, value=([01])\.0\), the record \(.*, value=([01])\.0\)")
    for finding in found.findings:
        values = said.search(finding.detail)
        assert values, finding.detail
        assert values[1] != values[2]


def test_a_review_before_anything_ran_is_refused(company: Company):
    with pytest.raises(RefusedError, match="has not run replay yet"):
        review(company)


def test_a_review_beside_live_of_what_is_not_live_is_refused(company: Company):
    company.run(mode="shadow")
    with company.opened(mode="shadow") as (case, record):
        with record.reading() as connection:
            known = registry.registered(connection, use_case=USE_CASE, mode=case.mode)
        assert known is not None
        with record.transaction() as work:
            live = replace(known, mode=Mode.LIVE)
            registry.register(work, live, spec="{}", contest=CONTEST, as_of=instant(END))
    for mode in ("shadow", "replay"):
        with pytest.raises(RefusedError, match="runs live"):
            review(company, mode=mode)


def test_units_decided_after_their_outcome_block_the_verdict(company: Company):
    """A first pass weeks late finds leads that have replied already."""
    fast = [reply(i, days=day / 10) for i in range(HISTORY, HISTORY + NEW) for day in (1, 2)]
    company.table("replies", [*OLD_REPLIES, *fast])
    company.run("2026-04-25", now=END, mode="shadow")
    company.run("2026-06-01", now=END, mode="shadow")
    found = review(company, mode="shadow")
    assert (found.ruling.verdict, found.ruling.rule) == (Verdict.REPAIR, "blocking-finding")
    assert "decided-too-late" in {finding.code for finding in found.findings}


def test_a_replay_of_part_of_a_month_counts_units_by_the_days_they_came_in(company: Company):
    """Forty leads, two a day, come in the first twenty days of April."""
    company.run()
    [shown] = [f for f in review(company).figures if f.label == "Units a month"]
    assert shown.value == "61"  # 40 over 19.5 days and an hour of the thirty


@pytest.mark.parametrize(
    ("start", "first_pass", "mode", "first"),
    [
        ("2026-04-01", END, "replay", "2026-04"),
        ("2026-04-02", END, "replay", "2026-05"),
        ("2026-04-01", "2026-04-10", "shadow", "2026-04"),
        ("2026-04-02", "2026-04-10", "shadow", "2026-05"),
        (None, "2026-04-10", "shadow", "2026-05"),
        (None, "2026-04-01", "shadow", "2026-04"),
        ("2026-04-01", "2026-06-20", "shadow", "2026-06"),
    ],
)
def test_looks_begin_with_the_first_full_cohort_that_is_decided(
    company: Company, start: str | None, first_pass: str, mode: str, first: str
):
    del company.spec["experiment"]["start"]
    if start is not None:
        company.spec["experiment"]["start"] = start
    company.run(first_pass, now=END, mode=mode)
    assert looks(company, mode=mode) == [str(Month.parse(first).plus(k)) for k in range(6)]


def test_accounts_that_are_decided_every_month_are_a_full_cohort_on_any_day(company: Company):
    del company.spec["experiment"]["start"]
    company.spec["decide"]["every"] = "month"
    again = [reply(i, days=40 - i) for i in range(0, 30, 3)]
    company.table("replies", [*OLD_REPLIES, *again])
    company.run("2026-04-10", now=END, mode="shadow")
    assert looks(company, mode="shadow")[0] == "2026-04"


def by_rep_in_regions(company: Company) -> None:
    company.spec["experiment"] |= {"assign_by": "rep", "strata": ["origin"], "holdout": 0.5}
    company.spec["decide"]["columns"] = ["origin", "rep"]


def test_a_rep_whose_leads_lie_in_two_strata_stays_in_that_of_the_draw(company: Company):
    by_rep_in_regions(company)
    moved = [{**lead(i), "origin": "mail"} if i % 4 else lead(i) for i in range(HISTORY, 120)]
    company.table("leads", [*LEADS[:HISTORY], *moved])
    company.run()
    [said] = company.log("experiment")
    origins = [company.pseudonym(origin, kind="stratum") for origin in ("web", "fair", "mail")]
    assert said["strata"] == {
        company.pseudonym(f"rep-{i}", kind="rep"): origins[i % 3] for i in range(6)
    }
    assert len({(row.cluster, row.stratum) for row in company.rows()["decision"]}) > 6
    codes = {finding.code for finding in review(company).findings}
    assert codes == {"too-few-clusters", "forecast-ignores-clusters"}


def test_arms_for_so_few_clusters_that_none_could_be_compared_are_refused(company: Company):
    company.spec["experiment"]["assign_by"] = "origin"
    company.spec["decide"]["columns"] = ["origin"]
    with pytest.raises(RefusedError, match="knows 3 values of `origin`") as caught:
        company.run()
    assert "something smaller" in caught.value.fix
    assert company.rows()["experiment"] == []


def a_condition(company: Company) -> None:
    company.spec["data"]["outcomes"]["where"] = {"amount": 10}


def another_table(company: Company) -> None:
    company.programme["sources"]["answers"] = "answers.csv"
    company.table("answers", OLD_REPLIES)
    company.spec["data"]["outcomes"]["table"] = "answers"


def another_calendar(company: Company) -> None:
    company.programme["timezone"] = "Asia/Tokyo"


def another_rule(company: Company) -> None:
    company.spec["decide"]["rules"] = company.spec["decide"]["rules"][:1]


def another_candidate(company: Company) -> None:
    company.spec["decide"]["candidates"] = ["rules", "tabular"]


def another_baseline(company: Company) -> None:
    company.spec["outcome"]["baseline"] = {"from": "2026-02", "until": "2026-02"}


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (a_condition, "data.outcomes.where"),
        (another_table, "data.outcomes.table"),
        (another_calendar, "timezone"),
        (another_rule, "decide.rules"),
        (another_candidate, "decide.candidates"),
        (another_baseline, "outcome.baseline.from"),
    ],
)
def test_what_would_change_the_measurement_or_do_nothing_is_refused_by_its_key(
    company: Company, change: Callable[[Company], None], key: str
):
    company.run("2026-04-10", now=END)
    before = company.rows()
    change(company)
    with pytest.raises(RefusedError) as caught:
        company.run()
    assert f"`{key}` was " in caught.value.message
    assert company.rows() == before


def test_a_default_that_is_written_out_while_it_runs_is_no_change(company: Company):
    company.run("2026-04-10", now=END)
    company.spec["experiment"] |= {"months": 6, "assign_by": "lead_id"}
    company.spec["outcome"]["better"] = "higher"
    assert company.run().decided > 0
