"""The outbox: what leaves the house, written with the decision, settled with a receipt."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Text, func, literal_column, select, update

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
from pilotage.store.database import Row, among, insert_rows, storable
from pilotage.store.decisions import Written
from pilotage.store.record import Transaction
from pilotage.store.tables import decision, outbox, same_decision

_PENDING: ColumnElement[str] = literal_column(f"'{DeliveryState.PENDING.value}'", Text())
WAITS: ColumnElement[bool] = outbox.c.state == literal_column(
    f"'{DeliveryState.WAITING.value}'", Text()
)
"""Both are written out: SQLite knows a partial index by the text of its condition."""


class Posted(NamedTuple):
    """A delivery with the decision it belongs to; the number is that decision's ledger entry."""

    number: int
    use_case: str
    unit: str
    period: str
    delivery: Delivery


def post(work: Transaction, recorded: Sequence[Written], *, deliver: Sequence[Deliver]) -> None:
    """Put what is to be delivered into the outbox, in the transaction of its decisions.

    What a person is asked about waits there for the answer.
    """
    fields = [
        (to.tool, to.object, field, what) for to in deliver for field, what in to.fields.items()
    ]
    rows: list[Row] = []
    for item in recorded:
        made = item.decision
        state = _STATES.get(made.route)
        if state is None or made.proposal is None:
            continue
        decided, mode, record = made.key, str(made.mode), storable(made.record)
        rows += [
            (
                item.number,
                delivery_key(decided, tool=tool, object_name=name, field=field),
                made.use_case,
                made.unit,
                made.period,
                mode,
                tool,
                name,
                record,
                field,
                _shown(made.proposal, what),
                state,
                "",
            )
            for tool, name, field, what in fields
        ]
    insert_rows(work.connection, outbox, rows)


def pending(
    connection: Connection, *, use_case: str, mode: Mode, tool: str, limit: int
) -> list[Posted]:
    """Return what is to be delivered to a tool next, in the order it was decided.

    Args:
        mode: in which it was decided; a shadow or a replay never delivers what a live pass left.
    """
    found = (
        select(
            outbox.c.seq,
            outbox.c.unit,
            outbox.c.period,
            outbox.c.key,
            outbox.c.object,
            outbox.c.record,
            outbox.c.field,
            outbox.c.value,
        )
        .where(
            outbox.c.use_case == use_case,
            outbox.c.mode == mode.value,
            outbox.c.tool == tool,
            outbox.c.state == _PENDING,
        )
        .order_by(outbox.c.seq, outbox.c.key)
        .limit(limit)
    )
    return [
        Posted(
            number=number,
            use_case=use_case,
            unit=unit,
            period=period,
            delivery=Delivery(
                key=key, tool=tool, object=name, record=record, field=field, value=value
            ),
        )
        for number, unit, period, key, name, record, field, value in connection.execute(found)
    ]


def settle(
    work: Transaction, posted: Sequence[Posted], receipts: Sequence[Receipt], *, as_of: datetime
) -> None:
    """Write down what the tools said of what is still pending, with a `delivery` entry each.

    Args:
        posted: as `pending` gave it, oldest first.
        receipts: one each, in the same order.
    """
    among_these = outbox.c.seq.between(posted[0].number, posted[-1].number)
    moved: set[str] = set()
    by_answer: dict[tuple[str, str], list[str]] = {}
    for receipt in receipts:
        by_answer.setdefault((str(receipt.state), receipt.detail), []).append(receipt.key)
    for (state, detail), keys in by_answer.items():
        answered = (
            update(outbox)
            .where(
                among_these, among(work.connection, outbox.c.key, keys), outbox.c.state == _PENDING
            )
            .values(state=state, detail=detail)
            .returning(outbox.c.key)
        )
        moved |= set(work.connection.scalars(answered))
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
                    "state": str(receipt.state),
                    "tool": item.delivery.tool,
                    "unit": item.unit,
                },
            )
            for item, receipt in zip(posted, receipts, strict=True)
            if receipt.key in moved
        )
    )


def move(  # noqa: PLR0913 - three of them name the decision
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
            WAITS,
        )
        .values(state=to.value)
    )
    for field, value in (values or {}).items():
        work.connection.execute(waiting.where(outbox.c.field == field).values(value=value))
    work.connection.execute(waiting)


def forget(work: Transaction, *, unit: str) -> None:
    """Take a person's key and values, and what tools said of them, out of the outbox.

    What was pending is cancelled.
    """
    of_unit = update(outbox).where(outbox.c.unit == unit)
    open_states = [DeliveryState.PENDING.value, DeliveryState.WAITING.value]
    work.connection.execute(
        of_unit.where(outbox.c.state.in_(open_states)).values(state=DeliveryState.CANCELLED.value)
    )
    work.connection.execute(of_unit.values(record="", value="", detail=""))


def counts(
    connection: Connection, *, use_case: str, mode: Mode, months: Sequence[Month]
) -> dict[DeliveryState, int]:
    """Count deliveries of the cohorts of those months, by state."""
    counted = (
        select(outbox.c.state, func.count())
        .join(decision, same_decision(outbox))
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
    return storable(proposal.reason) if what is Shown.REASON else f"{proposal.score:.4f}"
