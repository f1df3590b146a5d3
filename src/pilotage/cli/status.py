"""`pilotage status`: where each use case stands, and what to do next."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from textwrap import wrap

import click
import orjson

from pilotage.cli.options import Given, as_of_option, echo_json, programme_options
from pilotage.cli.recorded import record_if_any
from pilotage.domain.cohort import Cohort
from pilotage.domain.decision import Arm, Mode
from pilotage.domain.month import Month
from pilotage.opening import Opened
from pilotage.spec.use_case import UseCase
from pilotage.store import decisions, outcomes, oversight, parking, registry, verdicts
from pilotage.store.parking import ParkedCount
from pilotage.store.record import Record

WIDTH = 96
MOST_WAITING = 10_000
"""More than anybody reads; counting on would cost time."""

LONG_DAYS = 7
"""A proposal that waits longer than this has come to nothing for its unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastVerdict:
    """The newest month's verdict."""

    month: Month
    verdict: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Where a use case stands in one mode.

    Args:
        mode: the mode it ran in, or would run in.
        decided: units by arm; None where it has not run.
        pending: units whose outcome is not known yet.
        waiting: proposals before a person.
        waits_since: when the oldest of them was asked.
        halted: who halted it and why; None while it may run.
    """

    use_case: str
    mode: Mode
    decided: Mapping[Arm, int] | None
    pending: int
    waiting: int
    waits_since: datetime | None
    parked: Sequence[ParkedCount]
    halted: str | None
    verdict: LastVerdict | None

    @property
    def next_words(self) -> str:
        """The command that comes next, without the programme's options."""
        if self.halted is not None:
            return f"governance resume {self.use_case}"
        if self.decided is None:
            return "check"
        if self.waiting and self.mode is not Mode.REPLAY:  # nobody acts on a replay any more
            return "oversight list"
        if self.verdict is None:
            return "review"
        return "check" if self.mode is Mode.REPLAY else "run"


@click.command("status")
@click.argument("use_case", required=False)
@as_of_option
@programme_options
def command(
    *,
    use_case: str | None,
    as_of: datetime | None,
    given: Given,
) -> None:
    """Say where each use case stands: what was decided, what waits, the last verdict, what next."""
    opened = given.open()
    record = record_if_any(opened)
    now = opened.at(as_of)
    found = [
        status
        for spec in opened.chosen(use_case)
        for status in statuses(opened, record, spec, as_of=now)
    ]
    nexts = [given.next(one.next_words) for one in found]
    if given.as_json:
        echo_json([{**facts(one), "next": next_} for one, next_ in zip(found, nexts, strict=True)])
        return
    if not found:
        click.echo(f"{given.folder}: no use case is declared yet.")
    for one, next_ in zip(found, nexts, strict=True):
        click.echo("\n".join(in_words(one, next_, now=now)))


def statuses(
    opened: Opened, record: Record | None, spec: UseCase, *, as_of: datetime
) -> Iterator[Status]:
    """Yield a status for each mode that a use case ran in; where it has not run, its own mode's."""
    ran = False
    for mode in Mode:
        status = _status(opened, record, spec, mode, as_of=as_of)
        if status.decided is not None:
            ran = True
            yield status
    if not ran:
        yield _status(opened, record, spec, opened.programme.mode, as_of=as_of)


def _status(
    opened: Opened, record: Record | None, spec: UseCase, mode: Mode, *, as_of: datetime
) -> Status:
    name = spec.use_case
    if record is None:
        return _not_run(name, mode)
    with record.reading() as connection:
        halted = registry.halted(connection, use_case=name)
        if registry.registered(connection, use_case=name, mode=mode) is None:
            return _not_run(name, mode, halted=halted)
        months = decisions.months(connection, use_case=name, mode=mode)
        asked = oversight.waiting(connection, use_case=name, limit=MOST_WAITING)
        candidates = [*months, Month.of(as_of, zone=opened.programme.zone)]
        given = [
            (month, last.body)
            for month in candidates
            if (last := verdicts.last(connection, Cohort(use_case=name, mode=mode, month=month)))
        ]
        return Status(
            use_case=name,
            mode=mode,
            decided=decisions.assigned(connection, use_case=name, mode=mode, months=months),
            pending=sum(outcomes.pending(connection, use_case=name, mode=mode).values()),
            waiting=len(asked),
            waits_since=min((one.since for one in asked), default=None),
            parked=parking.counts(connection, use_case=name),
            halted=halted,
            verdict=_verdict(*given[-1]) if given else None,
        )


def _not_run(name: str, mode: Mode, *, halted: str | None = None) -> Status:
    return Status(
        use_case=name,
        mode=mode,
        decided=None,
        pending=0,
        waiting=0,
        waits_since=None,
        parked=(),
        halted=halted,
        verdict=None,
    )


def _verdict(month: Month, body: str) -> LastVerdict:
    said = orjson.loads(body)
    return LastVerdict(month=month, verdict=said["verdict"], rule=said["rule"])


def in_words(one: Status, next_: str, *, now: datetime) -> Iterator[str]:
    """Return one line of where it stands, and one for each thing that needs somebody."""
    yield f"{one.use_case}  {one.mode}  {_standing(one)}  next: {next_}"
    if one.halted is not None:
        yield f"  HALTED by {one.halted}"
    if one.waits_since is not None:
        days = (now - one.waits_since).days
        warn = "Warning: " if days > LONG_DAYS and one.mode is Mode.LIVE else ""
        since = f"{one.waits_since:%Y-%m-%d}"
        yield f"  {warn}{one.waiting:,} proposals wait for a person, the oldest since {since}"
    for row in one.parked:
        yield from wrap(
            f"{row.n:,} rows of {Path(row.source).name} parked, {row.reason}: {row.example}",
            WIDTH,
            initial_indent="  ",
            subsequent_indent="    ",
        )


def _standing(one: Status) -> str:
    if one.decided is None:
        return "not run yet"
    decided = sum(one.decided.values())
    verdict = one.verdict
    said = f"{verdict.month} {verdict.verdict} ({verdict.rule})" if verdict else "no verdict yet"
    return (
        f"{decided:,} decided, {one.decided.get(Arm.TREATMENT, 0):,} treated,"
        f" {one.pending:,} pending, {one.waiting:,} waiting; {said}"
    )


def facts(one: Status) -> Mapping[str, object]:
    """Return the same for machines."""
    verdict = one.verdict
    return {
        "use_case": one.use_case,
        "mode": one.mode.value,
        "decided": None
        if one.decided is None
        else {arm.value: one.decided.get(arm, 0) for arm in Arm},
        "pending": one.pending,
        "waiting": one.waiting,
        "waits_since": one.waits_since.isoformat() if one.waits_since else None,
        "halted": one.halted,
        "parked": [
            {"table": row.source, "reason": row.reason, "n": row.n, "example": row.example}
            for row in one.parked
        ],
        "verdict": None
        if verdict is None
        else {"month": str(verdict.month), "verdict": verdict.verdict, "rule": verdict.rule},
    }
