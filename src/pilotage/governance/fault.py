"""What can be wrong with a log, by name, and what to do about it."""

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from pilotage.domain.errors import LedgerError
from pilotage.domain.finding import Finding, Severity


class Fault(StrEnum):
    """The faults that verifying a bundle can name.

    >>> Fault.ENTRY_CHANGED.finding("Entry 17 (line 18) was changed.").severity
    <Severity.BLOCKS: 'blocks'>
    """

    KEY_MALFORMED = "key-malformed"
    CHECKPOINT_MALFORMED = "checkpoint-malformed"
    WRONG_KEY = "wrong-key"
    """Signed, but not with this key."""
    BAD_SIGNATURE = "bad-signature"
    """Said to be signed with this key, and is not."""
    OTHER_LOG = "other-log"
    ROLLED_BACK = "rolled-back"
    """Shorter than a checkpoint held elsewhere: an older backup was restored."""
    REWRITTEN = "rewritten"
    """Not the log that a checkpoint held elsewhere signs."""
    TRUNCATED = "truncated"
    BEYOND_CHECKPOINT = "beyond-checkpoint"
    ENTRY_MALFORMED = "entry-malformed"
    ENTRY_CHANGED = "entry-changed"
    ENTRY_DROPPED = "entry-dropped"
    ENTRY_DUPLICATED = "entry-duplicated"
    ENTRY_MOVED = "entry-moved"
    """Swapped with another, or at another place."""
    ROOT_MISMATCH = "root-mismatch"
    """The entries are not those that were signed; which one was changed cannot be told."""
    LEAVES_CHANGED = "leaves-changed"
    FILE_CHANGED = "file-changed"
    FILE_MISSING = "file-missing"
    FILE_UNKNOWN = "file-unknown"
    """In the bundle, but no entry vouches for it."""
    PROOF_INVALID = "proof-invalid"
    RECORD_DIFFERS = "record-differs"
    """The log is whole, but rows of the record beside it say something else."""

    def finding(self, detail: str) -> Finding:
        """Return the finding that says so."""
        return Finding(code=self, severity=Severity.BLOCKS, detail=detail, fix=FIXES[self])


class FaultError(LedgerError):
    """A fault that ends the reading: nothing after it can be trusted.

    >>> FaultError(Fault.WRONG_KEY, "The checkpoint is signed by another.").finding.code
    <Fault.WRONG_KEY: 'wrong-key'>
    """

    def __init__(self, fault: Fault, message: str) -> None:
        super().__init__(message, fix=FIXES[fault])
        self.fault = fault

    @property
    def finding(self) -> Finding:
        """The same, as a finding."""
        return self.fault.finding(self.message)


_EXPORT_AGAIN = (
    "export again: pilotage ledger export; if it stays, the log was altered: "
    "compare with a checkpoint held elsewhere and open an incident"
)
_RESTORE = "restore the log from the newest backup that verifies, and open an incident"

FIXES: Final = MappingProxyType(
    {
        Fault.KEY_MALFORMED: "write the key as NAME+HASH+BASE64, as key.vkey of an export holds it",
        Fault.CHECKPOINT_MALFORMED: _EXPORT_AGAIN,
        Fault.WRONG_KEY: "give the public key of this log: --key KEY",
        Fault.BAD_SIGNATURE: _EXPORT_AGAIN,
        Fault.OTHER_LOG: "give a checkpoint of this log: --checkpoint OLD",
        Fault.ROLLED_BACK: _RESTORE,
        Fault.REWRITTEN: _RESTORE,
        Fault.TRUNCATED: _EXPORT_AGAIN,
        Fault.BEYOND_CHECKPOINT: "export again, so that a checkpoint signs all: "
        "pilotage ledger export",
        Fault.ENTRY_MALFORMED: _EXPORT_AGAIN,
        Fault.ENTRY_CHANGED: _EXPORT_AGAIN,
        Fault.ENTRY_DROPPED: _EXPORT_AGAIN,
        Fault.ENTRY_DUPLICATED: _EXPORT_AGAIN,
        Fault.ENTRY_MOVED: _EXPORT_AGAIN,
        Fault.ROOT_MISMATCH: _EXPORT_AGAIN,
        Fault.LEAVES_CHANGED: "take leaves.txt from a fresh export: pilotage ledger export",
        Fault.FILE_CHANGED: "take the file from a fresh export: pilotage ledger export",
        Fault.FILE_MISSING: "take the file from a fresh export: pilotage ledger export",
        Fault.FILE_UNKNOWN: "remove the file, or export again: pilotage ledger export",
        Fault.PROOF_INVALID: "take the proof from a fresh export: pilotage ledger export",
        Fault.RECORD_DIFFERS: "restore the record from the newest backup that verifies, and open"
        " an incident",
    }
)
"""What to do about each fault."""
