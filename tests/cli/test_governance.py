"""Sign-offs, approvals, halt and resume, typed at the real command line."""

import hashlib
from pathlib import Path
from typing import cast

import pytest

from pilotage.domain.entry import Fact
from pilotage.governance.permit import Control, Signature, in_force
from pilotage.governance.risk import Risk, Tier, risk_tier
from pilotage.governance.signer import is_signed
from pilotage.spec.hashing import authored, spec_hash
from pilotage.spec.loading import load_use_case
from pilotage.store import registry
from tests.cli.acme import EVIDENCE, LEADS, NOW, USE_CASE, Acme, in_a_process

ROUTINE = "governance: {}"
DAY = ("--as-of", "2026-09-01")


def signed(acme: Acme) -> list[Signature]:
    with acme.opened().record().reading() as connection:
        return registry.signatures(connection, use_case=LEADS)


def states(acme: Acme, *words: str) -> dict[str, str]:
    body = acme.does("governance", "status", LEADS, "--json", *words).json
    subjects = cast("dict[str, dict[str, dict[str, str]]]", body[LEADS])["subjects"]
    return {name: one["state"] for name, one in subjects.items()}


def sign(acme: Acme, control: str, *words: str, person: str = "ana"):
    evidence = () if "--evidence" in words else ("--evidence", acme.evidence)
    typed = ("governance", "sign", LEADS, control, *evidence, *words, "--person", person)
    return acme.types(*typed, on="2026-09-01")


def risk(declared: str, *, candidates: str = "[rules]") -> Risk:
    text = USE_CASE.replace(ROUTINE, f"governance: {declared}")
    return risk_tier(
        load_use_case(text.replace("decide:", f"decide:\n  candidates: {candidates}"), file="x")
    )


def test_a_sign_off_is_in_force_under_the_key_of_the_person_who_gave_it(founded: Acme):
    assert sign(founded, "legal", *DAY).code == 0
    (given,) = signed(founded)
    opened = founded.opened()
    assert given.evidence == hashlib.sha256(Path(founded.evidence).read_bytes()).hexdigest()
    assert given.covers == hashlib.sha256(authored(opened.spec(LEADS)).encode()).hexdigest()
    assert in_force(
        [given],
        subject="legal",
        covers=spec_hash(opened.spec(LEADS)),
        signatories=opened.signatories(),
        now=given.signed_at,
    )


def test_a_sign_off_holds_for_365_days_unless_said_otherwise(founded: Acme):
    sign(founded, "legal", *DAY)
    sign(founded, "security", *DAY, "--until", "2026-12-01")
    legal, security = signed(founded)
    assert (legal.until - legal.signed_at).days == 365
    assert f"{security.until:%Y-%m-%d}" == "2026-12-01"


def test_a_sign_off_says_which_is_missing_next(founded: Acme):
    there = f"-p {founded.folder}"
    said = sign(founded, "legal").out
    assert f"next: pilotage governance sign {there} {LEADS} compliance" in said


