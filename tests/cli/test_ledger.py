"""The log taken out, checked, damaged, and checked again, at the real command line."""

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import cast

import pytest

from pilotage.domain.entry import Fact
from pilotage.governance.checkpoint import Checkpoint, SigningKey
from pilotage.governance.proof import Proof
from pilotage.governance.reading import leaf_lines
from pilotage.governance.signer import is_signed
from pilotage.governance.tree import Frontier, leaf_hashes
from pilotage.spec.hashing import spec_hash
from tests.cli.acme import LEADS, NOW, Acme, Said, in_a_process, pilotage


@pytest.fixture
def bundle(live: Acme) -> Path:
    path = live.folder / "bundle"
    live.does("ledger", "export", str(path), "--proof", "12")
    return path


ANA = ("--person", "ana")


def faults(said: Said) -> set[str]:
    """The names of what is wrong, as printed; each with a fix, and exit code 1."""
    assert said.code == 1
    assert said.out.startswith("NOT INTACT")
    lines = said.out.splitlines()[1:]
    assert lines.count("") == 0
    assert sum(line.startswith("    fix: ") for line in lines) == len(lines) // 2
    return {line.split(":")[0].strip() for line in lines if not line.startswith("    fix")}


def lines(bundle: Path) -> list[bytes]:
    return (bundle / "entries.jsonl").read_bytes().splitlines(keepends=True)


def put(bundle: Path, entries: list[bytes]) -> None:
    (bundle / "entries.jsonl").write_bytes(b"".join(entries))


def signing_key(acme: Acme) -> SigningKey:
    return acme.opened().record().secrets.ledger.key


def resign(bundle: Path, key: SigningKey) -> None:
    """Write leaves and checkpoint anew, as whoever holds the key could."""
    leaves = leaf_hashes([line.removesuffix(b"\n") for line in lines(bundle)])
    root = Frontier().extend(leaves).root()
    note = Checkpoint(origin=key.name, size=len(leaves), root=root).sign(key)
    (bundle / "leaves.txt").write_bytes(leaf_lines(leaves))
    (bundle / "checkpoint").write_text(note, encoding="utf-8")


def test_an_export_is_verified_without_programme_and_database(live: Acme, bundle: Path):
    away = live.folder.parent / "away"
    shutil.copytree(bundle, away)
    shutil.rmtree(live.folder)
    said = pilotage("ledger", "verify", str(away))
    assert said.code == 0
    assert said.out.startswith("Intact")


def test_an_export_notes_itself_and_its_checkpoint_covers_the_note(live: Acme, bundle: Path):
    *_, last = lines(bundle)
    assert json.loads(last)["kind"] == "export"
    note = (bundle / "checkpoint").read_text()
    assert note.splitlines()[1] == str(len(lines(bundle)))
    opened = Checkpoint.open(note, key=signing_key(live).verifying_key)
    assert opened.size == json.loads(last)["seq"] + 1


def test_the_specs_beside_the_log_hash_to_what_the_sign_offs_cover(live: Acme, bundle: Path):
    spec = (bundle / f"specs/{LEADS}.json").read_bytes()
    assert hashlib.sha256(spec).hexdigest() == spec_hash(live.opened().spec(LEADS))
    assert {one["covers"] for one in live.entries("sign-off")} == {hashlib.sha256(spec).hexdigest()}


def test_the_policies_beside_the_log_let_a_reader_check_who_signed(live: Acme, bundle: Path):
    people = json.loads((bundle / "policies/people.json").read_bytes())
    controls = json.loads((bundle / "policies/controls.json").read_bytes())[LEADS]
    assert people["fin"] == {
        "roles": ["finance"],
        "key": live.opened().programme.people["fin"].key,
    }
    assert controls["subjects"]["legal"]["state"] == "holds"
    assert controls["risk"]["tier"] == "low"


