"""Who signs is shown by a private key, never by a typed name."""

import stat
from pathlib import Path

import pytest

from pilotage.cli.people import keys_folder, signer
from pilotage.domain.errors import PilotageError, RefusedError
from tests.cli.acme import LEADS, Acme


def refusal(acme: Acme, person: str | None = None) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        signer(acme.opened(), person)
    return caught.value


def test_the_only_person_whose_key_is_here_signs(founded: Acme):
    (founded.keys / "fin.key").unlink()
    who = signer(founded.opened(), None)
    assert who.name == "ana"
    assert who.key.verifying_key == founded.opened().signatories()["ana"].key


def test_a_person_who_is_named_signs(founded: Acme):
    assert signer(founded.opened(), "fin").roles == ("finance",)


def test_of_several_private_keys_one_has_to_be_named(founded: Acme):
    assert "--person ana" in refusal(founded).fix


def test_without_a_private_key_nobody_signs(founded: Acme):
    for key in founded.keys.iterdir():
        key.unlink()
    assert "pilotage governance person" in refusal(founded).fix
    assert str(founded.keys) in refusal(founded, "ana").message


def test_a_name_that_is_not_registered_is_no_person(founded: Acme):
    assert "pilotage governance person bob" in refusal(founded, "bob").fix


def test_a_private_key_that_is_not_the_registered_one_is_refused(founded: Acme):
    (founded.keys / "ana.key").unlink()
    founded.does("governance", "person", "ana", "--role", "legal")
    assert "is not the key" in refusal(founded, "ana").message
    (founded.keys / "fin.key").unlink()
    assert "is not the key" in refusal(founded).message


def test_somebody_elses_key_under_my_name_is_refused(founded: Acme):
    (founded.keys / "fin.key").write_bytes((founded.keys / "ana.key").read_bytes())
    assert "is not the key" in refusal(founded, "fin").message


def test_a_private_key_that_others_may_read_is_refused(founded: Acme):
    (founded.keys / "ana.key").chmod(0o640)
    assert "chmod 600" in refusal(founded, "ana").fix


def test_a_damaged_private_key_is_refused_and_not_shown(founded: Acme):
    path = founded.keys / "ana.key"
    secret = path.read_text()
    path.write_text(secret.replace("+ana+", "+amy+"))
    with pytest.raises(PilotageError) as caught:
        signer(founded.opened(), "ana")
    assert secret.split("+", 4)[4].strip() not in str(caught.value)


def test_a_new_private_key_is_readable_by_its_owner_only(founded: Acme):
    founded.does("governance", "person", "bob", "--role", "legal")
    assert stat.S_IMODE((founded.keys / "bob.key").stat().st_mode) == 0o600


def test_a_private_key_is_never_overwritten(founded: Acme):
    before = (founded.keys / "ana.key").read_bytes()
    said = founded.does("governance", "person", "ana", "--role", "legal", "--json").json
    assert (founded.keys / "ana.key").read_bytes() == before
    assert said["made"] is False
    assert said["key"] == founded.opened().programme.people["ana"].key


def test_a_private_key_is_never_printed(founded: Acme):
    said = founded.does("governance", "person", "bob", "--role", "legal")
    assert (founded.keys / "bob.key").read_text().split("+", 4)[4].strip() not in said.out


@pytest.mark.parametrize("name", ["../ana", "a b", "", "a+b", ".ana"])
def test_a_name_that_cannot_name_a_file_is_refused(founded: Acme, name: str):
    said = founded.types("governance", "person", name, "--role", "legal")
    assert said.code == 1
    assert "cannot name a key" in said.err


def test_registering_keeps_every_comment_and_all_else(founded: Acme):
    path = founded.folder / "pilotage.yaml"
    before, known = path.read_text(), founded.opened().programme
    founded.does("governance", "person", "bob", "--role", "legal", "--write")
    text = path.read_text()
    assert text.startswith(before)
    assert "# stands in for the CRM" in text
    after = founded.opened().programme
    assert after.people["bob"].roles == ("legal",)
    assert after.model_copy(update={"people": known.people}) == known


def test_a_role_is_added_to_those_a_person_has(founded: Acme):
    founded.does("governance", "person", "fin", "--role", "reviewer", "--write")
    assert founded.opened().programme.people["fin"].roles == ("finance", "reviewer")


def test_a_person_who_is_registered_already_is_said_to_be_and_the_file_stays(founded: Acme):
    path = founded.folder / "pilotage.yaml"
    before = path.read_bytes()
    typed = ("governance", "person", "fin", "--role", "finance", "--write")
    assert f"Already in {path}" in founded.does(*typed).out
    assert founded.does(*typed, "--json").json["written"] is False
    assert path.read_bytes() == before


def test_a_registered_key_is_not_replaced_by_another(founded: Acme):
    (founded.keys / "ana.key").unlink()
    before = (founded.folder / "pilotage.yaml").read_text()
    said = founded.types("governance", "person", "ana", "--role", "legal", "--write")
    assert said.code == 1
    assert "another key is registered for ana" in said.err
    assert (founded.folder / "pilotage.yaml").read_text() == before


def test_the_lines_that_are_printed_register_the_person(founded: Acme):
    said = founded.does("governance", "person", "bob", "--role", "legal", "--role", "security")
    line = next(line for line in said.out.splitlines() if line.startswith("  bob:"))
    with (founded.folder / "pilotage.yaml").open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    assert signer(founded.opened(), "bob").roles == ("legal", "security")


def test_keys_stand_in_the_users_own_folder_when_nothing_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.delenv("PILOTAGE_KEYS", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert keys_folder() == tmp_path / "pilotage/keys"


def test_a_typed_name_signs_nothing(founded: Acme):
    (founded.keys / "ana.key").unlink()
    words = ("sign", LEADS, "legal", "--evidence", founded.evidence, "--person", "ana")
    assert founded.types("governance", *words).code == 1
    assert founded.entries("sign-off") == []
