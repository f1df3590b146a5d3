"""What `pilotage ledger verify BUNDLE` computes: is this the log that was signed?

A bundle is a folder that needs no database to be checked:

    entries.jsonl    one entry a line
    leaves.txt       the hash of each entry, one a line: says which entry was changed
    checkpoint       the signed note over both
    key.vkey         the public key
    specs/ ...       the files that the newest `export` entry lists with their hashes
    proofs/          single entries with their proofs

Whoever holds the signing key can sign another history: a checkpoint held elsewhere shows it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TypeVar

from pilotage.domain.finding import Finding
from pilotage.governance.checkpoint import Checkpoint, VerifyingKey
from pilotage.governance.fault import Fault, FaultError
from pilotage.governance.proof import Proof
from pilotage.governance.reading import Reading

_T = TypeVar("_T")

PROOFS = "proofs/"
SHOWN = 5
"""Entries named in one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """An exported log, as bytes.

    Args:
        entries: the lines of entries.jsonl, with their newlines; read once, never held.
        leaves: the lines of leaves.txt; None where the bundle has none.
        checkpoint: the signed note.
        key: key.vkey.
        files: the other files by path in the bundle; None to leave them unread.
    """

    entries: Iterable[bytes]
    checkpoint: bytes
    key: bytes
    leaves: Iterable[bytes] | None = None
    files: Mapping[str, bytes] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a bundle holds, and what is wrong with it.

    Args:
        size: lines read.
        root: what they give.
        checkpoint: what is signed; None where it cannot be trusted.
        older: the checkpoint held elsewhere; None where none was given, or it cannot be trusted.
        is_own_key: the key came from the bundle itself, not from the reader.
        kinds: entries by kind.
        first_recorded_at: of the first entry.
        last_recorded_at: of the last entry.
        findings: what is wrong; empty for a log that is intact.
    """

    size: int
    root: bytes
    checkpoint: Checkpoint | None
    older: Checkpoint | None
    is_own_key: bool
    kinds: Mapping[str, int]
    first_recorded_at: str
    last_recorded_at: str
    findings: tuple[Finding, ...]

    @property
    def is_intact(self) -> bool:
        """Whether this is the log that was signed."""
        signed = self.checkpoint
        return signed is not None and signed.root == self.root and not self.findings


def manifest(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the `files` fact of an `export` entry: sha256 by path; proofs vouch for themselves.

    >>> manifest({"specs/inbound.yaml": b"", "proofs/7.json": b""})
    {'specs/inbound.yaml': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'}
    """
    return {
        path: sha256(data).hexdigest()
        for path, data in sorted(files.items())
        if not path.startswith(PROOFS)
    }


def verify(
    bundle: Bundle, *, key: VerifyingKey | None = None, older: bytes | None = None
) -> Verified:
    r"""Check a bundle in one pass, in memory that grows with the logarithm of its size.

    Args:
        bundle: what was exported.
        key: the public key that the reader holds; the bundle's own when it is left out, which
            shows damage but not who signed.
        older: a signed note of this log that the reader kept.

    Returns:
        What the bundle holds. Nothing that a bundle can hold raises: faults are findings.

    >>> from pilotage.governance.canonical import canonical
    >>> from pilotage.governance.checkpoint import SigningKey
    >>> from pilotage.governance.tree import Frontier, leaf_hashes
    >>> signer = SigningKey.generate("acme.example/log", entropy=bytes(32))
    >>> instant = "2026-11-23T00:00:00Z"
    >>> bodies = [canonical({"seq": n, "kind": "outcome", "as_of": instant,
    ...                      "recorded_at": instant}) for n in range(3)]
    >>> leaves = leaf_hashes(bodies)
    >>> root = Frontier().extend(leaves).root()
    >>> note = Checkpoint(origin="acme.example/log", size=3, root=root).sign(signer)
    >>> def check(bodies):
    ...     return verify(Bundle(entries=[body + b"\n" for body in bodies],
    ...                          checkpoint=note.encode(), key=signer.verifying_key.vkey.encode()))
    >>> check(bodies).is_intact
    True
    >>> print(verdict(check(bodies[:1] + bodies[2:])).splitlines()[1])
      entry-dropped: Left out before line 2: entry 1.
    """
    findings: list[Finding] = []
    own_key = _attempt(
        findings, "key.vkey", bundle.key, lambda data: VerifyingKey.parse(_text(data))
    )
    held_key = key or own_key
    if key and own_key and own_key != key:
        findings.append(Fault.WRONG_KEY.finding(f"key.vkey is {own_key.vkey}, not {key.vkey}."))
    checkpoint = _opened(findings, "checkpoint", bundle.checkpoint, held_key)
    kept = _opened(findings, "the older checkpoint", older, held_key)
    reading = Reading.of(
        bundle.entries,
        leaves=bundle.leaves,
        size=checkpoint.size if checkpoint else None,
        sizes=[signed.size for signed in (checkpoint, kept) if signed],
    )
    order = list(reading.order.findings())
    findings += order
    if checkpoint:
        findings += _changes(reading, checkpoint, is_in_order=not order)
    else:
        findings += _disagreements(reading)
    findings += _history(reading, checkpoint, kept)
    if checkpoint and reading.entries.give(checkpoint) and not order:
        findings += _files(bundle.files, reading.manifest)
    findings += _proofs(bundle.files, held_key)
    return Verified(
        size=reading.order.lines,
        root=reading.entries.frontier.root(),
        checkpoint=checkpoint,
        older=kept,
        is_own_key=key is None,
        kinds=dict(sorted(reading.kinds.items())),
        first_recorded_at=reading.first_recorded_at,
        last_recorded_at=reading.last_recorded_at,
        findings=tuple(findings),
    )


