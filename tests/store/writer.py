"""A process that writes to a record; arguments: URL FOLDER NAME BATCHES DIES_AT.

In the batch numbered DIES_AT it kills itself inside the transaction, all of it written, none of it
committed.
"""

import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from pilotage.store import decisions
from pilotage.store.record import open_record
from tests.store.examples import decision, note

ENTRIES = 3


def write(url: str, folder: str, name: str, batches: int, dies_at: int) -> None:
    record = open_record(
        url, folder=Path(folder), programme="acme", clock=lambda: datetime.now(UTC)
    )
    for i in range(batches):
        with record.transaction() as work:
            decisions.add(work, [decision(record, f"{name}-{i}-{k}") for k in range(5)])
            work.append(*note(ENTRIES))
            if i == dies_at:
                os.kill(os.getpid(), signal.SIGKILL)
    record.engine.dispose()


if __name__ == "__main__":
    url, folder, name, batches, dies_at = sys.argv[1:]
    write(url, folder, name, int(batches), int(dies_at))
