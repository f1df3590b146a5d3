"""What came of units decided so far. Read it after flow.py.

source -> of an enrolled unit? -> after its assignment? -> what differs from before
       -> window closed -> ledger
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from pilotage.data.outcomes import UNREAD
from pilotage.data.spans import Span, spans
from pilotage.domain.errors import SourceError
from pilotage.domain.experiment import Registered
from pilotage.domain.tally import Tally, Watch
from pilotage.domain.unit import Outcome, Parked
from pilotage.launch import counts_once, registered
from pilotage.ports import Case
from pilotage.store import happenings, outcomes, parking
from pilotage.store.happenings import Changes, Held, Place
from pilotage.store.ledger import stamp
from pilotage.store.record import Record

BATCH = 5_000
"""Rows of the outcome source read, and windows closed, in one transaction."""

LOST_SHARE = 0.2
"""Of the outcomes held. When more are gone at once, the table was cut short, not corrected."""

FEW_LOST = 20
"""So many may be taken back at once however few are held, as long as something is left."""


def follow_up(case: Case, record: Record, *, as_of: datetime, watch: Watch) -> Tally:
    """Read what came of units decided so far, and close the windows that have ended.

    Raises:
        SourceError: the table of outcomes was cut short since the last pass; nothing is changed.
    """
    known = registered(case, record)
    if known is None:
        return Tally()
    complete_until = complete(case, record)
    tally = listen(case, known, record, as_of=as_of, watch=watch)
    if complete_until is None:
        return tally
    counted = outcomes.Counted(use_case=case.spec.use_case, mode=case.mode, once=counts_once(case))
    return tally + close_windows(
        counted, record, complete_until=min(complete_until, as_of), as_of=as_of
    )


def complete(case: Case, record: Record) -> datetime | None:
    """Return up to when every outcome has arrived; None while nothing is known of it.

    Raises:
        SourceError: that lies before windows which were closed on it.
    """
    said = case.source.complete_until()
    with record.reading() as connection:
        closed = outcomes.closed_until(connection, use_case=case.spec.use_case, mode=case.mode)
    if closed is None or (said is not None and said >= closed):
        return said
    table = case.spec.data.outcomes.table
    holds = "holds no outcome" if said is None else f"is complete until {said:%Y-%m-%d %H:%M} only"
    raise SourceError(
        f"{table}: {holds}, but outcome windows up to {closed:%Y-%m-%d %H:%M} were closed on it:"
        " an older copy, or one cut short. No outcome was changed.",
        fix="export it again, whole, and run again; or write the later day as"
        " `data.outcomes.complete_until`",
    )


def listen(
    case: Case, known: Registered, record: Record, *, as_of: datetime, watch: Watch
) -> Tally:
    """Take in what the source says now: what is new, what it amended, what it took back.

    No outcome is written before all that was held has been read again and most of it was found;
    rows that cannot be right are parked as they come. What lies before the first row of the source
    stays: it may hold the last months only.

    Raises:
        SourceError: too much of it is gone.
    """
    tally, name = Tally(), case.spec.use_case
    since = max(known.started_at, case.source.recorded_from() or known.started_at)
    with record.reading() as connection:
        held = happenings.held(connection, use_case=name, since=since, until=as_of)
    read, changes = 0, Changes()
    batches = case.source.outcomes(since=since, until=as_of, batch=BATCH)
    for span in spans(batches, since=since, until=as_of):
        read += len(span.happened)
        found, refused = compare(span, case, record)
        tally += parking.keep([*span.refused, *refused], case, record, as_of=as_of)
        changes.add(found)
        if stamp(span.until) > held.newest:
            require_most(changes, held, case, read=read)
            if changes.places:
                with record.transaction() as work:
                    happenings.write(work, changes, use_case=name)
            changes = Changes()
        watch(tally)
    return tally


def compare(span: Span, case: Case, record: Record) -> tuple[Changes, list[Parked]]:
    """Return how what the source says of enrolled units differs, and what cannot be of one."""
    names = record.pseudonyms([item.key for item in span.happened], kind=case.spec.process.unit)
    said, of = amounts(zip(names, span.happened, strict=True))
    spec, changes, refused = case.spec, Changes(), list[Parked]()
    with record.reading() as connection:
        held = happenings.between(
            connection, use_case=spec.use_case, since=span.since, until=span.until
        )
        other = [place for place, amount in said.items() if held.get(place) != amount]
        gone = [place for place in held if place not in said]
        assigned = happenings.followed(
            connection,
            [unit for unit, _ in (*other, *gone)],
            use_case=spec.use_case,
            mode=case.mode,
        )
    changes.withdrawn = [(unit, at) for unit, at in gone if at >= assigned.get(unit, AFTER_ALL)]
    for place in other:
        unit, at = place
        if at >= assigned.get(unit, AFTER_ALL):
            (changes.amended if place in held else changes.new)[place] = said[place]
        elif unit in assigned:
            refused.append(misplaced(of[place], case, reason=parking.BEFORE_ASSIGNMENT))
        elif not of[place].known:
            refused.append(misplaced(of[place], case, reason="unknown-unit"))
    return changes, refused


AFTER_ALL = "~"
"""Later than any stamp: when a unit is assigned that never is."""


def amounts(
    told: Iterable[tuple[str, Outcome]],
) -> tuple[dict[Place, float], dict[Place, Outcome]]:
    """Add up the amounts of each place; return them, and one of the rows that say so."""
    said: dict[Place, float] = {}
    of: dict[Place, Outcome] = {}
    for unit, item in told:
        place = (unit, stamp(item.at))
        said[place] = said.get(place, 0.0) + item.value
        of[place] = item
    return said, of


def require_most(changes: Changes, held: Held, case: Case, *, read: int) -> None:
    """Refuse a table that lost what it held before.

    Args:
        read: rows of it so far.

    Raises:
        SourceError: more of it is gone than a correction takes back.
    """
    lost = len(changes.withdrawn)
    if not lost or (read and lost <= max(FEW_LOST, LOST_SHARE * held.places)):
        return
    raise SourceError(
        f"{case.spec.data.outcomes.table}: {lost:,} of the {held.places:,} outcomes that were read"
        " from it before are gone; a table cut short looks like that. No outcome was changed.",
        fix="export it again, whole, and run again; if they are gone for good, give the use case a"
        " new name: it starts a new experiment",
    )


MISPLACED = {
    "unknown-unit": "it happened on {at:%Y-%m-%d %H:%M} to a unit that {units!r} does not have",
    parking.BEFORE_ASSIGNMENT: "it happened on {at:%Y-%m-%d %H:%M}, before the unit was assigned",
}


def misplaced(item: Outcome, case: Case, *, reason: str) -> Parked:
    """Refuse an outcome that says nothing about the experiment."""
    return Parked(
        table=case.spec.data.outcomes.table,
        key=item.key,
        reason=reason,
        detail=MISPLACED[reason].format(at=item.at, units=case.spec.data.units.table),
    )


def unread(case: Case, record: Record, connection: Connection) -> int:
    """Count the enrolled units whose outcomes were parked unread: they would count as 0.

    One of which something could be read since is not among them.
    """
    name, table = case.spec.use_case, case.spec.data.outcomes.table
    keys = {
        row.key
        for row in parking.rows(connection, use_case=name)
        if row.source == table and row.reason in UNREAD
    }
    units = record.pseudonyms(sorted(keys), kind=case.spec.process.unit)
    assigned = happenings.followed(connection, units, use_case=name, mode=case.mode)
    return len(assigned.keys() - happenings.heard_of(connection, units, use_case=name))


def close_windows(
    counted: outcomes.Counted, record: Record, *, complete_until: datetime, as_of: datetime
) -> Tally:
    """Record what counts for every unit whose window closed; zero counts, pending does not."""
    with record.transaction() as work:
        tally = Tally(corrected=outcomes.correct(work, counted, as_of=as_of))
    with record.reading() as connection:
        for ended in outcomes.due(connection, counted, complete_until=complete_until, batch=BATCH):
            with record.transaction() as work:
                outcomes.close(work, ended, use_case=counted.use_case)
            tally += Tally(closed=len(ended))
    return tally
