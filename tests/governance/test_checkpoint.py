"""Checkpoints: signed notes as C2SP and Go's `sumdb/note` write them."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.domain.errors import LedgerError
from pilotage.governance.checkpoint import Checkpoint, SigningKey, VerifyingKey
from pilotage.governance.fault import FIXES, Fault, FaultError

# The key and the note of Go's golang.org/x/mod/sumdb/note, from its documentation.
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_SKEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
GO_SIGNATURE = (
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
)

ORIGIN = "acme.example/pilotage"
KEY = SigningKey.generate(ORIGIN, entropy=bytes(range(32)))
OTHER = SigningKey.generate(ORIGIN, entropy=bytes(32))
CHECKPOINT = Checkpoint(origin=ORIGIN, size=1204, root=bytes(range(32)))
NOTE = CHECKPOINT.sign(KEY)
TEXT, SIGNATURE_LINE = NOTE.split("\n\n")


def opened(note: str) -> Fault | None:
    """The fault of a note, or None for a good one."""
    try:
        Checkpoint.open(note, key=KEY.verifying_key)
    except FaultError as error:
        return error.fault
    return None


def signed(text: str) -> str:
    """Any text, truly signed."""
    signature = KEY.verifying_key.key_hash + KEY.sign(text.encode())
    return f"{text}\n— {KEY.name} {base64.b64encode(signature).decode()}\n"


def test_the_keys_of_go_are_read_and_written():
    assert VerifyingKey.parse(GO_VKEY).vkey == GO_VKEY
    assert SigningKey.parse(GO_SKEY).skey == GO_SKEY
    assert SigningKey.parse(GO_SKEY).verifying_key.vkey == GO_VKEY


def test_the_signature_of_go_is_ours():
    key = SigningKey.parse(GO_SKEY)
    signature = key.verifying_key.key_hash + key.sign(GO_TEXT.encode())
    assert base64.b64encode(signature).decode() == GO_SIGNATURE
    assert key.verifying_key.verifies(signature[4:], message=GO_TEXT.encode())
    assert not key.verifying_key.verifies(signature[4:], message=b"another text")


@given(st.integers(0, 10**17), st.binary(min_size=32, max_size=32))
def test_what_is_signed_is_what_is_opened(size: int, root: bytes):
    checkpoint = Checkpoint(origin=ORIGIN, size=size, root=root)
    assert Checkpoint.open(checkpoint.sign(KEY), key=KEY.verifying_key) == checkpoint


def test_a_note_is_three_lines_a_blank_one_and_a_signature():
    lines = NOTE.split("\n")
    assert lines[:4] == [ORIGIN, "1204", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", ""]
    assert lines[4].startswith(f"— {ORIGIN} ")
    assert lines[5:] == [""]


def test_no_flipped_bit_opens():
    raw = NOTE.encode()
    for place in range(len(raw)):
        for bit in range(8):
            bad = bytearray(raw)
            bad[place] ^= 1 << bit
            fault = opened(bad.decode(errors="surrogateescape"))
            assert fault in {Fault.CHECKPOINT_MALFORMED, Fault.WRONG_KEY, Fault.BAD_SIGNATURE}


def test_no_cut_note_opens():
    assert {opened(NOTE[:end]) for end in range(len(NOTE))} <= {
        Fault.CHECKPOINT_MALFORMED,
        Fault.WRONG_KEY,
    }


def test_a_note_signed_with_another_key_names_both():
    with pytest.raises(FaultError, match="is signed by") as refused:
        Checkpoint.open(NOTE, key=OTHER.verifying_key)
    assert refused.value.fault is Fault.WRONG_KEY
    assert refused.value.fix == refused.value.finding.fix == FIXES[Fault.WRONG_KEY]
    assert KEY.verifying_key.key_hash.hex() in refused.value.message
    assert OTHER.verifying_key.key_hash.hex() in refused.value.message


def test_a_signature_over_another_text_is_bad():
    longer = Checkpoint(origin=ORIGIN, size=1205, root=CHECKPOINT.root).text
    assert opened(f"{longer}\n{SIGNATURE_LINE}") is Fault.BAD_SIGNATURE


def test_signatures_of_witnesses_are_passed_over():
    witness = CHECKPOINT.sign(SigningKey.generate("witness.example/w", entropy=bytes(32)))
    line = witness.split("\n\n")[1]
    assert opened(NOTE + line) is None
    assert opened(f"{TEXT}\n\n{line}{SIGNATURE_LINE}") is None
    assert opened(NOTE + line * 99) is None
    assert opened(NOTE + line * 100) is Fault.CHECKPOINT_MALFORMED


def test_a_second_bad_signature_of_the_same_key_spoils_the_note():
    bad = CHECKPOINT.sign(KEY).replace(SIGNATURE_LINE, "")
    forged = KEY.verifying_key.key_hash + bytes(64)
    line = f"— {KEY.name} {base64.b64encode(forged).decode()}\n"
    assert opened(bad + SIGNATURE_LINE + line) is Fault.BAD_SIGNATURE


def test_extension_lines_are_allowed_when_they_are_signed():
    assert opened(signed(f"{CHECKPOINT.text}extension\n")) is None


@pytest.mark.parametrize(
    "text",
    [
        f"{ORIGIN}\n1204\n",
        f"{ORIGIN}\n01204\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        f"{ORIGIN}\n-1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        f"{ORIGIN}\n\u0661\u0662\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        f"{ORIGIN}\n{'9' * 5000}\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        f"{ORIGIN}\n1204\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=\n",
        f"{ORIGIN}\n1204\nAAEC\n",
        "\n1204\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        f"{ORIGIN}\n1204\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n\n",
        f"{ORIGIN}\r\n1204\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        GO_TEXT,
    ],
)
def test_a_signed_text_that_is_no_checkpoint_is_malformed(text: str):
    assert opened(signed(text)) is Fault.CHECKPOINT_MALFORMED


@given(st.text())
def test_any_other_text_is_malformed(note: str):
    assert opened(note) is Fault.CHECKPOINT_MALFORMED


@pytest.mark.parametrize(
    ("origin", "size", "root"),
    [
        ("", 1, bytes(32)),
        ("two\nlines", 1, bytes(32)),
        ("a\ttab", 1, bytes(32)),
        ("a lone surrogate \ud800", 1, bytes(32)),
        (ORIGIN, -1, bytes(32)),
        (ORIGIN, 10**18, bytes(32)),
        (ORIGIN, 1, bytes(31)),
    ],
)
def test_a_checkpoint_that_no_note_can_hold_is_refused(origin: str, size: int, root: bytes):
    with pytest.raises(LedgerError, match="No checkpoint has"):
        Checkpoint(origin=origin, size=size, root=root)


def test_a_key_may_end_in_one_newline():
    vkey, skey = KEY.verifying_key.vkey, KEY.skey
    assert VerifyingKey.parse(f"{vkey}\n") == KEY.verifying_key
    assert SigningKey.parse(f"{skey}\n") == KEY
    for parse, text in ((VerifyingKey.parse, vkey), (SigningKey.parse, skey)):
        with pytest.raises(FaultError, match="key"):
            parse(f"{text}\n\n")


@pytest.mark.parametrize("kind", [VerifyingKey, SigningKey])
def test_no_flipped_bit_of_a_key_is_read(kind: type[VerifyingKey | SigningKey]):
    text = KEY.verifying_key.vkey if kind is VerifyingKey else KEY.skey
    raw = text.encode()
    for place in range(len(raw)):
        for bit in range(8):
            bad = bytearray(raw)
            bad[place] ^= 1 << bit
            with pytest.raises(FaultError) as refused:
                kind.parse(bad.decode(errors="surrogateescape"))
            assert refused.value.fault is Fault.KEY_MALFORMED


@pytest.mark.parametrize("name", ["", "two words", "a+b", "no\u2003break", "tab\t", "\ud800"])
def test_a_key_with_a_name_that_no_note_can_hold_is_refused(name: str):
    with pytest.raises(FaultError) as refused:
        SigningKey.generate(name, entropy=bytes(32))
    assert refused.value.fault is Fault.KEY_MALFORMED


@pytest.mark.parametrize("n_bytes", [0, 31, 33])
def test_a_key_needs_32_bytes(n_bytes: int):
    with pytest.raises(FaultError, match="32 bytes"):
        SigningKey.generate(ORIGIN, entropy=bytes(n_bytes))


def test_a_private_key_shows_in_no_message():
    secret = KEY.skey.split("+", 4)[4]
    assert secret not in repr(KEY)
    assert KEY.seed.hex() not in repr(KEY)
    for skey in (KEY.skey[:-1], KEY.skey.replace("PRIVATE", "PUBLIC"), KEY.skey + "A"):
        with pytest.raises(FaultError) as refused:
            SigningKey.parse(skey)
        assert secret[:-1] not in str(refused.value)


def test_every_fault_has_a_fix():
    assert set(FIXES) == set(Fault)
    assert all(FIXES.values())
