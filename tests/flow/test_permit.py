"""Live takes four sign-offs by real keys; a halt stops it within a batch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from pilotage import flow
from pilotage.delivery.memory import MemoryChannel
from pilotage.domain.census import Census
from pilotage.domain.decision import Delivery, Receipt
from pilotage.domain.errors import DeliveryError, RefusedError
from pilotage.domain.tally import Tally
from pilotage.domain.unit import Outcome, Parked, Unit
from pilotage.governance.checkpoint import SigningKey
from pilotage.governance.permit import Control, Signature
from pilotage.governance.signer import Signer
from pilotage.ports import Source
from pilotage.store import registry
from tests.flow.company import NEW, USE_CASE, Company, instant
from tests.store.examples import verified

ANN = SigningKey.generate("ann", entropy=bytes(32))
BOSS = Signer(name="ann", roles=[*Control], key=ANN)
TODAY = "2026-04-25"
UNTIL = instant("2026-12-31")


@pytest.fixture
def live(company: Company) -> Company:
    company.programme["mode"] = "live"
    company.programme["people"] = {
        "ann": {"roles": list(Control), "key": ANN.verifying_key.vkey},
        "bob": {
            "roles": ["legal"],
            "key": SigningKey.generate("bob", entropy=b"b" * 32).verifying_key.vkey,
        },
    }
    return company


def sign(company: Company, control: str, *, key: SigningKey = ANN, **other: object) -> None:
    """Sign off as `pilotage governance sign` does."""
    with company.opened() as (case, record):
        given = replace(
            Signature(
                use_case=USE_CASE,
                subject=control,
                person="ann",
                role=control,
                covers=case.spec_hash,
                evidence="e" * 64,
                signed_at=instant("2026-04-01"),
                until=UNTIL,
                signature="",
            ),
            **other,
        )
        with record.transaction() as work:
            registry.sign(work, replace(given, signature=key.sign(given.message).hex()))


def sign_all(company: Company) -> None:
    for control in Control:
        sign(company, control)


def test_live_without_sign_offs_names_each_control_and_its_command(live: Company):
    with pytest.raises(RefusedError) as caught:
        live.run(TODAY)
    for control in Control:
        assert f"{control} has no sign-off" in caught.value.message
        assert f"pilotage governance sign {USE_CASE} {control} --evidence FILE" in caught.value.fix
    [denial] = live.log("policy-denial")
    assert denial["controls"] == [f"sign-off-{control}" for control in Control]
    assert live.rows()["decision"] == []
    assert live.in_csv() == []


def test_live_works_once_all_four_have_signed(live: Company):
    for control in list(Control)[:3]:
        sign(live, control)
    with pytest.raises(RefusedError, match="procurement has no sign-off") as caught:
        live.run(TODAY)
    assert "legal" not in caught.value.message
    sign(live, "procurement")
    tally = live.run(TODAY)
    assert tally.decided == NEW
    assert tally.delivered == len(live.in_csv()) > 0
    assert live.run(TODAY) == Tally(read=NEW)
    with live.opened() as (_, record):
        assert verified(record).is_intact


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"until": instant("2026-04-20")}, "legal has no current sign-off"),
        ({"signed_at": instant("2026-05-01")}, "legal has no current sign-off"),
        ({"covers": "0" * 64}, "legal has no current sign-off"),
        ({"person": "bob"}, "legal has no current sign-off"),  # signed with ann's key
        ({"role": "finance"}, "legal has no current sign-off"),
        ({"key": SigningKey.generate("eve", entropy=b"e" * 32)}, "legal has no current sign-off"),
    ],
    ids=["expired", "from the future", "another version", "forged", "no such role", "stranger"],
)
def test_a_sign_off_that_does_not_hold_is_none(live: Company, wrong: dict[str, object], said: str):
    sign_all(live)
    with live.opened() as (case, _):
        assert case.signatories.keys() == {"ann", "bob"}
    key = wrong.pop("key", ANN)
    assert isinstance(key, SigningKey)
    with live.opened() as (_, record), record.transaction() as work:
        work.connection.exec_driver_sql("DELETE FROM signature WHERE subject = 'legal'")
    sign(live, "legal", key=key, **wrong)
    with pytest.raises(RefusedError, match=said):
        live.run(TODAY)


def test_a_changed_spec_needs_new_sign_offs(live: Company):
    sign_all(live)
    live.run("2026-04-10")
    live.spec["oversight"]["sample"] = 0.1
    with pytest.raises(RefusedError, match="for this version"):
        live.run(TODAY)
    sign_all(live)
    assert live.run(TODAY).decided > 0


def test_outcomes_are_heard_even_where_a_sign_off_has_expired(live: Company):
    sign_all(live)
    live.run("2026-04-10")
    with pytest.raises(RefusedError, match="no current sign-off"):
        live.run("2027-01-01")
    closed = len(live.rows()["outcome"])
    assert closed == len(live.rows()["decision"]) > 0


@dataclass(slots=True, kw_only=True)
class HaltingChannel:
    """A tool during whose n-th call somebody halts the use case."""

    company: Company
    at_call: int
    reaches_people: bool = False
    inner: MemoryChannel = field(default_factory=MemoryChannel)

    def deliver(self, deliveries: Sequence[Delivery]) -> Sequence[Receipt]:
        self.at_call -= 1
        if self.at_call == 0:
            halt(self.company)
        return self.inner.deliver(deliveries)


@dataclass(slots=True, kw_only=True)
class HaltingSource:
    """A source after whose first batch somebody halts the use case."""

    company: Company
    inner: Source

    def units(
        self, *, since: datetime | None, until: datetime, batch: int
    ) -> Iterator[tuple[Sequence[Unit], Sequence[Parked]]]:
        for i, found in enumerate(self.inner.units(since=since, until=until, batch=batch)):
            if i == 1:
                halt(self.company)
            yield found

    def outcomes(
        self, *, since: datetime | None, until: datetime, batch: int
    ) -> Iterator[tuple[Sequence[Outcome], Sequence[Parked]]]:
        return self.inner.outcomes(since=since, until=until, batch=batch)

    def census(self) -> tuple[Census, Census]:
        return self.inner.census()

    def recorded_from(self) -> datetime | None:
        return self.inner.recorded_from()

    def complete_until(self) -> datetime | None:
        return self.inner.complete_until()


def halt(company: Company) -> None:
    with company.opened() as (_, record), record.transaction() as work:
        registry.halt(work, use_case=USE_CASE, by=BOSS, why="wrong prices", as_of=instant(TODAY))


def resume(company: Company) -> None:
    with company.opened() as (_, record), record.transaction() as work:
        registry.resume(work, use_case=USE_CASE, by=BOSS, as_of=instant(TODAY))


@pytest.mark.parametrize("mode", ["replay", "shadow", "live"])
def test_a_halted_use_case_decides_and_delivers_nothing(live: Company, mode: str):
    sign_all(live)
    halt(live)
    with pytest.raises(RefusedError, match=r"halted \(ann: wrong prices\)") as caught:
        live.run(TODAY, mode=mode)
    assert f"pilotage governance resume {USE_CASE}" in caught.value.fix
    assert live.rows()["decision"] == []
    assert live.log("policy-denial")[-1]["controls"] == ["halted"]


def test_a_halt_stops_deliveries_within_a_batch(live: Company, monkeypatch: pytest.MonkeyPatch):
    sign_all(live)
    monkeypatch.setattr(flow, "DELIVERIES", 5)
    channel = HaltingChannel(company=live, at_call=2)
    live.channels["crm"] = channel
    with pytest.raises(RefusedError, match="wrong prices"):
        live.run(TODAY)
    assert len(channel.inner.writes) == 10
    resume(live)
    rest = live.run(TODAY)
    assert rest.delivered == len(channel.inner.shown) - 10 > 0
    assert len(channel.inner.writes) == len(channel.inner.shown)


def test_a_halt_stops_decisions_within_a_batch(live: Company, monkeypatch: pytest.MonkeyPatch):
    sign_all(live)
    monkeypatch.setattr(flow, "BATCH", 5)
    with live.opened(now=TODAY) as (case, record):
        halting = replace(case, source=HaltingSource(company=live, inner=case.source))
        with pytest.raises(RefusedError, match="wrong prices"):
            flow.run(halting, record, as_of=instant(TODAY))
    assert len(live.rows()["decision"]) == 5
    resume(live)
    assert live.run(TODAY).decided == NEW - 5


@dataclass(slots=True, kw_only=True)
class BrokenChannel:
    """A tool that takes nothing."""

    reaches_people: bool = False

    def deliver(self, deliveries: Sequence[Delivery]) -> Sequence[Receipt]:
        raise DeliveryError(f"the tool took none of {len(deliveries)}.", fix="run again")


def test_what_a_live_pass_left_waits_for_the_next_live_pass(live: Company):
    sign_all(live)
    live.channels["crm"] = BrokenChannel()
    with pytest.raises(DeliveryError, match="took none"):
        live.run(TODAY)
    live.channels["crm"] = tool = MemoryChannel(reaches_people=True)
    for mode in ("shadow", "replay"):
        with pytest.raises(RefusedError, match="runs live"):
            live.run(TODAY, mode=mode)
    assert tool.writes == []
    after = timedelta(days=1) + instant(TODAY)
    assert live.run(f"{after:%Y-%m-%d}").delivered == len(tool.shown) > 0
