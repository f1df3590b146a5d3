"""The programme's secrets: files beside the record, never inside the database."""

import os
from dataclasses import dataclass
from pathlib import Path

from pilotage.domain.errors import StoreError
from pilotage.governance.checkpoint import SigningKey
from pilotage.store.ledger import LedgerKey

SECRET_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What signs the ledger, and what makes pseudonyms."""

    ledger: LedgerKey
    pseudonym: bytes


def open_secrets(folder: Path, *, programme: str, new: bool) -> Secrets:
    """Read the programme's secrets, or make them on first use.

    Args:
        folder: where they stand, readable by their owner only; its parent is kept out of Git.
        programme: names the log.
        new: whether the record is empty; only then are secrets made.

    Raises:
        StoreError: the files cannot be read or made, or are gone.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        ignored = folder.parent / ".gitignore"
        if new and not ignored.exists():
            ignored.write_text("*\n")
        signing = _secret(folder / "ledger.key", new=new)
        pseudonym = _secret(folder / "pseudonym.key", new=new)
    except OSError as error:
        raise StoreError(
            f"{error.filename or folder}: the programme's keys cannot be used ({error.strerror}).",
            fix="give yourself, and nobody else, access to that folder",
        ) from error
    origin = f"pilotage/{programme}"
    return Secrets(
        ledger=LedgerKey(origin=origin, key=SigningKey(name=origin, seed=signing)),
        pseudonym=pseudonym,
    )


def _secret(path: Path, *, new: bool) -> bytes:
    try:
        secret = bytes.fromhex(path.read_text().strip())
    except FileNotFoundError as error:
        if new:
            return _make(path)
        raise StoreError(
            f"{path}: is gone, but the record was written with it.",
            fix="restore the file from a backup, or from the machine that made the record;"
            " with a new key every unit would be decided again",
        ) from error
    except ValueError as error:
        raise StoreError(
            f"{path}: is no key; a key is {2 * SECRET_BYTES} hexadecimal digits.",
            fix="restore the file from a backup; a new key would orphan the ledger",
        ) from error
    if len(secret) != SECRET_BYTES:
        raise StoreError(
            f"{path}: holds {len(secret)} bytes; a key has {SECRET_BYTES}.",
            fix="restore the file from a backup; a new key would orphan the ledger",
        )
    return secret


def _make(path: Path) -> bytes:
    secret = os.urandom(SECRET_BYTES)
    fresh = path.with_suffix(f".{os.urandom(8).hex()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secret.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(fresh, path)  # atomic, and never over a key that somebody else just made
    except FileExistsError:
        return bytes.fromhex(path.read_text().strip())
    finally:
        fresh.unlink()
    return secret
