"""Rows that the tests of this room write."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from pilotage.domain.decision import Arm, Decision, Mode, Proposal, Route
from pilotage.domain.entry import Entry, EntryKind
from pilotage.domain.month import Month
from pilotage.governance.bundle import Verified, verify
from pilotage.governance.tree import Frontier
from pilotage.spec.decide import Deliver, Shown
from pilotage.store import decisions, outbox, oversight
from pilotage.store.bundle import open_own_log
from pilotage.store.record import Record
from pilotage.store.tables import METADATA, entry, frontier

USE_CASE = "inbound-leads"
AT = datetime(2026, 9, 1, 8, tzinfo=UTC)
WINDOW = timedelta(days=14)
DELIVER = (Deliver(tool="crm", object="lead", fields={"rank": Shown.RANK, "why": Shown.REASON}),)


def proposal(confidence: float = 0.9) -> Proposal:
    return Proposal(score=0.25, confidence=confidence, rank=7, reason="came from a referral")


def decision(
    record: Record,
    key: str,
    *,
    arm: Arm = Arm.TREATMENT,
    route: Route = Route.AUTOMATIC,
    at: datetime = AT,
    period: str = "once",
    mode: Mode = Mode.LIVE,
    cluster: str = "",
    stratum: str = "",
) -> Decision:
    [unit] = record.pseudonyms([key], kind="lead")
    treated = arm is Arm.TREATMENT
    return Decision(
        use_case=USE_CASE,
        unit=unit,
        period=period,
        record=key,
        mode=mode,
        month=Month.of(at),
        arm=arm,
        cluster=cluster or unit,
        stratum=stratum,
        assigned_at=at,
        window_ends_at=at + WINDOW,
        route=route if treated else Route.HOLDOUT,
        why="50% sure" if route is Route.HUMAN else "",
        proposal=proposal() if treated else None,
        version="v1" if treated else "",
    )


def decide(record: Record, decided: Sequence[Decision]) -> list[decisions.Written]:
    """Write decisions as the flow does."""
    with record.transaction() as work:
        fresh = decisions.add(work, decided)
        outbox.post(work, fresh, deliver=DELIVER)
        oversight.ask(work, fresh)
    return fresh


def note(n: int = 1, *, kind: EntryKind = EntryKind.DECISION) -> list[Entry]:
    return [Entry(kind=kind, use_case=USE_CASE, as_of=AT, facts={"n": i}) for i in range(n)]


def append(record: Record, n: int, *, kind: EntryKind = EntryKind.DECISION) -> range:
    with record.transaction() as work:
        return work.append(*note(n, kind=kind))


def bodies(connection: Connection) -> list[bytes]:
    return list(connection.scalars(select(entry.c.body).order_by(entry.c.seq)))


def kept_frontier(connection: Connection) -> Frontier:
    row = connection.execute(select(frontier.c.size, frontier.c.nodes)).one()
    return Frontier.from_bytes(row.nodes, size=row.size)


def everything(record: Record) -> dict[str, list[Any]]:
    """All rows of all tables; a row's cells go by name."""
    with record.reading() as connection:
        return {
            table.name: sorted(connection.execute(select(table)).all())
            for table in METADATA.sorted_tables
        }


def verified(record: Record) -> Verified:
    """Check the log against its newest checkpoint, as `pilotage ledger verify` does."""
    with open_own_log(record, watch=lambda _: None) as log:
        return verify(log.bundle, key=record.secrets.ledger.key.verifying_key, older=log.newest)
