"""What came of units: in time, late, too early, or of nobody we know."""

import random
import shutil
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from pilotage import followup
from pilotage.domain.errors import SourceError
from pilotage.domain.tally import Tally
from tests.flow.company import (
    END,
    HISTORY,
    LEADS,
    NEW,
    OLD_REPLIES,
    REPLIES,
    Company,
    lead,
    reply,
)


def outcome_of(company: Company, i: int) -> tuple[float, int] | None:
    unit = company.pseudonym(lead(i)["lead_id"])
    found = {row.unit: (row.value, row.revision) for row in company.rows()["outcome"]}
    return found.get(unit)


def test_zero_counts_only_after_the_window_and_on_a_complete_source(company: Company):
    company.spec["data"]["outcomes"]["complete_until"] = "2026-04-20"
    company.run("2026-04-15", now=END)  # the first lead came on April 1 at 1:00
    assert outcome_of(company, HISTORY) is None
    company.run("2026-04-16", now=END)
    assert outcome_of(company, HISTORY) == (0.0, 0)
    company.run(END)  # all windows ended, but the source is complete until April 20 only
    closed = [i for i in range(HISTORY, HISTORY + NEW) if outcome_of(company, i)]
    assert closed == list(range(HISTORY, HISTORY + 10))
    company.spec["data"]["outcomes"]["complete_until"] = "2026-12-31"
    assert company.run(END).closed == NEW - 10


def test_a_reply_that_arrives_late_is_a_correction_and_a_new_revision(company: Company):
    i = HISTORY + 1
    company.table("replies", OLD_REPLIES)
    company.run()
    assert outcome_of(company, i) == (0.0, 0)
    company.table("replies", [*OLD_REPLIES, reply(i, days=13)])
    tally = company.run()
    assert (tally.corrected, tally.closed) == (1, 0)
    assert outcome_of(company, i) == (1.0, 1)
    [entry] = company.log("correction")
    assert (entry["value"], entry["revision"]) == ("1", 1)
    assert entry["unit"] == company.pseudonym(lead(i)["lead_id"])
    assert company.run() == Tally(read=NEW)


def test_a_late_reply_after_the_window_changes_nothing(company: Company):
    company.table("replies", OLD_REPLIES)
    company.run()
    company.table("replies", [*OLD_REPLIES, reply(HISTORY + 1, days=14)])
    assert company.run() == Tally(read=NEW)


def revenue(company: Company) -> None:
    """Count amounts instead of replies."""
    company.spec["outcome"] |= {"kind": "mean", "metric": "revenue"}
    company.spec["data"]["outcomes"]["value"] = "amount"


def invoice(i: int, amount: float, *, days: float = 2) -> dict[str, str]:
    return {**reply(i, days=days), "amount": str(amount)}


def test_amounts_add_up_and_two_equal_ones_of_one_day_are_two(company: Company):
    revenue(company)
    i = HISTORY + 1
    said = [invoice(i, 50), invoice(i, 50), invoice(i, 0.5, days=3)]
    company.table("replies", [*OLD_REPLIES, *said])
    company.run()
    assert outcome_of(company, i) == (100.5, 0)
    company.table("replies", [*OLD_REPLIES, *said, invoice(i, -10, days=4)])
    assert company.run().corrected == 1
    assert outcome_of(company, i) == (90.5, 1)


def test_an_invoice_that_is_amended_moved_or_taken_back_counts_as_it_stands(company: Company):
    revenue(company)
    i = HISTORY + 1
    other = invoice(i + 1, 7)
    steps: list[tuple[list[dict[str, str]], float | None]] = [
        ([invoice(i, 100)], 100.0),
        ([invoice(i, 90)], 90.0),
        ([invoice(i, 90, days=5)], None),  # moved within the window: nothing to correct
        ([invoice(i, 90, days=5), invoice(i, 90, days=5)], 180.0),
        ([], 0.0),
        ([invoice(i, 100)], 100.0),
    ]
    revision, value = -1, 0.0
    for said, now in steps:
        company.table("replies", [*OLD_REPLIES, *said, other])
        tally = company.run()
        assert company.run() == Tally(read=NEW)
        if now is not None:
            revision, value = revision + 1, now
            assert (tally.corrected > 0) is (revision > 0)
        assert outcome_of(company, i) == (value, revision)
    assert [body["value"] for body in company.log("correction")] == ["90", "180", "0", "100"]
    assert {row.value for row in company.rows()["happening"]} == {100.0, 7.0}


