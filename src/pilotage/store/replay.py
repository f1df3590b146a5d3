"""What the log says of one unit, entry by entry."""

from collections.abc import Collection, Iterator

from sqlalchemy import Connection, select

from pilotage.store.export import Watch, log_size, rows
from pilotage.store.tables import entry


def entry_at(connection: Connection, seq: int) -> bytes | None:
    """Return one entry's line; None where there is no such entry."""
    return connection.scalar(select(entry.c.body).where(entry.c.seq == seq))


def entries_of(
    connection: Connection, units: Collection[str], *, watch: Watch = lambda _: None
) -> Iterator[bytes]:
    """Yield the lines of all entries about units, in order; reads the whole log.

    Args:
        units: their pseudonyms.
    """
    marks = [f'"unit":"{unit}"'.encode() for unit in units]
    done = 0
    for batch in rows(connection, range(log_size(connection))):
        for body, _ in batch:
            if any(mark in body for mark in marks):
                yield body
        done += len(batch)
        watch(done)