def verdict(verified: Verified) -> str:
    """Say it in words: what a person decides on, then what to do.

    >>> print(verdict(Verified(size=0, root=b"", checkpoint=None, older=None, is_own_key=True,
    ...     kinds={}, first_recorded_at="", last_recorded_at="",
    ...     findings=(Fault.WRONG_KEY.finding("The checkpoint is signed by another."),))))
    NOT INTACT: 1 fault in 0 entries.
      wrong-key: The checkpoint is signed by another.
        fix: give the public key of this log: --key KEY
    """
    if not verified.is_intact or verified.checkpoint is None:
        n = len(verified.findings)
        return "\n".join(
            [
                f"NOT INTACT: {n} fault{'s' * (n != 1)} in {verified.size:,} entries.",
                *(
                    f"  {finding.code}: {finding.detail}\n    fix: {finding.fix}"
                    for finding in verified.findings
                ),
            ]
        )
    kinds = ", ".join(f"{kind} {n:,}" for kind, n in verified.kinds.items())
    origin = verified.checkpoint.origin
    said = [
        f"Intact: these are the {verified.size:,} entries that {origin} signed.",
        f"  recorded {verified.first_recorded_at} to {verified.last_recorded_at}",
        f"  {kinds}",
    ]
    if verified.older:
        said.append(f"  They continue the {verified.older.size:,} of the older checkpoint.")
    else:
        said.append("  Not compared to an older checkpoint: --checkpoint OLD shows a rewrite.")
    if verified.is_own_key:
        said.append("  The key is the bundle's own: --key KEY shows who signed.")
    return "\n".join(said)


def _attempt(
    findings: list[Finding], what: str, data: bytes, read: Callable[[bytes], _T]
) -> _T | None:
    """Return what can be read; otherwise add a finding that says what cannot."""
    try:
        return read(data)
    except FaultError as error:
        said = error.message if data else "it is missing or empty."
        findings.append(replace(error.finding, detail=f"{what}: {said}"))
    return None


def _opened(
    findings: list[Finding], what: str, note: bytes | None, key: VerifyingKey | None
) -> Checkpoint | None:
    if note is None or key is None:
        return None
    return _attempt(findings, what, note, lambda note: Checkpoint.open(_text(note), key=key))


def _text(data: bytes) -> str:
    """Decode; what is not UTF-8 becomes what no key or note may hold."""
    return data.decode(errors="surrogateescape")


def _disagreements(reading: Reading) -> Iterator[Finding]:
    """Say where entries and leaves differ when there is no signed root to judge them by."""
    if reading.differing:
        yield Fault.ROOT_MISMATCH.finding(
            f"Entries and leaves.txt disagree at {_listed(reading)}; without a checkpoint nobody "
            "can say which of them was changed."
        )


