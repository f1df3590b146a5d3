"""What to type next, with the options that the reader just typed."""

import re
import shlex
from pathlib import Path

COMMAND = re.compile(
    r"\bpilotage (?:(?:governance|ledger|oversight) [a-z]+|check|review|run|status)\b"
    r"(?! (?:-p|--data) )"
)
"""A command of a programme, where it is written without saying which programme."""


def next_command(words: str, *, folder: Path, data_folder: Path | None = None) -> str:
    """Return a command for the same programme.

    >>> next_command("run calls", folder=Path("acme"), data_folder=Path("july"))
    'pilotage run -p acme --data july calls'
    """
    return addressed(f"pilotage {words}", folder=folder, data_folder=data_folder)


def addressed(text: str, *, folder: Path, data_folder: Path | None = None) -> str:
    """Return advice whose commands are for the same programme.

    >>> addressed("mend it, then: `pilotage run calls`", folder=Path("acme"))
    'mend it, then: `pilotage run -p acme calls`'
    >>> addressed("pilotage run -p acme calls", folder=Path("acme"))
    'pilotage run -p acme calls'
    """
    options = ""
    if folder != Path():
        options += f" -p {shlex.quote(str(folder))}"
    if data_folder is not None:
        options += f" --data {shlex.quote(str(data_folder))}"
    return COMMAND.sub(lambda found: found[0] + options, text)
