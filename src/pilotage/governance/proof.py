"""One entry with all that shows it is in the log: for a reader who does not have the log."""

import base64
from dataclasses import dataclass
from typing import Self, cast

import orjson

from pilotage.domain.errors import LedgerError
from pilotage.governance.canonical import canonical
from pilotage.governance.checkpoint import Checkpoint, VerifyingKey
from pilotage.governance.fault import Fault, FaultError
from pilotage.governance.tree import leaf_hash, verify_inclusion


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """That one entry stands in a log at one place.

    Args:
        entry: the entry's bytes, without newline.
        seq: its place, from 0.
        hashes: from `Tree.inclusion_proof`, lowest first.
        note: the signed checkpoint that the hashes lead to.

    >>> from pilotage.governance.checkpoint import SigningKey
    >>> key = SigningKey.generate("acme.example/log", entropy=bytes(32))
    >>> entry = b'{"kind":"decision","seq":0}'
    >>> note = Checkpoint(origin="acme.example/log", size=1, root=leaf_hash(entry)).sign(key)
    >>> proof = Proof(entry=entry, seq=0, hashes=(), note=note)
    >>> Proof.parse(proof.to_json()).check(key=key.verifying_key).size
    1
    """

    entry: bytes
    seq: int
    hashes: tuple[bytes, ...]
    note: str

    def to_json(self) -> bytes:
        """Return the proof as one line of JSON."""
        hashes = [base64.b64encode(node).decode() for node in self.hashes]
        body = {
            "entry": self.entry.decode(),
            "hashes": hashes,
            "note": self.note,
            "seq": self.seq,
        }
        return canonical(body) + b"\n"

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read what `to_json` wrote.

        Raises:
            FaultError: PROOF_INVALID.
        """
        try:
            body = orjson.loads(data)
            proof = cls(
                entry=body["entry"].encode(),
                seq=body["seq"],
                hashes=tuple(base64.b64decode(node, validate=True) for node in body["hashes"]),
                note=body["note"],
            )
            same = proof.to_json() == data
        except (AttributeError, KeyError, LedgerError, TypeError, ValueError):
            same, proof = False, None
        if proof is None or not same:
            raise FaultError(
                Fault.PROOF_INVALID,
                "The proof cannot be read: it is one line of JSON with entry, hashes, note, seq.",
            )
        return proof

    def check(self, *, key: VerifyingKey) -> Checkpoint:
        """Return the checkpoint that signs the entry.

        Raises:
            FaultError: PROOF_INVALID, or what is wrong with the checkpoint.
        """
        checkpoint = Checkpoint.open(self.note, key=key)
        leads = verify_inclusion(
            self.hashes,
            leaf=leaf_hash(self.entry),
            index=self.seq,
            size=checkpoint.size,
            root=checkpoint.root,
        )
        if not leads or self._number() != self.seq:
            raise FaultError(
                Fault.PROOF_INVALID,
                f"The proof of entry {self.seq} does not lead to the root of {checkpoint.size:,}.",
            )
        return checkpoint

    def _number(self) -> object:
        """Return the number that the entry gives itself."""
        try:
            body = orjson.loads(self.entry)
        except orjson.JSONDecodeError:
            return None
        return cast("dict[str, object]", body).get("seq") if isinstance(body, dict) else None