def _changes(reading: Reading, checkpoint: Checkpoint, *, is_in_order: bool) -> Iterator[Finding]:
    """Say which entries or leaves were changed: each list is judged by the signed root."""
    leaves = reading.leaves
    are_leaves_signed = leaves is not None and leaves.roots.give(checkpoint)
    if leaves and leaves.size != checkpoint.size:
        yield Fault.LEAVES_CHANGED.finding(
            f"leaves.txt has {leaves.size:,} lines; the checkpoint signs {checkpoint.size:,}."
        )
    if reading.entries.give(checkpoint):
        if leaves and not are_leaves_signed:
            yield Fault.LEAVES_CHANGED.finding(
                f"leaves.txt was changed at {_listed(reading) or 'its end'}; the entries are "
                "those that were signed."
            )
    elif are_leaves_signed:
        for entry, line in reading.differing:
            yield Fault.ENTRY_CHANGED.finding(f"Changed: entry {entry} (line {line}).")
        if reading.n_differing > len(reading.differing):
            yield Fault.ENTRY_CHANGED.finding(f"Changed: {reading.n_differing:,} entries in all.")
    elif leaves or is_in_order:
        yield _unsigned(reading, checkpoint)


def _unsigned(reading: Reading, checkpoint: Checkpoint) -> Finding:
    """Say that no list gives the signed root."""
    if reading.leaves is None:
        return Fault.ROOT_MISMATCH.finding(
            f"The entries do not give the root that was signed for {checkpoint.size:,}; with "
            "leaves.txt in the bundle the changed ones could be named."
        )
    where = f"disagree at {_listed(reading)}" if reading.differing else "agree with each other"
    return Fault.ROOT_MISMATCH.finding(
        f"Neither entries nor leaves.txt give the signed root; the two {where}."
    )


def _listed(reading: Reading) -> str:
    """Name the entries whose leaves differ; the first few."""
    shown = [f"entry {entry} (line {line})" for entry, line in reading.differing[:SHOWN]]
    more = reading.n_differing - len(shown)
    return ", ".join([*shown, f"{more:,} more"] if more else shown)


def _history(
    reading: Reading, checkpoint: Checkpoint | None, older: Checkpoint | None
) -> Iterator[Finding]:
    """Say whether this log continues the one that the older checkpoint signs."""
    if older is None:
        return
    signed = _signed_roots(reading, checkpoint)
    if checkpoint and checkpoint.origin != older.origin:
        yield Fault.OTHER_LOG.finding(
            f"This is the log {checkpoint.origin}; the older checkpoint is of {older.origin}."
        )
    elif checkpoint and checkpoint.size < older.size:
        yield Fault.ROLLED_BACK.finding(
            f"The checkpoint signs {checkpoint.size:,} entries, fewer than the {older.size:,} of "
            "the older one: an older backup was put in place."
        )
    elif signed.get(older.size, older.root) != older.root:
        yield Fault.REWRITTEN.finding(
            f"The first {older.size:,} entries are not those that the older checkpoint signs: "
            "history was written anew."
        )
    elif checkpoint is None and reading.order.expected < older.size:
        yield Fault.TRUNCATED.finding(
            f"The log ends at {reading.order.expected:,} entries; the older checkpoint signs "
            f"{older.size:,}."
        )


def _signed_roots(reading: Reading, checkpoint: Checkpoint | None) -> Mapping[int, bytes]:
    """Return the roots of the list that was signed; where none was, those of its entries."""
    if checkpoint is None or reading.entries.give(checkpoint):
        return reading.entries.kept
    if reading.leaves and reading.leaves.roots.give(checkpoint):
        return reading.leaves.roots.kept
    return {checkpoint.size: checkpoint.root}


def _files(files: Mapping[str, bytes] | None, listed: Mapping[str, str]) -> Iterator[Finding]:
    """Compare the other files to what the newest export entry of a sound log lists."""
    if files is None:
        return
    here = manifest(files)
    for path in sorted(here.keys() | listed.keys()):
        if path not in listed:
            yield Fault.FILE_UNKNOWN.finding(f"{path} is in no export entry of the log.")
        elif path not in here:
            yield Fault.FILE_MISSING.finding(f"{path} was exported, and is not in the bundle.")
        elif here[path] != listed[path]:
            yield Fault.FILE_CHANGED.finding(f"{path} is not the file that was exported.")


def _proofs(files: Mapping[str, bytes] | None, key: VerifyingKey | None) -> list[Finding]:
    """Check the proofs of single entries."""
    findings: list[Finding] = []
    for path, data in sorted((files or {}).items()):
        if key and path.startswith(PROOFS):
            _attempt(findings, path, data, lambda data: Proof.parse(data).check(key=key))
    return findings
