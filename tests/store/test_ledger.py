"""The ledger in the database: gapless, signed on time, whole or not at all."""

from typing import cast

import orjson
import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from pilotage.domain.entry import EntryKind
from pilotage.governance.checkpoint import Checkpoint
from pilotage.governance.tree import Tree, leaf_hashes
from pilotage.store.ledger import CHECKPOINT_ENTRIES, CHECKPOINT_SECONDS
from pilotage.store.record import Record
from pilotage.store.tables import checkpoint, entry
from tests.fakes import Clock
from tests.store.examples import append, bodies, decide, decision, everything, kept_frontier, note


def sizes(record: Record) -> list[int]:
    with record.reading() as connection:
        return list(connection.scalars(select(checkpoint.c.size).order_by(checkpoint.c.size)))


def test_entries_are_numbered_without_a_gap_across_transactions(record: Record):
    assert [append(record, n) for n in (3, 1, 5)] == [range(3), range(3, 4), range(4, 9)]
    with record.reading() as connection:
        assert [orjson.loads(body)["seq"] for body in bodies(connection)] == list(range(9))


def test_several_appends_in_one_transaction_go_on_counting(record: Record):
    with record.transaction() as work:
        assert work.append(*note(2)) == range(2)
        assert work.append() == range(2, 2)
        assert work.append(*note(3)) == range(2, 5)


@pytest.mark.parametrize("batches", [[1], [1, 1, 1], [7, 64, 2, 1], [300, 1000, 3]])
def test_the_frontier_kept_is_that_of_all_bodies(record: Record, batches: list[int]):
    for n in batches:
        append(record, n)
    with record.reading() as connection:
        kept, tree = kept_frontier(connection), Tree.of(leaf_hashes(bodies(connection)))
        leaves = list(connection.scalars(select(entry.c.leaf).order_by(entry.c.seq)))
    assert (kept.size, kept.root()) == (sum(batches), tree.root())
    assert leaves == leaf_hashes(bodies_of(record))


def bodies_of(record: Record) -> list[bytes]:
    with record.reading() as connection:
        return bodies(connection)


def test_an_exception_leaves_nothing_behind_neither_rows_nor_entries_nor_frontier(record: Record):
    decide(record, [decision(record, "lead-1")])
    before = everything(record)
    broken = decision(record, "lead-2"), decision(record, "lead-3", period=cast("str", None))
    with pytest.raises(DBAPIError):
        decide(record, broken)
    assert everything(record) == before
    assert append(record, 1).start == len(before["entry"])


def test_the_first_entries_get_a_checkpoint_and_then_every_thousand(record: Record):
    append(record, 1)
    append(record, CHECKPOINT_ENTRIES - 1)
    assert sizes(record) == [1]
    append(record, 1)
    assert sizes(record) == [1, 1 + CHECKPOINT_ENTRIES]


def test_a_minute_of_activity_gets_a_checkpoint_idle_time_gets_none(record: Record, clock: Clock):
    append(record, 1)
    clock.advance(CHECKPOINT_SECONDS - 1)
    append(record, 1)
    assert sizes(record) == [1]
    clock.advance(1)
    with record.transaction():
        pass
    assert sizes(record) == [1]
    append(record, 1)
    assert sizes(record) == [1, 3]


@pytest.mark.parametrize("kind", [EntryKind.VERDICT, EntryKind.APPROVAL, EntryKind.SIGN_OFF])
def test_what_a_person_answers_for_is_signed_at_once(record: Record, kind: EntryKind):
    append(record, 1)
    append(record, 2)
    append(record, 1, kind=kind)
    assert sizes(record) == [1, 4]


def test_every_checkpoint_opens_with_the_public_key_and_signs_the_log_of_its_size(record: Record):
    for n in (1, CHECKPOINT_ENTRIES, 17):
        append(record, n)
    append(record, 1, kind=EntryKind.VERDICT)
    tree = Tree.of(leaf_hashes(bodies_of(record)))
    with record.reading() as connection:
        notes = connection.execute(select(checkpoint)).all()
    assert len(notes) == 3
    for row in notes:
        opened = Checkpoint.open(row.note, key=record.secrets.ledger.key.verifying_key)
        assert (opened.origin, opened.size) == ("pilotage/acme", row.size)
        assert opened.root == tree.root(row.size)


def test_an_entry_tells_when_it_was_written_beside_when_it_counts(record: Record, clock: Clock):
    append(record, 1)
    [body] = bodies_of(record)
    said = orjson.loads(body)
    assert said["as_of"] == "2026-09-01T08:00:00.000000Z"
    assert said["recorded_at"] == "2026-09-01T08:30:00.000000Z"
