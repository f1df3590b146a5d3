"""`pilotage status`: where each use case stands, and what to do next."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import click
import orjson

from pilotage.cli.options import Given, as_of_option, echo_json, programme_options
from pilotage.cli.parked import (
    count_facts,
    counts_in_words,
    parked,
    row_facts,
    rows_in_words,
)
from pilotage.cli.recorded import key_warnings, record_if_any
from pilotage.domain.cohort import Cohort
from pilotage.domain.decision import Arm, Mode
from pilotage.domain.errors import SpecError
from pilotage.domain.month import Month
from pilotage.domain.verdict import Verdict
from pilotage.opening import Opened
from pilotage.spec.use_case import UseCase
from pilotage.store import decisions, outcomes, oversight, parking, registry, verdicts
from pilotage.store.record import Record

LONG_DAYS = 7
"""A proposal that waits longer than this has come to nothing for its unit."""

NOT_DECLARED = "is in the record, and no file declares it: renamed, or removed"
NAME_BACK = (
    "give it its name back in its file, or keep its evidence: `pilotage ledger export BUNDLE`"
)


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
    halted: str | None
    verdict: LastVerdict | None

    @property
    def next_words(self) -> str:
        """The command that comes next, without the programme's options."""
        verdict = self.verdict
        stopped = verdict if verdict and verdict.verdict == Verdict.STOP else None
        if self.halted is not None:  # what was stopped stays so; its evidence is worth keeping
            return "ledger export BUNDLE" if stopped else f"governance resume {self.use_case}"
        if self.decided is None:
            return "check"
        if self.mode is Mode.REPLAY:  # nobody acts on a replay any more; live is what it is for
            return f"governance status {self.use_case}" if verdict else "review"
        if stopped:
            return f"governance halt {self.use_case} --why {stopped.rule}"
        if self.waiting:
            return "oversight list"
        return "run" if verdict else "review"


@click.command("status")
@click.argument("use_case", required=False)
@as_of_option
@click.option("--parked", "by_row", is_flag=True, help="Each row left aside, and what to do.")
@programme_options
def command(*, use_case: str | None, as_of: datetime | None, by_row: bool, given: Given) -> None:
    """Say where each use case stands: what was decided, what waits, the last verdict, what next."""
    opened = given.open()
    if by_row:
        say_parked(opened, use_case, given)
        return
    record, now = record_if_any(opened), opened.at(as_of)
    gone = undeclared(opened, record)
    if use_case in gone:
        raise SpecError(f"{use_case} {NOT_DECLARED}.", fix=given.addressed(NAME_BACK))
    found = [
        status
        for spec in opened.chosen(use_case)
        for status in statuses(opened, record, spec, as_of=now)
    ]
    nexts = [given.next(one.next_words) for one in found]
    counts, warnings = parked(opened, use_case, parking.counts), key_warnings(opened)
    if given.as_json:
        runs = [{**facts(one), "next": next_} for one, next_ in zip(found, nexts, strict=True)]
        left = [count_facts(one) for one in counts]
        echo_json({"runs": runs, "undeclared": gone, "parked": left, "warnings": warnings})
        return
    if not found:
        click.echo(f"{given.folder}: no use case is declared yet.")
    for one, next_ in zip(found, nexts, strict=True):
        click.echo("\n".join(in_words(one, next_, now=now)))
    for name in gone:
        click.echo(f"{name}  {NOT_DECLARED}; {given.addressed(NAME_BACK)}")
    for line in counts_in_words(counts):
        click.echo(line)
    if counts:
        click.echo(f"  which rows, and what to do: {given.next('status --parked')}")
    for warning in warnings:
        click.echo(warning)


def undeclared(opened: Opened, record: Record | None) -> list[str]:
    """Return the use cases that ran and that no file declares any more."""
    if record is None:
        return []
    with record.reading() as connection:
        ran = registry.use_cases(connection)
    return [name for name in ran if name not in opened.specs]


def say_parked(opened: Opened, use_case: str | None, given: Given) -> None:
    """Print the parked rows, by kind."""
    rows = parked(opened, use_case, parking.rows)
    if given.as_json:
        echo_json([row_facts(row) for row in rows])
        return
    click.echo(given.addressed("\n".join(rows_in_words(rows))))
    click.echo(f"\nnext: {given.next('run' if rows else 'status')}")


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
        oldest = oversight.waiting(connection, use_case=name, limit=1)
        candidates = [*months, Month.of(as_of, zone=opened.programme.zone)]
        given = [
            (month, last.body)
            for month in candidates
            if (last := verdicts.last(connection, Cohort(use_case=name, mode=mode, month=month)))
        ]
        return Status(
            use_case=name,
            mode=mode,
            decided=decisions.assigned(connection, use_case=name, mode=mode, months=[*months]),
            pending=sum(outcomes.pending(connection, use_case=name, mode=mode).values()),
            waiting=oversight.count(connection, use_case=name),
            waits_since=oldest[0].since if oldest else None,
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
        wait = "proposal waits" if one.waiting == 1 else "proposals wait"
        yield f"  {warn}{one.waiting:,} {wait} for a person, the oldest since {since}"


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
        "verdict": None
        if verdict is None
        else {"month": str(verdict.month), "verdict": verdict.verdict, "rule": verdict.rule},
    }
