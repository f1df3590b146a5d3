"""The permit: may this use case decide, and may it deliver? Nothing is self-attested."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pilotage.domain.decision import Mode
from pilotage.domain.finding import Finding, Severity
from pilotage.governance.canonical import canonical
from pilotage.governance.checkpoint import VerifyingKey
from pilotage.governance.risk import Tier


class Control(StrEnum):
    """The sign-offs that a live use case needs (playbook P4.1)."""

    LEGAL = "legal"
    COMPLIANCE = "compliance"
    SECURITY = "security"
    PROCUREMENT = "procurement"


VALUE = "value"
"""What finance approves: the money of one more unit of outcome."""

FINANCE = "finance"
"""The role that approves money."""

REVIEWER = "reviewer"
"""The role that answers proposals; so may the owner of the use case."""


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


def role_for(subject: str) -> str:
    """Return the role that signs a subject.

    >>> role_for("legal"), role_for("value")
    ('legal', 'finance')
    """
    return FINANCE if subject == VALUE else subject


def roles_to_resume(owner: str) -> tuple[str, ...]:
    """Return the roles that answer proposals, and let a halted use case run again.

    >>> roles_to_resume("vp-sales")
    ('vp-sales', 'reviewer')
    """
    return (owner, REVIEWER)


def roles_to_halt(owner: str) -> tuple[str, ...]:
    """Return the roles that may halt a use case: whoever answers for any part of it."""
    return (*roles_to_resume(owner), *Control, FINANCE)


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
            and given.role == role_for(subject)
            and given.role in signatory.roles
            and _is_by(signatory, given)
        ):
            return given
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a pass asks a permit for.

    Args:
        tier: computed from facts in the spec.
        halted: who halted it and why; None while it may run.
    """

    use_case: str
    mode: Mode
    spec_hash: str
    tier: Tier
    halted: str | None


def refusals(
    request: Request,
    *,
    signatures: Sequence[Signature],
    signatories: Mapping[str, Signatory],
    now: datetime,
) -> tuple[Finding, ...]:
    """Return what forbids a pass; nothing does when it is empty.

    Shadow and replay need no sign-offs; a halt stops everything. Above the lowest tier one
    person cannot sign for all four.
    """
    stopped = () if request.halted is None else (_halted(request),)
    if request.mode is not Mode.LIVE:
        return stopped
    held = {
        control: in_force(
            signatures,
            subject=control,
            covers=request.spec_hash,
            signatories=signatories,
            now=now,
        )
        for control in Control
    }
    missing = (
        _missing(control, request, signatures) for control, given in held.items() if given is None
    )
    people = {given.person for given in held.values() if given is not None}
    alone = len(people) == 1 and None not in held.values() and request.tier is not Tier.LOW
    return (*stopped, *missing, *([_alone(request, *people)] if alone else []))


def _is_by(signatory: Signatory, given: Signature) -> bool:
    try:
        signature = bytes.fromhex(given.signature)
    except ValueError:
        return False
    return signatory.key.verifies(signature, message=given.message)


def _halted(request: Request) -> Finding:
    return Finding(
        code="halted",
        severity=Severity.BLOCKS,
        detail=f"{request.use_case} is halted ({request.halted}).",
        fix=f"pilotage governance resume {request.use_case}",
    )


def _missing(control: Control, request: Request, signatures: Sequence[Signature]) -> Finding:
    earlier = any(given.subject == control for given in signatures)
    return Finding(
        code=f"sign-off-{control}",
        severity=Severity.BLOCKS,
        detail=f"{control} has {'no current' if earlier else 'no'} sign-off for this"
        f" version of {request.use_case}.",
        fix=f"pilotage governance sign {request.use_case} {control} --evidence FILE",
    )


def _alone(request: Request, person: str) -> Finding:
    return Finding(
        code="second-person",
        severity=Severity.BLOCKS,
        detail=f"{person} alone signed all four controls of {request.use_case}, which is at"
        f" {request.tier} risk.",
        fix=f"pilotage governance sign {request.use_case} {Control.LEGAL} --evidence FILE"
        " --person SOMEBODY_ELSE",
    )
