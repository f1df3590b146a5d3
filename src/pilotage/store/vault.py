"""The vault: personal payloads outside the ledger, each under a key of its own.

The ledger holds a salted commitment. Erasing a person deletes salt, key and payload, and the
ledger's root stays what it was: nothing in it can be guessed back.
"""

import os
from collections.abc import Sequence
from hashlib import sha256

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from sqlalchemy import Connection, delete, insert, select

from pilotage.store.database import among, insert_rows
from pilotage.store.record import Transaction
from pilotage.store.tables import suppression, vault

SALT_BYTES = 16
KEY_BYTES = 32
NONCE = bytes(12)
"""Each key seals one payload, once, so the nonce never repeats under a key."""


def seal(work: Transaction, *, subjects: Sequence[str], payloads: Sequence[bytes]) -> list[str]:
    """Store payloads of new subjects sealed; return their commitments for the ledger.

    Args:
        subjects: pseudonyms that the vault does not hold yet.
        payloads: what is personal about each.

    Returns:
        sha256 over salt and payload, as hexadecimal, one a subject.
    """
    size = SALT_BYTES + KEY_BYTES
    noise = os.urandom(size * len(subjects))
    rows: list[tuple[str, bytes, bytes, bytes]] = []
    commitments: list[str] = []
    for start, subject, payload in zip(range(0, len(noise), size), subjects, payloads, strict=True):
        salt = noise[start : start + SALT_BYTES]
        key = noise[start + SALT_BYTES : start + size]
        rows.append((subject, salt, key, ChaCha20Poly1305(key).encrypt(NONCE, payload, None)))
        commitments.append(sha256(salt + payload).hexdigest())
    insert_rows(work.connection, vault, rows)
    return commitments


def unseal(connection: Connection, subjects: Sequence[str]) -> dict[str, bytes]:
    """Return the payloads of those subjects that were not erased."""
    rows = connection.execute(select(vault).where(among(connection, vault.c.subject, subjects)))
    return {row.subject: ChaCha20Poly1305(row.key).decrypt(NONCE, row.sealed, None) for row in rows}


def commitment(connection: Connection, subject: str, payload: bytes) -> str:
    """Return sha256 over the subject's salt and a payload; nobody can guess it once erased.

    Returns:
        Hexadecimal; empty for a subject that was erased.
    """
    salt = connection.scalar(select(vault.c.salt).where(vault.c.subject == subject))
    return "" if salt is None else sha256(salt + payload).hexdigest()


def sealed(connection: Connection, subjects: Sequence[str]) -> set[str]:
    """Return those of the subjects that the vault holds already."""
    return set(
        connection.scalars(
            select(vault.c.subject).where(among(connection, vault.c.subject, subjects))
        )
    )


def suppressed(connection: Connection, subjects: Sequence[str]) -> set[str]:
    """Return those of the subjects that were erased and must not be enrolled again."""
    found = select(suppression.c.subject).where(among(connection, suppression.c.subject, subjects))
    return set(connection.scalars(found))


def erase(work: Transaction, subject: str) -> bool:
    """Delete what is personal about a subject and bar it from being enrolled again.

    Returns:
        Whether the vault held the subject.
    """
    held = work.connection.execute(delete(vault).where(vault.c.subject == subject)).rowcount > 0
    if not suppressed(work.connection, [subject]):
        work.connection.execute(insert(suppression).values(subject=subject))
    return held
