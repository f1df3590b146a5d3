"""Oversight: proposals that wait for a person, and what the person said."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select, update

from pilotage.domain.decision import Answer, DeliveryState, Route, Waiting
from pilotage.domain.entry import Entry, EntryKind
from pilotage.domain.errors import RefusedError
from pilotage.store import outbox as outbox_rows
from pilotage.store.database import insert_rows
from pilotage.store.decisions import Recorded
from pilotage.store.ledger import stamp
from pilotage.store.record import Transaction
from pilotage.store.tables import decision, outbox, oversight


def ask(work: Transaction, recorded: Sequence[Recorded]) -> None:
    """Put doubtful and sampled proposals before a person; the number is the decision's entry."""
    insert_rows(
        work.connection,
        oversight,
        [
            (
                item.number,
                item.decision.use_case,
                item.decision.unit,
                item.decision.period,
                item.decision.why,
                stamp(item.decision.assigned_at),
                "",
                None,
                None,
                None,
            )
            for item in recorded
            if item.decision.route is Route.HUMAN
        ],
    )


def waiting(connection: Connection, *, use_case: str | None, limit: int) -> list[Waiting]:
    """Return the proposals that wait, oldest first."""
    found = (
        select(oversight, decision.c.confidence, decision.c.rank, decision.c.reason)
        .join(
            decision,
            (decision.c.use_case == oversight.c.use_case)
            & (decision.c.unit == oversight.c.unit)
            & (decision.c.period == oversight.c.period),
        )
        .where(oversight.c.answer.is_(None))
        .order_by(oversight.c.number)
        .limit(limit)
    )
    if use_case is not None:
        found = found.where(oversight.c.use_case == use_case)
    rows = connection.execute(found).all()
    records = _records(connection, [row.unit for row in rows])
    return [
        Waiting(
            number=row.number,
            use_case=row.use_case,
            unit=row.unit,
            record=records.get(row.unit, ""),
            proposal=f"rank {row.rank}: {row.reason}",
            confidence=row.confidence,
            why=row.why,
            since=datetime.fromisoformat(row.asked_at),
            escalated_to=row.escalated_to,
        )
        for row in rows
    ]


def answer(
    work: Transaction,
    number: int,
    said: Answer,
    *,
    person: str,
    signature: str,
    as_of: datetime,
    values: dict[str, str] | None = None,
    escalate_to: str = "",
) -> None:
    """Write down what a person said; approved and modified proposals become deliverable.

    Args:
        number: the proposal's, as `oversight list` shows it.
        person: who signed in.
        signature: over the number and the answer.
        values: other values by field, for `modify`.
        escalate_to: the role that looks at it next, for `escalate`.

    Raises:
        RefusedError: no such proposal, or it was answered already.
    """
    row = work.connection.execute(
        select(oversight).where(oversight.c.number == number)
    ).one_or_none()
    if row is None or row.answer is not None:
        what = "no proposal waits under that number" if row is None else f"was {row.answer}d"
        raise RefusedError(
            f"proposal {number}: {what}.", fix="`pilotage oversight list` shows those that wait"
        )
    if said is Answer.ESCALATE:
        change = {"escalated_to": escalate_to}
    else:
        change = {"answer": said.value, "person": person, "answered_at": stamp(as_of)}
        to = DeliveryState.CANCELLED if said is Answer.REJECT else DeliveryState.PENDING
        outbox_rows.move(
            work, use_case=row.use_case, unit=row.unit, period=row.period, to=to, values=values
        )
    work.connection.execute(update(oversight).where(oversight.c.number == number).values(**change))
    work.append(
        Entry(
            kind=EntryKind.HUMAN_REVIEW,
            use_case=row.use_case,
            as_of=as_of,
            facts={
                "answer": said.value,
                "decision": number,
                "escalated_to": escalate_to,
                "fields": sorted(values or {}),
                "period": row.period,
                "person": person,
                "signature": signature,
                "unit": row.unit,
            },
        )
    )


def _records(connection: Connection, units: Sequence[str]) -> dict[str, str]:
    found = select(outbox.c.unit, outbox.c.record).where(outbox.c.unit.in_(units)).distinct()
    return {row.unit: row.record for row in connection.execute(found)}
