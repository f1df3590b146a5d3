"""Decisions and what leaves the house: once each, with their entries, under pseudonyms."""

from dataclasses import replace

import orjson
import pytest
from sqlalchemy import LargeBinary
from sqlalchemy.exc import IntegrityError

from pilotage.domain.decision import Arm, DeliveryState, Mode, Receipt, Route
from pilotage.domain.month import Month
from pilotage.domain.unit import Parked
from pilotage.store import decisions, outbox, parking
from pilotage.store.record import Record
from pilotage.store.tables import METADATA, suppression
from tests.store.examples import (
    AT,
    USE_CASE,
    bodies,
    decide,
    decision,
    everything,
    proposal,
)

PERSONAL = ["zoe@example.com", "Jürgen Ötzi", "+49 171 5550199"]


def kinds(record: Record) -> list[str]:
    with record.reading() as connection:
        return [orjson.loads(body)["kind"] for body in bodies(connection)]


def pending(record: Record, *, mode: Mode = Mode.LIVE, limit: int = 100) -> list[outbox.Posted]:
    with record.reading() as connection:
        return outbox.pending(connection, use_case=USE_CASE, mode=mode, tool="crm", limit=limit)


def test_the_same_decision_is_written_once(record: Record):
    given = [decision(record, key) for key in PERSONAL]
    first = decide(record, given)
    before = everything(record)
    assert decide(record, given) == []
    assert decide(record, [given[0], given[1]._replace(version="v2")]) == []
    assert everything(record) == before
    assert [item.decision for item in first] == given


def test_one_given_twice_in_a_batch_is_written_once(record: Record):
    given = decision(record, "lead-1")
    assert len(decide(record, [given, given])) == 1


def test_a_unit_of_two_months_is_two_decisions_with_one_commitment(record: Record):
    for period in ("2026-09-01/P1M", "2026-10-01/P1M"):
        decide(record, [decision(record, "lead-1", period=period)])
    rows = everything(record)
    assert (len(rows["decision"]), len(rows["vault"])) == (2, 1)
    with record.reading() as connection:
        said = [orjson.loads(body) for body in bodies(connection)]
    commitments = [body["commitment"] for body in said if body["kind"] == "assignment"]
    assert len(commitments[0]) == 64
    assert commitments[1] == ""


def test_a_treated_unit_has_two_entries_a_held_out_one_has_one(record: Record):
    recorded = decide(
        record, [decision(record, "lead-1"), decision(record, "lead-2", arm=Arm.HOLDOUT)]
    )
    assert kinds(record) == ["assignment", "decision", "assignment"]
    assert [item.number for item in recorded] == [1, 2]


def test_no_raw_key_stands_outside_vault_outbox_and_parked(record: Record):
    decide(record, [decision(record, key, cluster="c" * 32) for key in PERSONAL])
    with record.transaction() as work:
        rows = [Parked(table="leads", key=key, reason="bad-time", detail=key) for key in PERSONAL]
        parking.park(work, rows, use_case=USE_CASE, as_of=AT)
    binary = {
        table.name
        for table in METADATA.sorted_tables
        if any(isinstance(column.type, LargeBinary) for column in table.columns)
    }
    assert {"entry", "vault", "model"} <= binary  # bytes are looked into as well
    found = {
        name
        for name, rows in everything(record).items()
        for row in rows
        for cell in row
        for key in PERSONAL
        if key in (bytes(cell).decode("latin-1") if isinstance(cell, bytes) else str(cell))
        or (isinstance(cell, bytes) and key.encode() in cell)
    }
    assert found == {"outbox", "parked"}


@pytest.mark.parametrize(
    ("route", "state"),
    [
        (Route.AUTOMATIC, DeliveryState.PENDING),
        (Route.HUMAN, DeliveryState.WAITING),
        (Route.WITHHELD, None),
        (Route.SHADOW, None),
    ],
)
def test_the_route_says_what_leaves(record: Record, route: Route, state: DeliveryState | None):
    decide(record, [decision(record, "lead-1", route=route)])
    states = [row.state for row in everything(record)["outbox"]]
    assert states == ([] if state is None else [state.value] * 2)
    assert len(pending(record)) == (2 if state is DeliveryState.PENDING else 0)


def test_what_is_pending_comes_in_the_order_it_was_decided(record: Record):
    given = [decision(record, f"lead-{i}") for i in range(20)]
    decide(record, given)
    found = [item.delivery.record for item in pending(record)]
    assert found[::2] == [item.record for item in given]
    assert [item.delivery.record for item in pending(record, limit=3)] == found[:3]


def test_a_shadow_or_replay_finds_nothing_that_a_live_pass_left(record: Record):
    decide(record, [decision(record, "lead-1")])
    assert pending(record, mode=Mode.SHADOW) == pending(record, mode=Mode.REPLAY) == []


