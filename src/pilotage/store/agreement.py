"""Agreement: the rows that verdicts are computed from say what the ledger says.

The log proves itself; the rows beside it do not. So each outcome is held against its entry, and
with it the arm and the month it is counted in.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, select

from pilotage.domain.decision import Mode
from pilotage.domain.errors import LedgerError
from pilotage.store.tables import decision, entry, outcome, same_decision

STEP = 10_000
"""Rows read at once."""

NAMED = 3
"""Differences that an error tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What a row or an entry says of one outcome."""

    unit: str = ""
    period: str = ""
    arm: str = ""
    month: str = ""
    value: float | None = None


_SAID = TypeAdapter(_Said)


def require_agreement(connection: Connection, *, use_case: str, mode: Mode) -> None:
    """Refuse rows that were changed beside the ledger.

    Raises:
        LedgerError: with how many differ and what the first ones say.
    """
    mine = decision.c.use_case == use_case, decision.c.mode == mode.value
    found = list(differences(connection, *mine))
    if not found:
        return
    more = f", and {len(found) - NAMED:,} more" if len(found) > NAMED else ""
    raise LedgerError(
        f"{use_case}: {len(found):,} outcomes of the record are not what the ledger says of them: "
        + "; ".join(found[:NAMED])
        + f"{more}. Somebody changed the record beside the log.",
        fix="restore the record from the newest backup that verifies, and open an incident",
    )


def differences(connection: Connection, *only: ColumnElement[bool]) -> Iterator[str]:
    """Yield, for each outcome that differs from its entry, what both say.

    Args:
        only: conditions on the decisions; all of them when left out.
    """
    rows = connection.execution_options(yield_per=STEP).execute(
        select(
            outcome.c.seq,
            outcome.c.unit,
            outcome.c.period,
            outcome.c.value,
            decision.c.arm,
            decision.c.month,
            entry.c.body,
        )
        .select_from(decision)
        .join(outcome, same_decision(outcome))
        .outerjoin(entry, entry.c.seq == outcome.c.seq)
        .where(*only)
        .order_by(outcome.c.seq)
    )
    for seq, unit, period, value, arm, month, body in rows:
        here = _Said(unit=unit, period=period, arm=arm, month=month, value=value)
        there = _SAID.validate_json(body or b"{}")
        if here != there:
            yield f"entry {seq} says {there}, the record {here}".replace("_Said", "")
