"""Where the signatures of a use case stand: what holds, what ends soon, what is missing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from pilotage.governance.permit import VALUE, Control, Signatory, Signature, in_force

ENDS_SOON = timedelta(days=30)
"""Time enough for four departments to look again."""


class State(StrEnum):
    """How a signature stands."""

    HOLDS = "holds"
    ENDS_SOON = "ends soon"
    EXPIRED = "expired"
    OUTDATED = "outdated"
    """It covers an earlier version of what was signed."""
    INVALID = "invalid"
    """Its person, role or key is not the registered one."""
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one subject stands: a control, or `value`.

    Args:
        signature: the one that holds, or the newest of those that do not; None where none is.
        command: what supplies it; empty while nothing needs doing.
    """

    subject: str
    state: State
    signature: Signature | None
    command: str

    @property
    def holds(self) -> bool:
        """Whether it counts now."""
        return self.state in {State.HOLDS, State.ENDS_SOON}


def standings(
    signatures: Sequence[Signature],
    *,
    use_case: str,
    covers: Mapping[str, str],
    signatories: Mapping[str, Signatory],
    now: datetime,
) -> list[Standing]:
    """Return how each subject stands, in the order of `covers`.

    Args:
        covers: subject to the hash that its signature has to cover now.
    """
    found: list[Standing] = []
    for subject, covered in covers.items():
        mine = [given for given in signatures if given.subject == subject]
        held = in_force(mine, subject=subject, covers=covered, signatories=signatories, now=now)
        if held is None:
            newest = max(mine, key=lambda given: given.signed_at, default=None)
            state = State.MISSING if newest is None else _fault(newest, covered, now)
        else:
            newest = held
            state = State.ENDS_SOON if held.until - now < ENDS_SOON else State.HOLDS
        found.append(
            Standing(
                subject=subject,
                state=state,
                signature=newest,
                command="" if state is State.HOLDS else _command(subject, use_case),
            )
        )
    return found


def controls_signed_by(
    person: str, signatures: Sequence[Signature], *, covers: str, now: datetime
) -> Iterator[Control]:
    """Yield the controls that a person signed for this version and that have not ended."""
    for given in signatures:
        if given.person == person and given.covers == covers and given.until > now:
            yield from (control for control in Control if control == given.subject)


def _fault(given: Signature, covered: str, now: datetime) -> State:
    if given.covers != covered:
        return State.OUTDATED
    return State.EXPIRED if given.until <= now else State.INVALID


def _command(subject: str, use_case: str) -> str:
    if subject == VALUE:
        return f"pilotage governance approve {use_case} --evidence FILE"
    return f"pilotage governance sign {use_case} {subject} --evidence FILE"
