"""`pilotage ledger verify PROOF.json`: one entry, for a reader who was not given the log."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from pilotage.cli.options import echo_json
from pilotage.domain.errors import LedgerError
from pilotage.domain.finding import Finding
from pilotage.governance.checkpoint import Checkpoint, VerifyingKey
from pilotage.governance.fault import FaultError
from pilotage.governance.proof import Proof
from pilotage.store.export import KEY


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """An entry that stands in the log that was signed; or why nothing shows that it does.

    Args:
        is_own_key: the key lay beside the proof: it did not come from the reader.
        findings: why it does not; empty where it does.
    """

    proof: Proof | None
    checkpoint: Checkpoint | None
    is_own_key: bool
    findings: tuple[Finding, ...]

    @property
    def is_intact(self) -> bool:
        """Whether the entry stands in the log."""
        return not self.findings


def say_proof(path: Path, *, key: VerifyingKey | None, older: Path | None, as_json: bool) -> bool:
    """Print whether the proof of one entry holds, and return it.

    Raises:
        LedgerError: it cannot be checked so.
    """
    if older is not None:
        raise LedgerError(
            f"{path}: one entry cannot be held against --checkpoint {older}; that takes the log.",
            fix="leave --checkpoint out, or name the whole bundle",
        )
    proven = verify_proof(path, key=key)
    if as_json:
        echo_json(facts(proven))
    else:
        click.echo(in_words(proven))
    return proven.is_intact


def verify_proof(path: Path, *, key: VerifyingKey | None) -> Proven:
    """Check the proof of one entry against the key given, or the one of the bundle that it is in.

    Raises:
        LedgerError: the file cannot be read, or no key is given and none lies beside it.
    """
    try:
        data = path.read_bytes()
        beside = path.absolute().parent.parent / KEY
        held = key or VerifyingKey.parse(beside.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise LedgerError(
            f"{path}: proves nothing without the public key of its log.",
            fix=f"name the key that you hold, such as {KEY} of an export: --key KEY",
        ) from error
    except OSError as error:
        raise LedgerError(
            f"{error.filename or path}: cannot be read ({error.strerror}).",
            fix="give yourself read access to it",
        ) from error
    try:
        proof = Proof.parse(data)
        checkpoint = proof.check(key=held)
    except FaultError as error:
        faults = (error.finding,)
        return Proven(proof=None, checkpoint=None, is_own_key=key is None, findings=faults)
    return Proven(proof=proof, checkpoint=checkpoint, is_own_key=key is None, findings=())


def in_words(proven: Proven) -> str:
    """Say whether it holds, and what the entry says."""
    proof, checkpoint = proven.proof, proven.checkpoint
    if proof is None or checkpoint is None:
        faults = [f"  {one.code}: {one.detail}\n    fix: {one.fix}" for one in proven.findings]
        return "\n".join(["NOT INTACT: nothing shows that the entry is in the log.", *faults])
    size, origin = f"{checkpoint.size:,}", checkpoint.origin
    said = [
        f"Intact: entry {proof.seq:,} is one of the {size} entries that {origin} signed.",
        f"  {proof.entry.decode()}",
    ]
    if proven.is_own_key:
        said.append("  The key is the bundle's own: --key KEY shows who signed.")
    return "\n".join(said)


def facts(proven: Proven) -> Mapping[str, object]:
    """Return the same for machines; `entry` is what is proven, null where nothing is."""
    proof, checkpoint = proven.proof, proven.checkpoint
    return {
        "intact": proven.is_intact,
        "seq": proof.seq if proof else None,
        "entry": json.loads(proof.entry) if proof else None,
        "size": checkpoint.size if checkpoint else None,
        "root": checkpoint.root.hex() if checkpoint else None,
        "origin": checkpoint.origin if checkpoint else None,
        "is_own_key": proven.is_own_key,
        "findings": [
            {"code": str(one.code), "detail": one.detail, "fix": one.fix} for one in proven.findings
        ],
    }
