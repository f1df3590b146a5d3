"""The outbox: what leaves the house, written with the decision, settled with a receipt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select, update

from pilotage.domain.decision import (
    Delivery,
    DeliveryState,
    Mode,
    Proposal,
    Receipt,
    Route,
    delivery_key,
)
from pilotage.domain.entry import Entry, EntryKind
from pilotage.domain.month import Month
from pilotage.spec.decide import Deliver, Shown
from pilotage.store.database import Row, insert_rows
from pilotage.store.decisions import Recorded
from pilotage.store.record import Transaction
from pilotage.store.tables import decision, outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A delivery with the decision it belongs to."""

    seq: int
    use_case: str
    unit: str
    period: str
    delivery: Delivery
    state: DeliveryState


def post(work: Transaction, recorded: Sequence[Recorded], *, deliver: Sequence[Deliver]) -> None:
    """Put what is to be delivered into the outbox, in the transaction of its decisions.

    What a person is asked about waits there for the answer.
    """
    rows: list[Row] = []
    for item in recorded:
        made = item.decision
        state = _STATES.get(made.route)
        if state is None or made.proposal is None:
            continue
        for to in deliver:
            rows += [
                (
                    delivery_key(made.key, tool=to.tool, object_name=to.object, field=field),
                    item.number,
                    made.use_case,
                    made.unit,
                    made.period,
                    to.tool,
                    to.object,
                    made.record,
                    field,
                    _shown(made.proposal, what),
                    state,
                    "",
                )
                for field, what in to.fields.items()
            ]
    insert_rows(work.connection, outbox, rows)


def pending(connection: Connection, *, use_case: str, tool: str, limit: int) -> list[Posted]:
    """Return what is to be delivered to a tool next, in the order it was decided."""
    found = (
        select(outbox)
        .where(
            outbox.c.use_case == use_case,
            outbox.c.tool == tool,
            outbox.c.state == DeliveryState.PENDING.value,
        )
        .order_by(outbox.c.seq, outbox.c.key)
        .limit(limit)
    )
    return [
        Posted(
            seq=row.seq,
            use_case=row.use_case,
            unit=row.unit,
            period=row.period,
            delivery=Delivery(
                key=row.key,
                tool=row.tool,
                object=row.object,
                record=row.record,
                field=row.field,
                value=row.value,
            ),
            state=DeliveryState.PENDING,
        )
        for row in connection.execute(found)
    ]


def settle(
    work: Transaction, posted: Sequence[Posted], receipts: Sequence[Receipt], *, as_of: datetime
) -> None:
    """Write down what the tools said, with a `delivery` entry each."""
    changed = (
        update(outbox)
        .where(outbox.c.key == bindparam("of"), outbox.c.state == DeliveryState.PENDING.value)
        .values(state=bindparam("to"), detail=bindparam("said"))
    )
    work.connection.execute(
        changed,
        [{"of": item.key, "to": item.state.value, "said": item.detail} for item in receipts],
    )
    work.append(
        *(
            Entry(
                kind=EntryKind.DELIVERY,
                use_case=item.use_case,
                as_of=as_of,
                facts={
                    "field": item.delivery.field,
                    "key": receipt.key,
                    "object": item.delivery.object,
                    "period": item.period,
                    "state": receipt.state.value,
                    "tool": item.delivery.tool,
                    "unit": item.unit,
                },
            )
            for item, receipt in zip(posted, receipts, strict=True)
        )
    )


def move(
    work: Transaction,
    *,
    use_case: str,
    unit: str,
    period: str,
    to: DeliveryState,
    values: Mapping[str, str] | None = None,
) -> None:
    """Move a decision's waiting deliveries on, with other values where a person changed them."""
    waiting = (
        update(outbox)
        .where(
            outbox.c.use_case == use_case,
            outbox.c.unit == unit,
            outbox.c.period == period,
            outbox.c.state == DeliveryState.WAITING.value,
        )
        .values(state=to.value)
    )
    for field, value in (values or {}).items():
        work.connection.execute(waiting.where(outbox.c.field == field).values(value=value))
    work.connection.execute(waiting)


def forget(work: Transaction, *, unit: str) -> None:
    """Take a person's key and values out of the outbox; what was pending is cancelled."""
    of_unit = update(outbox).where(outbox.c.unit == unit)
    open_states = [DeliveryState.PENDING.value, DeliveryState.WAITING.value]
    work.connection.execute(
        of_unit.where(outbox.c.state.in_(open_states)).values(state=DeliveryState.CANCELLED.value)
    )
    work.connection.execute(of_unit.values(record="", value=""))


def counts(
    connection: Connection, *, use_case: str, mode: Mode, months: Sequence[Month]
) -> dict[DeliveryState, int]:
    """Count deliveries of the cohorts of those months, by state."""
    counted = (
        select(outbox.c.state, func.count())
        .join(
            decision,
            (decision.c.use_case == outbox.c.use_case)
            & (decision.c.unit == outbox.c.unit)
            & (decision.c.period == outbox.c.period),
        )
        .where(
            outbox.c.use_case == use_case,
            decision.c.mode == mode.value,
            decision.c.month.in_([str(month) for month in months]),
        )
        .group_by(outbox.c.state)
    )
    found = {DeliveryState(state): int(n) for state, n in connection.execute(counted)}
    return {state: found.get(state, 0) for state in DeliveryState}


_STATES = {
    Route.AUTOMATIC: DeliveryState.PENDING.value,
    Route.HUMAN: DeliveryState.WAITING.value,
}
"""Where a delivery starts; other routes deliver nothing."""


def _shown(proposal: Proposal, what: Shown) -> str:
    if what is Shown.RANK:
        return str(proposal.rank)
    return proposal.reason if what is Shown.REASON else f"{proposal.score:.4f}"
