"""What came of units decided so far. Read it after flow.py.

outcome -> of an enrolled unit? -> after its assignment? -> window closed -> ledger
"""

from collections.abc import Sequence
from datetime import datetime

from pilotage.domain.tally import Tally, Watch
from pilotage.domain.unit import Outcome, Parked
from pilotage.launch import counts_once, registered
from pilotage.ports import Case
from pilotage.store import outcomes, parking
from pilotage.store.record import Record

BATCH = 5_000
"""Rows of the outcome source read, and windows closed, in one transaction."""


def follow_up(case: Case, record: Record, *, as_of: datetime, watch: Watch) -> Tally:
    """Read what came of units decided so far, and close the windows that have ended."""
    tally = Tally()
    known = registered(case, record)
    if known is None:
        return tally
    for happened, refused in case.source.outcomes(since=known.started_at, until=as_of, batch=BATCH):
        tally += parking.keep(refused, case, record, as_of=as_of)
        tally += note(happened, case, record, as_of=as_of)
        watch(tally)
    return tally + close_windows(case, record, as_of=as_of)


def note(happened: Sequence[Outcome], case: Case, record: Record, *, as_of: datetime) -> Tally:
    """Note what the source says of enrolled units; what cannot be of one of them is parked."""
    spec = case.spec
    names = record.pseudonyms([item.key for item in happened], kind=spec.process.unit)
    with record.reading() as connection:
        assigned = outcomes.assigned_at(connection, names, use_case=spec.use_case, mode=case.mode)
    heard: list[outcomes.Happening] = []
    refused: list[Parked] = []
    for name, item in zip(names, happened, strict=True):
        if name not in assigned:
            refused += [] if item.known else [misplaced(item, case, reason="unknown-unit")]
        elif item.at < assigned[name]:
            refused.append(misplaced(item, case, reason=parking.BEFORE_ASSIGNMENT))
        else:
            heard.append(outcomes.Happening(unit=name, at=item.at, value=item.value))
    if heard:
        with record.transaction() as work:
            outcomes.note(work, heard, use_case=spec.use_case)
    return parking.keep(refused, case, record, as_of=as_of)


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


def close_windows(case: Case, record: Record, *, as_of: datetime) -> Tally:
    """Record what counts for every unit whose window closed; zero counts, pending does not."""
    complete_until = case.source.complete_until()
    if complete_until is None:
        return Tally()
    counted = outcomes.Counted(use_case=case.spec.use_case, mode=case.mode, once=counts_once(case))
    with record.transaction() as work:
        tally = Tally(corrected=outcomes.correct(work, counted, as_of=as_of))
    with record.reading() as connection:
        for ended in outcomes.due(
            connection, counted, complete_until=min(complete_until, as_of), batch=BATCH
        ):
            with record.transaction() as work:
                outcomes.close(work, ended, use_case=counted.use_case)
            tally += Tally(closed=len(ended))
    return tally
