"""What a person signs: the entry itself, as the ledger holds it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pilotage.domain.entry import Fact
from pilotage.governance.canonical import canonical
from pilotage.governance.checkpoint import SigningKey, VerifyingKey

UNSIGNED = frozenset({"recorded_at", "seq", "signature"})
"""What the ledger adds after a person has signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A person with the private key that they sign with.

    Args:
        roles: those that the programme gives them.
    """

    name: str
    roles: Collection[str]
    key: SigningKey

    def sign(self, message: bytes) -> str:
        """Return the Ed25519 signature as hexadecimal."""
        return self.key.sign(message).hex()


def statement(body: Mapping[str, Fact]) -> bytes:
    """Return what the person behind an entry signed; any reader of the log can rebuild it.

    >>> statement({"kind": "halt", "person": "ana", "seq": 7, "signature": "00"})
    b'{"kind":"halt","person":"ana"}'
    """
    return canonical({key: fact for key, fact in body.items() if key not in UNSIGNED})


def is_signed(body: Mapping[str, Fact], *, key: VerifyingKey) -> bool:
    """Tell whether an entry of the log carries a good signature by this key.

    >>> ana = Signer(name="ana", roles=(), key=SigningKey.generate("ana", entropy=bytes(32)))
    >>> halt = {"kind": "halt", "person": "ana", "why": "wrong prices"}
    >>> signed = {**halt, "seq": 7, "signature": ana.sign(statement(halt))}
    >>> is_signed(signed, key=ana.key.verifying_key)
    True
    >>> is_signed({**signed, "why": "none"}, key=ana.key.verifying_key)
    False
    """
    try:
        signature = bytes.fromhex(str(body.get("signature")))
    except ValueError:
        return False
    return key.verifies(signature, message=statement(body))