@pytest.mark.parametrize("day", ["2020-01-01", "2026-10-13", "2026-10-16"])
@pytest.mark.parametrize(
    "words",
    [
        ("governance", "sign", LEADS, "legal", "--evidence", EVIDENCE, "--person", "ana"),
        ("governance", "approve", LEADS, "--evidence", EVIDENCE, "--person", "fin"),
        ("governance", "halt", LEADS, "--why", "wrong prices", "--person", "ana"),
        ("governance", "resume", LEADS, "--person", "ana"),
        ("oversight", "approve", "--all", LEADS, "--person", "ana"),
        ("ledger", "erase", LEADS, "lead-400@x.test", "--person", "ana"),
    ],
)
def test_what_a_person_signs_is_dated_by_the_clock(
    live: Acme, words: tuple[str, ...], day: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(live.folder)
    if "resume" in words:
        live.does("governance", "halt", LEADS, "--why", "wrong prices", "--person", "ana")
    size = live.does("ledger", "verify", "--json").json["size"]
    said = live.types(*words, "--as-of", day, on=NOW)
    assert "what a person signs is dated by the clock" in said.err
    assert "leave --as-of out" in said.err
    assert live.does("ledger", "verify", "--json").json["size"] == size
    assert live.types(*words, "--as-of", "2026-10-15", on="2026-10-15T23:30").code == 0


def test_a_term_that_ends_before_it_begins_is_refused(founded: Acme):
    assert "--until" in sign(founded, "legal", *DAY, "--until", "2026-08-01").err
    assert signed(founded) == []


def test_a_person_without_the_role_does_not_sign_and_the_one_who_may_is_named(founded: Acme):
    said = sign(founded, "legal", person="fin")
    assert said.code == 1
    assert "--person ana" in said.err
    assert founded.entries("sign-off") == []


@pytest.mark.parametrize("content", [b"", None], ids=["empty", "missing"])
def test_evidence_that_says_nothing_is_refused(founded: Acme, content: bytes | None):
    path = founded.folder / "dpia.pdf"
    if content is not None:
        path.write_bytes(content)
    said = sign(founded, "legal", "--evidence", str(path))
    assert said.code == 1
    assert "--evidence FILE" in said.err
    assert signed(founded) == []


def test_at_low_risk_one_person_signs_all_four_each_with_an_entry_of_its_own(founded: Acme):
    papers = {one.value: founded.folder / f"{one}.txt" for one in Control}
    words: list[str] = []
    for subject, path in papers.items():
        path.write_text(subject)
        words += ["--evidence", f"{subject}={path}"]
    assert sign(founded, "all", *words).code == 0
    entries = founded.entries("sign-off")
    assert {one["subject"]: one["evidence"] for one in entries} == {
        subject: hashlib.sha256(subject.encode()).hexdigest() for subject in papers
    }


def test_all_four_documents_are_named_or_one_for_all(founded: Acme):
    said = sign(founded, "all", "--evidence", f"legal={founded.evidence}")
    assert said.code == 1
    assert "--evidence procurement=FILE" in said.err


def test_above_low_risk_one_person_does_not_sign_all_four_at_once(founded: Acme):
    founded.writes(USE_CASE.replace(ROUTINE, "governance: {affects_workers: true}"))
    said = sign(founded, "all")
    assert said.code == 1
    assert "it affects workers" in said.err
    assert signed(founded) == []


def test_above_low_risk_one_person_does_not_sign_all_four_one_by_one_either(founded: Acme):
    founded.writes(USE_CASE.replace(ROUTINE, "governance: {affects_workers: true}"))
    for control in ("legal", "compliance", "security"):
        assert sign(founded, control).code == 0
    said = sign(founded, "procurement")
    assert said.code == 1
    assert "second person" in said.err
    founded.does("governance", "person", "pat", "--role", "procurement", "--write")
    assert sign(founded, "procurement", person="pat").code == 0


def test_once_all_is_signed_the_live_use_case_runs(founded: Acme):
    assert "legal has no sign-off" in founded.types("run", "--as-of", NOW).err
    sign(founded, "all", *DAY)
    assert "112 decided" in founded.does("run", "--as-of", NOW).out


def test_a_changed_spec_needs_new_sign_offs(founded: Acme):
    sign(founded, "all", *DAY)
    founded.writes(USE_CASE.replace("vp-sales", "cro"))
    assert states(founded, *DAY)["legal"] == "outdated"
    assert "no current sign-off" in founded.types("run", "--as-of", NOW).err


def test_status_tells_holding_ending_expired_and_missing_apart(founded: Acme):
    sign(founded, "legal", *DAY)
    sign(founded, "security", *DAY, "--until", "2026-09-20")
    sign(founded, "procurement", *DAY, "--until", "2026-09-05")
    assert states(founded, "--as-of", "2026-09-10") == {
        "legal": "holds",
        "compliance": "missing",
        "security": "ends soon",
        "procurement": "expired",
        "value": "missing",
    }
    said = founded.does("governance", "status", "--as-of", "2026-09-10").out
    there = f"-p {founded.folder}"
    assert f"pilotage governance sign {there} {LEADS} compliance --evidence FILE" in said
    assert f"pilotage governance approve {there} {LEADS} --evidence FILE" in said
    assert f"{LEADS} legal" not in said


def test_a_signature_forged_in_the_database_reads_invalid(founded: Acme):
    sign(founded, "legal", *DAY)
    with founded.opened().record().engine.begin() as connection:
        connection.exec_driver_sql("UPDATE signature SET until = '2036-09-01T00:00:00.000000Z'")
    assert states(founded, *DAY)["legal"] == "invalid"


def test_a_signature_ends_with_the_role_it_was_given_under(founded: Acme):
    sign(founded, "legal", *DAY)
    path = founded.folder / "pilotage.yaml"
    path.write_text(path.read_text().replace('"legal", ', ""))
    assert states(founded, *DAY)["legal"] == "invalid"


def test_finance_approves_the_value_and_nobody_else(founded: Acme):
    words = ("governance", "approve", LEADS, "--evidence", founded.evidence)
    assert "role finance" in founded.types(*words, "--person", "ana").err
    founded.does(*words, "--person", "fin")
    assert states(founded)["value"] == "holds"
    (entry,) = founded.entries("approval")
    assert entry["role"] == "finance"


def test_another_amount_needs_another_approval_and_another_owner_does_not(founded: Acme):
    words = ("governance", "approve", LEADS, "--evidence", founded.evidence)
    founded.does(*words, "--person", "fin")
    founded.writes(USE_CASE.replace("vp-sales", "cro"))
    assert states(founded)["value"] == "holds"
    founded.writes(USE_CASE.replace("1500", "2500"))
    assert states(founded)["value"] == "outdated"


def test_a_halt_stops_every_run_until_it_is_resumed(live: Acme):
    halted = live.does("governance", "halt", LEADS, "--why", "wrong prices", "--person", "fin")
    assert f"pilotage governance resume -p {live.folder} {LEADS}" in halted.out
    refused = live.types("run", "--as-of", NOW)
    assert refused.code == 1
    assert "fin: wrong prices" in refused.err
    assert "HALTED by fin: wrong prices" in live.does("governance", "status").out
    live.does("governance", "resume", LEADS, "--person", "ana")
    assert live.types("run", "--as-of", NOW).code == 0


@pytest.mark.parametrize("role", ["vp-sales", "reviewer", "finance", "legal"])
def test_whoever_answers_for_a_part_of_it_halts_a_use_case(founded: Acme, role: str):
    founded.does("governance", "person", "kim", "--role", role, "--write")
    words = ("governance", "halt", LEADS, "--why", "wrong prices", "--person", "kim")
    assert founded.types(*words).code == 0


def test_a_role_that_answers_for_nothing_here_does_not_halt(founded: Acme):
    founded.does("governance", "person", "kim", "--role", "intern", "--write")
    said = founded.types("governance", "halt", LEADS, "--why", "wrong prices", "--person", "kim")
    assert said.code == 1
    assert "kim has intern" in said.err
    assert founded.entries("halt") == []


def test_only_a_reviewer_or_the_owner_resumes(live: Acme):
    live.does("governance", "halt", LEADS, "--why", "wrong prices", "--person", "fin")
    said = live.types("governance", "resume", LEADS, "--person", "fin")
    assert said.code == 1
    assert "role vp-sales or reviewer" in said.err
    live.does("governance", "resume", LEADS, "--person", "ana")


def test_a_look_at_the_controls_makes_no_record(founded: Acme):
    founded.does("governance", "status")
    assert not founded.record.exists()


def test_halt_and_resume_are_signed_and_a_reader_of_the_log_can_check_it(live: Acme):
    live.does("governance", "halt", LEADS, "--why", "wrong prices", "--person", "fin")
    live.does("governance", "resume", LEADS, "--person", "ana")
    halt, resume = live.entries("halt")
    people = live.opened().signatories()
    assert is_signed(cast("dict[str, Fact]", halt), key=people["fin"].key)
    assert is_signed(cast("dict[str, Fact]", resume), key=people["ana"].key)
    changed = cast("dict[str, Fact]", halt | {"why": "holiday"})
    assert not is_signed(changed, key=people["fin"].key)


def test_what_is_not_halted_is_not_resumed_and_a_halt_says_why(live: Acme):
    assert "not halted" in live.types("governance", "resume", LEADS, "--person", "ana").err
    said = live.types("governance", "halt", LEADS, "--why", " ", "--person", "ana")
    assert "--why is empty" in said.err
    assert live.entries("halt") == []


def test_the_shell_sees_the_exit_code_and_the_fix(founded: Acme):
    said = in_a_process("governance", "resume", "no-such", "-p", str(founded.folder))
    assert said.code == 1
    assert said.out == ""
    assert said.err.startswith("error: ")
    assert f"fix: write one of {LEADS}" in said.err


@pytest.mark.parametrize(
    ("declared", "candidates", "tier"),
    [
        ("{}", "[rules, tabular, retrieval]", Tier.LOW),
        ("{data_classes: [contact_pii]}", "[rules]", Tier.LOW),
        ("{autonomy: acts}", "[rules]", Tier.MEDIUM),
        ("{}", "[rules, language-model]", Tier.MEDIUM),
        ("{}", "[external]", Tier.MEDIUM),
        ("{autonomy: acts, data_classes: [contact_pii]}", "[rules]", Tier.HIGH),
        ("{data_classes: [employee_health]}", "[rules]", Tier.HIGH),
        ("{affects_workers: true}", "[rules]", Tier.HIGH),
    ],
)
def test_the_risk_tier_follows_from_facts_in_the_spec(declared: str, candidates: str, tier: Tier):
    found = risk(declared, candidates=candidates)
    assert found.tier is tier
    assert bool(found.facts) is (tier is not Tier.LOW)