def test_a_proof_shows_one_entry_to_a_reader_without_the_log(live: Acme, bundle: Path):
    proof = Proof.parse((bundle / "proofs/12.json").read_bytes())
    checked = proof.check(key=signing_key(live).verifying_key)
    assert checked.size == len(lines(bundle))
    assert proof.entry + b"\n" == lines(bundle)[12]


def test_a_proof_is_verified_alone_under_the_key_that_its_reader_holds(
    live: Acme, bundle: Path, tmp_path: Path
):
    proof = tmp_path / "12.json"
    proof.write_bytes((bundle / "proofs/12.json").read_bytes())
    verify, key = ("ledger", "verify", str(proof)), ("--key", str(bundle / "key.vkey"))
    assert "--key KEY" in pilotage(*verify).err
    said = pilotage(*verify, *key, "--json").json
    assert (said["intact"], said["seq"], said["is_own_key"]) == (True, 12, False)
    assert said["entry"] == json.loads(lines(bundle)[12])
    assert "cannot be held against" in pilotage(*verify, *key, "--checkpoint", str(bundle)).err
    there = live.types("ledger", "verify", str(bundle / "proofs/12.json")).out
    assert there.startswith("Intact: entry 12 is one of the")
    assert "The key is the bundle's own" in there
    proof.write_bytes(proof.read_bytes().replace(b"2026", b"2027", 1))
    assert faults(pilotage(*verify, *key)) == {"proof-invalid"}
    assert pilotage(*verify, *key, "--json").json["entry"] is None
    other = SigningKey.generate("pilotage/acme", entropy=bytes(32)).verifying_key.vkey
    assert faults(pilotage("ledger", "verify", str(bundle / "proofs/12.json"), "--key", other)) == {
        "wrong-key"
    }


def test_no_secret_and_no_raw_key_leaves_with_a_bundle(live: Acme, bundle: Path):
    everything = b"".join(path.read_bytes() for path in bundle.rglob("*") if path.is_file())
    secrets = [path.read_bytes().strip() for path in (live.folder / ".pilotage/keys").iterdir()]
    secrets += [path.read_bytes().strip() for path in live.keys.iterdir()]
    assert len(secrets) == 4
    assert not [secret for secret in secrets if secret in everything]
    assert b"@x.test" not in everything


def test_an_export_goes_into_a_folder_of_its_own(live: Acme, bundle: Path):
    again = live.types("ledger", "export", str(bundle))
    assert again.code == 1
    assert "not empty" in again.err
    empty = live.folder / "empty"
    empty.mkdir()
    live.does("ledger", "export", str(empty))
    assert pilotage("ledger", "verify", str(empty)).code == 0
    assert not list(live.folder.glob(".*.[0-9]*"))


def test_an_export_that_cannot_be_written_leaves_nothing(live: Acme):
    (live.folder / "file").write_text("in the way")
    said = live.types("ledger", "export", str(live.folder / "file/bundle"))
    assert said.code == 1
    assert "cannot be written" in said.err
    assert live.entries("export") == []


def test_a_proof_of_an_entry_that_is_not_there_is_refused(live: Acme):
    said = live.types("ledger", "export", str(live.folder / "b"), "--proof", "99999")
    assert said.code == 1
    assert not (live.folder / "b").exists()


def flipped(bundle: Path) -> None:
    entries = lines(bundle)
    entries[20] = entries[20].replace(b'"arm":"', b'"arm":"h', 1).replace(b"inbound", b"inbounD")
    put(bundle, entries)


def dropped(bundle: Path) -> None:
    put(bundle, lines(bundle)[:20] + lines(bundle)[21:])


def cut(bundle: Path) -> None:
    put(bundle, lines(bundle)[:-3])


def swapped(bundle: Path) -> None:
    entries = lines(bundle)
    entries[20], entries[31] = entries[31], entries[20]
    put(bundle, entries)


def doubled(bundle: Path) -> None:
    put(bundle, lines(bundle)[:21] + lines(bundle)[20:])


def garbled(bundle: Path) -> None:
    put(bundle, [*lines(bundle)[:20], b"{}\n", *lines(bundle)[21:]])


