"""Oversight: proposals that wait for a person, and what the person said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, func, select, update

from pilotage.domain.decision import Answer, DeliveryState, Mode, Route, Waiting
from pilotage.domain.entry import Entry, EntryKind, Fact
from pilotage.domain.errors import RefusedError
from pilotage.governance.canonical import canonical
from pilotage.governance.signer import Signer
from pilotage.store import outbox as outbox_rows
from pilotage.store import vault
from pilotage.store.database import insert_rows
from pilotage.store.decisions import Written
from pilotage.store.ledger import signed, stamp
from pilotage.store.record import Transaction
from pilotage.store.tables import decision, experiment, outbox, oversight, same_decision

OVERTAKEN = and_(
    decision.c.mode != Mode.LIVE.value,
    select(experiment)
    .where(experiment.c.use_case == decision.c.use_case, experiment.c.mode == Mode.LIVE.value)
    .exists(),
)
"""A proposal of a replay waits no longer once the use case runs live: no pass delivers it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a person says to one proposal.

    Args:
        number: the proposal's, as `oversight list` shows it.
        values: other values by field, for `modify`.
        escalate_to: the role that looks at it next, for `escalate`.
        why: it stays in the ledger for good, so no names of persons.
    """

    number: int
    answer: Answer
    values: Mapping[str, str] = field(default_factory=dict[str, str])
    escalate_to: str = ""
    why: str = ""


def ask(work: Transaction, recorded: Sequence[Written]) -> None:
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
        .join(decision, same_decision(oversight))
        .where(oversight.c.answer.is_(None), ~OVERTAKEN)
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


def count(connection: Connection, *, use_case: str | None) -> int:
    """Count the proposals that wait."""
    found = (
        select(func.count())
        .select_from(oversight)
        .join(decision, same_decision(oversight))
        .where(oversight.c.answer.is_(None), ~OVERTAKEN)
    )
    if use_case is not None:
        found = found.where(oversight.c.use_case == use_case)
    return connection.scalar(found) or 0


def fields(connection: Connection, number: int) -> list[str]:
    """Return the fields that a waiting proposal would write."""
    found = (
        select(outbox.c.field)
        .distinct()
        .join(oversight, same_decision(outbox, oversight))
        .where(oversight.c.number == number, outbox_rows.WAITS)
        .order_by(outbox.c.field)
    )
    return list(connection.scalars(found))


def answer(work: Transaction, reply: Reply, *, by: Signer, as_of: datetime) -> None:
    """Write down what a person said, signed; approved and modified proposals are delivered next.

    The ledger names the fields that were changed and holds a commitment to their values, under
    the salt of whom they are about: erasing that person makes it unreadable.

    Raises:
        RefusedError: no such proposal, it was answered already, it is of a replay and the use case
            runs live, the answer is earlier than the question, it was escalated to a role that the
            person does not hold, or it has no such field.
    """
    asked = _asked(work.connection, reply, by=by, as_of=as_of)
    if reply.answer is Answer.ESCALATE:
        change = {"escalated_to": reply.escalate_to}
    else:
        change = {"answer": reply.answer.value, "person": by.name, "answered_at": stamp(as_of)}
        outbox_rows.move(
            work,
            use_case=asked.use_case,
            unit=asked.unit,
            period=asked.period,
            to=DeliveryState.CANCELLED if reply.answer is Answer.REJECT else DeliveryState.PENDING,
            values=reply.values,
        )
    work.connection.execute(
        update(oversight).where(oversight.c.number == reply.number).values(**change)
    )
    facts: dict[str, Fact] = {
        "answer": reply.answer.value,
        "decision": reply.number,
        "escalated_to": reply.escalate_to,
        "fields": sorted(reply.values),
        "period": asked.period,
        "unit": asked.unit,
        "values": vault.commitment(work.connection, asked.unit, canonical(reply.values))
        if reply.values
        else "",
        "why": reply.why,
    }
    said = Entry(kind=EntryKind.HUMAN_REVIEW, use_case=asked.use_case, as_of=as_of, facts=facts)
    work.append(signed(said, by=by))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """The decision that a waiting proposal belongs to."""

    use_case: str
    unit: str
    period: str


def _asked(connection: Connection, reply: Reply, *, by: Signer, as_of: datetime) -> _Asked:
    """Return what a reply is about, once the person may give it."""
    row = connection.execute(
        select(oversight, OVERTAKEN.label("overtaken"))
        .join(decision, same_decision(oversight))
        .where(oversight.c.number == reply.number)
    ).one_or_none()
    over = _over(row)
    if row is None or over:
        raise RefusedError(
            f"proposal {reply.number}: {over}.",
            fix="`pilotage oversight list` shows what waits",
        )
    asked_at = datetime.fromisoformat(row.asked_at)
    if as_of < asked_at:
        raise RefusedError(
            f"proposal {reply.number} was asked at {asked_at:%Y-%m-%d %H:%M} UTC; an answer of"
            f" {as_of:%Y-%m-%d %H:%M} would be earlier than its question.",
            fix="leave --as-of out; what a run with a later --as-of asks is answered from then on",
        )
    if row.escalated_to and row.escalated_to not in by.roles:
        raise RefusedError(
            f"proposal {reply.number} was passed to {row.escalated_to}; {by.name} is not one.",
            fix=f"let somebody with the role {row.escalated_to} answer it: --person NAME",
        )
    known = fields(connection, reply.number)
    unknown = sorted(reply.values.keys() - set(known))
    if unknown:
        raise RefusedError(
            f"proposal {reply.number} has no field {', '.join(map(repr, unknown))}.",
            fix=f"set one of {', '.join(known) or '(it writes to no tool)'}",
        )
    return _Asked(use_case=row.use_case, unit=row.unit, period=row.period)


def _over(row: Row[Any] | None) -> str:
    """Return why a proposal does not wait; empty where it does."""
    if row is None:
        return "no proposal has that number"
    if row.answer is not None:
        return f"{row.person} answered it"
    live = f"{row.use_case} runs live by now, so what a replay proposed is not delivered"
    return live if row.overtaken else ""


def _records(connection: Connection, units: Sequence[str]) -> dict[str, str]:
    found = (
        select(outbox.c.unit, outbox.c.record)
        .where(outbox.c.unit.in_(units), outbox_rows.WAITS)
        .distinct()
    )
    return {row.unit: row.record for row in connection.execute(found)}
