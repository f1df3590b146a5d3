"""`pilotage ledger`: export, verify, erase, show: the log of all that happened."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path

import click

from pilotage.cli import signing
from pilotage.cli.ledger_proof import say_proof
from pilotage.cli.ledger_unit import erase, show
from pilotage.cli.options import Given, as_of_option, echo_json, programme_options
from pilotage.cli.progress import Progress
from pilotage.cli.recorded import existing_record
from pilotage.cli.standing_text import standing_facts
from pilotage.domain.errors import LedgerError
from pilotage.governance.bundle import Verified, verdict
from pilotage.governance.bundle import verify as verify_bundle
from pilotage.governance.checkpoint import VerifyingKey
from pilotage.governance.fault import Fault
from pilotage.governance.risk import risk_tier
from pilotage.opening import Opened
from pilotage.spec.hashing import authored
from pilotage.spec.use_case import UseCase
from pilotage.store.agreement import differences
from pilotage.store.bundle import open_bundle, open_own_log
from pilotage.store.export import KEY, NOTE, Contents, Watch
from pilotage.store.export import export as write_bundle
from pilotage.store.record import Record

NOT_INTACT = 1
MOST_DIFFERENCES = 20
"""Rows that differ from the log and are told one by one."""
KEY_MARK = "+"
"""Between the parts of a public key: NAME+HASH+BASE64."""


@click.group("ledger")
def command() -> None:
    """The log of all that happened: take it out, check it, erase a person, replay a decision."""


command.add_command(erase)
command.add_command(show)


@command.command("export")
@click.argument("bundle", type=click.Path(path_type=Path), metavar="BUNDLE_DIR")
@click.argument("use_case", required=False)
@click.option(
    "--proof",
    "proofs",
    type=int,
    multiple=True,
    metavar="SEQ",
    help="Add the proof of one entry, for a reader who is not given the log; repeatable.",
)
@as_of_option
@programme_options
def export(
    *,
    bundle: Path,
    use_case: str | None,
    proofs: Sequence[int],
    as_of: datetime | None,
    given: Given,
) -> None:
    """Write the log as a folder that anybody can verify without the database.

    The log is always whole; USE_CASE limits the specs and policies beside it.
    """
    opened = given.open()
    record, now = existing_record(opened), opened.at(as_of)
    files = files_of(opened, record, opened.chosen(use_case), now=now)
    contents = Contents(files=files, proofs=proofs, use_case=use_case or "")
    with Progress() as progress:
        watch = _told(progress, "entries written")
        done = write_bundle(record, bundle, contents, as_of=now, watch=watch)
    if given.as_json:
        echo_json({"bundle": str(bundle), "size": done.size, "checkpoint": done.note})
        return
    click.echo(f"Wrote {done.size:,} entries, their checkpoint and its public key to {bundle}")
    click.echo(f"Keep a copy of {bundle / NOTE} where nobody who runs this can change it:")
    click.echo("with it anybody can tell later whether the log was written anew.")
    click.echo(f"\nnext: pilotage ledger verify {bundle}")


@command.command("verify")
@click.argument("bundle", type=click.Path(path_type=Path), required=False)
@click.option("--key", default=None, metavar="KEY", help="The public key you hold, or its file.")
@click.option(
    "--checkpoint",
    "older",
    type=click.Path(path_type=Path),
    default=None,
    metavar="OLD",
    help="A checkpoint of this log that you kept, or the bundle that holds it.",
)
@programme_options
def verify(
    *,
    bundle: Path | None,
    key: str | None,
    older: Path | None,
    given: Given,
) -> None:
    """Check that a log is the one that was signed; exit code 1 when it is not.

    BUNDLE needs no database and no programme; it may be one file of `export --proof`. Without it
    the programme's own record is checked.
    """
    held = read_vkey(key) if key else None
    if bundle is not None and bundle.is_file():
        if not say_proof(bundle, key=held, older=older, as_json=given.as_json):
            raise click.exceptions.Exit(NOT_INTACT)
        return
    kept = read_note(older) if older else None
    with Progress() as progress:
        watch = _told(progress, "entries verified")
        if bundle is None:
            record = existing_record(given.open())
            found = verify_record(record, key=held, older=kept, watch=watch)
        else:
            with open_bundle(bundle, watch=watch) as opened_bundle:
                found = verify_bundle(opened_bundle, key=held, older=kept)
    if given.as_json:
        echo_json(facts(found))
    else:
        click.echo(given.addressed(verdict(found)))
        if bundle is None and older is None and found.is_intact:
            click.echo(
                "  That one is the record's own: --checkpoint OLD, kept elsewhere, shows more."
            )
    if not found.is_intact:
        raise click.exceptions.Exit(NOT_INTACT)


def verify_record(
    record: Record, *, key: VerifyingKey | None, older: bytes | None, watch: Watch
) -> Verified:
    """Check the log in the database against its newest checkpoint, and one kept elsewhere.

    The rows that verdicts are computed from are held against the log too.
    """
    own = record.secrets.ledger.key.verifying_key
    with open_own_log(record, watch=watch) as log:
        found = verify_bundle(log.bundle, key=key or own, older=log.newest)
    if older is not None:
        with open_own_log(record, watch=watch) as log:
            again = verify_bundle(log.bundle, key=key or own, older=older)
        found = replace(again, findings=tuple(dict.fromkeys((*found.findings, *again.findings))))
    with record.reading() as connection:
        beside = [
            Fault.RECORD_DIFFERS.finding(f"{said}.")
            for said in islice(differences(connection), MOST_DIFFERENCES)
        ]
    return replace(found, findings=(*found.findings, *beside))


def files_of(
    opened: Opened, record: Record, specs: Sequence[UseCase], *, now: datetime
) -> dict[str, bytes]:
    """Return what stands beside the log: specs whose sha256 is what sign-offs cover, policies."""
    people = {
        name: {"roles": sorted(one.roles), "key": one.key.vkey}
        for name, one in opened.signatories().items()
    }
    controls = {
        spec.use_case: {
            "mode": opened.programme.mode.value,
            "covers": signing.covers(spec),
            **standing_facts(risk_tier(spec), *signing.standing(opened, record, spec, now=now)),
        }
        for spec in specs
    }
    files = {f"specs/{spec.use_case}.json": authored(spec).encode() for spec in specs}
    return {
        **files,
        "policies/people.json": _json(people),
        "policies/controls.json": _json(controls),
    }


def read_vkey(given: str) -> VerifyingKey:
    """Return a public key, given as text or as the file that holds it.

    Raises:
        LedgerError: it is neither.
    """
    path = Path(given)
    if path.is_file():
        return VerifyingKey.parse(path.read_text(encoding="utf-8"))
    if KEY_MARK not in given:
        raise LedgerError(
            f"--key {given}: there is no such file, and it is no public key.",
            fix=f"name the file {KEY} of an export, or write the line that it holds",
        )
    return VerifyingKey.parse(given)


def read_note(path: Path) -> bytes:
    """Return a checkpoint, given as its file or as the bundle that holds it.

    Raises:
        LedgerError: it cannot be read.
    """
    file = path / NOTE if path.is_dir() else path
    try:
        return file.read_bytes()
    except OSError as error:
        raise LedgerError(
            f"{file}: the older checkpoint cannot be read ({error.strerror}).",
            fix="name the file `checkpoint` of an earlier export: --checkpoint OLD",
        ) from error


def facts(found: Verified) -> dict[str, object]:
    """Return what verifying found, for machines."""
    signed = found.checkpoint
    return {
        "intact": found.is_intact,
        "size": found.size,
        "root": found.root.hex(),
        "origin": signed.origin if signed else None,
        "older_size": found.older.size if found.older else None,
        "is_own_key": found.is_own_key,
        "kinds": dict(found.kinds),
        "first_recorded_at": found.first_recorded_at,
        "last_recorded_at": found.last_recorded_at,
        "findings": [
            {"code": str(one.code), "detail": one.detail, "fix": one.fix} for one in found.findings
        ],
    }


def _told(progress: Progress, what: str) -> Watch:
    return lambda done: progress.say(f"{done:,} {what}")


def _json(body: Mapping[str, object]) -> bytes:
    return (json.dumps(body, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()
