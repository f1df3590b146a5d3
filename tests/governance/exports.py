"""A small exported log, for tests to damage."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Self

from pilotage.domain.entry import EntryKind, Fact
from pilotage.governance.bundle import Bundle, Verified, manifest, verify
from pilotage.governance.canonical import canonical
from pilotage.governance.checkpoint import Checkpoint, SigningKey, VerifyingKey
from pilotage.governance.proof import Proof
from pilotage.governance.reading import leaf_lines
from pilotage.governance.tree import Frontier, Tree, leaf_hashes

ORIGIN = "acme.example/pilotage"
KEY = SigningKey.generate(ORIGIN, entropy=bytes(range(32)))
START = datetime(2026, 11, 23, 12, tzinfo=UTC)
FILES = {
    "policies/programme.cedar": b"permit (principal, action, resource);\n",
    "specs/inbound.yaml": b"use_case: inbound\nowner: dana\n",
}


def body(seq: int, **facts: Fact) -> bytes:
    """One entry; the last one of a log lists the files."""
    instant = START + timedelta(seconds=seq % 86_400)
    return canonical(
        {
            "seq": seq,
            "kind": EntryKind.DECISION if seq % 2 else EntryKind.ASSIGNMENT,
            "use_case": "inbound",
            "as_of": START,
            "recorded_at": instant,
            "confidence": Decimal("0.90"),
            **facts,
        }
    )


def bodies(n: int, **facts: Fact) -> list[bytes]:
    """A log of n entries, the last one an export."""
    rest = [body(seq, **facts) for seq in range(n - 1)]
    return [*rest, body(n - 1, kind=EntryKind.EXPORT, files=manifest(FILES))]


def lines(entries: Sequence[bytes]) -> bytes:
    return b"".join(entry + b"\n" for entry in entries)


def note(entries: Sequence[bytes], *, key: SigningKey = KEY, origin: str = ORIGIN) -> bytes:
    root = Frontier().extend(leaf_hashes(entries)).root()
    return Checkpoint(origin=origin, size=len(entries), root=root).sign(key).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A bundle as the bytes of its files."""

    entries: bytes
    leaves: bytes | None
    checkpoint: bytes
    key: bytes
    files: dict[str, bytes]

    @classmethod
    def of(cls, entries: Sequence[bytes], *, key: SigningKey = KEY) -> Self:
        """Export a log truly."""
        signed = note(entries, key=key)
        hashes = leaf_hashes(entries)
        seq = len(entries) // 2
        proof = Proof(
            entry=entries[seq],
            seq=seq,
            hashes=Tree.of(hashes).inclusion_proof(seq),
            note=signed.decode(),
        )
        return cls(
            entries=lines(entries),
            leaves=leaf_lines(hashes),
            checkpoint=signed,
            key=key.verifying_key.vkey.encode() + b"\n",
            files={**FILES, "proofs/one.json": proof.to_json()},
        )

    def with_entries(self, entries: Sequence[bytes]) -> Self:
        """Put other entries in, and leave all else as it was."""
        return replace(self, entries=lines(entries))

    def without_leaves(self) -> Self:
        """Take leaves.txt out."""
        return replace(self, leaves=None)

    def verified(self, *, key: VerifyingKey | None = None, older: bytes | None = None) -> Verified:
        """Check it, as a reader of the files would."""
        bundle = Bundle(
            entries=BytesIO(self.entries),
            leaves=None if self.leaves is None else BytesIO(self.leaves),
            checkpoint=self.checkpoint,
            key=self.key,
            files=self.files,
        )
        return verify(bundle, key=key, older=older)

    def faults(self, *, key: VerifyingKey | None = None, older: bytes | None = None) -> list[str]:
        """The codes of what is wrong."""
        found = self.verified(key=key, older=older).findings
        return sorted({finding.code for finding in found})

    def details(self) -> list[str]:
        """What is wrong, in words."""
        return [finding.detail for finding in self.verified().findings]
