"""Pseudonyms: what stands in the ledger where a person's identifier would."""

import hmac
from collections.abc import Iterable

PSEUDONYM_BYTES = 16
"""128 bits of HMAC-SHA256: no collisions to fear, half the room in every row."""


def pseudonyms(keys: Iterable[str], *, kind: str, secret: bytes) -> list[str]:
    """Return a keyed pseudonym for each identifier, as 32 hex digits.

    Args:
        keys: identifiers as NFC text.
        kind: what they identify (`lead`, `account`), so that lead 7 is not account 7.
        secret: the programme's own; without it nobody can guess back.

    >>> [name] = pseudonyms(["7"], kind="lead", secret=b"s" * 32)
    >>> len(name), name[:8]
    (32, '3fa5a2ea')
    """
    prefix = f"{kind}|".encode()
    return [
        hmac.digest(secret, prefix + key.encode(), "sha256")[:PSEUDONYM_BYTES].hex() for key in keys
    ]