def test_a_settled_delivery_is_not_pending_and_has_an_entry(record: Record):
    decide(record, [decision(record, "lead-1"), decision(record, "lead-2")])
    posted = pending(record)
    answers = [DeliveryState.DELIVERED, DeliveryState.DEAD, DeliveryState.DELIVERED]
    with record.transaction() as work:
        outbox.settle(
            work,
            posted[:3],
            [
                Receipt(
                    key=item.delivery.key, state=state, detail="no such lead" * (state == "dead")
                )
                for item, state in zip(posted, answers, strict=False)
            ],
            as_of=AT,
        )
    assert pending(record) == posted[3:]
    states = {row.key: (row.state, row.detail) for row in everything(record)["outbox"]}
    assert states[posted[1].delivery.key] == ("dead", "no such lead")
    assert kinds(record)[-3:] == ["delivery"] * 3
    with record.reading() as connection:
        counted = outbox.counts(
            connection, use_case=USE_CASE, mode=Mode.LIVE, months=[Month(2026, 9)]
        )
    assert counted[DeliveryState.DELIVERED] == 2
    assert counted[DeliveryState.DEAD] == counted[DeliveryState.PENDING] == 1


def test_thousands_of_keys_are_looked_up_at_once(record: Record):
    given = [decision(record, f"lead-{i}") for i in range(3)]
    decide(record, given)
    names = [item.unit for item in given]
    many = [*names, *(f"{i:032x}" for i in range(40_000))]
    with record.reading() as connection:
        assert decisions.earlier(connection, many, use_case=USE_CASE).keys() == set(names)


def test_the_version_and_reason_are_kept_with_the_decision(record: Record):
    decide(record, [decision(record, "lead-1")])
    [row] = everything(record)["decision"]
    kept = (row.score, row.confidence, row.rank, row.reason, row.version)
    assert kept == (0.25, 0.9, 7, proposal().reason, "v1")


def test_a_refused_row_is_kept_once_and_a_second_that_looks_the_same_beside_it(record: Record):
    row = Parked(table="leads", key="", reason="missing-key", detail="empty")
    rows = [row, replace(row, copy=1), replace(row, reason="bad-time")]

    def park() -> int:
        with record.transaction() as work:
            return parking.park(work, [*rows, row], use_case=USE_CASE, as_of=AT)

    assert park() == 3
    before = everything(record)
    assert park() == 0
    assert everything(record) == before
    with record.reading() as connection:
        counted = parking.counts(connection, use_case=USE_CASE)
    assert [(item.reason, item.n) for item in counted] == [("bad-time", 1), ("missing-key", 2)]


def test_the_ledger_names_a_parked_row_so_that_nobody_can_guess_the_key(record: Record, url: str):
    row = Parked(table="leads", key="zoe@example.com", reason="bad-time", detail="x")
    with record.transaction() as work:
        parking.park(work, [row], use_case=USE_CASE, as_of=AT)
        parking.park(work, [row], use_case="other", as_of=AT)
    with record.reading() as connection:
        names = [orjson.loads(body)["row"] for body in bodies(connection)]
    assert len(set(names)) == 2
    assert all(len(name) == 32 for name in names)


def test_text_that_postgresql_cannot_hold_is_held_alike_on_both(record: Record):
    odd = decision(record, "lead\0-1")._replace(
        proposal=replace(proposal(), reason="said \0 at the fair")
    )
    decide(record, [odd])
    row = Parked(table="leads", key="lead\0-2", reason="bad-time", detail="no time: 2026\0")
    for _ in range(2):
        with record.transaction() as work:
            parking.park(work, [row], use_case=USE_CASE, as_of=AT)
    rows = everything(record)
    assert [item.delivery.record for item in pending(record)] == ["lead␀-1"] * 2
    assert {item.delivery.value for item in pending(record)} == {"7", "said ␀ at the fair"}
    assert [row.reason for row in rows["decision"]] == ["said ␀ at the fair"]
    assert [(row.key, row.detail) for row in rows["parked"]] == [("lead␀-2", "no time: 2026␀")]


def test_a_receipt_of_what_is_no_longer_pending_has_no_entry(record: Record):
    decide(record, [decision(record, "lead-1"), decision(record, "lead-2")])
    posted = pending(record)
    receipts = [Receipt(key=item.delivery.key, state=DeliveryState.DELIVERED) for item in posted]
    with record.transaction() as work:
        outbox.forget(work, unit=posted[0].unit)
    for _ in range(2):
        with record.transaction() as work:
            outbox.settle(work, posted, receipts, as_of=AT)
    assert kinds(record).count("delivery") == 2
    states = {(row.unit, row.state) for row in everything(record)["outbox"]}
    assert states == {(posted[0].unit, "cancelled"), (posted[-1].unit, "delivered")}


def test_what_a_tool_said_of_a_person_goes_with_them(record: Record):
    decide(record, [decision(record, "zoe@example.com")])
    posted = pending(record)
    said = [
        Receipt(key=item.delivery.key, state=DeliveryState.DEAD, detail="no lead zoe@example.com")
        for item in posted
    ]
    with record.transaction() as work:
        outbox.settle(work, posted, said, as_of=AT)
    with record.transaction() as work:
        outbox.forget(work, unit=posted[0].unit)
    assert {(row.record, row.value, row.detail) for row in everything(record)["outbox"]} == {
        ("", "", "")
    }


def test_an_error_of_the_database_does_not_repeat_what_it_was_given(record: Record):
    twice = ("zoe@example.com",)
    with pytest.raises(IntegrityError) as caught, record.engine.begin() as connection:
        connection.execute(suppression.insert(), [{"subject": cell} for cell in twice * 2])
    assert "suppression" in str(caught.value)
    assert "[SQL parameters hidden" in str(caught.value)