def test_a_reply_that_is_taken_back_is_none(company: Company):
    i = HISTORY + 4
    company.run()
    assert outcome_of(company, i) == (1.0, 0)
    company.table("replies", [row for row in REPLIES if row["lead_id"] != lead(i)["lead_id"]])
    assert company.run() == Tally(read=NEW, corrected=1)
    assert outcome_of(company, i) == (0.0, 1)


def test_a_pass_writes_no_row_that_the_source_has_not_changed(company: Company):
    company.run()
    before = company.rows()
    company.run()
    assert company.rows() == before


class Crash(BaseException):
    """What a kill is to the database."""


@contextmanager
def crashing(commit: int) -> Generator[list[int]]:
    """Crash instead of the commit of that number; yield the count."""
    seen = [0]

    def count(_connection: object) -> None:
        seen[0] += 1
        if seen[0] == commit:
            raise Crash

    event.listen(Engine, "commit", count)
    try:
        yield seen
    finally:
        event.remove(Engine, "commit", count)


def test_a_crash_while_corrections_are_read_leaves_nothing_that_the_next_pass_does_not_mend(
    company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(followup, "BATCH", 4)
    revenue(company)
    first = [invoice(i, 10) for i in range(HISTORY, HISTORY + 12)]
    company.table("replies", [*OLD_REPLIES, *first])
    company.run("2026-04-12", now=END)
    first[0] = invoice(HISTORY, 20)
    first[1] = invoice(HISTORY + 1, 10, days=3)
    del first[2]
    company.table("replies", [*OLD_REPLIES, *first, *(invoice(i, 5) for i in range(92, 120))])
    shutil.copytree(company.folder, tmp_path / "begun")

    def after_crash(commit: int) -> tuple[int, list[object]]:
        shutil.rmtree(company.folder)
        shutil.copytree(tmp_path / "begun", company.folder)
        with crashing(commit) as commits, suppress(Crash):
            company.run()
        company.run()
        rows = company.rows()
        return commits[0], [
            rows["happening"],
            sorted((row.unit, row.value, row.revision) for row in rows["outcome"]),
            Counter(body["kind"] for body in company.log()),
        ]

    commits, whole = after_crash(0)
    assert commits > 10
    for commit in range(1, commits + 1):
        assert after_crash(commit)[1] == whole, f"commit {commit}"


@pytest.mark.parametrize("rows", [[], OLD_REPLIES])
def test_a_table_of_outcomes_that_is_empty_now_is_refused_and_nothing_is_lost(
    company: Company, rows: list[dict[str, str]]
):
    company.run()
    before = company.rows()
    header = [dict.fromkeys(REPLIES[0], "")]
    company.table("replies", rows or header)
    if not rows:
        path = company.folder / "replies.csv"
        path.write_text(path.read_text().splitlines()[0] + "\n")
    with pytest.raises(SourceError, match="outcomes that were read from it before are gone") as it:
        company.run()
    assert "export it again" in it.value.fix
    assert company.rows() == before
    company.table("replies", REPLIES)
    assert company.run() == Tally(read=NEW)


def test_a_table_of_the_last_weeks_only_takes_back_nothing_that_is_older(company: Company):
    company.run()
    before = company.rows()
    company.table("replies", [row for row in REPLIES if row["replied_at"] > "2026-04-09"])
    assert company.run() == Tally(read=NEW)
    assert company.rows() == before


def test_a_table_that_lost_a_fifth_of_many_outcomes_is_refused_even_where_more_came(
    company: Company,
):
    many = [reply(i, days=1 + hour / 24) for i in range(HISTORY, HISTORY + 20) for hour in range(6)]
    company.table("replies", [*OLD_REPLIES, *many])
    company.run()
    before = company.rows()
    company.table("replies", [*OLD_REPLIES, *many[25:], *(reply(i) for i in range(100, 120))])
    with pytest.raises(SourceError, match="25 of the 120 outcomes"):
        company.run()
    assert company.rows() == before
    company.table("replies", [*OLD_REPLIES, *many[24:]])
    company.run()
    assert len(company.rows()["happening"]) == 96


def test_a_source_whose_complete_until_goes_back_behind_closed_windows_is_refused(
    company: Company,
):
    company.spec["data"]["outcomes"]["complete_until"] = "2026-04-30"
    company.run()
    before = company.rows()
    company.spec["data"]["outcomes"]["complete_until"] = "2026-04-20"
    with pytest.raises(SourceError, match="complete until 2026-04-20 00:00 only") as it:
        company.run()
    assert "data.outcomes.complete_until" in it.value.fix
    after = company.rows()
    assert all(after[name] == before[name] for name in ("happening", "outcome"))


@pytest.mark.parametrize("batch", [1, 7])
def test_many_outcomes_of_one_instant_need_not_fit_into_one_batch(
    company: Company, monkeypatch: pytest.MonkeyPatch, batch: int
):
    monkeypatch.setattr(followup, "BATCH", batch)
    revenue(company)
    day = "2026-04-28T00:00:00Z"
    said = [{**invoice(i, 5), "replied_at": day} for i in range(HISTORY + 30, HISTORY + 40)]
    company.table("replies", [*OLD_REPLIES, *said, *said])
    company.run()
    assert sorted(row.value for row in company.rows()["happening"]) == [10.0] * 10
    assert company.run() == Tally(read=NEW)


def test_what_happened_before_assignment_is_parked(company: Company):
    company.table("replies", [*OLD_REPLIES, reply(HISTORY, days=-0.5 / 24), reply(HISTORY, days=1)])
    tally = company.run()
    assert tally.parked == 1
    assert company.parked() == [("replies", "lead-080", "before-assignment")]
    assert outcome_of(company, HISTORY) == (1.0, 0)


@pytest.mark.parametrize("seed", range(3))
def test_dates_without_a_time_count_alike_before_the_start_and_after(company: Company, seed: int):
    chance = random.Random(seed)
    came = {row["lead_id"]: datetime.fromisoformat(row["created_at"]) for row in LEADS}
    days = {
        key: (at + timedelta(days=chance.choice([0, 0, 1, 12, 13, 14, 15]))).date()
        for key, at in came.items()
        if chance.random() < 0.7
    }
    recorded = date(2026, 1, 4)  # the first month is one in part
    rows = [{"lead_id": "lead-000", "replied_at": str(recorded)}]
    rows += [{"lead_id": k, "replied_at": str(day)} for k, day in days.items() if day > recorded]
    company.table("replies", rows)
    assert company.run().parked == 0
    counts = {
        key: key in days and at.date() <= days[key] < (at + timedelta(days=14)).date()
        for key, at in came.items()
    }
    february = [counts[key] for key, at in came.items() if at.month == 2]
    [baseline] = company.log("baseline")
    assert (baseline["n"], baseline["mean"]) == (28, f"{sum(february) / 28:.6g}")
    closed = {row.unit: bool(row.value) for row in company.rows()["outcome"]}
    new = [row["lead_id"] for row in LEADS[HISTORY:]]
    with company.record() as record:
        names = dict(zip(new, record.pseudonyms(new, kind="lead"), strict=True))
    assert closed == {names[key]: counts[key] for key in new}


def test_an_outcome_of_a_unit_in_no_table_is_parked_once(company: Company):
    stranger = {**reply(HISTORY), "lead_id": "nobody@example.com"}
    company.table("replies", [*REPLIES, stranger])
    assert company.run().parked == 1
    assert company.run().parked == 0
    assert company.parked() == [("replies", "nobody@example.com", "unknown-unit")]
    assert not [body for body in company.log() if "nobody" in str(body)]


def test_an_outcome_of_a_unit_from_before_the_start_is_no_fault(company: Company):
    late = {**reply(HISTORY - 1), "replied_at": "2026-04-03T00:00:00Z"}
    company.table("replies", [*REPLIES, late])
    assert company.run().parked == 0


def test_an_outcome_of_an_enrolled_unit_counts_even_when_its_row_has_left_the_table(
    company: Company,
):
    company.run("2026-04-10", now=END)
    company.table("leads", LEADS[:HISTORY])
    tally = company.run()
    assert tally.parked == sum(row["replied_at"] > "2026-04-13" for row in REPLIES)
    assert outcome_of(company, HISTORY + 4) == (1.0, 0)  # 84 is a twelfth


def test_an_outcome_that_came_before_its_unit_counts_once_the_unit_is_there(company: Company):
    i = HISTORY + 5
    company.table("leads", [*LEADS[:i], *LEADS[i + 1 :]])
    company.run()
    assert company.parked() == [("replies", "lead-085", "unknown-unit")]
    company.table("leads", LEADS)
    company.run()
    assert outcome_of(company, i) == (1.0, 0)


def test_outcomes_of_shadow_count_from_its_own_assignment_on(company: Company):
    company.table("replies", [*OLD_REPLIES, reply(HISTORY, days=2), reply(HISTORY, days=30)])
    company.run("2026-04-25", now=END, mode="shadow")  # the replies are of April 3 and May 1
    company.run("2026-06-01", now=END, mode="shadow")
    assert company.parked() == [("replies", "lead-080", "before-assignment")]
    assert outcome_of(company, HISTORY) == (1.0, 0)