def note_changed(bundle: Path) -> None:
    path = bundle / "checkpoint"
    note = path.read_text(encoding="utf-8")
    size = note.splitlines()[1]
    path.write_text(note.replace(f"\n{size}\n", f"\n{int(size) - 1}\n", 1), encoding="utf-8")


def note_removed(bundle: Path) -> None:
    (bundle / "checkpoint").unlink()


def key_replaced(bundle: Path) -> None:
    other = SigningKey.generate("pilotage/acme", entropy=bytes(32)).verifying_key
    (bundle / "key.vkey").write_text(other.vkey + "\n")


def leaf_changed(bundle: Path) -> None:
    path = bundle / "leaves.txt"
    leaves = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*leaves[:20], b"0" * 64 + b"\n", *leaves[21:]]))


def policy_changed(bundle: Path) -> None:
    path = bundle / "policies/people.json"
    path.write_bytes(path.read_bytes().replace(b"finance", b"anybody"))


def spec_removed(bundle: Path) -> None:
    (bundle / f"specs/{LEADS}.json").unlink()


def file_added(bundle: Path) -> None:
    (bundle / "policies/more.json").write_text("{}")


def proof_changed(bundle: Path) -> None:
    path = bundle / "proofs/12.json"
    path.write_bytes(path.read_bytes().replace(b"inbound", b"inbounD"))


TAMPERED: dict[Callable[[Path], None], str] = {
    flipped: "entry-changed",
    dropped: "entry-dropped",
    cut: "truncated",
    swapped: "entry-moved",
    doubled: "entry-duplicated",
    garbled: "entry-malformed",
    note_changed: "bad-signature",
    note_removed: "checkpoint-malformed",
    key_replaced: "wrong-key",
    leaf_changed: "leaves-changed",
    policy_changed: "file-changed",
    spec_removed: "file-missing",
    file_added: "file-unknown",
    proof_changed: "proof-invalid",
}


@pytest.mark.parametrize("file", ["checkpoint", "key.vkey"])
def test_a_file_that_a_bundle_lacks_is_said_in_plain_words(bundle: Path, file: str):
    (bundle / file).unlink()
    assert f"{file}: it is missing or empty." in pilotage("ledger", "verify", str(bundle)).out


def test_a_key_file_that_is_not_there_is_said_in_plain_words(bundle: Path):
    said = pilotage("ledger", "verify", str(bundle), "--key", str(bundle / "held.vkey"))
    assert "there is no such file, and it is no public key" in said.err


@pytest.mark.parametrize("tamper", TAMPERED, ids=lambda tamper: tamper.__name__)
def test_what_was_done_to_a_bundle_is_named(bundle: Path, tamper: Callable[[Path], None]):
    tamper(bundle)
    assert TAMPERED[tamper] in faults(pilotage("ledger", "verify", str(bundle)))


def test_a_log_written_anew_and_signed_again_is_caught_by_a_kept_checkpoint(
    live: Acme, bundle: Path, tmp_path: Path
):
    kept = tmp_path / "kept"
    shutil.copy(bundle / "checkpoint", kept)
    flipped(bundle)
    resign(bundle, signing_key(live))
    assert pilotage("ledger", "verify", str(bundle)).code == 0
    said = pilotage("ledger", "verify", str(bundle), "--checkpoint", str(kept))
    assert faults(said) == {"rewritten"}


def test_an_older_backup_put_in_place_is_caught_by_a_kept_checkpoint(live: Acme, tmp_path: Path):
    backup = live.copy(tmp_path / "backup")
    live.does("oversight", "approve", "--all", LEADS, "--person", "ana")
    live.does("ledger", "export", str(tmp_path / "kept"))
    backup.does("ledger", "export", str(tmp_path / "restored"))
    said = pilotage(
        "ledger", "verify", str(tmp_path / "restored"), "--checkpoint", str(tmp_path / "kept")
    )
    assert faults(said) == {"rolled-back"}
    assert faults(
        backup.types("ledger", "verify", "--checkpoint", str(tmp_path / "kept/checkpoint"))
    ) == {"rolled-back"}


