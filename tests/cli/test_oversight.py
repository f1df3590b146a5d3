"""Proposals that wait for a person, answered at the real command line."""

import csv
from typing import cast

from pilotage.domain.entry import Fact
from pilotage.governance.signer import is_signed
from tests.cli.acme import LEADS, NOW, Acme, Said, in_a_process


def by(acme: Acme, *words: str, person: str = "ana") -> Said:
    return acme.types("oversight", *words, "--person", person)


def in_the_crm(acme: Acme) -> dict[tuple[str, str], str]:
    """What stands in the tool, by record and field."""
    path = acme.folder / "crm/lead.csv"
    rows = csv.DictReader(path.read_text(encoding="utf-8").splitlines() if path.exists() else [])
    return {(row["record"], row["field"]): row["value"] for row in rows}


def delivered(acme: Acme) -> dict[tuple[str, str], str]:
    acme.does("run", "--as-of", NOW)
    return in_the_crm(acme)


def test_the_list_says_what_a_person_decides_on(live: Acme):
    first = live.waiting()[0]
    said = live.does("oversight", "list", "--limit", "1", "--as-of", "2026-10-18").out
    assert str(first["number"]) in said
    assert str(first["record"]) in said
    assert str(first["proposal"]) in said
    assert "waits 3 days" in said
    assert "81 more wait" in said
    assert f"next: pilotage oversight approve -p {live.folder} {first['number']}" in said


def test_the_list_keeps_to_a_use_case_that_exists(live: Acme):
    said = live.types("oversight", "list", "--use-case", "renewals")
    assert said.code == 1
    assert LEADS in said.err


def test_nothing_is_delivered_before_somebody_approves(live: Acme):
    one = live.waiting()[0]
    assert delivered(live) == {}
    said = by(live, "approve", str(one["number"]))
    assert f"next: pilotage run -p {live.folder}" in said.out
    fields = {field for record, field in delivered(live) if record == one["record"]}
    assert fields == {"ai_priority", "ai_reason"}
    assert len(in_the_crm(live)) == 2


def test_all_that_wait_are_approved_at_once(live: Acme):
    assert "approved 82 proposals" in by(live, "approve", "--all", LEADS).out
    assert live.waiting() == []
    assert len(delivered(live)) == 2 * 82
    assert "Nothing waits" in live.does("oversight", "list").out


def test_a_modified_field_is_delivered_as_the_person_wrote_it(live: Acme):
    one = live.waiting()[0]
    number, record = str(one["number"]), str(one["record"])
    assert by(live, "modify", number, "--set", "ai_reason=asked for a demo = now").code == 0
    crm = delivered(live)
    assert crm[record, "ai_reason"] == "asked for a demo = now"
    assert crm[record, "ai_priority"].isdigit()


def test_a_field_that_the_proposal_does_not_write_is_refused_and_the_known_ones_named(live: Acme):
    said = by(live, "modify", live.numbers()[0], "--set", "ai_prio=1")
    assert said.code == 1
    assert "ai_priority, ai_reason" in said.err
    assert live.entries("human-review") == []
    assert "is no change" in by(live, "modify", live.numbers()[0], "--set", "ai_priority").err


def test_a_rejected_proposal_is_not_delivered_and_the_reason_is_kept(live: Acme):
    first, second, *_ = live.numbers()
    by(live, "reject", first, second, "--why", "the shop is closed")
    assert delivered(live) == {}
    assert [one["why"] for one in live.entries("human-review")] == ["the shop is closed"] * 2
    assert "--why is empty" in by(live, "reject", live.numbers()[0], "--why", " ").err


def test_what_was_passed_on_is_answered_by_that_role_only(live: Acme):
    number = live.numbers()[0]
    assert "passed on proposal" in by(live, "escalate", number, "--to", "finance").out
    assert "passed on to finance" in live.does("oversight", "list").out
    refused = by(live, "approve", number)
    assert refused.code == 1
    assert "role finance" in refused.err
    assert "approved 81 proposals" in by(live, "approve", "--all", LEADS).out
    assert by(live, "approve", number, person="fin").code == 0


def test_a_proposal_is_passed_on_to_a_role_that_somebody_has(live: Acme):
    said = by(live, "escalate", live.numbers()[0], "--to", "king")
    assert said.code == 1
    assert "finance, legal" in said.err


