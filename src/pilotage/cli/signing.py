"""What happens when a person signs: who may, over which document, until when."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import file_digest
from pathlib import Path

from pilotage.cli.people import require_role
from pilotage.domain.errors import LedgerError, RefusedError
from pilotage.governance.permit import VALUE, Control, Signatory, Signature, in_force, role_for
from pilotage.governance.risk import Tier, risk_tier
from pilotage.governance.signer import Signer
from pilotage.governance.standing import Standing, controls_signed_by, standings
from pilotage.opening import PROGRAMME_FILE, Opened
from pilotage.spec.hashing import spec_hash, value_hash
from pilotage.spec.use_case import UseCase
from pilotage.store import registry
from pilotage.store.record import Record

VALID = timedelta(days=365)
"""How long a signature holds when nothing else is said: one year, then somebody looks again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """Who signs, and from when to when it holds."""

    by: Signer
    signed_at: datetime
    until: datetime


def hand(by: Signer, *, now: datetime, until: datetime | None) -> Hand:
    """Return who signs from now until a day, a year ahead when none is given.

    Raises:
        RefusedError: it would end before it begins.
    """
    if until is not None and until <= now:
        raise RefusedError(
            f"--until {until:%Y-%m-%d} is not after {now:%Y-%m-%d}: nothing would hold.",
            fix=f"--until {now + VALID:%Y-%m-%d}, or leave it out for a year",
        )
    return Hand(by=by, signed_at=now, until=until or now + VALID)


def covers(spec: UseCase) -> dict[str, str]:
    """Return the subjects of a use case and the hash that a signature on each has to cover."""
    return {control.value: spec_hash(spec) for control in Control} | {VALUE: value_hash(spec)}


def sign(
    opened: Opened,
    record: Record,
    spec: UseCase,
    evidence: Mapping[str, Path],
    hand: Hand,
) -> list[Signature]:
    """Sign subjects, each over its own document; all of them are in force, or none is written.

    Args:
        evidence: the document by subject: a control, or `value`.

    Raises:
        RefusedError: the person may not, or a document cannot be read.
        LedgerError: the signature does not verify against the registered key.
    """
    with record.reading() as connection:
        earlier = registry.signatures(connection, use_case=spec.use_case)
    signatories = opened.signatories()
    require_roles(list(evidence), hand.by, signatories)
    require_second_person(list(evidence), spec, hand, earlier)
    covered = covers(spec)
    given = [
        _signature(spec, subject, digest(path), covered[subject], hand)
        for subject, path in evidence.items()
    ]
    for one in given:
        if not in_force(
            [one],
            subject=one.subject,
            covers=one.covers,
            signatories=signatories,
            now=hand.signed_at,
        ):
            raise LedgerError(
                f"the signature of {hand.by.name} on {one.subject} does not hold.",
                fix=f"check the key of {hand.by.name} in {PROGRAMME_FILE}",
            )
    with record.transaction() as work:
        for one in given:
            registry.sign(work, one)
    return given


def require_roles(
    subjects: Collection[str], by: Signer, signatories: Mapping[str, Signatory]
) -> None:
    """Refuse a person without the role that a subject needs."""
    for subject in subjects:
        require_role(by, [role_for(subject)], what=f"{subject} is signed", signatories=signatories)


def require_second_person(
    subjects: Collection[str], spec: UseCase, hand: Hand, earlier: Sequence[Signature]
) -> None:
    """Refuse that one person signs all four controls, except at the lowest risk tier."""
    risk, name = risk_tier(spec), hand.by.name
    signed = controls_signed_by(name, earlier, covers=spec_hash(spec), now=hand.signed_at)
    mine = {*signed, *(control for control in Control if control in subjects)}
    if risk.tier is Tier.LOW or mine != set(Control):
        return
    raise RefusedError(
        f"{spec.use_case} is at {risk.tier} risk ({'; '.join(risk.facts)}): one person may sign all"
        f" four controls at low risk only, and {name} would.",
        fix="let a second person sign one of them: --person NAME",
    )


def digest(path: Path) -> str:
    """Return sha256 of a document.

    Raises:
        RefusedError: it is empty or cannot be read.
    """
    try:
        with path.open("rb") as file:
            if not file.read(1):
                raise RefusedError(
                    f"{path}: is empty; an empty document is no evidence.",
                    fix="name the document that the decision rests on: --evidence FILE",
                )
            file.seek(0)
            return file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise RefusedError(
            f"{path}: the evidence cannot be read ({error.strerror}).",
            fix="name the document that the decision rests on: --evidence FILE",
        ) from error


def standing(
    opened: Opened, record: Record | None, spec: UseCase, *, now: datetime
) -> tuple[list[Standing], str | None]:
    """Return how a use case's controls and value stand, and who halted it, if anybody."""
    given: list[Signature] = []
    halted = None
    if record is not None:
        with record.reading() as connection:
            given = registry.signatures(connection, use_case=spec.use_case)
            halted = registry.halted(connection, use_case=spec.use_case)
    found = standings(
        given,
        use_case=spec.use_case,
        covers=covers(spec),
        signatories=opened.signatories(),
        now=now,
    )
    return found, halted


def _signature(spec: UseCase, subject: str, evidence: str, covered: str, hand: Hand) -> Signature:
    unsigned = Signature(
        use_case=spec.use_case,
        subject=subject,
        person=hand.by.name,
        role=role_for(subject),
        covers=covered,
        evidence=evidence,
        signed_at=hand.signed_at,
        until=hand.until,
        signature="",
    )
    return replace(unsigned, signature=hand.by.sign(unsigned.message))
