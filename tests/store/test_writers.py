"""Four processes write at once; one of them is killed inside its transaction."""

import signal
import subprocess
import sys
from pathlib import Path

import orjson

from pilotage.governance.tree import Tree, leaf_hashes
from pilotage.store.record import open_record
from tests.fakes import Clock
from tests.store.examples import bodies, everything, kept_frontier, verified
from tests.store.writer import ENTRIES

ROOT = Path(__file__).parents[2]
WRITERS = {"ann": "5", "bob": "-1", "cat": "-1", "dan": "-1"}
"""In which batch each is killed; -1 for never."""
BATCHES = "12"


def test_a_writer_killed_inside_its_transaction_leaves_a_gapless_log(url: str, tmp_path: Path):
    processes = {
        name: subprocess.Popen(  # noqa: S603 - this Python, arguments of this test
            [sys.executable, "-m", "tests.store.writer", url, tmp_path, name, BATCHES, dies_at],
            cwd=ROOT,
        )
        for name, dies_at in WRITERS.items()
    }
    ended = {name: process.wait(timeout=60) for name, process in processes.items()}
    assert ended == {"ann": -signal.SIGKILL, "bob": 0, "cat": 0, "dan": 0}
    record = open_record(url, folder=tmp_path, programme="acme", clock=Clock())
    batches = 5 + 3 * int(BATCHES)
    with record.reading() as connection:
        log, kept = bodies(connection), kept_frontier(connection)
    assert [orjson.loads(body)["seq"] for body in log] == list(range(len(log)))
    assert len(log) == batches * (5 * 2 + ENTRIES)
    assert (kept.size, kept.root()) == (len(log), Tree.of(leaf_hashes(log)).root())
    assert len(everything(record)["decision"]) == batches * 5
    assert verified(record).is_intact
    record.engine.dispose()
