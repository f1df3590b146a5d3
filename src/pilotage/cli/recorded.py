"""The record, where there is one: to look must not make one."""

import os
import shlex

from pilotage.cli.people import OTHERS
from pilotage.domain.decision import Mode
from pilotage.domain.errors import StoreError
from pilotage.opening import Opened
from pilotage.store.record import STATE_FOLDER, Record

SQLITE = "sqlite:///"
KEYS_FOLDER = "keys"


def record_if_any(opened: Opened) -> Record | None:
    """Open the programme's record; None before the first run made one."""
    url = opened.programme.record
    place = url.removeprefix(SQLITE)
    if place != url and not (opened.folder / place).exists():
        return None
    return opened.record()


def existing_record(opened: Opened) -> Record:
    """Open the programme's record.

    Raises:
        StoreError: no run has made one yet.
    """
    record = record_if_any(opened)
    if record is None:
        raise StoreError(
            f"{opened.folder}: nothing has run or been signed yet, so there is no record.",
            fix="pilotage run",
        )
    return record


def key_warnings(opened: Opened) -> list[str]:
    """Warn when others on this machine may read what signs the log and makes pseudonyms."""
    folder = opened.kept_in / STATE_FOLDER / KEYS_FOLDER
    if os.name != "posix" or not folder.exists():
        return []
    if not any(path.stat().st_mode & OTHERS for path in (folder, *folder.iterdir())):
        return []
    warning = f"Warning: others on this machine may read {folder}, which signs the log and makes"
    return [f"{warning} pseudonyms; close it: chmod -R go= {shlex.quote(str(folder))}"]


def words_for(mode: Mode) -> str:
    """Say what a pass in this mode does."""
    return {
        Mode.REPLAY: "replay of history",
        Mode.SHADOW: "shadow: decides, delivers nothing",
        Mode.LIVE: "live",
    }[mode]
