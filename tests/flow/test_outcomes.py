"""What came of units: in time, late, too early, or of nobody we know."""

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


def test_amounts_add_up_and_a_row_said_twice_counts_once(company: Company):
    company.spec["outcome"] |= {"kind": "mean", "metric": "revenue"}
    company.spec["data"]["outcomes"]["value"] = "amount"
    i = HISTORY + 1
    twice = [reply(i, days=2), reply(i, days=2), {**reply(i, days=3), "amount": "0.5"}]
    company.table("replies", [*OLD_REPLIES, *twice])
    company.run()
    assert outcome_of(company, i) == (10 * i + 0.5, 0)
    company.table("replies", [*OLD_REPLIES, *twice, {**reply(i, days=4), "amount": "-10"}])
    company.run()
    assert outcome_of(company, i) == (10 * i - 9.5, 1)


def test_what_happened_before_assignment_is_parked(company: Company):
    company.table("replies", [*OLD_REPLIES, reply(HISTORY, days=-0.5 / 24), reply(HISTORY, days=1)])
    tally = company.run()
    assert tally.parked == 1
    assert company.parked() == [("replies", "lead-080", "before-assignment")]
    assert outcome_of(company, HISTORY) == (1.0, 0)


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
