"""Checkpoints: a log's size and root, signed, as C2SP signed-note and tlog-checkpoint write them.

    acme.example/pilotage                            origin
    1204                                             size
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=     root

    — acme.example/pilotage 4DjA3h...                name, base64(key hash || Ed25519 signature)

Go's `sumdb/note` opens them, openssl checks the signature.
"""

import base64
import binascii
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from pilotage.domain.errors import LedgerError
from pilotage.governance.fault import Fault, FaultError
from pilotage.governance.tree import HASH_BYTES

ED25519 = b"\x01"
"""How C2SP marks keys and signatures of this kind."""
KEY_BYTES = 32
KEY_HASH_BYTES = 4
MAX_SIGNATURES = 100
"""As many as Go's reader takes; more is an attempt to keep us busy."""
MAX_SIZE_DIGITS = 18
"""Sizes fit into 63 bits, as Go holds them."""
SIGNATURE_MARK = "— "


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyingKey:
    """The public key of a log.

    Args:
        name: the key's name, such as `acme.example/pilotage`; no spaces, no plus.
        public: 32 bytes.

    >>> key = SigningKey.generate("acme.example/log", entropy=bytes(32)).verifying_key
    >>> key.vkey
    'acme.example/log+bd6f8855+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop'
    >>> VerifyingKey.parse(key.vkey) == key
    True
    """

    name: str
    public: bytes

    def __post_init__(self) -> None:
        """Refuse what no note can name or no signature fit."""
        _check_key(self.name, self.public)

    @property
    def key_hash(self) -> bytes:
        """The 4 bytes by which a signature says which key it is of."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:KEY_HASH_BYTES]

    @property
    def vkey(self) -> str:
        """The key as text: NAME+HASH+BASE64."""
        return f"{self.name}+{self.key_hash.hex()}+{_base64(ED25519 + self.public)}"

    @classmethod
    def parse(cls, vkey: str) -> Self:
        """Read a key as `vkey` writes it, with or without one newline at its end.

        Raises:
            FaultError: KEY_MALFORMED.
        """
        text = vkey.removesuffix("\n")
        name, _, rest = text.partition("+")
        _, _, encoded = rest.partition("+")
        raw = _bytes(encoded)
        key = cls(name=name, public=raw[1:] if raw[:1] == ED25519 else b"")
        if key.vkey != text:
            raise FaultError(Fault.KEY_MALFORMED, f"The hash of key {name!r} does not fit the key.")
        return key

    def verifies(self, signature: bytes, *, message: bytes) -> bool:
        """Tell whether this key signed the message."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """The private key of a log; kept outside its database.

    Args:
        name: as in the public key.
        seed: 32 secret bytes; never printed.

    >>> key = SigningKey.generate("acme.example/log", entropy=bytes(32))
    >>> key
    SigningKey(name='acme.example/log')
    >>> SigningKey.parse(key.skey) == key
    True
    """

    name: str
    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse what no note can name or no signature be made with."""
        _check_key(self.name, self.seed)

    @classmethod
    def generate(cls, name: str, *, entropy: bytes) -> Self:
        """Make a key from 32 random bytes that the caller drew."""
        return cls(name=name, seed=entropy)

    @property
    def verifying_key(self) -> VerifyingKey:
        """The public key that goes with it."""
        public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()
        return VerifyingKey(name=self.name, public=public)

    @property
    def skey(self) -> str:
        """The key as text: PRIVATE+KEY+NAME+HASH+BASE64. Secret."""
        key_hash = self.verifying_key.key_hash.hex()
        return f"PRIVATE+KEY+{self.name}+{key_hash}+{_base64(ED25519 + self.seed)}"

    @classmethod
    def parse(cls, skey: str) -> Self:
        """Read a key as `skey` writes it, with or without one newline at its end.

        Raises:
            FaultError: KEY_MALFORMED; its words never hold the key.
        """
        text = skey.removesuffix("\n")
        name, _, rest = text.removeprefix("PRIVATE+KEY+").partition("+")
        _, _, encoded = rest.partition("+")
        raw = _bytes(encoded)
        if not text.startswith("PRIVATE+KEY+") or raw[:1] != ED25519:
            raise FaultError(Fault.KEY_MALFORMED, "This is no private key of a log.")
        key = cls(name=name, seed=raw[1:])
        if key.skey != text:
            raise FaultError(Fault.KEY_MALFORMED, f"The hash of key {name!r} does not fit the key.")
        return key

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature; the same message has the same one."""
        return Ed25519PrivateKey.from_private_bytes(self.seed).sign(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What a log was at one moment.

    Args:
        origin: which log, such as `acme.example/pilotage`.
        size: entries.
        root: of the Merkle tree over them, 32 bytes.

    >>> key = SigningKey.generate("acme.example/log", entropy=bytes(32))
    >>> note = Checkpoint(origin="acme.example/log", size=2, root=bytes(32)).sign(key)
    >>> note.splitlines()[:3]
    ['acme.example/log', '2', 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=']
    >>> note.splitlines()[4][:26]
    '— acme.example/log vW+IVc6'
    >>> Checkpoint.open(note, key=key.verifying_key).size
    2
    """

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        """Refuse what a note cannot hold."""
        if (
            not self.origin
            or not _is_clean(self.origin)
            or "\n" in self.origin
            or not 0 <= self.size < 10**MAX_SIZE_DIGITS
            or len(self.root) != HASH_BYTES
        ):
            raise LedgerError(
                f"No checkpoint has origin {self.origin!r}, size {self.size} and a root of "
                f"{len(self.root)} bytes.",
                fix=f"give one line as origin, a size of 0 or more, and {HASH_BYTES} bytes",
            )

    @property
    def text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\n"

    def sign(self, key: SigningKey) -> str:
        """Return the signed note."""
        signature = key.verifying_key.key_hash + key.sign(self.text.encode())
        return f"{self.text}\n{SIGNATURE_MARK}{key.name} {_base64(signature)}\n"

    @classmethod
    def open(cls, note: str, *, key: VerifyingKey) -> Self:
        """Read a signed note, once its signature is found to be good.

        Signatures by other keys (witnesses, an older key) are passed over, as C2SP asks.

        Raises:
            FaultError: CHECKPOINT_MALFORMED, WRONG_KEY or BAD_SIGNATURE.
        """
        text, blank, tail = note.rpartition("\n\n")
        if not blank or not tail.endswith("\n") or not _is_clean(note):
            raise _malformed("it is no signed note: text, a blank line, signatures")
        text += "\n"
        signatures = [_signature(line) for line in tail.removesuffix("\n").split("\n")]
        if len(signatures) > MAX_SIGNATURES:
            raise _malformed(f"it has {len(signatures)} signatures, over {MAX_SIGNATURES}")
        checkpoint = cls._parse(text)
        mine = [raw for name, raw in signatures if (name, raw[:4]) == (key.name, key.key_hash)]
        if not mine:
            names = ", ".join(f"{name}+{raw[:4].hex()}" for name, raw in signatures)
            raise FaultError(
                Fault.WRONG_KEY,
                f"The checkpoint is signed by {names}, not by {key.name}+{key.key_hash.hex()}.",
            )
        if not all(key.verifies(raw[4:], message=text.encode()) for raw in mine):
            raise FaultError(
                Fault.BAD_SIGNATURE,
                f"The checkpoint's signature by {key.name}+{key.key_hash.hex()} does not fit it.",
            )
        return checkpoint

    @classmethod
    def _parse(cls, text: str) -> Self:
        origin, *rest = text.removesuffix("\n").split("\n")
        if len(rest) < 2 or not origin or not all(rest):  # noqa: PLR2004 - size and root
            raise _malformed("it needs three lines: origin, size, root")
        size, root = rest[0], _bytes(rest[1])
        digits = size.isascii() and size.isdigit() and len(size) <= MAX_SIZE_DIGITS
        if not digits or str(int(size)) != size:
            raise _malformed(f"its size {size!r} is no number of entries")
        if len(root) != HASH_BYTES:
            raise _malformed(f"its root {rest[1]!r} is not the base64 of {HASH_BYTES} bytes")
        return cls(origin=origin, size=int(size), root=root)


