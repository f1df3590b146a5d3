"""What is fixed or in force for a use case comes back as it went in."""

from dataclasses import replace
from datetime import timedelta

import orjson
import pytest

from pilotage.domain.contest import Contest
from pilotage.domain.decision import Arm, Mode
from pilotage.domain.errors import StoreError
from pilotage.domain.experiment import Baseline, BaselineMonth, Registered
from pilotage.domain.finding import Finding, Severity
from pilotage.domain.month import Month
from pilotage.experiments.looks import haybittle_peto
from pilotage.governance.checkpoint import SigningKey
from pilotage.governance.permit import Signature
from pilotage.governance.signer import Signer, is_signed
from pilotage.store import registry
from pilotage.store.record import Record
from tests.store.examples import AT, USE_CASE, bodies, everything

ANN = Signer(name="ann", roles=("legal",), key=SigningKey.generate("ann", entropy=bytes(32)))
BASELINE = Baseline(
    n=300,
    mean=0.1 + 0.2,  # no short decimal
    standard_deviation=1 / 3,
    months=(BaselineMonth(month=Month(2026, 7), n=300, mean=0.1 + 0.2),),
)
REGISTERED = Registered(
    use_case=USE_CASE,
    mode=Mode.LIVE,
    started_at=AT,
    spec_hash="1" * 64,
    experiment_hash="2" * 64,
    baseline=BASELINE,
    holdout=0.2,
    minimum_effect=0.015,
    looks=haybittle_peto([Month(2026, 9).plus(k) for k in range(3)]),
    months_to_detect=None,
    predictor="rules",
    version="3" * 64,
    counted={"c1": Arm.HOLDOUT, "c2": Arm.TREATMENT},
)
CONTEST = Contest(
    winner="rules", version="3" * 64, model=b"\x00model", facts={"approach": "rules"}, findings=()
)


def register(record: Record, registered: Registered = REGISTERED) -> None:
    with record.transaction() as work:
        registry.register(work, registered, spec='{"use_case":"x"}', contest=CONTEST, as_of=AT)


def log(record: Record) -> list[dict[str, object]]:
    with record.reading() as connection:
        return [orjson.loads(body) for body in bodies(connection)]


def test_an_experiment_comes_back_to_the_last_bit(record: Record):
    register(record)
    with record.reading() as connection:
        found = registry.registered(connection, use_case=USE_CASE, mode=Mode.LIVE)
        other = registry.registered(connection, use_case=USE_CASE, mode=Mode.SHADOW)
        model = registry.model_bytes(connection, REGISTERED.version)
    assert found == REGISTERED
    assert other is None
    assert model == b"\x00model"
    assert [body["kind"] for body in log(record)] == [
        "spec",
        "baseline",
        "promotion",
        "experiment",
    ]


def test_each_mode_has_an_experiment_of_its_own(record: Record):
    register(record)
    shadow = replace(REGISTERED, mode=Mode.SHADOW, counted={})
    register(record, shadow)
    with record.reading() as connection:
        assert registry.registered(connection, use_case=USE_CASE, mode=Mode.SHADOW) == shadow
        assert registry.registered(connection, use_case=USE_CASE, mode=Mode.LIVE) == REGISTERED


def test_a_changed_spec_is_an_entry_and_leaves_the_rest_alone(record: Record):
    register(record)
    with record.transaction() as work:
        after = registry.change_spec(
            work, REGISTERED, spec_hash="9" * 64, spec='{"title":"new"}', as_of=AT
        )
    with record.reading() as connection:
        assert registry.registered(connection, use_case=USE_CASE, mode=Mode.LIVE) == after
    assert after == replace(REGISTERED, spec_hash="9" * 64)
    assert (log(record)[-1]["kind"], log(record)[-1]["spec"]) == ("spec", '{"title":"new"}')


def test_a_predictor_that_is_gone_is_an_error_with_a_fix(record: Record):
    with record.reading() as connection, pytest.raises(StoreError, match="no longer") as caught:
        registry.model_bytes(connection, "f" * 64)
    assert "backup" in caught.value.fix


def signature(**other: object) -> Signature:
    given = Signature(
        use_case=USE_CASE,
        subject="legal",
        person="ann",
        role="legal",
        covers="1" * 64,
        evidence="2" * 64,
        signed_at=AT,
        until=AT + timedelta(days=90),
        signature="",
    )
    return replace(given, **other)


def test_a_signature_comes_back_and_a_later_one_takes_its_place(record: Record):
    first, second = signature(), signature(covers="3" * 64)
    of_bob, of_other = signature(person="bob"), signature(use_case="other")
    for given in (first, of_bob, of_other, second):
        with record.transaction() as work:
            registry.sign(work, given)
    with record.reading() as connection:
        assert registry.signatures(connection, use_case=USE_CASE) == [second, of_bob]
    assert [body["kind"] for body in log(record)] == ["sign-off"] * 4


def test_a_halt_holds_until_it_is_lifted_and_both_are_signed(record: Record):
    with record.transaction() as work:
        registry.halt(work, use_case=USE_CASE, by=ANN, why="wrong prices", as_of=AT)
    with record.reading() as connection:
        assert registry.halted(connection, use_case=USE_CASE) == "ann: wrong prices"
        assert registry.halted(connection, use_case="other") is None
    with record.transaction() as work:
        registry.resume(work, use_case=USE_CASE, by=ANN, as_of=AT)
    with record.reading() as connection:
        assert registry.halted(connection, use_case=USE_CASE) is None
        said = [orjson.loads(body) for body in bodies(connection)]
    assert [body["state"] for body in said] == ["halted", "resumed"]
    assert all(is_signed(body, key=ANN.key.verifying_key) for body in said)


def test_a_second_halt_replaces_the_first(record: Record):
    for why in ("wrong prices", "worse"):
        with record.transaction() as work:
            registry.halt(work, use_case=USE_CASE, by=ANN, why=why, as_of=AT)
    assert len(everything(record)["halt"]) == 1


def test_a_denial_names_the_controls(record: Record):
    forbidden = [
        Finding(code=code, severity=Severity.BLOCKS, detail="", fix="")
        for code in ("halted", "sign-off-legal")
    ]
    with record.transaction() as work:
        registry.deny(work, forbidden, use_case=USE_CASE, as_of=AT)
    assert log(record)[-1]["kind"] == "policy-denial"
    assert log(record)[-1]["controls"] == ["halted", "sign-off-legal"]
