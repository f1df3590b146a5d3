"""The vault: personal payloads can be read until the person is erased, and never after."""

from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import select

from pilotage.governance.tree import Tree, leaf_hashes
from pilotage.store import decisions, vault
from pilotage.store.erasure import scrub
from pilotage.store.record import Record
from pilotage.store.tables import vault as vault_rows
from tests.store.examples import USE_CASE, bodies, decide, decision, everything, kept_frontier


def keys(n: int) -> list[str]:
    return [f"ann.{i}@example.com" for i in range(n)]


def sealed(record: Record, n: int) -> dict[str, str]:
    """Seal payloads; return the commitment of each subject."""
    names = record.pseudonyms(keys(n), kind="lead")
    with record.transaction() as work:
        made = vault.seal(work, subjects=names, payloads=[key.encode() for key in keys(n)])
    return dict(zip(names, made, strict=True))


def test_what_was_sealed_is_read_back(record: Record):
    names = list(sealed(record, 5))
    with record.reading() as connection:
        assert vault.unseal(connection, [*names, "nobody"]) == {
            name: key.encode() for name, key in zip(names, keys(5), strict=True)
        }


def test_a_commitment_is_the_hash_of_salt_and_payload(record: Record):
    made = sealed(record, 3)
    with record.reading() as connection:
        salts = {row.subject: row.salt for row in connection.execute(select(vault_rows))}
    for (name, commitment), key in zip(made.items(), keys(3), strict=True):
        assert commitment == sha256(salts[name] + key.encode()).hexdigest()
    assert len(set(salts.values())) == 3


def test_a_payload_is_not_in_clear_in_its_row(record: Record):
    sealed(record, 3)
    with record.reading() as connection:
        stored = b"".join(
            part
            for row in connection.execute(select(vault_rows))
            for part in (row.salt, row.key, row.sealed)
        )
    assert b"example.com" not in stored


def test_erased_is_gone_for_good_and_the_root_stays(record: Record):
    decide(record, [decision(record, key) for key in keys(4)])
    names = record.pseudonyms(keys(4), kind="lead")
    with record.reading() as connection:
        root, log = kept_frontier(connection).root(), bodies(connection)
    with record.transaction() as work:
        assert vault.erase(work, names[1])
    with record.reading() as connection:
        assert vault.unseal(connection, names).keys() == {names[0], names[2], names[3]}
        assert vault.commitment(connection, names[1], keys(4)[1].encode()) == ""
        assert kept_frontier(connection).root() == root == Tree.of(leaf_hashes(log)).root()
        assert bodies(connection) == log
    assert not any(keys(4)[1] in str(row) for row in everything(record)["vault"])


def test_erasing_twice_or_somebody_unknown_is_no_error_and_bars_them(record: Record):
    [unknown] = record.pseudonyms(["unknown@example.com"], kind="lead")
    with record.transaction() as work:
        assert not vault.erase(work, unknown)
        assert not vault.erase(work, unknown)
    with record.reading() as connection:
        assert vault.suppressed(connection, [unknown, "other"]) == {unknown}
        known = decisions.earlier(connection, [unknown], use_case=USE_CASE)
    assert known[unknown].erased
    assert known[unknown].arm is None


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_no_byte_of_an_erased_person_is_left_in_the_file(record: Record, tmp_path: Path):
    decide(record, [decision(record, key) for key in keys(200)])
    gone, kept = record.pseudonyms(keys(2), kind="lead")
    with record.reading() as connection:
        row = connection.execute(select(vault_rows).where(vault_rows.c.subject == gone)).one()
        stays = connection.execute(select(vault_rows).where(vault_rows.c.subject == kept)).one()
    with record.transaction() as work:
        vault.erase(work, gone)
    assert scrub(record)
    files = b"".join(path.read_bytes() for path in (tmp_path / ".pilotage").glob("record.sqlite*"))
    assert row.key not in files
    assert row.salt not in files
    assert row.sealed not in files
    assert stays.key in files
