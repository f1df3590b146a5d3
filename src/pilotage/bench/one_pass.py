"""One pass over a synthetic programme, in a process of its own: its seconds and its memory.

`python -m pilotage.bench.one_pass FOLDER`, as `pilotage.bench.flow` calls it.
"""

import gc
import resource
import sys
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from pydantic import TypeAdapter

from pilotage import flow, launch
from pilotage.bench.commits import Watched
from pilotage.bench.progress import Progress
from pilotage.bench.synthetic import AS_OF, open_synthetic
from pilotage.delivery.database_table import DatabaseTable
from pilotage.domain.tally import Tally
from pilotage.followup import follow_up
from pilotage.opening import Opened
from pilotage.ports import Case
from pilotage.store.record import Record
from pilotage.store.tables import METADATA

GARBAGE = 50_000
KILOBYTE = 1024
STATUS = Path("/proc/self/status")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What one pass took.

    Args:
        register: seconds to freeze the baseline and choose the predictor, once a use case.
        send: seconds from source to tool, for all units.
        hear: seconds to read their outcomes and close their windows.
        peak_bytes: of this process, all of it.
        sent: commits until everything was in the tool; the others are of outcomes.
        watched: None for a record on PostgreSQL.
    """

    tally: Tally
    register: float
    send: float
    hear: float
    peak_bytes: int
    sent: int
    watched: Watched | None


PASS = TypeAdapter(Pass)


def take(opened: Opened) -> Pass:
    """Take a programme's units down the whole road."""
    gc.freeze()  # as `pilotage run` does
    gc.set_threshold(GARBAGE)
    record, case = opened.record(), opened.case(opened.only(), now=AS_OF)
    progress = Progress()

    def watch(tally: Tally) -> None:
        progress.say(
            f"{tally.decided:,} decided, {tally.delivered:,} delivered, {tally.closed:,} closed"
        )

    with record.one_at_a_time():
        start = perf_counter()
        launch.prepare(case, record, as_of=AS_OF)
        registered = perf_counter()
        watched = watch_commits(case, record)
        begun = perf_counter()
        tally = flow.send(case, record, as_of=AS_OF, watch=watch)
        sent_at = perf_counter()
        sent = len(watched.commits) if watched else 0
        tally += follow_up(case, record, as_of=AS_OF, watch=watch)
        end = perf_counter()
    progress.done()
    return Pass(
        tally=tally,
        register=registered - start,
        send=sent_at - begun,
        hear=end - sent_at,
        peak_bytes=peak_bytes(),
        sent=sent,
        watched=watched,
    )


def watch_commits(case: Case, record: Record) -> Watched | None:
    """Watch the record and the tools' databases, where they are SQLite."""
    if record.engine.dialect.name != "sqlite":
        return None
    watched = Watched()
    watched.watch(record.engine, [name for name in METADATA.tables if name != "frontier"])
    objects = [item.object for item in case.spec.deliver]
    for channel in case.channels.values():
        if isinstance(channel, DatabaseTable):
            watched.watch(channel.engine, objects)
    return watched


def peak_bytes() -> int:
    """Return the most memory that this process ever held.

    Linux hands the parent's peak down in `ru_maxrss`; the status file starts anew.
    """
    if STATUS.exists():
        for line in STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * KILOBYTE
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * KILOBYTE


if __name__ == "__main__":
    sys.stdout.buffer.write(PASS.dump_json(take(open_synthetic(Path(sys.argv[1])))))
