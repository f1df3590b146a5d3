"""Opening a log for `governance.bundle.verify`: from a folder, or from the database itself."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, tee
from pathlib import Path

from sqlalchemy import select

from pilotage.domain.errors import LedgerError
from pilotage.governance.bundle import Bundle
from pilotage.governance.checkpoint import Checkpoint
from pilotage.governance.reading import leaf_lines
from pilotage.governance.tree import Frontier
from pilotage.store.export import ENTRIES, KEY, LEAVES, NOTE, Watch, rows
from pilotage.store.record import Record
from pilotage.store.tables import checkpoint, frontier

LINES_A_REPORT = 10_000
BUFFER_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLog:
    """The log as the database holds it.

    Args:
        bundle: all entries, under a note that is signed for this reading and not kept.
        newest: the newest checkpoint that was kept; None before the first.
    """

    bundle: Bundle
    newest: bytes | None


@contextmanager
def open_bundle(folder: Path, *, watch: Watch = lambda _: None) -> Generator[Bundle]:
    """Open a bundle; its log is read while it is verified.

    Raises:
        LedgerError: there is none, or it cannot be read.
    """
    if not (folder / ENTRIES).is_file():
        raise LedgerError(
            f"{folder}: is no bundle; it has no {ENTRIES}.",
            fix="name a folder that `pilotage ledger export` wrote",
        )
    try:
        with (folder / ENTRIES).open("rb", buffering=BUFFER_BYTES) as entries:
            yield Bundle(
                entries=_counted(entries, watch),
                leaves=_lines(folder / LEAVES),
                checkpoint=_read(folder / NOTE),
                key=_read(folder / KEY),
                files=_others(folder),
            )
    except OSError as error:
        raise LedgerError(
            f"{error.filename or folder}: cannot be read ({error.strerror}).",
            fix="give yourself read access to the bundle",
        ) from error


@contextmanager
def open_own_log(record: Record, *, watch: Watch = lambda _: None) -> Generator[OwnLog]:
    """Open the record's own log.

    Raises:
        LedgerError: the database does not even say how long it is.
    """
    key = record.secrets.ledger
    with record.reading() as connection:
        row = connection.execute(select(frontier.c.size, frontier.c.nodes)).one_or_none()
        if row is None:
            raise LedgerError(
                "the record has lost its frontier: nothing says how long the log is.",
                fix="restore the record from the newest backup that verifies, open an incident",
            )
        end = Frontier.from_bytes(row.nodes, size=row.size)
        newest = connection.scalar(
            select(checkpoint.c.note).order_by(checkpoint.c.size.desc()).limit(1)
        )
        note = Checkpoint(origin=key.origin, size=end.size, root=end.root()).sign(key.key)
        first, second = tee(chain.from_iterable(rows(connection, range(end.size))))
        yield OwnLog(
            bundle=Bundle(
                entries=_counted((body + b"\n" for body, _ in first), watch),
                leaves=(leaf_lines([leaf]) for _, leaf in second),
                checkpoint=note.encode(),
                key=key.key.verifying_key.vkey.encode(),
            ),
            newest=newest.encode() if newest else None,
        )


def _counted(lines: Iterable[bytes], watch: Watch) -> Iterator[bytes]:
    for done, line in enumerate(lines):
        if not done % LINES_A_REPORT:
            watch(done)
        yield line


def _lines(path: Path) -> Iterator[bytes] | None:
    """Return a file's lines as they are read; None where there is no such file."""

    def read() -> Iterator[bytes]:
        with path.open("rb", buffering=BUFFER_BYTES) as file:
            yield from file

    return read() if path.exists() else None


def _read(path: Path) -> bytes:
    """Return a file; one that is missing reads as empty, which verifying names."""
    return path.read_bytes() if path.exists() else b""


def _others(folder: Path) -> dict[str, bytes]:
    own = {ENTRIES, LEAVES, NOTE, KEY}
    paths = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*"))}
    return {
        name: path.read_bytes()
        for name, path in paths.items()
        if name not in own and path.is_file()
    }
