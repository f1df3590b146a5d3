"""Shadow, then live: what another mode decided is in no cohort, look or volume of this one."""

import pytest

from pilotage import review as story
from pilotage.domain.month import Month
from pilotage.domain.review import Review
from pilotage.governance.permit import Control
from tests.flow.company import HISTORY, LEADS, OLD_REPLIES, Company, Row, instant, lead, reply
from tests.flow.test_permit import ANN, sign_all


def signed(company: Company) -> None:
    """Let whoever must sign have signed the spec as it stands."""
    company.programme["people"] = {"ann": {"roles": [*Control], "key": ANN.verifying_key.vkey}}
    sign_all(company)


def looks(company: Company, *, mode: str) -> list[str]:
    [months] = [body["looks"] for body in company.log("experiment") if body["mode"] == mode]
    return [look["month"] for look in months]


def units_a_month(company: Company, *, mode: str, month: str, as_of: str) -> str:
    with company.opened(now=as_of, mode=mode) as (case, record):
        reviewed: Review = story.review(
            case, record, month=Month.parse(month), as_of=instant(as_of)
        )
    [shown] = [each.value for each in reviewed.figures if each.label == "Units a month"]
    return shown


def two_a_day(company: Company) -> None:
    """Leads from April to June, two a day; one in seven replies."""
    came: list[Row] = [
        {
            **lead(i),
            "lead_id": f"lead-{month}-{i}",
            "created_at": f"2026-0{month}-{1 + i // 2:02d}T{5 + i % 2:02d}:00:00Z",
        }
        for month in (4, 5, 6)
        for i in range(60)
    ]
    told = [
        {
            **reply(0),
            "lead_id": row["lead_id"],
            "replied_at": f"{row['created_at'][:8]}30T23:00:00Z",
        }
        for row in came[::7]
    ]
    company.table("leads", [*LEADS[:HISTORY], *came])
    company.table("replies", [*OLD_REPLIES, *told])


def test_live_counts_its_months_from_where_shadow_left_off(company: Company):
    """Sixty leads a month came, but live is only given those of June, in passes up to the 29th."""
    two_a_day(company)
    signed(company)
    for day in ("2026-04-15", "2026-05-01", "2026-05-16", "2026-06-01"):
        company.run(day, mode="shadow")
    for day in ("2026-06-08", "2026-06-15", "2026-06-22", "2026-06-29", "2026-08-20"):
        company.run(day, mode="live")
    shown = units_a_month(company, mode="live", month="2026-06", as_of="2026-08-20")
    assert shown == "56"
    assert looks(company, mode="live")[0] == "2026-06"


def test_live_that_takes_what_came_before_its_first_pass_counts_those_months(company: Company):
    """Nobody decided in April and May: live takes these leads too, over three months."""
    two_a_day(company)
    signed(company)
    for day in ("2026-06-15", "2026-06-29", "2026-08-20"):
        company.run(day, mode="live")
    shown = units_a_month(company, mode="live", month="2026-06", as_of="2026-08-20")
    assert shown == "59"


@pytest.mark.parametrize(
    ("shadow", "live", "first"),
    [
        ("2026-03-31", "2026-04-15", "2026-04"),
        ("2026-04-01", "2026-04-15", "2026-05"),  # shadow decided all accounts of April
        ("2026-04-10", "2026-04-15", "2026-05"),
        ("2026-04-10", "2026-05-02", "2026-05"),
    ],
)
def test_looks_of_accounts_begin_in_a_month_that_no_other_mode_decided_in(
    company: Company, shadow: str, live: str, first: str
):
    del company.spec["experiment"]["start"]
    company.spec["decide"]["every"] = "month"
    company.table("replies", [*OLD_REPLIES, *(reply(i, days=40 - i) for i in range(0, 30, 3))])
    signed(company)
    company.run(shadow, mode="shadow")
    company.run(live, mode="live")
    assert looks(company, mode="live")[0] == first


def test_looks_of_leads_begin_after_a_month_that_shadow_decided_in_part(company: Company):
    signed(company)
    company.run("2026-04-05", mode="shadow")
    company.run("2026-04-10", mode="live")
    assert looks(company, mode="shadow")[0] == "2026-04"
    assert looks(company, mode="live")[0] == "2026-05"


def late(company: Company, *, mode: str) -> tuple[int, int]:
    """Outcomes that came before their unit was decided in a mode, and after."""
    with company.opened(now="2026-08-20", mode=mode) as (case, record):
        seen = story.gather(
            case,
            story.registered_of(case, record),
            record,
            month=None,
            as_of=instant("2026-08-20"),
        )
    return seen.too_late, seen.in_time


def test_outcomes_that_come_too_late_are_counted_in_the_mode_of_their_unit(company: Company):
    """A long shadow that was in time does not hide that live comes too late."""
    two_a_day(company)
    signed(company)
    for day in ("2026-04-15", "2026-04-30", "2026-05-01"):
        company.run(day, mode="shadow")
    assert late(company, mode="shadow") == (0, 9)
    company.run("2026-08-20", mode="live")
    assert late(company, mode="live") == (17, 0)
