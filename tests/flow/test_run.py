"""One pass down the road; a second one changes nothing."""

import shutil
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from pilotage import flow
from pilotage.delivery.memory import MemoryChannel
from pilotage.domain.tally import Tally
from pilotage.experiments.assignment import arms
from tests.flow.company import (
    END,
    HISTORY,
    LEADS,
    NEW,
    REPLIES,
    USE_CASE,
    Company,
    in_table,
    instant,
    lead,
    reply,
)
from tests.store.examples import verified

Found = Callable[[str], Company]
NEW_LEADS = LEADS[HISTORY:]


def arm_of(key: str) -> str:
    return str(arms([key], salt=USE_CASE, holdout=0.3)[0])


TREATED = [row for row in NEW_LEADS if arm_of(row["lead_id"]) == "treatment"]


def test_a_pass_takes_every_new_unit_down_the_whole_road(company: Company):
    tally = company.run()
    asked = sum(row["origin"] == "fair" for row in TREATED)  # half of them reply: nobody is sure
    sent = len(TREATED) - asked
    assert tally == Tally(
        read=NEW, decided=NEW, treated=len(TREATED), waiting=asked, delivered=2 * sent, closed=NEW
    )
    assert 0 < asked < len(TREATED) < NEW
    shown = company.in_csv()
    assert {row["record"] for row in shown} == {
        row["lead_id"] for row in TREATED if row["origin"] != "fair"
    }
    assert Counter(row["field"] for row in shown) == {"rank": sent, "why": sent}
    with company.opened() as (_, record):
        assert verified(record).is_intact


@pytest.mark.parametrize("mode", ["replay", "shadow"])
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_running_again_changes_nothing(company: Company, kind: str, mode: str):
    company.programme["sources"] = {name: f"{name}.{kind}" for name in ("leads", "replies")}
    company.table(
        "leads", [*LEADS, {**LEADS[-1], "origin": "web"}, LEADS[-2], {**LEADS[-3], "lead_id": ""}]
    )
    company.table("replies", [*REPLIES, {**REPLIES[-1], "lead_id": "nobody"}])
    first = company.run(mode=mode)
    rows, shown = company.rows(), company.in_csv()
    late = Counter(reason for _, _, reason in company.parked())["before-assignment"]
    assert first.parked == 5 + late
    assert (late > 0) == (mode == "shadow")
    assert company.run(mode=mode) == Tally(read=first.read)
    assert company.rows() == rows
    assert company.in_csv() == shown


def test_a_pass_in_steps_ends_as_one_pass_does(company: Company, another: Found):
    other = another("other")
    for day in ("2026-04-02", "2026-04-05", "2026-04-05", "2026-04-30", "2026-05-12", END):
        company.run(day, now=END)
    other.run()

    def kept(of: Company) -> dict[str, list[tuple[str, ...]]]:
        rows = of.rows()
        names = {of.pseudonym(row["lead_id"]): row["lead_id"] for row in NEW_LEADS}
        return {
            "decision": sorted(
                (names[row.unit], row.period, row.month, row.arm) for row in rows["decision"]
            ),
            "outcome": sorted((names[row.unit], str(row.value)) for row in rows["outcome"]),
        }

    assert kept(company) == kept(other)
    assert sorted(r["record"] for r in company.in_csv()) == sorted(
        r["record"] for r in other.in_csv()
    )


@pytest.mark.parametrize("at", [HISTORY, HISTORY + 7, HISTORY + NEW - 1])
def test_a_unit_alone_is_decided_as_it_is_in_a_crowd(company: Company, another: Found, at: int):
    company.run()
    alone = another("alone")
    shutil.copytree(company.folder / ".pilotage/keys", alone.folder / ".pilotage/keys")
    alone.table("leads", [*LEADS[:HISTORY], lead(at)])
    alone.run()
    unit = company.pseudonym(lead(at)["lead_id"])
    for table in ("decision", "outbox", "oversight"):
        here = [row for row in company.rows()[table] if row.unit == unit]
        assert without_seq(here) == without_seq(alone.rows()[table])


def without_seq(rows: list[Any]) -> list[dict[str, object]]:
    return [
        {name: cell for name, cell in row._asdict().items() if name not in {"seq", "number"}}
        for row in rows
    ]


def test_a_unit_that_arrives_by_itself_is_a_batch_of_one(company: Company):
    company.run("2026-04-02", now=END)
    with company.opened() as (case, record):
        ready = flow.prepare(case, record, as_of=instant(END))
        batches = case.source.units(since=ready.registered.started_at, until=instant(END), batch=1)
        tallies = [
            flow.decide(units, ready, record, as_of=instant(END)) for units, _ in batches if units
        ]
    assert sum(item.decided for item in tallies) == NEW - 2
    before = company.rows()["decision"]
    company.run()
    assert company.rows()["decision"] == before


