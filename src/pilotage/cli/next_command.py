"""What to type next, with the options that the reader just typed."""

import shlex
from pathlib import Path


def next_command(words: str, *, folder: Path, data_folder: Path | None = None) -> str:
    """Return a command for the same programme.

    >>> next_command("run", folder=Path("acme"), data_folder=Path("july"))
    'pilotage run -p acme --data july'
    """
    typed = f"pilotage {words}"
    if folder != Path():
        typed += f" -p {shlex.quote(str(folder))}"
    if data_folder is not None:
        typed += f" --data {shlex.quote(str(data_folder))}"
    return typed
