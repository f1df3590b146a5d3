"""A verified bundle is the log that was signed; whatever else it is, is named."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.domain.entry import Fact
from pilotage.domain.finding import Severity
from pilotage.governance.bundle import Bundle, verdict, verify
from pilotage.governance.canonical import canonical
from pilotage.governance.checkpoint import SigningKey
from pilotage.governance.fault import Fault, FaultError
from pilotage.governance.order import MAX_LISTED
from pilotage.governance.proof import Proof
from pilotage.governance.reading import BATCH
from tests.governance.exports import KEY, ORIGIN, Export, bodies, body, lines, note

N = 9
BODIES = bodies(N)
EXPORT = Export.of(BODIES)
THIEF = SigningKey.generate(ORIGIN, entropy=bytes(32))

WITH_AND_WITHOUT_LEAVES = pytest.mark.parametrize(
    "export", [EXPORT, EXPORT.without_leaves()], ids=["leaves", "no leaves"]
)


def flips(data: bytes) -> list[tuple[int, bytes]]:
    """Every byte, each of its bits flipped, with the place of the byte."""
    flipped: list[tuple[int, bytes]] = []
    for place in range(len(data)):
        for bit in range(8):
            bad = bytearray(data)
            bad[place] ^= 1 << bit
            flipped.append((place, bytes(bad)))
    return flipped


def line_of(data: bytes, place: int) -> int:
    return data[:place].count(b"\n") + 1


# What is intact


def test_a_log_that_was_not_touched_is_intact():
    verified = EXPORT.verified(key=KEY.verifying_key, older=note(BODIES[:4]))
    assert verified.is_intact
    assert verified.findings == ()
    assert verified.size == N
    assert verified.checkpoint is not None
    assert verified.root == verified.checkpoint.root
    assert verified.kinds == {"assignment": 4, "decision": 4, "export": 1}
    assert verified.first_recorded_at == "2026-11-23T12:00:00Z"
    assert verified.last_recorded_at == "2026-11-23T12:00:08Z"


@pytest.mark.parametrize("n", [1, BATCH - 1, BATCH, BATCH + 1, 2 * BATCH + 3])
def test_a_log_of_any_length_is_intact(n: int):
    entries = bodies(n)
    export = Export.of(entries)
    for size in {0, 1, n // 2, min(n, BATCH), n}:
        assert export.verified(older=note(entries[:size])).findings == ()


def test_an_empty_log_is_intact():
    bundle = Bundle(entries=[], leaves=[], checkpoint=note([]), key=KEY.verifying_key.vkey.encode())
    verified = verify(bundle, older=note([]))
    assert verified.is_intact
    assert (verified.size, verified.kinds, verified.first_recorded_at) == (0, {}, "")


def test_the_verdict_of_an_intact_log_says_what_was_compared_to_what():
    said = verdict(EXPORT.verified(key=KEY.verifying_key, older=note(BODIES[:4])))
    assert said.splitlines() == [
        "Intact: these are the 9 entries that acme.example/pilotage signed.",
        "  recorded 2026-11-23T12:00:00Z to 2026-11-23T12:00:08Z",
        "  assignment 4, decision 4, export 1",
        "  They continue the 4 of the older checkpoint.",
    ]
    alone = verdict(EXPORT.verified())
    assert "--checkpoint OLD" in alone
    assert "--key KEY" in alone


def test_the_verdict_of_a_damaged_log_says_what_to_do():
    said = verdict(EXPORT.with_entries([*BODIES[:3], *BODIES[4:]]).verified())
    assert said.splitlines()[:2] == [
        "NOT INTACT: 1 fault in 9 entries.".replace("9", "8"),
        "  entry-dropped: Left out before line 4: entry 3.",
    ]
    assert "    fix: export again: pilotage ledger export" in said


def test_every_finding_blocks_and_has_a_fix():
    (finding,) = EXPORT.with_entries(BODIES[:-1]).without_leaves().verified().findings[:1]
    assert finding.severity is Severity.BLOCKS
    assert finding.fix


# Every byte of every file


def test_no_flipped_bit_of_the_entries_goes_unseen_and_each_is_named():
    for place, bad in flips(EXPORT.entries):
        line = line_of(EXPORT.entries, place)
        found = replace(EXPORT, entries=bad).verified().findings
        assert found, (place, bad)
        said = " ".join(f.detail for f in found)
        assert f"line {line}" in said, (place, said)
        codes = {finding.code for finding in found}
        named = {Fault.ENTRY_CHANGED, Fault.ENTRY_MALFORMED}
        if EXPORT.entries[place : place + 1] == b"\n" and line == N - 1:
            named.add(Fault.TRUNCATED)  # the last two lines have become one
        assert codes <= named, (place, codes)


def test_no_flipped_byte_of_the_entries_goes_unseen_without_leaves():
    for place, bad in flips(EXPORT.entries)[::7]:  # one bit or two of every byte
        export = replace(EXPORT, entries=bad, leaves=None)
        assert set(export.faults()) <= {
            Fault.ENTRY_CHANGED,
            Fault.ENTRY_MALFORMED,
            Fault.ROOT_MISMATCH,
            Fault.TRUNCATED,
        }
        assert export.faults(), place


def test_no_flipped_bit_of_the_leaves_goes_unseen_and_each_is_named():
    assert EXPORT.leaves is not None
    for place, bad in flips(EXPORT.leaves):
        found = replace(EXPORT, leaves=bad).verified().findings
        assert {finding.code for finding in found} == {Fault.LEAVES_CHANGED}, place
        line = line_of(EXPORT.leaves, place)
        said = " ".join(finding.detail for finding in found)
        assert f"entry {line - 1} (line {line})" in said, (place, said)


def test_no_flipped_bit_of_the_checkpoint_goes_unseen():
    for place, bad in flips(EXPORT.checkpoint):
        (code,) = replace(EXPORT, checkpoint=bad).faults()
        assert code in {Fault.CHECKPOINT_MALFORMED, Fault.WRONG_KEY, Fault.BAD_SIGNATURE}, place


def test_no_flipped_bit_of_the_key_goes_unseen():
    for place, bad in flips(EXPORT.key):
        for key in (None, KEY.verifying_key):
            assert replace(EXPORT, key=bad).faults(key=key) == [Fault.KEY_MALFORMED], place


@pytest.mark.parametrize("path", EXPORT.files)
def test_no_flipped_bit_of_the_other_files_goes_unseen(path: str):
    for place, bad in flips(EXPORT.files[path]):
        (finding,) = replace(EXPORT, files={**EXPORT.files, path: bad}).verified().findings
        if path.startswith("proofs/"):
            assert finding.code in {
                Fault.PROOF_INVALID,
                Fault.CHECKPOINT_MALFORMED,
                Fault.WRONG_KEY,
                Fault.BAD_SIGNATURE,
            }, place
        else:
            assert finding.code == Fault.FILE_CHANGED
        assert path in finding.detail


def test_no_cut_of_the_entries_goes_unseen():
    for end in range(len(EXPORT.entries)):
        found = set(replace(EXPORT, entries=EXPORT.entries[:end]).faults())
        assert found
        assert found <= {Fault.TRUNCATED, Fault.ENTRY_MALFORMED}


# Entries dropped, swapped, doubled, cut off, added


@WITH_AND_WITHOUT_LEAVES
@pytest.mark.parametrize("entry", range(N - 1))
def test_an_entry_left_out_is_named(export: Export, entry: int):
    damaged = export.with_entries([*BODIES[:entry], *BODIES[entry + 1 :]])
    assert damaged.details() == [f"Left out before line {entry + 1}: entry {entry}."]


@WITH_AND_WITHOUT_LEAVES
def test_entries_left_out_together_are_named_together(export: Export):
    damaged = export.with_entries([*BODIES[:2], *BODIES[5:7], BODIES[8]])
    assert damaged.details() == [
        "Left out before line 3: entries 2 to 4.",
        "Left out before line 5: entry 7.",
    ]


@WITH_AND_WITHOUT_LEAVES
@pytest.mark.parametrize("first", range(N - 1))
def test_a_truncated_log_is_named(export: Export, first: int):
    damaged = export.with_entries(BODIES[:first])
    lost = f"entry {first}" if first == N - 1 else f"entries {first} to {N - 1}"
    assert damaged.faults()[-1] == Fault.TRUNCATED
    assert f"Cut off at the end: {lost}, of 9 signed." in damaged.details()


@WITH_AND_WITHOUT_LEAVES
@pytest.mark.parametrize(
    ("one", "other"), [(one, other) for other in range(N) for one in range(other)]
)
def test_swapped_entries_are_named(export: Export, one: int, other: int):
    swapped = list(BODIES)
    swapped[one], swapped[other] = swapped[other], swapped[one]
    damaged = export.with_entries(swapped)
    assert damaged.faults() == [Fault.ENTRY_MOVED]
    assert damaged.details() == [
        f"Moved to line {one + 1}: entry {other}."
        if other == one + 1
        else f"Swapped: entries {one} and {other} (lines {one + 1} and {other + 1})."
    ]


@WITH_AND_WITHOUT_LEAVES
@pytest.mark.parametrize("place", range(N))
@pytest.mark.parametrize("entry", range(N))
def test_an_entry_moved_elsewhere_is_named(export: Export, entry: int, place: int):
    moved = [*BODIES[:entry], *BODIES[entry + 1 :]]
    moved.insert(place, BODIES[entry])
    damaged = export.with_entries(moved)
    if place == entry:
        assert damaged.faults() == []
    else:
        assert damaged.faults() == [Fault.ENTRY_MOVED]
        assert f"entry {entry}" in damaged.details()[0] or abs(place - entry) == 1


@WITH_AND_WITHOUT_LEAVES
@pytest.mark.parametrize("place", range(N + 1))
@pytest.mark.parametrize("entry", range(N))
def test_a_doubled_entry_is_named(export: Export, entry: int, place: int):
    doubled = [*BODIES[:place], BODIES[entry], *BODIES[place:]]
    damaged = export.with_entries(doubled)
    assert damaged.faults() == [Fault.ENTRY_DUPLICATED]
    (said,) = damaged.details()
    assert said.endswith(f": entry {entry}.")


@WITH_AND_WITHOUT_LEAVES
def test_a_stretch_played_twice_is_named_as_one(export: Export):
    damaged = export.with_entries([*BODIES[:6], *BODIES[2:6], *BODIES[6:]])
    assert damaged.details() == ["A second time, from line 7: entries 2 to 5."]


@WITH_AND_WITHOUT_LEAVES
def test_an_entry_overwritten_by_another_is_named(export: Export):
    damaged = export.with_entries([*BODIES[:4], BODIES[1], *BODIES[5:]])
    assert damaged.details() == ["Changed: entry 4 (line 5) says that it is entry 1."]


@WITH_AND_WITHOUT_LEAVES
@pytest.mark.parametrize("n", [1, 3])
def test_entries_beyond_the_checkpoint_are_named(export: Export, n: int):
    more = [body(N + place) for place in range(n)]
    damaged = export.with_entries([*BODIES, *more])
    assert damaged.faults() == [Fault.BEYOND_CHECKPOINT]


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"{\n",
        b"[]\n",
        b"7\n",
        b"null\n",
        BODIES[3] + b" \n",
        BODIES[3] + b"\r\n",
        BODIES[3].replace(b":", b": ", 1) + b"\n",
        BODIES[3].replace(b'"0.90"', b"0.90") + b"\n",
        BODIES[3].replace(b'"seq":3', b'"seq":3.0') + b"\n",
        BODIES[3].replace(b'"seq":3', b'"seq":true') + b"\n",
        BODIES[3].replace(b'"seq":3', b'"seq":"3"') + b"\n",
        BODIES[3].replace(b'"kind"', b'"kine"') + b"\n",
        BODIES[3].replace(b'"as_of":"', b'"as_of":null,"b":"') + b"\n",
        b"\xff\n",
        b"[" * 5000 + b"]" * 5000 + b"\n",
        canonical({"seq": -1, "kind": "x", "as_of": "y", "recorded_at": "z"}) + b"\n",
    ],
)
@WITH_AND_WITHOUT_LEAVES
def test_a_line_that_is_no_entry_is_named(export: Export, line: bytes):
    damaged = replace(export, entries=lines(BODIES[:3]) + line + lines(BODIES[4:]))
    assert damaged.faults() == [Fault.ENTRY_MALFORMED]
    assert damaged.details()[0].startswith("No entry on line 4, where entry 3 should stand")


def test_joined_lines_are_named_with_all_that_should_stand_there():
    joined = EXPORT.entries.split(b"\n")
    joined[3:6] = [joined[3] + joined[4] + joined[5]]
    (said,) = replace(EXPORT, entries=b"\n".join(joined)).details()
    assert "on line 4, where entries 3 to 5 should stand" in said


def test_a_line_too_many_that_is_no_entry_is_named():
    damaged = replace(EXPORT, entries=lines([*BODIES[:3], b"what is this?", *BODIES[3:]]))
    assert damaged.faults() == [Fault.ENTRY_MALFORMED]
    assert damaged.details()[0].startswith("No entry on line 4: an entry is one line")


@pytest.mark.parametrize("entry", [0, BATCH - 1, BATCH, 2 * BATCH - 1])
def test_faults_at_the_seams_of_batches_are_named(entry: int):
    entries = bodies(2 * BATCH + 1)
    export = Export.of(entries)
    dropped = export.with_entries([*entries[:entry], *entries[entry + 1 :]])
    assert dropped.details() == [f"Left out before line {entry + 1}: entry {entry}."]
    doubled = export.with_entries([*entries[: entry + 1], *entries[entry:]])
    assert doubled.faults() == [Fault.ENTRY_DUPLICATED]
    other = entries[entry].replace(b"0.90", b"0.91")
    changed = export.with_entries([*entries[:entry], other, *entries[entry + 1 :]])
    assert changed.details() == [f"Changed: entry {entry} (line {entry + 1})."]


# What a checkpoint held elsewhere shows


def test_a_log_written_anew_and_signed_is_shown_by_an_older_checkpoint():
    rewritten = Export.of(bodies(N, confidence="0.99"))
    assert rewritten.faults() == []
    for size in range(1, N + 1):
        assert rewritten.faults(older=note(BODIES[:size])) == [Fault.REWRITTEN]


def test_one_entry_changed_long_ago_and_all_signed_again_is_shown():
    changed = [*BODIES[:2], body(2, confidence="0.99"), *BODIES[3:]]
    rewritten = Export.of(changed)
    assert rewritten.faults(older=note(BODIES[:2])) == []
    assert rewritten.faults(older=note(BODIES[:3])) == [Fault.REWRITTEN]


def test_a_restored_older_backup_is_shown():
    restored = Export.of(bodies(6))
    assert restored.faults() == []
    assert restored.faults(older=note(BODIES)) == [Fault.ROLLED_BACK]


def test_a_changed_entry_is_not_called_a_rewrite():
    damaged = EXPORT.with_entries([*BODIES[:2], body(2, confidence="0.99"), *BODIES[3:]])
    for export in (damaged, damaged.without_leaves()):
        assert Fault.REWRITTEN not in export.faults(older=note(BODIES[:4]))


def test_a_changed_entry_does_not_hide_a_rewrite():
    rewritten = bodies(N, confidence="0.99")
    damaged = Export.of(rewritten).with_entries([*rewritten[:5], BODIES[5], *rewritten[6:]])
    assert damaged.faults(older=note(BODIES[:4])) == [Fault.ENTRY_CHANGED, Fault.REWRITTEN]
    bare = damaged.without_leaves()
    assert bare.faults(older=note(BODIES)) == [Fault.REWRITTEN, Fault.ROOT_MISMATCH]


def test_a_checkpoint_of_another_log_is_named():
    other = note(BODIES, origin="other.example/log")
    assert EXPORT.faults(older=other) == [Fault.OTHER_LOG]


def test_an_older_checkpoint_that_does_not_open_is_named():
    assert EXPORT.faults(older=note(BODIES, key=THIEF)) == [Fault.WRONG_KEY]
    assert EXPORT.faults(older=b"") == [Fault.CHECKPOINT_MALFORMED]
    assert EXPORT.verified(older=b"").findings[0].detail.startswith("the older checkpoint: ")


# Who signed


def test_a_log_signed_by_a_thief_is_shown_by_the_key_one_holds():
    stolen = Export.of(bodies(N, confidence="0.99"), key=THIEF)
    assert stolen.faults() == []
    assert stolen.faults(key=KEY.verifying_key) == [Fault.WRONG_KEY]


def test_a_key_exchanged_in_the_bundle_is_shown():
    exchanged = replace(EXPORT, key=THIEF.verifying_key.vkey.encode())
    assert exchanged.faults() == [Fault.WRONG_KEY]
    assert exchanged.faults(key=KEY.verifying_key) == [Fault.WRONG_KEY]


def test_without_a_good_checkpoint_entries_and_leaves_are_held_against_each_other():
    lost = replace(EXPORT, checkpoint=b"")
    assert lost.faults() == [Fault.CHECKPOINT_MALFORMED]
    damaged = lost.with_entries([*BODIES[:2], body(2, confidence="0.99"), *BODIES[3:]])
    assert damaged.faults() == [Fault.CHECKPOINT_MALFORMED, Fault.ROOT_MISMATCH]
    assert "entry 2 (line 3)" in damaged.details()[1]


def test_without_a_good_checkpoint_the_older_one_still_says_what_was():
    lost = replace(EXPORT, checkpoint=b"")
    assert lost.faults(older=note(BODIES[:4])) == [Fault.CHECKPOINT_MALFORMED]
    assert lost.with_entries(BODIES[:3]).faults(older=note(BODIES[:4])) == [
        Fault.CHECKPOINT_MALFORMED,
        Fault.TRUNCATED,
    ]
    rewritten = lost.with_entries(bodies(N, confidence="0.99"))
    assert Fault.REWRITTEN in rewritten.faults(older=note(BODIES[:4]))


# Leaves and files


def test_entries_and_leaves_changed_alike_give_no_signed_root():
    other = Export.of([*BODIES[:2], body(2, confidence="0.99"), *BODIES[3:]])
    damaged = replace(other, checkpoint=EXPORT.checkpoint)
    assert damaged.faults() == [Fault.ROOT_MISMATCH]
    assert "agree with each other" in damaged.details()[0]


def test_entries_and_leaves_changed_differently_are_told_apart_from_the_signed_root():
    other = Export.of([*BODIES[:2], body(2, confidence="0.99"), *BODIES[3:]])
    damaged = replace(other.with_entries([*BODIES[:5], body(5, x=1), *BODIES[6:]]))
    damaged = replace(damaged, checkpoint=EXPORT.checkpoint)
    assert damaged.faults() == [Fault.ROOT_MISMATCH]
    assert "entry 2 (line 3), entry 5 (line 6)" in damaged.details()[0]


def test_without_leaves_a_changed_entry_cannot_be_named():
    damaged = EXPORT.with_entries([*BODIES[:2], body(2, confidence="0.99"), *BODIES[3:]])
    assert damaged.details() == ["Changed: entry 2 (line 3)."]
    assert damaged.without_leaves().faults() == [Fault.ROOT_MISMATCH]


@pytest.mark.parametrize("n", [0, 3, N - 1, N + 1])
def test_leaves_cut_or_added_are_named(n: int):
    leaves = Export.of(bodies(N + 1)).leaves
    assert leaves is not None
    assert EXPORT.leaves is not None
    kept = leaves if n > N else EXPORT.leaves[: n * 65]
    damaged = replace(EXPORT, leaves=kept)
    assert damaged.faults() == [Fault.LEAVES_CHANGED]
    assert f"leaves.txt has {n} lines; the checkpoint signs 9." in damaged.details()


@pytest.mark.parametrize("line", [b"", b"00", b"zz" * 32, b"00" * 64, b"\xff", b" " * 64])
def test_a_line_of_leaves_that_is_no_hash_is_named(line: bytes):
    assert EXPORT.leaves is not None
    leaves = EXPORT.leaves.split(b"\n")
    leaves[4] = line
    damaged = replace(EXPORT, leaves=b"\n".join(leaves))
    assert damaged.faults() == [Fault.LEAVES_CHANGED]
    assert "entry 4 (line 5)" in damaged.details()[0]


def test_a_file_taken_out_or_put_in_is_named():
    files = dict(EXPORT.files)
    spec = files.pop("specs/inbound.yaml")
    damaged = replace(EXPORT, files={**files, "specs/outbound.yaml": spec})
    assert damaged.faults() == [Fault.FILE_MISSING, Fault.FILE_UNKNOWN]


def test_files_without_an_export_entry_are_unknown():
    entries = [body(seq) for seq in range(3)]
    assert Export.of(entries).faults() == [Fault.FILE_UNKNOWN]


def test_files_that_were_not_read_are_not_missed():
    bundle = Bundle(
        entries=lines(BODIES).splitlines(keepends=True),
        checkpoint=EXPORT.checkpoint,
        key=EXPORT.key,
    )
    assert verify(bundle).is_intact


def test_an_export_entry_without_a_list_of_files_lists_none():
    odd: list[Fact] = ["nothing", 7, ["a"]]
    for files in odd:
        entries = [body(0), body(1, kind="export", files=files)]
        export = replace(Export.of(entries), files={})
        assert export.faults() == []


def test_a_proof_of_another_entry_is_invalid():
    proof = Proof.parse(EXPORT.files["proofs/one.json"])
    assert proof.check(key=KEY.verifying_key).size == N
    for other in (
        replace(proof, seq=proof.seq + 1),
        replace(proof, entry=BODIES[0]),
        replace(proof, hashes=proof.hashes[:-1]),
    ):
        with pytest.raises(FaultError) as refused:
            other.check(key=KEY.verifying_key)
        assert refused.value.fault is Fault.PROOF_INVALID
    with pytest.raises(FaultError) as refused:
        proof.check(key=THIEF.verifying_key)
    assert refused.value.fault is Fault.WRONG_KEY


def test_a_proof_of_an_entry_that_does_not_number_itself_is_invalid():
    for entry in (b"no json", b"[]", b"{}"):
        proof = Proof(entry=entry, seq=0, hashes=(), note=note([entry]).decode())
        with pytest.raises(FaultError) as refused:
            proof.check(key=KEY.verifying_key)
        assert refused.value.fault is Fault.PROOF_INVALID


# Whatever comes


def test_a_log_altered_throughout_gets_a_short_list():
    n = 3 * MAX_LISTED
    entries = bodies(n)
    export = Export.of(entries)
    for altered in (
        bodies(n, confidence="0.99"),
        entries[::-1],
        entries[::3],
        [entry for entry in entries for _ in range(2)],
        [b"?"] * n,
    ):
        found = export.with_entries(altered).verified().findings
        assert found
        assert len(found) <= 2 * MAX_LISTED + 5


@given(st.lists(st.integers(0, N - 1), max_size=2 * N))
def test_any_other_order_is_seen(order: Sequence[int]):
    chosen = [BODIES[place] for place in order]
    for export in (EXPORT, EXPORT.without_leaves()):
        assert export.with_entries(chosen).verified().is_intact == (chosen == BODIES)


@given(st.data())
def test_several_changed_bytes_are_seen(data: st.DataObject):
    raw = bytearray(EXPORT.entries)
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place : place + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    damaged = bytes(raw)
    for leaves in (EXPORT.leaves, None):
        export = replace(EXPORT, entries=damaged, leaves=leaves)
        assert export.verified().is_intact == (damaged == EXPORT.entries)


@given(st.binary(), st.binary(), st.binary(), st.binary(), st.none() | st.binary())
def test_nothing_that_a_bundle_can_hold_raises(
    entries: bytes, leaves: bytes, checkpoint: bytes, proof: bytes, older: bytes | None
):
    for key in (EXPORT.key, proof):
        export = Export(
            entries=entries,
            leaves=leaves,
            checkpoint=checkpoint,
            key=key,
            files={"proofs/1.json": proof},
        )
        verified = export.verified(older=older)
        assert not verified.is_intact
        assert verdict(verified).startswith("NOT INTACT")


@given(st.lists(st.integers(0, 10) | st.integers(0, 2**64 - 1), max_size=6))
def test_numbers_beyond_all_measure_do_no_harm(numbers: list[int]):
    entries = [body(number) for number in numbers]
    for export in (EXPORT, replace(EXPORT, checkpoint=b"")):
        assert not export.with_entries(entries).verified().is_intact
