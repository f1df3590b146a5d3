"""Read a log's entries and leaves side by side, once, holding one batch at a time."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Self, cast

import orjson

from pilotage.domain.entry import EntryKind, Fact
from pilotage.domain.errors import LedgerError
from pilotage.governance.canonical import canonical
from pilotage.governance.checkpoint import Checkpoint
from pilotage.governance.order import MAX_LISTED, Order
from pilotage.governance.tree import EMPTY_ROOT, HASH_BYTES, Frontier, leaf_hashes

BATCH = 2048
"""Lines read at once: enough to be fast, few enough to need no memory."""


def leaf_lines(hashes: Sequence[bytes]) -> bytes:
    r"""Return leaf hashes as the lines of leaves.txt.

    >>> leaf_lines([bytes(32)]) == b"00" * 32 + b"\n"
    True
    """
    return b"".join(hashes).hex("\n", -HASH_BYTES).encode() + b"\n" if hashes else b""


@dataclass(slots=True, kw_only=True)
class Roots:
    """Follow a list of leaf hashes and keep its root at a few sizes.

    Args:
        sizes: where to keep the root, ascending.
        kept: root by size, as far as the list got.
    """

    sizes: list[int]
    frontier: Frontier = field(default_factory=Frontier)
    kept: dict[int, bytes] = field(default_factory=lambda: {0: EMPTY_ROOT})

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Take the next leaf hashes."""
        for size in self.sizes:
            missing = size - self.frontier.size
            if 0 < missing <= len(leaves):
                self.frontier = self.frontier.extend(leaves[:missing])
                self.kept[size] = self.frontier.root()
                leaves = leaves[missing:]
        self.frontier = self.frontier.extend(leaves)

    def give(self, checkpoint: Checkpoint) -> bool:
        """Tell whether the list starts with what the checkpoint signs."""
        return self.kept.get(checkpoint.size) == checkpoint.root


@dataclass(slots=True, kw_only=True)
class Leaves:
    """The lines of leaves.txt, read forwards.

    Args:
        lines: 64 hex digits and a newline each.
        roots: over what was read; a line that is no hash counts as one of zeros.
    """

    lines: Iterator[bytes]
    roots: Roots

    @property
    def size(self) -> int:
        """Leaves read so far."""
        return self.roots.frontier.size

    def take(self, n: int) -> list[bytes]:
        """Return the next hashes; fewer at the end."""
        lines = list(islice(self.lines, n))
        text = b"".join(lines)
        try:
            packed = bytes.fromhex(text.decode())
        except ValueError:
            packed = b""
        hashes = [packed[cut : cut + HASH_BYTES] for cut in range(0, len(packed), HASH_BYTES)]
        if len(hashes) != len(lines) or leaf_lines(hashes) != text:
            hashes = [_hash(line) for line in lines]
        self.roots.extend(hashes)
        return hashes

    def at(self, entry: int, n: int) -> list[bytes]:
        """Return the hashes of `n` entries; those before are passed over."""
        while self.size < entry and self.take(min(entry - self.size, BATCH)):
            pass
        return self.take(n)

    def finish(self) -> None:
        """Read on to the end."""
        while self.take(BATCH):
            pass


@dataclass(slots=True, kw_only=True)
class Reading:
    """What one pass over a log saw.

    Args:
        order: where each line stands.
        entries: the roots of the entries.
        leaves: the leaves beside them, if there are any.
        differing: entries whose bytes and leaf disagree, with their line; the first ones.
        n_differing: how many there are.
        manifest: sha256 by path, from the newest export.
    """

    order: Order
    entries: Roots
    leaves: Leaves | None
    differing: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    n_differing: int = 0
    kinds: Counter[str] = field(default_factory=Counter[str])
    first_recorded_at: str = ""
    last_recorded_at: str = ""
    manifest: Mapping[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def of(
        cls,
        entries: Iterable[bytes],
        *,
        leaves: Iterable[bytes] | None,
        size: int | None,
        sizes: Iterable[int],
    ) -> Self:
        """Read all lines.

        Args:
            entries: the lines of entries.jsonl.
            leaves: the lines of leaves.txt.
            size: entries that should be there, where that is known.
            sizes: where to keep the root.
        """
        wanted = sorted(set(sizes))
        reading = cls(
            order=Order(size=size),
            entries=Roots(sizes=wanted),
            leaves=None
            if leaves is None
            else Leaves(lines=iter(leaves), roots=Roots(sizes=wanted)),
        )
        lines = iter(entries)
        batch = list(islice(lines, BATCH))
        while batch:
            following = list(islice(lines, BATCH))
            reading._take(batch, following[:1])
            batch = following
        if reading.leaves:
            reading.leaves.finish()
        return reading

    def _take(self, lines: Sequence[bytes], following: Sequence[bytes]) -> None:
        hashes = leaf_hashes([line.removesuffix(b"\n") for line in lines])
        self.entries.extend(hashes)
        bodies = [_body(line) for line in lines]
        self._count([body for body in bodies if body is not None])
        numbers = [_number(body) for body in bodies]
        expected, line = self.order.expected, self.order.lines + 1
        if self.order.follows(numbers):
            self._compare(hashes, expected, line)
            return
        next_numbers = [*numbers[1:], *(_number(_body(line)) for line in following)]
        for place, number in enumerate(numbers):
            is_last = place == len(next_numbers)
            after = None if is_last else next_numbers[place]
            if self.order.place(number, following=after, last=is_last) and number is not None:
                self._compare(hashes[place : place + 1], number, self.order.lines)

    def _count(self, bodies: Sequence[Mapping[str, Fact]]) -> None:
        if not bodies:
            return
        kinds = [str(body["kind"]) for body in bodies]
        self.kinds.update(kinds)
        self.first_recorded_at = self.first_recorded_at or str(bodies[0]["recorded_at"])
        self.last_recorded_at = str(bodies[-1]["recorded_at"])
        if EntryKind.EXPORT in kinds:
            exports = [body for body in bodies if body["kind"] == EntryKind.EXPORT]
            files = exports[-1].get("files")
            self.manifest = cast("Mapping[str, str]", files) if isinstance(files, dict) else {}

    def _compare(self, hashes: Sequence[bytes], entry: int, line: int) -> None:
        """Compare the hashes of consecutive entries to their leaves."""
        if self.leaves is None:
            return
        theirs = self.leaves.at(entry, len(hashes))
        if theirs == hashes:
            return
        for nth, (mine, other) in enumerate(zip(hashes, theirs, strict=False)):
            if mine != other:
                self.n_differing += 1
                if len(self.differing) < MAX_LISTED:
                    self.differing.append((entry + nth, line + nth))


def _hash(line: bytes) -> bytes:
    """Return the hash on one line of leaves.txt, or zeros where there is none."""
    try:
        packed = bytes.fromhex(line.decode())
    except ValueError:
        packed = b""
    is_hash = len(packed) == HASH_BYTES and leaf_lines([packed]) == line
    return packed if is_hash else bytes(HASH_BYTES)


def _body(line: bytes) -> dict[str, Fact] | None:
    """Return an entry, or None where the line is not the one way to write one."""
    try:
        body = cast("dict[str, Fact]", orjson.loads(line))
        number = body["seq"]
        is_entry = (
            type(number) is int
            and number >= 0
            and type(body["kind"]) is type(body["as_of"]) is type(body["recorded_at"]) is str
            and canonical(body) + b"\n" == line
        )
    except (KeyError, LedgerError, TypeError, ValueError):
        return None
    return body if is_entry else None


def _number(body: Mapping[str, Fact] | None) -> int | None:
    return None if body is None else cast("int", body["seq"])
