"""Parked rows: refused at the edge and kept with the reason.

A row that is mended in its table is read as it is now; here it stays listed as it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from pilotage.domain.entry import Entry, EntryKind
from pilotage.domain.tally import Tally
from pilotage.domain.unit import Parked
from pilotage.governance.pseudonym import pseudonyms
from pilotage.ports import Case
from pilotage.store import vault
from pilotage.store.database import among, insert_rows, storable
from pilotage.store.ledger import stamp
from pilotage.store.record import Record, Transaction
from pilotage.store.tables import parked


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedCount:
    """How many rows of a table were refused for one reason, with one of them."""

    use_case: str
    source: str
    reason: str
    n: int
    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedRow:
    """A row as it was refused; its key stands as its table names it."""

    use_case: str
    source: str
    key: str
    reason: str
    detail: str
    as_of: str


def keep(refused: Sequence[Parked], case: Case, record: Record, *, as_of: datetime) -> Tally:
    """Keep refused rows with their reason; nothing is lost, and what was erased stays erased."""
    if not refused:
        return Tally()
    names = record.pseudonyms([row.key for row in refused], kind=case.spec.process.unit)
    with record.transaction() as work:
        erased = vault.suppressed(work.connection, names)
        kept = [row for row, name in zip(refused, names, strict=True) if name not in erased]
        fresh = park(work, kept, use_case=case.spec.use_case, as_of=as_of)
    return Tally(parked=fresh)


def park(work: Transaction, rows: Sequence[Parked], *, use_case: str, as_of: datetime) -> int:
    """Keep refused rows; a row refused twice is kept once. Return how many are new."""
    parts = [
        f"{use_case}|{row.table}|{row.key}|{row.reason}|{row.detail}|{row.copy}" for row in rows
    ]
    names = pseudonyms(parts, kind="parked row", secret=work.secrets.pseudonym)
    by_id = dict(zip(names, rows, strict=True))
    found = select(parked.c.id).where(among(work.connection, parked.c.id, list(by_id)))
    known = set(work.connection.scalars(found))
    fresh = {key: row for key, row in by_id.items() if key not in known}
    insert_rows(
        work.connection,
        parked,
        [
            (
                key,
                use_case,
                row.table,
                storable(row.key),
                row.reason,
                storable(row.detail),
                stamp(as_of),
            )
            for key, row in fresh.items()
        ],
    )
    work.append(
        *(
            Entry(
                kind=EntryKind.PARKED,
                use_case=use_case,
                as_of=as_of,
                facts={"row": key, "reason": row.reason, "table": row.table},
            )
            for key, row in fresh.items()
        )
    )
    return len(fresh)


BEFORE_ASSIGNMENT = "before-assignment"
"""The reason of an outcome that came before its unit was decided."""


def keys(connection: Connection, *, use_case: str, reason: str) -> list[str]:
    """Return the key of each row parked for one reason, as its table names it."""
    found = select(parked.c.key).where(parked.c.use_case == use_case, parked.c.reason == reason)
    return list(connection.scalars(found))


def counts(connection: Connection, *, use_case: str) -> list[ParkedCount]:
    """Count the parked rows by table and reason."""
    counted = (
        select(parked.c.source, parked.c.reason, func.count(), func.min(parked.c.detail))
        .where(parked.c.use_case == use_case)
        .group_by(parked.c.source, parked.c.reason)
        .order_by(parked.c.source, parked.c.reason)
    )
    return [
        ParkedCount(use_case=use_case, source=source, reason=reason, n=int(n), example=example)
        for source, reason, n, example in connection.execute(counted)
    ]


def rows(connection: Connection, *, use_case: str) -> list[ParkedRow]:
    """Return the parked rows by table and reason, the oldest first."""
    found = (
        select(parked.c.source, parked.c.key, parked.c.reason, parked.c.detail, parked.c.as_of)
        .where(parked.c.use_case == use_case)
        .order_by(parked.c.source, parked.c.reason, parked.c.as_of, parked.c.key)
    )
    return [
        ParkedRow(use_case=use_case, source=source, key=key, reason=reason, detail=detail, as_of=at)
        for source, key, reason, detail, at in connection.execute(found)
    ]
