"""Passes that are killed: a warm process that forks one child for each pass it is asked for.

It reads one JSON line a pass from standard input - `Order`'s fields - and answers each with one:
how the child ended, and which steps it took. The child is killed for good, by SIGKILL. Nothing of
the product is replaced: steps are counted by SQLAlchemy's events and by wrapping the source and the
channels that are handed in. Units come from lists, since a fork does not take DuckDB's threads.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Engine, event

from pilotage import flow, followup
from pilotage.delivery.csv_folder import CsvFolder
from pilotage.domain.census import Census
from pilotage.domain.decision import Delivery, Receipt
from pilotage.domain.unit import Outcome, Parked, Unit
from pilotage.opening import open_programme
from pilotage.ports import Case, Channel, Source
from pilotage.spec.hashing import authored, spec_hash
from tests.fakes import ListSource
from tests.flow.company import END, LEADS, REPLIES

BATCH = 20
"""Small, so that a small programme has many steps."""

READS = ("SELECT", "PRAGMA", "BEGIN")
"""What a kill before it finds is what a kill before the next write finds."""

UNITS = [
    Unit(
        key=row["lead_id"],
        at=datetime.fromisoformat(row["created_at"]),
        cluster=row["lead_id"],
        segment=row["origin"],
        attributes={"origin": row["origin"]},
    )
    for row in LEADS
]
OUTCOMES = [
    *(Outcome(key=row["lead_id"], at=datetime.fromisoformat(row["replied_at"])) for row in REPLIES),
    Outcome(key="nobody", at=datetime.fromisoformat(REPLIES[-1]["replied_at"]), known=False),
]
REFUSED = [
    Parked(table="leads", key="", reason="missing-key", detail="empty", copy=i) for i in (0, 1)
]

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A pass to run, and when to kill it.

    Args:
        step: kill before that step is done; 0 for never.
        torn: bytes that the disk loses of the files written last.
        after_seconds: kill then, whatever the step; 0 for never.
    """

    folder: str
    step: int = 0
    torn: int = 0
    after_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a pass ended.

    Args:
        code: its exit code, negative for a signal.
        steps: how many it took.
        unsettled: those at which a file holds deliveries whose receipts are not written yet.
    """

    code: int
    steps: int = 0
    unsettled: list[int] = field(default_factory=list[int])


class Steps:
    """Counts steps, and kills the process before the one that was ordered."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._kept = Path(order.folder) / "steps"
        self._n = 0
        self._unsettled: list[int] = []

    def execute(
        self, _connection: object, _cursor: object, statement: str, *_: object, **__: object
    ) -> None:
        """Go one step on where something is about to be written."""
        if not statement.lstrip().startswith(READS):
            self.take()

    def take(self, *_: object, **__: object) -> None:
        """Go one step on, or die."""
        self._n += 1
        if self._n == self._order.step:
            self._tear()
            os.kill(os.getpid(), signal.SIGKILL)

    def written(self) -> None:
        """Note that the next step comes between a write and its receipt; take it."""
        self._unsettled.append(self._n + 1)
        self.take()

    def done(self) -> None:
        """Leave the count where the parent finds it."""
        self._kept.write_text(json.dumps({"steps": self._n, "unsettled": self._unsettled}))

    def _tear(self) -> None:
        for path in (Path(self._order.folder) / "crm").glob("*.csv"):
            os.truncate(path, max(0, path.stat().st_size - self._order.torn))


@dataclass(slots=True, kw_only=True)
class SteppingChannel:
    """A channel with a step before and after each call."""

    inner: Channel
    steps: Steps

    @property
    def reaches_people(self) -> bool:
        return self.inner.reaches_people

    def deliver(self, deliveries: Sequence[Delivery]) -> Sequence[Receipt]:
        self.steps.take()
        receipts = self.inner.deliver(deliveries)
        if isinstance(self.inner, CsvFolder):
            self.steps.written()
        else:
            self.steps.take()
        return receipts


@dataclass(slots=True, kw_only=True)
class SteppingSource:
    """A source with a step at each batch."""

    inner: Source
    steps: Steps

    def units(
        self, *, since: datetime | None, until: datetime, batch: int
    ) -> Iterator[tuple[Sequence[Unit], Sequence[Parked]]]:
        return self._each(self.inner.units(since=since, until=until, batch=batch))

    def outcomes(
        self, *, since: datetime | None, until: datetime, batch: int
    ) -> Iterator[tuple[Sequence[Outcome], Sequence[Parked]]]:
        return self._each(self.inner.outcomes(since=since, until=until, batch=batch))

    def census(self) -> tuple[Census, Census]:
        return self.inner.census()

    def recorded_from(self) -> datetime | None:
        return self.inner.recorded_from()

    def complete_until(self) -> datetime | None:
        return self.inner.complete_until()

    def _each(self, batches: Iterator[_T]) -> Iterator[_T]:
        for found in batches:
            self.steps.take()
            yield found


def run_pass(order: Order) -> None:
    """Run one pass as `pilotage run` does."""
    steps = Steps(order)
    event.listen(Engine, "before_cursor_execute", steps.execute)
    event.listen(Engine, "commit", steps.take)
    flow.BATCH = flow.DELIVERIES = followup.BATCH = BATCH
    as_of = datetime.fromisoformat(END).replace(tzinfo=UTC)
    opened = open_programme(Path(order.folder), data_folder=None)
    record = opened.record()
    [spec] = opened.specs.values()
    lists = ListSource(held=UNITS, refused=REFUSED, happened=OUTCOMES, complete=as_of)
    case = Case(
        spec=spec,
        spec_text=authored(spec),
        spec_hash=spec_hash(spec),
        mode=opened.programme.mode,
        zone=opened.programme.zone,
        source=SteppingSource(inner=lists, steps=steps),
        channels={
            name: SteppingChannel(inner=channel, steps=steps)
            for name, channel in opened._channels(spec).items()
        },
        signatories={},
    )
    flow.run(case, record, as_of=as_of)
    steps.done()


def in_child(order: Order, work: Callable[[Order], None]) -> Ended:
    """Fork, do the work in the child, and see how it ends."""
    kept = Path(order.folder) / "steps"
    kept.unlink(missing_ok=True)
    child = os.fork()
    if not child:
        code = 1
        try:
            work(order)
            code = 0
        finally:
            sys.stderr.flush()
            os._exit(code)
    if order.after_seconds:
        time.sleep(order.after_seconds)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    taken = json.loads(kept.read_text() if kept.exists() else "{}")
    return Ended(code=os.waitstatus_to_exitcode(status), **taken)


if __name__ == "__main__":
    for slow in ("alembic.command", "psycopg"):
        import_module(slow)  # here, not in every child
    for line in sys.stdin:
        sys.stdout.write(json.dumps(asdict(in_child(Order(**json.loads(line)), run_pass))) + "\n")
        sys.stdout.flush()
