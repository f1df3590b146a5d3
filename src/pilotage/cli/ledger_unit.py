"""`pilotage ledger erase` and `show`: one unit in the log."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime

import click

from pilotage.cli.number import how_many
from pilotage.cli.options import Given, as_of_option, echo_json, programme_options, today
from pilotage.cli.people import person_option, signer
from pilotage.cli.progress import Progress
from pilotage.cli.recorded import existing_record
from pilotage.domain.entry import EntryKind, Fact
from pilotage.domain.errors import LedgerError, RefusedError
from pilotage.domain.unit import text_key
from pilotage.governance.permit import Signature
from pilotage.governance.signer import is_signed
from pilotage.opening import Opened
from pilotage.store import vault
from pilotage.store.erasure import Erased, Subject, scrub
from pilotage.store.erasure import erase as erase_subject
from pilotage.store.record import Record
from pilotage.store.replay import entries_of, entry_at

Body = Mapping[str, Fact]

UNSAID = frozenset(
    {"as_of", "commitment", "kind", "recorded_at", "seq", "signature", "unit", "use_case"}
)
"""Facts that a reader is told in other words, or that say nothing to people."""

EMPTY: tuple[Fact, ...] = ("", None, [])
LONG_HASH = re.compile("[0-9a-f]{32,}")
SHOWN_DIGITS = 12
"""Enough to compare; `--json` prints all."""


@click.command("erase")
@click.argument("use_case")
@click.argument("key")
@click.option("--unseen", is_flag=True, help="Bar a key that is not in the record, too.")
@person_option
@as_of_option
@programme_options
def erase(
    *,
    use_case: str,
    key: str,
    unseen: bool,
    person: str | None,
    as_of: datetime | None,
    given: Given,
) -> None:
    """Erase a person: there is no way back, and they are never enrolled again.

    The log's root and every figure stay as they were: the log holds no personal data.
    """
    opened = given.open()
    record, by = opened.record(), signer(opened, person)
    subject = _subject(opened, record, use_case, key)
    unit = opened.spec(use_case).process.unit
    with record.one_at_a_time(), record.transaction() as work:  # a pass may hold the raw key
        erased = erase_subject(work, subject, by=by, as_of=today(opened, as_of))
        if not erased.was_known and not unseen:
            raise RefusedError(
                f"the record holds no {unit} {subject.key!r}; nothing was changed.",
                fix="check the key; to bar it from being enrolled later on, add --unseen",
            )
    is_scrubbed = scrub(record)
    if given.as_json:
        left = [
            {"tool": one.tool, "object": one.object, "fields": list(one.fields)}
            for one in erased.left
        ]
        rows, before = erased.rows, erased.was_barred
        facts = {"unit": subject.unit, "rows": rows, "was_erased_before": before}
        echo_json({**facts, "left_in_tools": left, "files_overwritten": is_scrubbed})
        return
    _say_erased(erased, subject.key, unit=unit, is_scrubbed=is_scrubbed)
    words = f"ledger show --unit {subject.key}"
    click.echo(f"\nnext: {given.next(words)}")


@click.command("show")
@click.argument("seq", type=int, required=False)
@click.option("--unit", "key", default=None, metavar="KEY", help="As its own table names it.")
@programme_options
def show(
    *,
    seq: int | None,
    key: str | None,
    given: Given,
) -> None:
    """Replay a decision: every entry about the unit of entry SEQ, or about a unit by its key."""
    opened = given.open()
    record = existing_record(opened)
    if (seq is None) == (key is None):
        raise LedgerError(
            "one unit is shown: by an entry's number, or by its key.",
            fix="pilotage ledger show SEQ, or pilotage ledger show --unit KEY",
        )
    with Progress() as progress:
        bodies = _by_key(opened, record, key, progress) if key else _by_seq(record, seq, progress)
    if given.as_json:
        echo_json([dict(body) for body in bodies])
        return
    unit = bodies[-1].get("unit")
    if isinstance(unit, str):
        with record.reading() as connection:
            held = vault.unseal(connection, [unit]).get(unit)
        click.echo(f"{held.decode() if held else '(key erased)'}, in the log as {unit}")
    for body in bodies:
        _say(body, opened)
    proof = f"ledger export BUNDLE_DIR --proof {bodies[-1]['seq']}"
    click.echo(f"\nnext: {given.next(proof)}")


def _subject(opened: Opened, record: Record, use_case: str, key: str) -> Subject:
    spec, name = opened.spec(use_case), _key(key)
    kind = spec.process.unit
    return Subject(
        use_case=spec.use_case,
        shared=[one.use_case for one in opened.specs.values() if one.process.unit == kind],
        key=name,
        unit=record.pseudonyms([name], kind=kind)[0],
    )


def _key(key: str) -> str:
    name = text_key(key)
    if name is None:
        raise LedgerError(f"{key!r} is no key.", fix="write it as the unit's own table holds it")
    return name


def _by_key(opened: Opened, record: Record, key: str, progress: Progress) -> list[Body]:
    kinds = {spec.process.unit for spec in opened.specs.values()}
    units = [record.pseudonyms([_key(key)], kind=kind)[0] for kind in sorted(kinds)]
    bodies = _entries(record, units, progress)
    if not bodies:
        raise LedgerError(
            f"the log has no entry about {' or '.join(sorted(kinds))} {key!r}.",
            fix="check the key; `pilotage run` decides what is new",
        )
    return bodies


def _by_seq(record: Record, seq: int | None, progress: Progress) -> list[Body]:
    with record.reading() as connection:
        line = None if seq is None else entry_at(connection, seq)
    if line is None:
        raise LedgerError(
            f"the log has no entry {seq}.",
            fix="`pilotage ledger verify` tells how many entries it has",
        )
    body: Body = json.loads(line)
    unit = body.get("unit")
    return _entries(record, [unit], progress) if isinstance(unit, str) else [body]


def _entries(record: Record, units: Sequence[str], progress: Progress) -> list[Body]:
    with record.reading() as connection:
        lines = entries_of(
            connection, units, watch=lambda done: progress.say(f"{done:,} entries read")
        )
        return [json.loads(line) for line in lines]


def _say(body: Body, opened: Opened) -> None:
    said = [
        f"{name} {_text(fact)}"
        for name, fact in body.items()
        if name not in UNSAID and fact not in EMPTY
    ]
    head = f"  {body['seq']:>8}  {str(body['as_of'])[:16]}  {body['kind']}"
    click.echo(f"{head}  ({body['use_case']})")
    click.echo("            " + ", ".join(said))
    if "signature" in body:
        click.echo(f"            {_signature(body, opened)}")


def _text(fact: Fact) -> str:
    text = fact if isinstance(fact, str) else json.dumps(fact, ensure_ascii=False)
    return f"{text[:SHOWN_DIGITS]}..." if LONG_HASH.fullmatch(text) else text


def _signature(body: Body, opened: Opened) -> str:
    signatory = opened.signatories().get(str(body.get("person")))
    if signatory is None:
        return "signed, by a key that is not registered now"
    if body["kind"] in {EntryKind.SIGN_OFF, EntryKind.APPROVAL}:
        given = _sign_off(body)
        holds = signatory.key.verifies(bytes.fromhex(given.signature), message=given.message)
    else:
        holds = is_signed(body, key=signatory.key)
    return f"the signature {'holds' if holds else 'does NOT hold'} under {signatory.key.vkey}"


def _sign_off(body: Body) -> Signature:
    """Return the sign-off or approval that an entry notes; it was signed before the entry was."""
    return Signature(
        use_case=str(body["use_case"]),
        subject=str(body["subject"]),
        person=str(body["person"]),
        role=str(body["role"]),
        covers=str(body["covers"]),
        evidence=str(body["evidence"]),
        signed_at=datetime.fromisoformat(str(body["as_of"])),
        until=datetime.fromisoformat(str(body["until"])),
        signature=str(body["signature"]),
    )


def _say_erased(erased: Erased, key: str, *, unit: str, is_scrubbed: bool) -> None:
    who = f"{unit} {key}"
    if erased.rows:
        click.echo(f"Erased {who}: {how_many(erased.rows, 'row')} lost what was personal.")
    else:
        click.echo(f"Nothing personal of {who} is held.")
    click.echo("It is never enrolled again. The log and its root are as they were.")
    if not is_scrubbed:
        click.echo("The database writes over the freed space at its next vacuum or checkpoint.")
    click.echo("Backups of the record still hold it until they are replaced.")
    for one in erased.left:
        fields = ", ".join(one.fields)
        click.echo(f"Not ours to erase: {one.tool} holds {fields} of {one.object} {key}.")
