"""The permit: may this use case decide, and may it deliver? Nothing is self-attested."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pilotage.domain.decision import Mode
from pilotage.domain.finding import Finding, Severity
from pilotage.governance.canonical import canonical
from pilotage.governance.checkpoint import VerifyingKey


class Control(StrEnum):
    """The sign-offs that a live use case needs (playbook P4.1)."""

    LEGAL = "legal"
    COMPLIANCE = "compliance"
    SECURITY = "security"
    PROCUREMENT = "procurement"


VALUE = "value"
"""What finance approves: the money of one more unit of outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A sign-off or an approval by a person with a registered key.

    Args:
        subject: a control, or `value`.
        covers: hash of what was signed: the spec, or its value.
        evidence: sha256 of the document that the person relied on.
        signature: Ed25519 over `message`, as hexadecimal.
    """

    use_case: str
    subject: str
    person: str
    role: str
    covers: str
    evidence: str
    signed_at: datetime
    until: datetime
    signature: str

    @property
    def message(self) -> bytes:
        """What is signed."""
        return canonical(
            {
                "covers": self.covers,
                "evidence": self.evidence,
                "person": self.person,
                "role": self.role,
                "signed_at": self.signed_at,
                "subject": self.subject,
                "until": self.until,
                "use_case": self.use_case,
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Signatory:
    """A person who may sign: their roles and their public key."""

    roles: Collection[str]
    key: VerifyingKey


def in_force(
    signatures: Sequence[Signature],
    *,
    subject: str,
    covers: str,
    signatories: Mapping[str, Signatory],
    now: datetime,
) -> Signature | None:
    """Return the signature that holds for a subject now, checked against the person's key."""
    for given in signatures:
        signatory = signatories.get(given.person)
        if (
            given.subject == subject
            and given.covers == covers
            and given.signed_at <= now < given.until
            and signatory is not None
            and given.role in signatory.roles
            and signatory.key.verifies(bytes.fromhex(given.signature), message=given.message)
        ):
            return given
    return None


def refusals(
    *,
    mode: Mode,
    use_case: str,
    spec_hash: str,
    signatures: Sequence[Signature],
    signatories: Mapping[str, Signatory],
    halted: str | None,
    now: datetime,
) -> tuple[Finding, ...]:
    """Return what forbids a pass; nothing does when it is empty.

    Shadow and replay need no sign-offs; a halt stops everything.
    """
    found: list[Finding] = []
    if halted is not None:
        found.append(
            Finding(
                code="halted",
                severity=Severity.BLOCKS,
                detail=f"{use_case} is halted ({halted}).",
                fix=f"pilotage governance resume {use_case}",
            )
        )
    if mode is not Mode.LIVE:
        return tuple(found)
    for control in Control:
        if in_force(
            signatures, subject=control, covers=spec_hash, signatories=signatories, now=now
        ):
            continue
        earlier = any(given.subject == control for given in signatures)
        found.append(
            Finding(
                code=f"sign-off-{control}",
                severity=Severity.BLOCKS,
                detail=f"{control} has {'no current' if earlier else 'no'} sign-off for this"
                f" version of {use_case}.",
                fix=f"pilotage governance sign {use_case} {control} --evidence FILE",
            )
        )
    return tuple(found)