def _signature(line: str) -> tuple[str, bytes]:
    """Return the name and the bytes of one signature line."""
    name, _, encoded = line.removeprefix(SIGNATURE_MARK).partition(" ")
    raw = _bytes(encoded)
    if not line.startswith(SIGNATURE_MARK) or not _is_name(name) or len(raw) <= KEY_HASH_BYTES:
        raise _malformed(f"{line!r} is no signature line: `{SIGNATURE_MARK}NAME BASE64`")
    return name, raw


def _malformed(why: str) -> FaultError:
    return FaultError(Fault.CHECKPOINT_MALFORMED, f"The checkpoint cannot be read: {why}.")


def _check_key(name: str, key: bytes) -> None:
    if not _is_name(name) or len(key) != KEY_BYTES:
        raise FaultError(
            Fault.KEY_MALFORMED,
            f"The key named {name!r} holds {len(key)} bytes; a key has a name without spaces "
            f"or plus, and {KEY_BYTES} bytes.",
        )


def _is_name(name: str) -> bool:
    return bool(name) and _is_clean(name) and "+" not in name and not any(map(str.isspace, name))


def _is_clean(text: str) -> bool:
    """Tell whether a note may hold the text: UTF-8, no control character but the newline."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return all(character >= " " or character == "\n" for character in text)


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _bytes(encoded: str) -> bytes:
    """Return what base64 text holds, or nothing where it is not the one way to write it.

    Lenient readers ignore the unused bits of the last character; a flipped one would go unseen.
    """
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return raw if _base64(raw) == encoded else b""
