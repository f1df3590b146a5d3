"""The permit: what a pass may do, from signatures that anybody can check."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pilotage.domain.decision import Mode
from pilotage.governance.checkpoint import SigningKey
from pilotage.governance.permit import (
    Control,
    Request,
    Signatory,
    Signature,
    in_force,
    refusals,
    role_for,
)
from pilotage.governance.risk import Tier

NOW = datetime(2026, 9, 1, tzinfo=UTC)
SPEC = "5" * 64
KEYS = {
    name: SigningKey.generate(name, entropy=bytes([k]) * 32)
    for k, name in enumerate(("ana", "ben"))
}
ROLES = (*Control, "finance")
PEOPLE = {name: Signatory(roles=ROLES, key=key.verifying_key) for name, key in KEYS.items()}
LIVE = Request(use_case="leads", mode=Mode.LIVE, spec_hash=SPEC, tier=Tier.LOW, halted=None)


def signed(subject: str, person: str = "ana", *, role: str | None = None) -> Signature:
    unsigned = Signature(
        use_case="leads",
        subject=subject,
        person=person,
        role=role or role_for(subject),
        covers=SPEC,
        evidence="e" * 64,
        signed_at=NOW - timedelta(days=1),
        until=NOW + timedelta(days=1),
        signature="",
    )
    return replace(unsigned, signature=KEYS[person].sign(unsigned.message).hex())


ALL_FOUR = [signed(control) for control in Control]


def held(given: Signature, *, now: datetime = NOW) -> bool:
    found = in_force([given], subject="legal", covers=SPEC, signatories=PEOPLE, now=now)
    return found is not None


def codes(request: Request, given: list[Signature], *, now: datetime = NOW) -> list[str]:
    found = refusals(request, signatures=given, signatories=PEOPLE, now=now)
    assert all(finding.fix.startswith("pilotage governance") for finding in found)
    return [finding.code for finding in found]


def test_a_good_signature_holds_from_its_day_to_its_end():
    legal = signed("legal")
    assert held(legal)
    assert held(legal, now=legal.signed_at)
    assert not held(legal, now=legal.signed_at - timedelta(seconds=1))
    assert not held(legal, now=legal.until)


@pytest.mark.parametrize(
    "change",
    [
        {"signature": "00" * 64},
        {"signature": "no hexadecimal"},
        {"until": NOW + timedelta(days=9)},
        {"covers": "6" * 64},
        {"evidence": "f" * 64},
        {"person": "ben"},
        {"person": "nobody"},
        {"subject": "security"},
        {"use_case": "renewals"},
    ],
)
def test_whatever_is_changed_after_signing_no_longer_holds(change: dict[str, str]):
    assert not held(replace(signed("legal"), **change))


def test_a_role_signs_its_own_subject_only():
    assert not held(signed("legal", role="finance"))


def test_live_with_all_four_is_allowed():
    assert codes(LIVE, ALL_FOUR) == []


@pytest.mark.parametrize("control", list(Control))
def test_each_missing_sign_off_is_named(control: Control):
    others = [given for given in ALL_FOUR if given.subject != control]
    assert codes(LIVE, others) == [f"sign-off-{control}"]


def test_expired_sign_offs_are_refused_like_missing_ones():
    later = NOW + timedelta(days=2)
    assert codes(LIVE, ALL_FOUR, now=later) == [f"sign-off-{control}" for control in Control]


@pytest.mark.parametrize("mode", [Mode.SHADOW, Mode.REPLAY])
def test_shadow_and_replay_need_no_sign_offs(mode: Mode):
    assert codes(replace(LIVE, mode=mode), []) == []


@pytest.mark.parametrize("mode", list(Mode))
def test_a_halt_stops_every_mode(mode: Mode):
    assert codes(replace(LIVE, mode=mode, halted="ana: wrong prices"), ALL_FOUR) == ["halted"]


@pytest.mark.parametrize("tier", [Tier.MEDIUM, Tier.HIGH])
def test_above_the_lowest_tier_one_person_cannot_sign_for_all_four(tier: Tier):
    request = replace(LIVE, tier=tier)
    assert codes(request, ALL_FOUR) == ["second-person"]
    two = [signed("legal", "ben"), *ALL_FOUR[1:]]
    assert codes(request, two) == []
