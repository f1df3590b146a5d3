"""The log taken out of the database: as a folder that anybody can verify, or row by row."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, select

from pilotage.domain.entry import Entry, EntryKind
from pilotage.domain.errors import LedgerError, RefusedError
from pilotage.governance.bundle import PROOFS, manifest
from pilotage.governance.proof import Proof
from pilotage.governance.reading import leaf_lines
from pilotage.governance.tree import Tree
from pilotage.store.record import Record
from pilotage.store.tables import entry, frontier

STEP = 10_000
"""Rows read at once: memory stays flat however long the log is."""

ENTRIES, LEAVES, NOTE, KEY = "entries.jsonl", "leaves.txt", "checkpoint", "key.vkey"

Watch = Callable[[int], None]
"""Told how many entries are done."""

Rows = Sequence[tuple[bytes, bytes]]
"""Bodies and leaf hashes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a bundle holds beside the log.

    Args:
        files: by path in the bundle; the export entry lists their hashes.
        proofs: entries to add an inclusion proof for.
        use_case: which one the files are about; empty for all.
    """

    files: Mapping[str, bytes]
    proofs: Sequence[int] = ()
    use_case: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A bundle that was written: its size, and the signed note over it."""

    size: int
    note: str


def export(
    record: Record,
    folder: Path,
    contents: Contents,
    *,
    as_of: datetime,
    watch: Watch = lambda _: None,
) -> Exported:
    """Write the whole log as a bundle; the folder appears when it is complete.

    An `export` entry is appended, and a checkpoint signed that covers it.

    Raises:
        RefusedError: the folder holds something, or cannot be written.
        LedgerError: there is no entry of a number asked for.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RefusedError(
            f"{folder}: is there already, and not empty.", fix="name a folder of its own"
        )
    with record.reading() as connection:
        size = log_size(connection)
    for seq in contents.proofs:
        if not 0 <= seq < size:
            raise LedgerError(
                f"--proof {seq}: there is no such entry; the log has {size:,}.",
                fix="`pilotage ledger show --unit KEY` prints the numbers of a unit's entries",
            )
    building = folder.absolute().with_name(f".{folder.name}.{os.getpid()}")
    try:
        building.mkdir(parents=True)
        _copy_log(record, building, range(size), watch=watch)
        exported = _append(record, contents, as_of=as_of)
        _copy_log(record, building, range(size, exported.size), watch=watch)
        _write_files(record, building, contents, exported)
        if folder.exists():
            folder.rmdir()
        building.rename(folder.absolute())
    except OSError as error:
        raise RefusedError(
            f"{folder}: the bundle cannot be written ({error.strerror}).",
            fix="name a folder where there is room and where you may write",
        ) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return exported


def log_size(connection: Connection) -> int:
    """Return how many entries the log has."""
    return connection.execute(select(frontier.c.size)).scalar_one()


def rows(connection: Connection, entries: range) -> Iterator[Rows]:
    """Yield bodies and leaf hashes of consecutive entries, some thousand at once."""
    wanted = select(entry.c.body, entry.c.leaf).order_by(entry.c.seq)
    for start in range(entries.start, entries.stop, STEP):
        stop = min(start + STEP, entries.stop)
        found = connection.execute(wanted.where(entry.c.seq >= start, entry.c.seq < stop))
        yield [(body, leaf) for body, leaf in found]


def _append(record: Record, contents: Contents, *, as_of: datetime) -> Exported:
    said = Entry(
        kind=EntryKind.EXPORT,
        use_case=contents.use_case,
        as_of=as_of,
        facts={"files": manifest(contents.files)},
    )
    with record.transaction() as work:
        (seq,) = work.append(said)
        return Exported(size=seq + 1, note=work.ledger.sign())


def _copy_log(record: Record, folder: Path, entries: range, *, watch: Watch) -> None:
    done = entries.start
    with (
        (folder / ENTRIES).open("ab") as bodies,
        (folder / LEAVES).open("ab") as leaves,
        record.reading() as connection,
    ):
        for batch in rows(connection, entries):
            bodies.writelines(body + b"\n" for body, _ in batch)
            leaves.write(leaf_lines([leaf for _, leaf in batch]))
            done += len(batch)
            watch(done)


def _write_files(record: Record, folder: Path, contents: Contents, exported: Exported) -> None:
    vkey = record.secrets.ledger.key.verifying_key.vkey
    files = {NOTE: exported.note.encode(), KEY: vkey.encode() + b"\n", **contents.files}
    if contents.proofs:
        files |= _proofs(record, folder, contents.proofs, exported)
    for path, data in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


def _proofs(
    record: Record, folder: Path, wanted: Sequence[int], exported: Exported
) -> dict[str, bytes]:
    """Return a proof of each entry; they are built from all leaves, at 64 bytes a leaf."""
    with (folder / LEAVES).open("rb") as leaves:
        tree = Tree.of([bytes.fromhex(line.decode()) for line in leaves])
    with record.reading() as connection:
        found = connection.execute(
            select(entry.c.seq, entry.c.body).where(entry.c.seq.in_(wanted))
        ).all()
    return {
        f"{PROOFS}{seq}.json": Proof(
            entry=body, seq=seq, hashes=tree.inclusion_proof(seq), note=exported.note
        ).to_json()
        for seq, body in found
    }