def test_neither_reviewer_nor_owner_answers_no_proposal(live: Acme):
    number = live.numbers()[0]
    refused = by(live, "approve", number, person="fin")
    assert refused.code == 1
    assert "role vp-sales or reviewer; fin has finance" in refused.err
    assert "--person ana" in refused.err
    assert by(live, "escalate", number, "--to", "finance", person="fin").code == 1
    assert by(live, "approve", "--all", LEADS, person="fin").code == 1
    assert live.entries("human-review") == []


def test_the_owner_of_the_use_case_answers(live: Acme):
    live.does("governance", "person", "vic", "--role", "vp-sales", "--write")
    assert by(live, "approve", live.numbers()[0], person="vic").code == 0


def test_a_look_at_what_waits_makes_no_record(founded: Acme):
    assert "Nothing waits" in founded.does("oversight", "list").out
    assert not founded.record.exists()


def test_an_answer_is_not_earlier_than_its_question(live: Acme):
    typed = ("oversight", "approve", live.numbers()[0], "--person", "ana")
    said = live.types(*typed, "--as-of", "2026-10-14")
    assert "would be earlier than its question" in said.err
    assert live.types(*typed, "--as-of", NOW).code == 0


def test_a_proposal_is_answered_once(live: Acme):
    number = live.numbers()[0]
    by(live, "approve", number)
    again = by(live, "reject", number, "--why", "second thoughts", person="fin")
    assert again.code == 1
    assert "ana answered it" in again.err
    assert "no proposal has that number" in by(live, "approve", "1").err


def test_of_several_numbers_with_a_wrong_one_none_is_answered(live: Acme):
    first, second, *_ = live.numbers()
    assert by(live, "approve", first, second, "999999").code == 1
    assert live.entries("human-review") == []
    assert len(live.waiting()) == 82


def test_a_number_typed_twice_is_answered_once(live: Acme):
    number = live.numbers()[0]
    assert by(live, "approve", number, number).code == 0
    assert len(live.entries("human-review")) == 1


def test_naming_nothing_approves_nothing(live: Acme):
    assert "oversight list" in by(live, "approve").err


def test_every_answer_is_signed_over_its_own_entry(live: Acme):
    a, b, c, d, *_ = live.numbers()
    by(live, "approve", a)
    by(live, "modify", b, "--set", "ai_priority=1")
    by(live, "escalate", c, "--to", "finance")
    by(live, "reject", c, "--why", "closed", person="fin")
    by(live, "escalate", d, "--to", "finance")
    people = live.opened().signatories()
    entries = [cast("dict[str, Fact]", one) for one in live.entries("human-review")]
    assert [one["answer"] for one in entries] == [
        "approve",
        "modify",
        "escalate",
        "reject",
        "escalate",
    ]
    for one in entries:
        assert is_signed(one, key=people[str(one["person"])].key)
        assert not is_signed({**one, "answer": "approve", "decision": 7}, key=people["ana"].key)


def test_what_a_person_wrote_is_signed_and_does_not_stand_in_the_log(live: Acme):
    first, second, *_ = live.numbers()
    by(live, "modify", first, "--set", "ai_reason=call Ms Silva")
    by(live, "modify", second, "--set", "ai_reason=call Ms Silva")
    one, other = live.entries("human-review")
    assert "Silva" not in str(one)
    assert len(str(one["values"])) == 64
    assert one["values"] != other["values"]


def test_without_a_private_key_nobody_answers(live: Acme):
    (live.keys / "ana.key").unlink()
    assert by(live, "approve", live.numbers()[0]).code == 1
    assert live.entries("human-review") == []


def test_answers_come_as_json_too(live: Acme):
    number = live.numbers()[0]
    said = by(live, "approve", number, "--json").json
    assert said == {
        "answer": "approve",
        "numbers": [int(number)],
        "person": "ana",
        "next": f"pilotage run -p {live.folder}",
    }
    assert live.waiting()[0]["number"] != int(number)


def test_the_shell_sees_the_exit_code_and_the_fix(live: Acme):
    said = in_a_process(
        "oversight", "approve", "999999", "--person", "ana", "--json", "-p", str(live.folder)
    )
    assert said.code == 1
    assert said.out == ""
    assert said.error["message"].startswith("proposal 999999")
    assert said.error["fix"] == f"`pilotage oversight list -p {live.folder}` shows what waits"