def test_a_log_that_went_on_continues_the_kept_checkpoint(live: Acme, bundle: Path):
    live.does("oversight", "approve", "--all", LEADS, "--person", "ana")
    said = live.does("ledger", "verify", "--checkpoint", str(bundle))
    assert "They continue the" in said.out
    later = live.folder / "later"
    live.does("ledger", "export", str(later))
    said = pilotage("ledger", "verify", str(later), "--checkpoint", str(bundle))
    assert said.code == 0


def test_the_key_that_a_reader_holds_shows_who_signed(live: Acme, bundle: Path, tmp_path: Path):
    vkey = signing_key(live).verifying_key.vkey
    held = tmp_path / "held.vkey"
    held.write_text(vkey + "\n")
    other = SigningKey.generate("pilotage/acme", entropy=bytes(32))
    assert pilotage("ledger", "verify", str(bundle), "--key", vkey).code == 0
    assert pilotage("ledger", "verify", str(bundle), "--key", str(held)).code == 0
    resign(bundle, other)
    (bundle / "key.vkey").write_text(other.verifying_key.vkey + "\n")
    assert faults(pilotage("ledger", "verify", str(bundle), "--key", vkey)) == {"wrong-key"}
    assert pilotage("ledger", "verify", str(bundle), "--key", "nonsense").code == 1


def test_the_record_itself_is_verified_where_it_lies(live: Acme):
    said = live.does("ledger", "verify", "--json").json
    assert said["intact"] is True
    assert said["size"] == len(live.entries("assignment")) + sum(
        cast("dict[str, int]", said["kinds"])[kind]
        for kind in cast("dict[str, int]", said["kinds"])
        if kind != "assignment"
    )


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE entry SET body = replace(body, 'holdout', 'Holdout') WHERE seq = 20", None),
        ("DELETE FROM entry WHERE seq = 20", "entry-dropped"),
        ("UPDATE entry SET leaf = zeroblob(32) WHERE seq = 20", "leaves-changed"),
        ("UPDATE entry SET seq = CASE seq WHEN 20 THEN -1 ELSE 20 END WHERE seq IN (20, 21)", None),
        ("DELETE FROM checkpoint; DELETE FROM entry WHERE seq > 50", "truncated"),
        ("DELETE FROM frontier", None),
    ],
)
def test_what_was_done_to_the_database_is_noticed(live: Acme, statement: str, fault: str | None):
    with closing(sqlite3.connect(live.record)) as connection:
        if "replace(body" in statement:
            connection.execute(
                "UPDATE entry SET body = CAST(replace(CAST(body AS TEXT), ?, ?) AS BLOB)"
                " WHERE seq = 20",
                ("inbound", "inbounD"),
            )
        else:
            connection.executescript(statement)
        connection.commit()
    said = live.types("ledger", "verify")
    assert said.code == 1
    assert fault is None or fault in faults(said)


def test_a_database_rewritten_without_the_key_does_not_match_its_own_checkpoint(live: Acme):
    live.does(
        "governance", "approve", LEADS, "--evidence", live.evidence, "--person", "fin"
    )  # signs a checkpoint at once
    with closing(sqlite3.connect(live.record)) as connection:
        found = connection.execute("SELECT body FROM entry ORDER BY seq").fetchall()
        bodies = [body.replace(b'"arm":"holdout"', b'"arm":"treated"') for (body,) in found]
        leaves = leaf_hashes(bodies)
        rows = [
            (body, leaf, seq) for seq, (body, leaf) in enumerate(zip(bodies, leaves, strict=True))
        ]
        connection.executemany("UPDATE entry SET body = ?, leaf = ? WHERE seq = ?", rows)
        nodes = Frontier().extend(leaves).to_bytes()
        connection.execute("UPDATE frontier SET nodes = ?", (nodes,))
        connection.commit()
    assert faults(live.types("ledger", "verify")) == {"rewritten"}


