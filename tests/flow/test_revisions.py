"""Verdicts of one month: what changed since is a new revision, and a look back replaces none."""

from pilotage import review as story
from pilotage.domain.cohort import Cohort
from pilotage.domain.decision import Mode
from pilotage.domain.month import Month
from pilotage.store import verdicts
from tests.flow.company import OLD_REPLIES, REPLIES, USE_CASE, Company, instant

APRIL = Month(2026, 4)


def give(company: Company, *, as_of: str) -> int | None:
    with company.opened() as (case, record):
        reviewed = story.review(case, record, month=APRIL, as_of=instant(as_of))
        return story.give(reviewed, record, as_of=instant(as_of))


def standing(company: Company) -> verdicts.Given:
    with company.record() as record, record.reading() as connection:
        found = verdicts.last(connection, Cohort(use_case=USE_CASE, mode=Mode.REPLAY, month=APRIL))
    assert found is not None
    return found


def test_a_look_back_at_another_answer_does_not_replace_the_verdict_in_force(company: Company):
    company.run()
    assert give(company, as_of="2026-07-01") == 0
    company.table("replies", [*OLD_REPLIES, *REPLIES[len(OLD_REPLIES) + 1 :]])
    company.run("2026-07-02", now="2026-07-02")
    before = standing(company)
    assert give(company, as_of="2026-06-30") is None
    assert standing(company) == before
    assert before.as_of == instant("2026-07-01")
    assert len(company.log("verdict")) == 1
    assert give(company, as_of="2026-07-02") == 1
    assert standing(company).as_of == instant("2026-07-02")


def test_a_look_back_at_the_same_answer_is_the_verdict_that_stands(company: Company):
    company.run()
    assert give(company, as_of="2026-07-01") == give(company, as_of="2026-06-01") == 0
    assert len(company.log("verdict")) == 1
