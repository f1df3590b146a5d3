r"""The Merkle tree of RFC 6962: one hash that stands for a whole log, in order.

    root of 7 leaves      (((0 1)(2 3)) ((4 5) 6))
    its frontier           \___________/ \___/  |     perfect subtrees of 4, 2 and 1 leaves

The frontier is all that is needed to append; it never holds more than one hash a bit of the
size. Proofs are built from all leaf hashes and verified from a handful (RFC 9162, section 2.1).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from pilotage.domain.errors import LedgerError

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(body: bytes) -> bytes:
    """Return the hash of one entry; the 0x00 keeps an entry from posing as a node.

    >>> leaf_hash(b"").hex()[:16]
    '6e340b9cffb37a98'
    """
    return sha256(b"\x00" + body).digest()


def leaf_hashes(bodies: Iterable[bytes]) -> list[bytes]:
    """Return the hashes of a batch of entries, in order."""
    return [sha256(b"\x00" + body).digest() for body in bodies]


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash over two subtrees."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontier:
    """The right edge of a tree: all that appending and the root need.

    Args:
        size: leaves so far.
        nodes: roots of the perfect subtrees, largest first; one for each bit set in `size`.

    >>> log = Frontier().extend(leaf_hashes([b"a", b"b", b"c"]))
    >>> log.size, len(log.nodes), log.root().hex()[:16]
    (3, 2, '36642e73c2540ab1')
    >>> log == Frontier.from_bytes(log.to_bytes(), size=3)
    True
    """

    size: int = 0
    nodes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        """Refuse nodes that no tree of this size has."""
        if (
            self.size < 0
            or len(self.nodes) != self.size.bit_count()
            or any(len(node) != HASH_BYTES for node in self.nodes)
        ):
            raise LedgerError(
                f"The frontier of {self.size} leaves has {len(self.nodes)} nodes; it takes "
                f"{max(self.size, 0).bit_count()} of {HASH_BYTES} bytes.",
                fix="rebuild it from the leaf hashes: Frontier().extend(leaves)",
            )

    def extend(self, leaves: Sequence[bytes]) -> "Frontier":
        """Append leaf hashes, level by level: about one hash a leaf."""
        waiting = list(self.nodes)
        rest = self.size
        kept: list[bytes] = []
        level = list(leaves)
        while rest or level:
            if rest & 1:
                level.insert(0, waiting.pop())
            if len(level) & 1:
                kept.append(level.pop())
            pairs = iter(level)
            level = [
                sha256(b"\x01" + left + right).digest()
                for left, right in zip(pairs, pairs, strict=True)
            ]
            rest >>= 1
        return Frontier(size=self.size + len(leaves), nodes=tuple(reversed(kept)))

    def root(self) -> bytes:
        """Return the root over all leaves so far."""
        if not self.nodes:
            return EMPTY_ROOT
        *larger, root = self.nodes
        for node in reversed(larger):
            root = node_hash(node, root)
        return root

    def to_bytes(self) -> bytes:
        """Return the nodes in one piece; the size is kept beside it."""
        return b"".join(self.nodes)

    @classmethod
    def from_bytes(cls, data: bytes, *, size: int) -> Self:
        """Read what `to_bytes` wrote."""
        cuts = range(0, len(data), HASH_BYTES)
        return cls(size=size, nodes=tuple(data[cut : cut + HASH_BYTES] for cut in cuts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """All nodes of a log, to build proofs from: 64 bytes a leaf.

    Args:
        levels: hashes of the perfect subtrees of 1, 2, 4, ... leaves, each level in one piece.

    >>> tree = Tree.of(leaf_hashes([b"a", b"b", b"c"]))
    >>> proof = tree.inclusion_proof(1)
    >>> verify_inclusion(proof, leaf=leaf_hash(b"b"), index=1, size=3, root=tree.root())
    True
    """

    levels: tuple[bytes, ...]

    @classmethod
    def of(cls, leaves: Sequence[bytes]) -> Self:
        """Build the tree over leaf hashes."""
        level = list(leaves)
        levels = [b"".join(level)]
        while len(level) > 1:
            pairs = iter(level)
            level = [node_hash(left, right) for left, right in zip(pairs, pairs, strict=False)]
            levels.append(b"".join(level))
        return cls(levels=tuple(levels))

    @property
    def size(self) -> int:
        """Leaves in the tree."""
        return len(self.levels[0]) // HASH_BYTES

    def root(self, size: int | None = None) -> bytes:
        """Return the root over the first `size` leaves; over all when it is left out."""
        size = self._known(size)
        return self._subtree(0, size) if size else EMPTY_ROOT

    def inclusion_proof(self, index: int, *, size: int | None = None) -> tuple[bytes, ...]:
        """Return the hashes that lead from one leaf to the root of the first `size` leaves.

        Raises:
            LedgerError: the tree has no such leaf or is not as large.
        """
        size = self._known(size)
        if not 0 <= index < size:
            raise LedgerError(
                f"There is no entry {index} among the first {size}.",
                fix=f"ask for an entry from 0 to {size - 1}" if size else "append an entry first",
            )
        proof: list[bytes] = []
        low, high = 0, size
        while high - low > 1:
            middle = low + _split(high - low)
            if index < middle:
                proof.append(self._subtree(middle, high))
                high = middle
            else:
                proof.append(self._subtree(low, middle))
                low = middle
        return tuple(reversed(proof))

    def consistency_proof(self, old_size: int, *, size: int | None = None) -> tuple[bytes, ...]:
        """Return the hashes that show the first `old_size` leaves of `size` unchanged.

        Raises:
            LedgerError: the tree is not as large, or was never that small.
        """
        size = self._known(size)
        if not 0 <= old_size <= size:
            raise LedgerError(
                f"A log of {size} entries cannot continue one of {old_size}.",
                fix="swap the two sizes: the older is the smaller",
            )
        if old_size in (0, size):
            return ()
        proof: list[bytes] = []
        low, high = 0, size
        while high != old_size:
            middle = low + _split(high - low)
            if old_size <= middle:
                proof.append(self._subtree(middle, high))
                high = middle
            else:
                proof.append(self._subtree(low, middle))
                low = middle
        if low:  # a verifier who holds the old root knows a subtree that starts the log
            proof.append(self._subtree(low, high))
        return tuple(reversed(proof))

    def _known(self, size: int | None) -> int:
        if size is None:
            return self.size
        if not 0 <= size <= self.size:
            raise LedgerError(
                f"The log holds {self.size} entries, not {size}.",
                fix=f"ask for a size from 0 to {self.size}",
            )
        return size

    def _subtree(self, low: int, high: int) -> bytes:
        """Return the root over leaves [low, high); RFC 6962 starts all of them at a power of 2."""
        width = high - low
        if width & (width - 1) == 0:
            start = low // width * HASH_BYTES
            return self.levels[width.bit_length() - 1][start : start + HASH_BYTES]
        middle = low + _split(width)
        return node_hash(self._subtree(low, middle), self._subtree(middle, high))


def _split(width: int) -> int:
    """Return the largest power of 2 below `width`: where RFC 6962 cuts a tree in two."""
    return 1 << (width - 1).bit_length() - 1


def verify_inclusion(
    proof: Sequence[bytes], *, leaf: bytes, index: int, size: int, root: bytes
) -> bool:
    """Tell whether the proof leads from the leaf at `index` to the root (RFC 9162, 2.1.3.2).

    >>> verify_inclusion((), leaf=leaf_hash(b"a"), index=0, size=1, root=leaf_hash(b"a"))
    True
    """
    if not 0 <= index < size:
        return False
    ends = _climb(proof, start=leaf, index=index, last=size - 1)
    return ends is not None and ends[1] == root


def verify_consistency(
    proof: Sequence[bytes], *, old_size: int, old_root: bytes, size: int, root: bytes
) -> bool:
    """Tell whether the log with `root` continues the one with `old_root` (RFC 9162, 2.1.4.2).

    >>> tree = Tree.of(leaf_hashes([b"a", b"b", b"c"]))
    >>> verify_consistency(tree.consistency_proof(2), old_size=2, old_root=tree.root(2),
    ...                    size=3, root=tree.root())
    True
    """
    if not 0 < old_size < size:
        return (
            not proof
            and 0 <= old_size <= size
            and (old_size > 0 or old_root == EMPTY_ROOT)
            and (old_size < size or old_root == root)
        )
    perfect = old_size & (old_size - 1) == 0
    start, *path = (old_root, *proof) if perfect else proof or (b"",)
    index, last = old_size - 1, size - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    return _climb(path, start=start, index=index, last=last) == (old_root, root)


def _climb(
    path: Sequence[bytes], *, start: bytes, index: int, last: int
) -> tuple[bytes, bytes] | None:
    """Climb from a node to the top; None where the path is too long or too short.

    Returns:
        The root over all up to this node, and the root over the whole tree.
    """
    old = new = start
    for beside in path:
        if not last:
            return None
        if index & 1 or index == last:
            old, new = node_hash(beside, old), node_hash(beside, new)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            new = node_hash(new, beside)
        index, last = index >> 1, last >> 1
    return None if last else (old, new)