def test_a_folder_that_is_no_bundle_is_named(tmp_path: Path):
    said = pilotage("ledger", "verify", str(tmp_path))
    assert said.code == 1
    assert "is no bundle" in said.err
    missing = pilotage("ledger", "verify", str(tmp_path), "--checkpoint", str(tmp_path / "old"))
    assert "older checkpoint cannot be read" in missing.err


def erased(acme: Acme, key: str, *words: str) -> Said:
    return acme.types("ledger", "erase", LEADS, key, *words, "--person", "ana")


def delivered_lead(acme: Acme) -> str:
    """Deliver a proposal and return whose it was."""
    one = acme.waiting()[0]
    acme.does("oversight", "approve", str(one["number"]), "--person", "ana")
    acme.does("run", "--as-of", NOW)
    return str(one["record"])


def test_after_an_erasure_no_file_of_the_record_holds_the_key(live: Acme):
    lead = delivered_lead(live)

    def held() -> list[str]:
        files = live.record.parent.glob("record.sqlite*")
        return [path.name for path in files if lead.encode() in path.read_bytes()]

    assert held()
    assert erased(live, lead).code == 0
    assert held() == []


def test_after_an_erasure_nothing_said_of_the_person_is_left(live: Acme):
    lead = delivered_lead(live)
    erased(live, lead)
    erased(live, str(live.waiting()[0]["record"]))
    units = {str(one["unit"]) for one in live.entries("erased")}
    with live.opened().record().reading() as connection:
        for statement in (
            "SELECT unit FROM decision WHERE reason IS NOT NULL",
            "SELECT unit FROM outbox WHERE record != '' OR value != '' OR state = 'waiting'",
            "SELECT subject FROM vault",
            "SELECT unit FROM oversight WHERE answer IS NULL",
        ):
            left = set(connection.exec_driver_sql(statement).scalars())
            assert left
            assert not left & units


def parked(acme: Acme) -> set[str]:
    with acme.opened().record().reading() as connection:
        return set(connection.exec_driver_sql("SELECT key FROM parked").scalars())


def test_a_refused_row_of_an_erased_person_does_not_come_back(live: Acme):
    lead, *others = sorted(parked(live))
    assert others
    assert erased(live, lead).code == 0
    assert parked(live) == set(others)
    live.does("run", "--as-of", NOW)
    assert parked(live) == set(others)


def test_an_erasure_leaves_the_root_and_every_figure_as_they_were(live: Acme, bundle: Path):
    lead = delivered_lead(live)
    assert erased(live, lead).code == 0
    assert "They continue" in live.does("ledger", "verify", "--checkpoint", str(bundle)).out
    with live.opened().record().reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM decision").scalar() == 112


def test_an_erased_person_is_not_enrolled_again(live: Acme):
    lead = delivered_lead(live)
    erased(live, lead)
    decided = len(live.entries("assignment"))
    live.does("run", "--as-of", NOW)
    assert len(live.entries("assignment")) == decided
    assert lead not in {one["record"] for one in live.waiting()}


def test_a_person_can_be_barred_before_they_are_seen(live: Acme):
    refused = erased(live, "ana@new.test")
    assert refused.code == 1
    assert "--unseen" in refused.err
    assert live.entries("erased") == []
    assert erased(live, "ana@new.test", "--unseen").code == 0
    with (live.folder / "leads.csv").open("a", encoding="utf-8") as leads:
        leads.write("ana@new.test,2026-10-16T00:00:00+00:00,mid\n")
        leads.write("bo@new.test,2026-10-16T00:00:00+00:00,mid\n")
    decided = len(live.entries("assignment"))
    live.does("run", on="2026-11-01")
    assert len(live.entries("assignment")) == decided + 1


