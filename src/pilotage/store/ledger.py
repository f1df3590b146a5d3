"""The ledger's rows: appended inside the transaction of the business rows they speak of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from sqlalchemy import Connection, func, insert, select, update

from pilotage.domain.entry import Entry, EntryKind
from pilotage.governance.canonical import canonical
from pilotage.governance.checkpoint import Checkpoint, SigningKey
from pilotage.governance.signer import Signer, statement
from pilotage.governance.tree import Frontier, leaf_hashes
from pilotage.store.database import insert_rows
from pilotage.store.tables import checkpoint, entry, frontier

CHECKPOINT_ENTRIES = 1_000
CHECKPOINT_SECONDS = 60
SIGNED_AT_ONCE = (EntryKind.VERDICT, EntryKind.APPROVAL, EntryKind.SIGN_OFF)
"""Kinds that get a checkpoint in the transaction that wrote them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerKey:
    """What signs checkpoints, and the name the log goes by."""

    origin: str
    key: SigningKey


class LedgerWriter:
    """Appends in one transaction; implements `ports.Ledger`.

    Taking the frontier locks it: writers queue, so the log has no gaps.
    """

    def __init__(self, connection: Connection, *, key: LedgerKey, now: datetime) -> None:
        self._connection = connection
        self._key = key
        self._now = now
        self._recorded_at = stamp(now)
        row = connection.execute(select(frontier.c.size, frontier.c.nodes).with_for_update()).one()
        self._frontier = Frontier.from_bytes(row.nodes, size=row.size)
        self._start = row.size
        self._sign_now = False

    def append(self, entries: Sequence[Entry]) -> range:
        """Append in order; return their sequence numbers."""
        first = self._frontier.size
        bodies = [
            canonical(
                {
                    **item.facts,
                    "as_of": stamp(item.as_of),
                    "kind": str(item.kind),
                    "recorded_at": self._recorded_at,
                    "seq": seq,
                    "use_case": item.use_case,
                }
            )
            for seq, item in enumerate(entries, first)
        ]
        leaves = leaf_hashes(bodies)
        last = first + len(bodies)
        insert_rows(
            self._connection, entry, list(zip(range(first, last), bodies, leaves, strict=True))
        )
        self._frontier = self._frontier.extend(leaves)
        self._sign_now = self._sign_now or any(item.kind in SIGNED_AT_ONCE for item in entries)
        return range(first, last)

    def close(self) -> None:
        """Write the frontier, and a checkpoint where one is due."""
        if self._frontier.size == self._start:
            return
        self._connection.execute(
            update(frontier).values(size=self._frontier.size, nodes=self._frontier.to_bytes())
        )
        if self._sign_now or self._checkpoint_is_due():
            self.sign()

    def sign(self) -> str:
        """Write and return a checkpoint over all entries so far."""
        note = Checkpoint(
            origin=self._key.origin, size=self._frontier.size, root=self._frontier.root()
        ).sign(self._key.key)
        known = self._connection.scalar(
            select(checkpoint.c.note).where(checkpoint.c.size == self._frontier.size)
        )
        if known is None:
            self._connection.execute(
                insert(checkpoint).values(
                    size=self._frontier.size, note=note, recorded_at=self._recorded_at
                )
            )
        return note

    def _checkpoint_is_due(self) -> bool:
        last = self._connection.execute(
            select(func.max(checkpoint.c.size), func.max(checkpoint.c.recorded_at))
        ).one()
        if last[0] is None or self._frontier.size - last[0] >= CHECKPOINT_ENTRIES:
            return True
        return (self._now - instant(last[1])).total_seconds() >= CHECKPOINT_SECONDS


def signed(item: Entry, *, by: Signer) -> Entry:
    """Return an entry with the person and their signature over all that it will say."""
    facts = {**item.facts, "person": by.name}
    said = {
        **facts,
        "as_of": stamp(item.as_of),
        "kind": str(item.kind),
        "use_case": item.use_case,
    }
    return item._replace(facts={**facts, "signature": by.sign(statement(said))})


@lru_cache(maxsize=2**14)  # a batch names the same instants in rows and entries
def stamp(at: datetime) -> str:
    """Return an instant as text in UTC, to the microsecond, so that text sorts as time.

    >>> stamp(datetime(2026, 9, 1, 8, 30, tzinfo=UTC))
    '2026-09-01T08:30:00.000000Z'
    """
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


def instant(text: str) -> datetime:
    """Read what `stamp` wrote."""
    return datetime.fromisoformat(text)
