"""What the first pass fixes: baseline, arms, looks. Nothing changes it afterwards."""

import math
from datetime import timedelta
from typing import Any

import pytest

from pilotage.domain.errors import PilotageError, RefusedError, SourceError, SpecError
from pilotage.domain.tally import Tally
from tests.flow.company import (
    END,
    FIRST_DAY,
    HISTORY,
    LEADS,
    NEW,
    REPLIES,
    Company,
    lead,
    replied,
    reply,
)


def baseline(company: Company) -> dict[str, Any]:
    return company.log("baseline")[-1]


def test_the_baseline_is_that_of_the_full_months_with_closed_windows(company: Company):
    company.run()
    # Replies are recorded from January 4 on, so January is covered in part. Windows of 14 days
    # that close before April 1 end with February's, whose leads came on January 1 plus 31 to 58.
    february = [i for i in range(HISTORY) if (FIRST_DAY + timedelta(days=i)).month == 2]
    assert february == list(range(31, 59))
    n, happened = 28, sum(map(replied, february))
    share = happened / n
    deviation = math.sqrt((happened * (1 - share) ** 2 + (n - happened) * share**2) / (n - 1))
    said = baseline(company)
    assert (said["n"], said["mean"]) == (n, f"{share:.6g}")
    assert said["standard_deviation"] == f"{deviation:.6g}"
    assert said["months"] == [{"mean": f"{share:.6g}", "month": "2026-02", "n": n}]


def test_the_baseline_stays_when_history_is_loaded_anew(company: Company):
    company.run("2026-04-10", now=END)
    before = baseline(company)
    company.table("replies", [*REPLIES, *(reply(i) for i in range(31, 59))])
    company.run()
    assert baseline(company) == before
    assert len(company.log("baseline")) == 1


def test_rows_of_history_that_cannot_be_read_are_parked_and_counted(company: Company):
    company.spec["outcome"] |= {"kind": "mean", "metric": "revenue"}
    company.spec["data"]["outcomes"]["value"] = "amount"
    company.table("leads", [*LEADS[:40], {**lead(40), "lead_id": ""}, *LEADS[41:]])
    company.table("replies", [*REPLIES, {**reply(43), "amount": "a lot"}])
    assert company.run().parked == 2
    assert sorted(company.parked()) == [  # the record keeps them by a hash that differs each time
        ("leads", "", "missing-key"),
        ("replies", lead(43)["lead_id"], "bad-value"),
    ]
    assert baseline(company)["n"] == 27
    assert company.run() == Tally(read=NEW)


def test_a_baseline_is_taken_of_months_whose_outcomes_have_all_arrived(company: Company):
    company.spec["data"]["outcomes"]["complete_until"] = "2026-03-10"
    with pytest.raises(SourceError, match="no full month lies between 2026-01-04"):
        company.run()
    company.spec["data"]["outcomes"]["complete_until"] = "2026-03-15"
    company.run()
    assert [month["month"] for month in baseline(company)["months"]] == ["2026-02"]


def test_a_baseline_month_before_recording_began_is_refused(company: Company):
    company.spec["outcome"]["baseline"] = {"from": "2026-01", "until": "2026-02"}
    with pytest.raises(SourceError, match="recorded only from 2026-01-04") as caught:
        company.run()
    assert caught.value.fix == "write `from: 2026-02`"


def test_a_baseline_month_whose_windows_are_open_at_the_start_is_refused(company: Company):
    company.spec["outcome"]["baseline"] = {"from": "2026-02", "until": "2026-03"}
    with pytest.raises(SourceError, match="still open at the start") as caught:
        company.run()
    assert "until: 2026-02" in caught.value.fix


def test_a_refused_first_pass_leaves_nothing_that_stands_in_the_way(company: Company):
    company.spec["outcome"]["baseline"] = {"from": "2026-01", "until": "2026-02"}
    with pytest.raises(SourceError):
        company.run()
    assert company.rows()["experiment"] == []
    company.spec["outcome"]["baseline"] = {"from": "2026-02", "until": "2026-02"}
    assert company.run().decided == NEW


@pytest.mark.parametrize(
    ("part", "key", "value"),
    [
        ("experiment", "holdout", 0.4),
        ("experiment", "start", "2026-04-02"),
        ("experiment", "months", 7),
        ("outcome", "window", "21 days"),
        ("outcome", "metric", "answers"),
        ("decide", "every", "month"),
    ],
)
def test_a_changed_experiment_is_refused(company: Company, part: str, key: str, value: object):
    company.run("2026-04-10", now=END)
    before = company.rows()
    company.spec[part][key] = value
    with pytest.raises(RefusedError, match="was changed while it runs") as caught:
        company.run()
    assert "a new name: it starts a new one" in caught.value.fix
    assert company.rows() == before


@pytest.mark.parametrize(
    ("part", "key", "value"),
    [
        ("oversight", "sample", 0.2),
        ("outcome", "value", {"amount": 9, "currency": "USD", "basis": "cost_out"}),
        ("process", "minutes_per_unit", 3),
    ],
)
def test_another_changed_key_goes_on_with_a_spec_entry(
    company: Company, part: str, key: str, value: object
):
    company.run("2026-04-10", now=END)
    company.spec[part][key] = value
    company.run("2026-04-11", now=END)
    company.run("2026-04-12", now=END)
    specs = company.log("spec")
    assert len(specs) == 2
    assert len({body["spec_hash"] for body in specs}) == 2
    assert len({body["experiment_hash"] for body in specs}) == 1
    assert len(company.rows()["experiment"]) == 1


def test_a_changed_experiment_under_a_new_name_starts_beside_the_old_one(company: Company):
    company.run()
    company.spec["use_case"] = "inbound-leads-2"
    company.spec["experiment"]["holdout"] = 0.5
    assert company.run().decided == NEW
    assert {row.use_case for row in company.rows()["decision"]} == {
        "inbound-leads",
        "inbound-leads-2",
    }


def test_a_replay_without_a_start_asks_for_one(company: Company):
    del company.spec["experiment"]["start"]
    with pytest.raises(SpecError, match="does not know where history ends") as caught:
        company.run()
    assert "experiment: {start:" in caught.value.fix


def test_a_start_in_the_future_is_refused(company: Company):
    with pytest.raises(RefusedError, match="starts on 2026-04-01; today is 2026-03-01"):
        company.run("2026-03-01", now=END)


def test_shadow_without_a_start_begins_today_and_leaves_earlier_units_alone(company: Company):
    del company.spec["experiment"]["start"]
    assert company.run("2026-04-11", now=END, mode="shadow") == Tally()
    tally = company.run("2026-04-16", now=END, mode="shadow")
    assert tally.decided == tally.read == 10


@pytest.mark.parametrize("rows", [[lead(HISTORY + 5)], LEADS[HISTORY:]])
def test_without_history_there_is_no_baseline_and_the_error_says_so(
    company: Company, rows: list[dict[str, str]]
):
    company.table("leads", rows)
    with pytest.raises(PilotageError, match="the baseline months hold 0 units") as caught:
        company.run()
    assert "load more history" in caught.value.fix


def test_replies_whose_keys_fit_no_lead_are_no_baseline(company: Company):
    company.table("replies", [{**row, "lead_id": f"crm-{row['lead_id']}"} for row in REPLIES])
    with pytest.raises(SourceError, match="none of the 30 outcomes names a unit") as caught:
        company.run()
    assert "data.outcomes.key" in caught.value.fix