def test_an_erasure_is_signed_and_says_what_is_not_ours_to_erase(live: Acme):
    lead = delivered_lead(live)
    said = erased(live, lead).out
    assert f"Not ours to erase: crm holds ai_priority, ai_reason of lead {lead}" in said
    (entry,) = live.entries("erased")
    assert lead not in str(entry)
    key = live.opened().signatories()["ana"].key
    assert is_signed(cast("dict[str, Fact]", entry), key=key)


def test_nobody_is_erased_while_a_pass_may_be_writing_to_the_tools(live: Acme):
    lead = delivered_lead(live)
    record = live.opened().record()
    with record.one_at_a_time():
        refused = erased(live, lead)
    assert refused.code == 1
    assert "another run is at work" in refused.err
    assert "run the same command again" in refused.err
    assert live.entries("erased") == []
    assert erased(live, lead).code == 0


def test_erasing_twice_notes_it_once(live: Acme):
    lead = delivered_lead(live)
    erased(live, lead)
    said = erased(live, lead, "--json").json
    assert said["rows"] == 0
    assert said["was_erased_before"] is True
    assert len(live.entries("erased")) == 1


def test_a_decision_is_replayed_by_key_and_by_number(live: Acme):
    lead = delivered_lead(live)
    by_key = live.does("ledger", "show", "--unit", lead).out
    kinds = ["assignment", "decision", "human-review", "delivery", "delivery"]
    shown = json.loads(live.does("ledger", "show", "--unit", lead, "--json").out)
    assert [one["kind"] for one in shown if one["kind"] in kinds] == kinds
    assert lead in by_key
    assert "the signature holds under ana+" in by_key
    assert live.does("ledger", "show", str(shown[0]["seq"])).out == by_key
    erased(live, lead)
    assert "(key erased)" in live.does("ledger", "show", "--unit", lead).out


def test_a_sign_off_is_shown_with_what_became_of_its_signature(live: Acme):
    entry = live.entries("sign-off")[0]
    assert "the signature holds" in live.does("ledger", "show", str(entry["seq"])).out
    (live.folder / "pilotage.yaml").write_text(
        (live.folder / "pilotage.yaml").read_text().replace("ana:", "amy:")
    )
    assert "not registered now" in live.does("ledger", "show", str(entry["seq"])).out


@pytest.mark.parametrize("words", [("99999",), ("--unit", "nobody"), (), ("1", "--unit", "x")])
def test_what_cannot_be_shown_is_refused_with_a_fix(live: Acme, words: tuple[str, ...]):
    said = live.types("ledger", "show", *words)
    assert said.code == 1
    assert "fix: " in said.err


def test_the_shell_sees_that_a_log_is_not_intact(bundle: Path):
    assert in_a_process("ledger", "verify", str(bundle)).code == 0
    cut(bundle)
    said = in_a_process("ledger", "verify", str(bundle), "--json")
    assert said.code == 1
    assert said.json["intact"] is False
    assert said.err == ""


def test_a_record_on_postgresql_is_signed_answered_exported_and_erased_alike(
    founded: Acme, postgres_url: str
):
    path = founded.folder / "pilotage.yaml"
    path.write_text(f"record: {postgres_url}\n" + path.read_text())
    bundle = str(founded.folder / "bundle")
    listed = founded.does_in_a_process(
        ("governance", "sign", LEADS, "all", "--evidence", founded.evidence, *ANA),
        ("run",),
        ("oversight", "list", "--limit", "1", "--json"),
    )
    (one,) = json.loads(listed.out[listed.out.index("{") :])["waiting"]
    said = founded.does_in_a_process(
        ("oversight", "approve", str(one["number"]), *ANA),
        ("run",),
        ("ledger", "export", bundle, "--proof", "12"),
        ("ledger", "erase", LEADS, one["record"], *ANA),
        ("ledger", "show", "--unit", one["record"]),
        ("ledger", "verify", "--checkpoint", bundle),
    )
    assert "Not ours to erase: crm holds" in said.out
    assert "(key erased)" in said.out
    assert "They continue the" in said.out
    assert pilotage("ledger", "verify", bundle).code == 0
