"""Happenings: what the outcome source says of enrolled units, as it says it now."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, func, select, update

from pilotage.domain.decision import Mode
from pilotage.store.database import among, insert_rows
from pilotage.store.ledger import stamp
from pilotage.store.record import Transaction
from pilotage.store.tables import decision, happening, suppression

Place = tuple[str, str]
"""A unit, and the instant at which something happened to it, as `stamp` writes it."""


@dataclass(slots=True, kw_only=True)
class Changes:
    """How what the source says differs from what is held.

    Args:
        new: amounts at places that nothing was said of.
        amended: other amounts than before.
        withdrawn: places of which nothing is said any more.
    """

    new: dict[Place, float] = field(default_factory=dict[Place, float])
    amended: dict[Place, float] = field(default_factory=dict[Place, float])
    withdrawn: list[Place] = field(default_factory=list[Place])

    def add(self, more: "Changes") -> None:
        """Take in the changes of another span of time."""
        self.new |= more.new
        self.amended |= more.amended
        self.withdrawn += more.withdrawn

    @property
    def places(self) -> int:
        """How many places differ."""
        return len(self.new) + len(self.amended) + len(self.withdrawn)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """How much of a time is held.

    Args:
        newest: the stamp of the last place; empty for none.
    """

    places: int
    newest: str


def held(connection: Connection, *, use_case: str, since: datetime, until: datetime) -> Held:
    """Count what is held of the time from `since` up to, but without, `until`."""
    counted = select(func.count(), func.max(happening.c.at)).where(_within(use_case, since, until))
    places, newest = connection.execute(counted).one()
    return Held(places=int(places), newest=newest or "")


def between(
    connection: Connection, *, use_case: str, since: datetime, until: datetime
) -> dict[Place, float]:
    """Return what is held of the time from `since` up to, but without, `until`."""
    found = select(happening.c.unit, happening.c.at, happening.c.value).where(
        _within(use_case, since, until)
    )
    return {(unit, at): value for unit, at, value in connection.execute(found)}


def followed(
    connection: Connection, units: Sequence[str], *, use_case: str, mode: Mode
) -> dict[str, str]:
    """Return the stamp at which each unit was first assigned.

    Missing are units never enrolled; and those erased: what is known of them stays as it is.
    """
    first = (
        select(decision.c.unit, func.min(decision.c.assigned_at).label("at"))
        .where(
            decision.c.use_case == use_case,
            decision.c.mode == mode.value,
            among(connection, decision.c.unit, units),
            ~select(suppression).where(suppression.c.subject == decision.c.unit).exists(),
        )
        .group_by(decision.c.unit)
    )
    return {row.unit: row.at for row in connection.execute(first)}


def heard_of(connection: Connection, units: Sequence[str], *, use_case: str) -> set[str]:
    """Return those of the units to which anything happened."""
    found = select(happening.c.unit).where(
        happening.c.use_case == use_case, among(connection, happening.c.unit, units)
    )
    return set(connection.scalars(found))


def write(work: Transaction, changes: Changes, *, use_case: str) -> None:
    """Hold what the source says now."""
    insert_rows(
        work.connection,
        happening,
        [(use_case, unit, at, value) for (unit, at), value in changes.new.items()],
    )
    place = and_(
        happening.c.use_case == use_case,
        happening.c.unit == bindparam("of_unit"),
        happening.c.at == bindparam("at_instant"),
    )
    if changes.amended:
        work.connection.execute(
            update(happening).where(place).values(value=bindparam("now")),
            [{**_named(key), "now": value} for key, value in changes.amended.items()],
        )
    if changes.withdrawn:
        work.connection.execute(
            delete(happening).where(place), [_named(key) for key in changes.withdrawn]
        )


def _within(use_case: str, since: datetime, until: datetime) -> ColumnElement[bool]:
    return and_(
        happening.c.use_case == use_case,
        happening.c.at >= stamp(since),
        happening.c.at < stamp(until),
    )


def _named(place: Place) -> dict[str, str]:
    return {"of_unit": place[0], "at_instant": place[1]}
