"""Local signing keys: who is at this keyboard, shown by a private key and not by a typed name.

NAME.key          the private key, readable by its owner only, in $PILOTAGE_KEYS or the
                  user's own folder of settings
pilotage.yaml     people: {NAME: {roles: [...], key: ...}}: the public key, and what it may sign
"""

import os
import re
import stat
from collections.abc import Collection, Mapping
from pathlib import Path

import click

from pilotage.domain.errors import PilotageError, RefusedError
from pilotage.governance.checkpoint import SigningKey
from pilotage.governance.permit import Signatory
from pilotage.governance.signer import Signer
from pilotage.opening import PROGRAMME_FILE, Opened

KEYS_VARIABLE = "PILOTAGE_KEYS"
KEY_BYTES = 32
OTHERS = stat.S_IRWXG | stat.S_IRWXO

person_option = click.option(
    "--person",
    default=None,
    metavar="NAME",
    help="Who signs; needed where several private keys are here.",
)


def keys_folder() -> Path:
    """Return the folder that private keys stand in."""
    return Path(os.environ.get(KEYS_VARIABLE) or Path(click.get_app_dir("pilotage"), "keys"))


def signer(opened: Opened, person: str | None) -> Signer:
    """Return the person who signs: the named one, or the only one whose private key is here.

    Raises:
        RefusedError: nobody is registered, no private key is here, or it is not the registered
            one; or several are here and none was named.
    """
    registered = opened.signatories()
    if person is not None:
        return _named(person, registered)
    here = [name for name in registered if key_file(name).exists()]
    match = [name for name in here if _fits(name, registered[name])]
    if len(match) > 1:
        raise RefusedError(
            f"private keys of {', '.join(match)} are here; one person signs.",
            fix=f"say who: --person {match[0]}",
        )
    if match or here:
        return _named((match or here)[0], registered)
    raise RefusedError(
        f"no private key in {keys_folder()} belongs to anybody under `people:` in"
        f" {PROGRAMME_FILE}.",
        fix="pilotage governance person NAME --role ROLE --write",
    )


def require_role(
    by: Signer, roles: Collection[str], *, what: str, signatories: Mapping[str, Signatory]
) -> None:
    """Refuse a person who has none of the roles that something takes.

    Args:
        what: is done, in the passive: `legal is signed`.

    Raises:
        RefusedError: naming those who may.
    """
    if not set(roles).isdisjoint(by.roles):
        return
    others = [name for name, one in signatories.items() if not set(roles).isdisjoint(one.roles)]
    raise RefusedError(
        f"{what} by somebody with the role {' or '.join(roles)};"
        f" {by.name} has {', '.join(by.roles) or 'none'}.",
        fix=f"let {' or '.join(others)} do it: --person {others[0]}"
        if others
        else f"pilotage governance person NAME --role {next(iter(roles))} --write",
    )


def read_key(name: str) -> SigningKey:
    """Return a person's private key.

    Raises:
        RefusedError: it is not here, or others may read it.
    """
    path = key_file(name)
    try:
        text = path.read_text(encoding="utf-8")
        mode = path.stat().st_mode
    except OSError as error:
        raise RefusedError(
            f"{path}: the private key of {name} cannot be read ({error.strerror}).",
            fix=f"let {name} sign on their own machine, or name the folder of keys in"
            f" ${KEYS_VARIABLE}",
        ) from error
    if os.name == "posix" and mode & OTHERS:
        raise RefusedError(
            f"{path}: others on this machine may read the private key.",
            fix=f"chmod 600 {path}, and make a new key if somebody did",
        )
    return SigningKey.parse(text)


def make_key(name: str) -> tuple[SigningKey, bool]:
    """Return a person's private key, and whether it was made just now; it is never overwritten.

    Raises:
        RefusedError: the name cannot name a file, or the folder cannot be written.
    """
    if not re.fullmatch(r"\w[\w.@-]*", name):
        raise RefusedError(
            f"{name!r} cannot name a key.", fix="write letters, digits, dots and hyphens: ana.silva"
        )
    path = key_file(name)
    if path.exists():
        return read_key(name), False
    key = SigningKey.generate(name, entropy=os.urandom(KEY_BYTES))
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(key.skey + "\n")
    except OSError as error:
        raise RefusedError(
            f"{path}: the private key cannot be written ({error.strerror}).",
            fix=f"name a folder of your own in ${KEYS_VARIABLE}",
        ) from error
    return key, True


def key_file(name: str) -> Path:
    """Return where a person's private key stands."""
    return keys_folder() / f"{name}.key"


def _fits(name: str, signatory: Signatory) -> bool:
    try:
        return read_key(name).verifying_key == signatory.key
    except PilotageError:
        return False


def _named(name: str, registered: dict[str, Signatory]) -> Signer:
    signatory = registered.get(name)
    if signatory is None:
        raise RefusedError(
            f"{PROGRAMME_FILE} registers no key for {name!r} under `people:`.",
            fix=f"pilotage governance person {name} --role ROLE --write",
        )
    key = read_key(name)
    if key.verifying_key != signatory.key:
        raise RefusedError(
            f"{key_file(name)} is not the key that {PROGRAMME_FILE} registers for {name}.",
            fix=f"bring the private key that belongs to it, or register {key.verifying_key.vkey}",
        )
    return Signer(name=name, roles=signatory.roles, key=key)
