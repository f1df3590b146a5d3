"""Bench `start`: how long a person waits for `pilotage --help`."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from pilotage.bench.measured import Goal, Measured, Report, seconds
from pilotage.bench.progress import Progress
from pilotage.domain.errors import PilotageError

BEFORE_ONE_NOTICES = Goal(at_most=0.3)


def bench_start(*, repeats: int) -> Report:
    """Start the command line, and Python by itself, in turn."""
    script = Path(sys.executable).with_name("pilotage")
    if not script.exists():
        raise PilotageError(
            "the command `pilotage` is not installed beside this Python.",
            fix="pip install --editable . (or `make demo`, which sets it up)",
        )
    progress = Progress()
    ours: list[float] = []
    python: list[float] = []
    for number in range(1, repeats + 1):
        progress.say(f"start {number} of {repeats}")
        ours.append(started([str(script), "--help"]))
        python.append(started([sys.executable, "-c", "pass"]))
    progress.done()
    return Report(
        command="python -m pilotage.bench start",
        measured=[
            Measured(what="pilotage --help", unit="s", values=tuple(ours), goal=BEFORE_ONE_NOTICES),
            Measured(what="raw limit: python -c pass", unit="s", values=tuple(python)),
        ],
    )


def started(command: Sequence[str]) -> float:
    """Return the seconds until a command has answered, and is gone."""
    return seconds(
        lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command
    )
