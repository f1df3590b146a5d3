"""A person is asked, answers once, and what they said is what leaves the house."""

from dataclasses import replace

import orjson
import pytest

from pilotage.domain.decision import Answer, Mode, Route
from pilotage.domain.errors import RefusedError
from pilotage.governance.checkpoint import SigningKey
from pilotage.governance.signer import Signer, is_signed
from pilotage.store import outbox, oversight, registry
from pilotage.store.oversight import Reply
from pilotage.store.record import Record
from tests.store.examples import AT, USE_CASE, bodies, decide, decision
from tests.store.test_registry import CONTEST, REGISTERED

ANN = Signer(name="ann", roles=("sdr",), key=SigningKey.generate("ann", entropy=bytes(32)))
HEAD = Signer(name="eve", roles=("head",), key=SigningKey.generate("eve", entropy=b"e" * 32))


def ask(record: Record, n: int = 3) -> list[int]:
    given = [decision(record, f"lead-{i}", route=Route.HUMAN) for i in range(n)]
    return [item.number for item in decide(record, given)]


def answer(record: Record, reply: Reply, *, by: Signer = ANN) -> None:
    with record.transaction() as work:
        oversight.answer(work, reply, by=by, as_of=AT)


def delivered(record: Record) -> dict[str, dict[str, str]]:
    with record.reading() as connection:
        posted = outbox.pending(
            connection, use_case=USE_CASE, mode=Mode.LIVE, tool="crm", limit=100
        )
    found: dict[str, dict[str, str]] = {}
    for item in posted:
        found.setdefault(item.delivery.record, {})[item.delivery.field] = item.delivery.value
    return found


def test_what_waits_is_listed_oldest_first_with_what_a_person_needs(record: Record):
    numbers = ask(record)
    with record.reading() as connection:
        found = oversight.waiting(connection, use_case=USE_CASE, limit=10)
        assert oversight.waiting(connection, use_case="other", limit=10) == []
        assert len(oversight.waiting(connection, use_case=None, limit=2)) == 2
        assert oversight.count(connection, use_case=USE_CASE) == 3
    assert [item.number for item in found] == numbers
    assert [item.record for item in found] == ["lead-0", "lead-1", "lead-2"]
    assert (found[0].proposal, found[0].why) == ("rank 7: came from a referral", "50% sure")
    assert found[0].since == AT


def test_nothing_is_delivered_before_a_person_approves(record: Record):
    first, second, third = ask(record)
    assert delivered(record) == {}
    answer(record, Reply(number=second, answer=Answer.APPROVE))
    assert delivered(record) == {"lead-1": {"rank": "7", "why": "came from a referral"}}
    answer(record, Reply(number=first, answer=Answer.REJECT))
    answer(record, Reply(number=third, answer=Answer.MODIFY, values={"rank": "1"}))
    assert delivered(record).keys() == {"lead-1", "lead-2"}
    assert delivered(record)["lead-2"] == {"rank": "1", "why": "came from a referral"}
    with record.reading() as connection:
        assert oversight.count(connection, use_case=None) == 0


def test_an_answer_is_signed_and_its_values_are_not_in_the_log(record: Record):
    number = ask(record)[0]
    values = {"why": "she asked for Zoe"}
    answer(record, Reply(number=number, answer=Answer.MODIFY, values=values))
    with record.reading() as connection:
        last = bodies(connection)[-1]
    said = orjson.loads(last)
    assert (said["kind"], said["decision"]) == ("human-review", number)
    assert (said["answer"], said["fields"]) == ("modify", ["why"])
    assert is_signed(said, key=ANN.key.verifying_key)
    assert b"Zoe" not in last
    assert len(said["values"]) == 64


@pytest.mark.parametrize("again", list(Answer))
def test_a_proposal_is_answered_once(record: Record, again: Answer):
    number = ask(record)[0]
    answer(record, Reply(number=number, answer=Answer.APPROVE))
    with pytest.raises(RefusedError, match="ann answered it") as caught:
        answer(record, Reply(number=number, answer=again))
    assert "oversight list" in caught.value.fix
    assert delivered(record).keys() == {"lead-0"}


def test_a_number_that_is_no_proposal_is_refused(record: Record):
    with pytest.raises(RefusedError, match="no proposal has that number"):
        answer(record, Reply(number=max(ask(record)) + 1, answer=Answer.APPROVE))


def test_a_field_that_the_proposal_does_not_have_is_refused_by_name(record: Record):
    number = ask(record)[0]
    with pytest.raises(RefusedError, match="has no field 'price'") as caught:
        answer(record, Reply(number=number, answer=Answer.MODIFY, values={"price": "1"}))
    assert "rank, why" in caught.value.fix


def test_what_was_escalated_waits_for_the_role_it_was_passed_to(record: Record):
    number = ask(record)[0]
    answer(record, Reply(number=number, answer=Answer.ESCALATE, escalate_to="head"))
    with record.reading() as connection:
        [item, *_] = oversight.waiting(connection, use_case=None, limit=10)
    assert item.escalated_to == "head"
    with pytest.raises(RefusedError, match="passed to head; ann is not one"):
        answer(record, Reply(number=number, answer=Answer.APPROVE))
    answer(record, Reply(number=number, answer=Answer.APPROVE), by=HEAD)
    assert delivered(record).keys() == {"lead-0"}


def go_live(record: Record) -> None:
    with record.transaction() as work:
        live = replace(REGISTERED, use_case=USE_CASE, mode=Mode.LIVE)
        registry.register(work, live, spec="{}", contest=CONTEST, as_of=AT)


def test_what_a_replay_proposed_waits_until_the_use_case_runs_live(record: Record):
    replayed = decision(record, "lead-9", route=Route.HUMAN, mode=Mode.REPLAY)
    [old] = [item.number for item in decide(record, [replayed])]
    with record.reading() as connection:
        assert oversight.count(connection, use_case=USE_CASE) == 1
    go_live(record)
    numbers = ask(record)
    with record.reading() as connection:
        found = oversight.waiting(connection, use_case=None, limit=10)
        assert [item.number for item in found] == numbers
        assert oversight.count(connection, use_case=USE_CASE) == len(numbers)
    with pytest.raises(RefusedError, match="runs live by now"):
        answer(record, Reply(number=old, answer=Answer.APPROVE))
