"""Erasing a person: what is personal goes, the log and every figure stay as they were."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import Connection, delete, func, select, update

from pilotage.domain.decision import DeliveryState
from pilotage.domain.entry import Entry, EntryKind
from pilotage.governance.signer import Signer
from pilotage.store import outbox as outbox_rows
from pilotage.store import vault
from pilotage.store.ledger import signed
from pilotage.store.record import Record, Transaction
from pilotage.store.tables import decision, outbox, oversight, parked


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A person, or another unit, to erase.

    Args:
        use_case: where it was asked for.
        shared: all use cases whose units are of the same kind; they know it by the same pseudonym.
        key: the raw key.
        unit: its pseudonym.
    """

    use_case: str
    shared: Collection[str]
    key: str
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """Fields that stand in one of the customer's own tools, under the raw key."""

    tool: str
    object: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What was erased, and what is not ours to erase.

    Args:
        was_barred: whether it had been erased before.
        rows: how many rows lost something, the vault's included.
        left: what stands in the customer's own tools.
    """

    was_barred: bool
    rows: int
    left: tuple[Delivered, ...]

    @property
    def was_known(self) -> bool:
        """Whether anything of the person was found, now or at an earlier erasure."""
        return self.rows > 0 or self.was_barred


def erase(work: Transaction, subject: Subject, *, by: Signer, as_of: datetime) -> Erased:
    """Erase a person, bar them from being enrolled again, and note it, signed.

    Arm and numeric outcome stay, under the pseudonym: no figure changes.

    Args:
        work: within `Record.one_at_a_time`; a pass at work may be handing the raw key to a tool.
    """
    if work.connection.dialect.name == "sqlite":
        work.connection.exec_driver_sql("PRAGMA secure_delete = ON")  # freed bytes become zeros
    was_barred = bool(vault.suppressed(work.connection, [subject.unit]))
    left = tuple(_left(work.connection, subject.unit))
    rows = _forget_rows(work, subject)
    if vault.erase(work, subject.unit):
        rows += 1
    if rows or not was_barred:
        said = Entry(
            kind=EntryKind.ERASED,
            use_case=subject.use_case,
            as_of=as_of,
            facts={"rows": rows, "unit": subject.unit},
        )
        work.append(signed(said, by=by))
    return Erased(was_barred=was_barred, rows=rows, left=left)


def scrub(record: Record) -> bool:
    """Write over what was erased in SQLite's files, write-ahead log included.

    Returns:
        Whether it is done; another process that reads holds it up. PostgreSQL does so by itself,
        when it vacuums.
    """
    if record.engine.dialect.name != "sqlite":
        return False
    connection = record.engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        busy, *_ = cursor.fetchall()[0]
    finally:
        connection.close()
    return not busy


def _forget_rows(work: Transaction, subject: Subject) -> int:
    """Take the raw key and what was said of the unit out of every table but the vault."""
    held = select(func.count()).where(outbox.c.unit == subject.unit, outbox.c.record != "")
    in_outbox = work.connection.execute(held).scalar_one()
    outbox_rows.forget(work, unit=subject.unit)
    told = (decision.c.unit == subject.unit) & decision.c.reason.is_not(None)
    waits = (oversight.c.unit == subject.unit) & oversight.c.answer.is_(None)
    refused = (parked.c.key == subject.key) & parked.c.use_case.in_(subject.shared)
    changes = (
        update(decision).where(told).values(reason=None),
        delete(oversight).where(waits),
        delete(parked).where(refused),
    )
    return in_outbox + sum(work.connection.execute(change).rowcount for change in changes)


def _left(connection: Connection, unit: str) -> Iterator[Delivered]:
    """Find what stands in the customer's own tools."""
    found = connection.execute(
        select(outbox.c.tool, outbox.c.object, outbox.c.field)
        .distinct()
        .where(outbox.c.unit == unit, outbox.c.state == DeliveryState.DELIVERED.value)
        .order_by(outbox.c.tool, outbox.c.object, outbox.c.field)
    )
    for (tool, name), fields in groupby(found, key=lambda row: (row.tool, row.object)):
        yield Delivered(tool=tool, object=name, fields=tuple(row.field for row in fields))
