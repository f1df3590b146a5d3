"""Arms drawn for reps: few are counted out, and no unit stands in both arms."""

from collections import Counter

from pilotage import review
from pilotage.domain.month import Month
from pilotage.experiments.assignment import counted_arms
from tests.flow.company import (
    END,
    HISTORY,
    LEADS,
    NEW,
    REPLIES,
    Company,
    instant,
    lead,
    reply,
)

ALL = HISTORY + NEW
MAY = Month(2026, 5)
REPS = [f"rep-{i}" for i in range(6)]
ARMS = counted_arms(dict.fromkeys(REPS, ""), salt="inbound-leads", holdout=0.3)


def by_rep(company: Company) -> Company:
    company.spec["experiment"]["assign_by"] = "rep"
    company.spec["process"]["shared_capacity"] = True
    company.spec["decide"]["columns"] = ["origin", "rep"]
    return company


def arms_of(company: Company) -> dict[str, set[str]]:
    names = {company.pseudonym(rep, kind="rep"): rep for rep in REPS}
    found: dict[str, set[str]] = {}
    for row in company.rows()["decision"]:
        found.setdefault(names[row.cluster], set()).add(row.arm)
    return found


def test_few_reps_are_counted_out_and_all_their_units_share_their_arm(company: Company):
    by_rep(company).run()
    assert arms_of(company) == {rep: {str(arm)} for rep, arm in ARMS.items()}
    assert Counter(map(str, ARMS.values())) == {"treatment": 4, "holdout": 2}
    [said] = company.log("experiment")
    assert said["counted"] == {
        company.pseudonym(rep, kind="rep"): str(arm) for rep, arm in ARMS.items()
    }


def test_units_of_a_rep_who_came_late_are_parked(company: Company):
    by_rep(company)
    rows = [{**row, "rep": "new-rep"} if i % 10 == 0 else row for i, row in enumerate(LEADS)]
    company.table("leads", [*LEADS[:HISTORY], *rows[HISTORY:]])
    tally = company.run()
    assert (tally.decided, tally.parked) == (NEW - 4, 4)
    assert {reason for _, _, reason in company.parked()} == {"late-cluster"}
    assert company.run().parked == 0


def monthly(company: Company) -> Company:
    by_rep(company).spec["decide"]["every"] = "month"
    in_february = [reply(i, days=40 - i) for i in range(0, 30, 3)]
    company.table("replies", [*REPLIES, *in_february])
    return company


def test_a_unit_that_moves_to_the_other_arm_is_parked(company: Company):
    assert monthly(company).run("2026-04-28", now=END, mode="shadow").decided == ALL
    i = HISTORY + 1
    here = ARMS[lead(i)["rep"]]
    other = next(rep for rep in REPS if ARMS[rep] is not here)
    company.table("leads", [*LEADS[:i], {**lead(i), "rep": other}, *LEADS[i + 1 :]])
    assert company.run("2026-04-29", now=END, mode="shadow").parked == 0  # this month is decided
    tally = company.run("2026-05-28", now=END, mode="shadow")
    assert (tally.decided, tally.parked) == (ALL - 1, 1)
    assert ("leads", lead(i)["lead_id"], "changed-arm") in company.parked()
    unit = company.pseudonym(lead(i)["lead_id"])
    assert [row.period for row in company.rows()["decision"] if row.unit == unit] == [
        "2026-04-01/P1M"
    ]


def test_a_unit_that_moves_within_its_arm_is_decided_again_the_next_month(company: Company):
    monthly(company).run("2026-04-28", now=END, mode="shadow")
    i = HISTORY + 1
    rep = lead(i)["rep"]
    same = next(other for other in REPS if ARMS[other] is ARMS[rep] and other != rep)
    company.table("leads", [*LEADS[:i], {**lead(i), "rep": same}, *LEADS[i + 1 :]])
    tally = company.run("2026-05-28", now=END, mode="shadow")
    assert (tally.decided, tally.parked) == (ALL, 0)
    unit = company.pseudonym(lead(i)["lead_id"])
    periods = {row.period for row in company.rows()["decision"] if row.unit == unit}
    assert periods == {"2026-04-01/P1M", "2026-05-01/P1M"}
    assert company.run("2026-05-30", now=END, mode="shadow").decided == 0


def test_a_unit_whose_stratum_changes_counts_once_in_the_effect(company: Company):
    monthly(company).spec["experiment"] |= {"strata": ["region"], "holdout": 0.5}
    every_month = [
        {**reply(i), "replied_at": f"2026-0{month}-03T10:00:00Z"}
        for month in range(1, 7)
        for i in range(70)
        if (i + month) % 3 == 0
    ]
    company.table("replies", every_month)
    for as_of, region in (("2026-04-01", "EU"), ("2026-05-02", "US"), (END, "US")):
        moved = [{**row, "rep": f"rep-{i % 8}", "region": region} for i, row in enumerate(LEADS)]
        company.table("leads", moved)
        company.run(as_of, now=END, mode="shadow")
    with company.opened(mode="shadow") as (case, record):
        effect = review.review(case, record, month=MAY, as_of=instant(END)).effect
    assert effect is not None
    decided = [row for row in company.rows()["decision"] if row.month <= str(MAY)]
    units = {row.unit for row in decided}
    assert len(decided) > len(units) == effect.n_treatment + effect.n_holdout


def test_no_stratum_stands_in_the_record_by_its_name(company: Company):
    by_rep(company).spec["experiment"] |= {"strata": ["owner"], "holdout": 0.5}
    owners = ["Ana Silva", "Bo Lind"]
    owned = [
        {**row, "rep": f"rep-{i % 8}", "owner": owners[i % 8 // 4]} for i, row in enumerate(LEADS)
    ]
    company.table("leads", owned)
    company.run()
    named = {company.pseudonym(owner, kind="stratum") for owner in owners}
    assert {entry["stratum"] for entry in company.log("assignment")} == named
    assert set(company.log("experiment")[0]["strata"].values()) == named
    assert not any(owner in str(company.rows()) for owner in owners)
    drawn_in = {f"rep-{i}": owners[i // 4] for i in range(8)}
    arms = counted_arms(drawn_in, salt="inbound-leads", holdout=0.5)  # drawn by name, as ever
    assert company.log("experiment")[0]["counted"] == {
        company.pseudonym(rep, kind="rep"): str(arm) for rep, arm in arms.items()
    }


def test_where_no_strata_are_named_none_stands_in_the_record(company: Company):
    by_rep(company).run()
    assert {entry["stratum"] for entry in company.log("assignment")} == {""}
    assert set(company.log("experiment")[0]["strata"].values()) == {""}
