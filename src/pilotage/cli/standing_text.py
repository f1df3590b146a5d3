"""How the controls of a use case stand, in words and for machines."""

from collections.abc import Iterator, Sequence

from pilotage.governance.permit import Signature
from pilotage.governance.risk import Risk
from pilotage.governance.standing import Standing, State


def in_words(
    name: str, risk: Risk, standings: Sequence[Standing], halted: str | None
) -> Iterator[str]:
    """Yield how controls and value of a use case stand, with the command for each."""
    why = "; ".join(risk.facts) or "it only suggests, and nothing leaves the house"
    yield f"{name}\n  risk: {risk.tier} ({why})"
    if halted is not None:
        yield f"  HALTED by {halted}\n    pilotage governance resume {name}"
    for one in standings:
        yield f"  {one.subject:<12} {_in_words(one)}"
        if one.command:
            yield f"    {one.command}"


def _in_words(one: Standing) -> str:
    given = one.signature
    if given is None:
        return "missing"
    signed = f"signed by {given.person} on {given.signed_at:%Y-%m-%d}"
    said = {
        State.HOLDS: f"holds until {given.until:%Y-%m-%d}, {signed}",
        State.ENDS_SOON: f"holds, ends soon: on {given.until:%Y-%m-%d}, {signed}",
        State.EXPIRED: f"expired on {given.until:%Y-%m-%d}, {signed}",
        State.OUTDATED: f"outdated: {signed}, for an earlier version",
        State.INVALID: f"invalid: {signed}; person, role and key are not those registered now",
    }
    return said[one.state]


def standing_facts(
    risk: Risk, standings: Sequence[Standing], halted: str | None
) -> dict[str, object]:
    """Return the same for machines."""
    return {
        "risk": {"tier": risk.tier.value, "facts": list(risk.facts)},
        "halted": halted,
        "subjects": {
            one.subject: {
                "state": one.state.value,
                "command": one.command,
                "signature": signed_facts(one.signature) if one.signature else None,
            }
            for one in standings
        },
    }


def signed_facts(given: Signature) -> dict[str, object]:
    """Return a signature for machines."""
    return {
        "subject": given.subject,
        "person": given.person,
        "role": given.role,
        "covers": given.covers,
        "evidence": given.evidence,
        "signed_at": given.signed_at.isoformat(),
        "until": given.until.isoformat(),
    }
