"""Decisions as rows, each with its ledger entries."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from pilotage.domain.cohort import Cohort
from pilotage.domain.decision import Arm, Decision, Mode, Proposal
from pilotage.domain.entry import Entry, EntryKind
from pilotage.domain.month import Month
from pilotage.store import vault
from pilotage.store.database import Row, among, insert_rows, storable
from pilotage.store.ledger import instant, stamp
from pilotage.store.record import Transaction
from pilotage.store.tables import decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What is recorded of a unit already.

    Args:
        arm: None for a person who was erased before being enrolled.
        periods: in which it was decided.
        erased: never to be enrolled again.
    """

    arm: Arm | None
    periods: frozenset[str]
    erased: bool


class Written(NamedTuple):
    """A decision that was written; the number is its last ledger entry."""

    number: int
    decision: Decision


def earlier(connection: Connection, units: Sequence[str], *, use_case: str) -> dict[str, Earlier]:
    """Return what is recorded of those units that are known; the others are missing."""
    known = select(decision.c.unit, decision.c.arm, decision.c.period).where(
        decision.c.use_case == use_case, among(connection, decision.c.unit, units)
    )
    arms: dict[str, Arm] = {}
    periods: dict[str, set[str]] = {}
    for unit, arm, period in connection.execute(known):
        arms[unit] = Arm(arm)
        periods.setdefault(unit, set()).add(period)
    erased = vault.suppressed(connection, units)
    return {
        unit: Earlier(
            arm=arms.get(unit),
            periods=frozenset(periods.get(unit, ())),
            erased=unit in erased,
        )
        for unit in arms.keys() | erased
    }


def add(work: Transaction, decided: Sequence[Decision]) -> list[Written]:
    """Write decisions, an `assignment` entry each, and a `decision` entry for each proposal.

    Returns:
        Those that were new; what another process decided meanwhile is left as it is.
    """
    by_key = {(item.unit, item.period): item for item in decided}
    for found in _known(work.connection, decided):
        by_key.pop(found, None)
    fresh = list(by_key.values())
    commitments = _seal(work, fresh)
    insert_rows(work.connection, decision, [_row(item) for item in fresh])
    entries: list[Entry] = []
    last: list[int] = []
    for item in fresh:
        entries.append(_assignment(item, commitments[item.unit]))
        if item.proposal is not None:
            entries.append(_decision(item, item.proposal))
        last.append(len(entries) - 1)
    numbers = work.append(*entries)
    return [
        Written(number=numbers[index], decision=item)
        for index, item in zip(last, fresh, strict=True)
    ]


def months(connection: Connection, *, use_case: str, mode: Mode) -> dict[Month, datetime]:
    """Return the months in which units were assigned, and when the last window of each ends.

    Oldest first; the last window ends weeks after its month.
    """
    found = (
        select(decision.c.month, func.max(decision.c.window_ends_at))
        .where(decision.c.use_case == use_case, decision.c.mode == mode.value)
        .group_by(decision.c.month)
        .order_by(decision.c.month)
    )
    return {Month.parse(month): instant(ends) for month, ends in connection.execute(found)}


def assigned(
    connection: Connection, *, use_case: str, mode: Mode, months: Sequence[Month]
) -> dict[Arm, int]:
    """Count the units assigned in those months, by arm; one of several months counts once."""
    counted = (
        select(decision.c.arm, func.count(decision.c.unit.distinct()))
        .where(
            decision.c.use_case == use_case,
            decision.c.mode == mode.value,
            decision.c.month.in_([str(month) for month in months]),
        )
        .group_by(decision.c.arm)
    )
    found = {Arm(arm): int(n) for arm, n in connection.execute(counted)}
    return {arm: found.get(arm, 0) for arm in Arm}


def handed_over(
    connection: Connection, *, use_case: str, mode: Mode, begins: datetime
) -> datetime | None:
    """Return when another mode decided last before this one began; what it decided stays there.

    Args:
        begins: when this mode decides its first unit, where it has decided none yet.
    """
    other = [each.value for each in Mode if each is not mode]
    own = select(func.min(decision.c.assigned_at)).where(
        decision.c.use_case == use_case, decision.c.mode == mode.value
    )
    last = select(func.max(decision.c.assigned_at)).where(
        decision.c.use_case == use_case,
        decision.c.mode.in_(other),
        decision.c.assigned_at <= func.coalesce(own.scalar_subquery(), stamp(begins)),
    )
    text = connection.scalar(last)
    return instant(text) if text else None


def newest(connection: Connection, cohort: Cohort) -> datetime | None:
    """Return when the last unit of a cohort was assigned; None for one without units."""
    latest = select(func.max(decision.c.assigned_at)).where(
        decision.c.use_case == cohort.use_case,
        decision.c.mode == cohort.mode.value,
        decision.c.month == str(cohort.month),
    )
    text = connection.scalar(latest)
    return datetime.fromisoformat(text) if text else None


def _known(connection: Connection, decided: Sequence[Decision]) -> Iterator[tuple[str, str]]:
    units = [item.unit for item in decided]
    found = select(decision.c.unit, decision.c.period).where(
        decision.c.use_case == decided[0].use_case, among(connection, decision.c.unit, units)
    )
    return ((unit, period) for unit, period in connection.execute(found))


def _seal(work: Transaction, fresh: Sequence[Decision]) -> dict[str, str]:
    """Put the raw keys into the vault; a unit that is there already has no new commitment."""
    held = vault.sealed(work.connection, [item.unit for item in fresh])
    new = {item.unit: item.record for item in fresh if item.unit not in held}
    made = vault.seal(
        work, subjects=list(new), payloads=[record.encode() for record in new.values()]
    )
    return dict.fromkeys(held, "") | dict(zip(new, made, strict=True))


def _row(item: Decision) -> Row:
    proposal = item.proposal
    return (
        item.use_case,
        item.unit,
        item.period,
        str(item.mode),
        str(item.month),
        str(item.arm),
        item.cluster,
        item.stratum,
        stamp(item.assigned_at),
        stamp(item.window_ends_at),
        str(item.route),
        proposal.score if proposal else None,
        proposal.confidence if proposal else None,
        proposal.rank if proposal else None,
        storable(proposal.reason) if proposal else None,
        item.version or None,
    )


def _assignment(item: Decision, commitment: str) -> Entry:
    return Entry(
        kind=EntryKind.ASSIGNMENT,
        use_case=item.use_case,
        as_of=item.assigned_at,
        facts={
            "arm": str(item.arm),
            "cluster": item.cluster,
            "commitment": commitment,
            "mode": str(item.mode),
            "month": str(item.month),
            "period": item.period,
            "stratum": item.stratum,
            "unit": item.unit,
            "window_ends_at": stamp(item.window_ends_at),
        },
    )


def _decision(item: Decision, proposal: Proposal) -> Entry:
    return Entry(
        kind=EntryKind.DECISION,
        use_case=item.use_case,
        as_of=item.assigned_at,
        facts={
            "confidence": f"{proposal.confidence:.6f}",
            "period": item.period,
            "rank": proposal.rank,
            "route": str(item.route),
            "score": f"{proposal.score:.6f}",
            "unit": item.unit,
            "version": item.version,
        },
    )