def test_shadow_decides_and_delivers_nothing(company: Company):
    tally = company.run(mode="shadow")
    assert (tally.decided, tally.delivered, tally.waiting) == (NEW, 0, 0)
    assert company.in_csv() == []
    assert company.rows()["outbox"] == company.rows()["oversight"] == []
    routes = Counter(row.route for row in company.rows()["decision"])
    assert routes.keys() == {"shadow", "holdout"}


@pytest.mark.parametrize(("reaches_people", "written"), [(True, 0), (False, 2)])
def test_a_replay_never_writes_to_a_tool_that_reaches_people(
    company: Company, *, reaches_people: bool, written: int
):
    mail = MemoryChannel(reaches_people=reaches_people)
    company.channels["crm"] = mail
    tally = company.run()
    automatic = tally.treated - tally.waiting if not reaches_people else 0
    assert len(mail.writes) == written * automatic
    assert tally.decided == NEW


def test_values_go_to_every_tool_that_is_declared(company: Company, postgres_url: str):
    company.programme["tools"]["desk"] = {"kind": "table", "url": postgres_url}
    company.programme["tools"]["mart"] = {"kind": "table", "url": "sqlite:///mart.sqlite"}
    company.spec["deliver"] += [
        {"tool": "desk", "object": "ticket", "fields": {"ai_rank": "rank"}},
        {"tool": "mart", "object": "scores", "fields": {"score": "score"}},
    ]
    tally = company.run()
    sent = tally.treated - tally.waiting
    assert tally.delivered == 4 * sent
    desk, mart = (
        in_table(postgres_url, "ticket"),
        in_table(f"sqlite:///{company.folder}/mart.sqlite", "scores"),
    )
    assert len(company.in_csv()) == 2 * sent
    assert len(desk) == len(mart) == sent
    assert len({row[0] for row in [*desk, *mart]}) == 2 * sent
    company.run()
    assert in_table(postgres_url, "ticket") == desk


def test_a_small_batch_gives_the_same_as_a_big_one(
    company: Company, another: Found, monkeypatch: pytest.MonkeyPatch
):
    first, small = company.run(), another("small")
    monkeypatch.setattr(flow, "BATCH", 3)
    assert small.run() == first
    assert len(small.log()) == len(company.log())


def test_what_was_read_adds_up(company: Company):
    bad = [
        {**lead(HISTORY), "lead_id": ""},
        {**lead(HISTORY + 1), "lead_id": ""},
        {**lead(HISTORY + 2), "created_at": "soon"},
        {**lead(HISTORY + 3), "origin": "changed"},  # contradicts the row that is there
        lead(HISTORY + 4),  # the same again
    ]
    company.table("leads", [*LEADS, *bad])
    tally = company.run()
    refused = Counter(reason for _, _, reason in company.parked())
    assert refused == {"missing-key": 2, "bad-time": 1, "duplicate-key": 2, "duplicate-row": 1}
    in_window = NEW + len(bad)
    assert in_window == tally.decided + tally.parked
    assert tally.read == tally.decided
    again = company.run()
    assert (again.read, again.decided, again.parked) == (NEW - 1, 0, 0)


def test_outcomes_are_of_the_window_and_zero_counts_when_it_has_closed(company: Company):
    i = HISTORY
    company.table(
        "replies",
        [
            *REPLIES[:16],
            reply(i, days=0),
            reply(i + 1, days=13.9),
            reply(i + 2, days=14),
            reply(i + 3, days=5),
            reply(i + 3, days=6),
        ],
    )
    company.run()
    values = {row.unit: row.value for row in company.rows()["outcome"]}
    got = [values[company.pseudonym(lead(k)["lead_id"])] for k in range(i, i + 6)]
    assert got == [1.0, 1.0, 0.0, 1.0, 0.0, 0.0]
    assert len(values) == NEW


def test_live_and_shadow_windows_start_at_assignment_in_both_arms(company: Company):
    company.run("2026-05-01", mode="shadow")
    rows = company.rows()["decision"]
    assert {row.assigned_at for row in rows} == {"2026-05-01T00:00:00.000000Z"}
    assert {row.window_ends_at for row in rows} == {"2026-05-15T00:00:00.000000Z"}
    assert {row.arm for row in rows} == {"treatment", "holdout"}
