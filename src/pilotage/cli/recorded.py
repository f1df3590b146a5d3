"""The record, where there is one: to look must not make one."""

from pilotage.domain.decision import Mode
from pilotage.domain.errors import StoreError
from pilotage.opening import Opened
from pilotage.store.record import Record

SQLITE = "sqlite:///"


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


def words_for(mode: Mode) -> str:
    """Say what a pass in this mode does."""
    return {
        Mode.REPLAY: "replay of history",
        Mode.SHADOW: "shadow: decides, delivers nothing",
        Mode.LIVE: "live",
    }[mode]
