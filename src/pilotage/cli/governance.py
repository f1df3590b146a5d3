"""`pilotage governance`: keys, sign-offs, approvals, halt and resume."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click

from pilotage.cli import signing
from pilotage.cli.options import Given, Instant, as_of_option, echo_json, programme_options, today
from pilotage.cli.people import key_file, make_key, person_option, require_role, signer
from pilotage.cli.recorded import record_if_any
from pilotage.cli.registration import lines_for, register
from pilotage.cli.signing import Hand
from pilotage.cli.standing_text import in_words, signed_facts, standing_facts
from pilotage.domain.errors import RefusedError
from pilotage.governance.permit import VALUE, Control, roles_to_halt, roles_to_resume
from pilotage.governance.risk import risk_tier
from pilotage.opening import PROGRAMME_FILE, Opened
from pilotage.spec.use_case import UseCase
from pilotage.store import registry
from pilotage.store.record import Record

ALL = "all"

until_option = click.option(
    "--until",
    type=Instant(),
    default=None,
    show_default=f"{signing.VALID.days} days",
    help="The day on which somebody has to look again.",
)


@click.group("governance")
def command() -> None:
    """Who may sign, what is signed, and the switch that stops a use case."""


@command.command("person")
@click.argument("name")
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    help="legal, compliance, security, procurement, finance, reviewer (answers proposals), the"
    " owner of a use case, or a role of your own; repeatable.",
)
@click.option("--write", is_flag=True, help=f"Add the lines to {PROGRAMME_FILE}.")
@programme_options
def person(
    *,
    name: str,
    roles: Sequence[str],
    write: bool,
    given: Given,
) -> None:
    """Make a person's key pair, and print the lines that register the public one.

    The private key stays on this machine. An existing one is never overwritten.
    """
    known = given.open().programme.people.get(name) if write else None  # before a key is made
    key, made = make_key(name)
    vkey, added = key.verifying_key.vkey, False
    if write:
        registered = register(given.folder, name, roles=roles, vkey=vkey)
        roles, added = registered.roles, registered != known
    if given.as_json:
        echo_json(
            {
                "person": name,
                "roles": list(roles),
                "key": vkey,
                "private_key": str(key_file(name)),
                "made": made,
                "written": added,
            }
        )
        return
    click.echo(f"{'Made' if made else 'Found'} the private key of {name}: {key_file(name)}")
    said = ("Added to" if added else "Already in") if write else "Add to"
    click.echo(f"{said} {given.folder / PROGRAMME_FILE}:\n")
    click.echo(lines_for(name, roles, vkey))
    click.echo(f"\nnext: {given.next('governance status')}")


@command.command("sign")
@click.argument("use_case")
@click.argument("control", type=click.Choice([*(control.value for control in Control), ALL]))
@click.option(
    "--evidence",
    "evidence",
    multiple=True,
    required=True,
    metavar="FILE",
    help="The document that the decision rests on; with `all` also CONTROL=FILE, four times.",
)
@until_option
@person_option
@as_of_option
@programme_options
def sign(
    *,
    use_case: str,
    control: str,
    evidence: Sequence[str],
    until: datetime | None,
    person: str | None,
    as_of: datetime | None,
    given: Given,
) -> None:
    """Sign off this version of a use case; a changed spec needs a new signature.

    `all` signs the four controls at once: at the lowest risk tier only.
    """
    opened = given.open()
    subjects = [one.value for one in Control] if control == ALL else [control]
    documents = documents_by_subject(evidence, subjects)
    hand = signing.hand(
        signer(opened, person), now=today(opened, as_of), until=until and opened.at(until)
    )
    _sign(opened, opened.spec(use_case), documents, hand, given)


@command.command("approve")
@click.argument("use_case")
@click.option(
    "--evidence",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help="The calculation that the amount comes from.",
)
@until_option
@person_option
@as_of_option
@programme_options
def approve(
    *,
    use_case: str,
    evidence: Path,
    until: datetime | None,
    person: str | None,
    as_of: datetime | None,
    given: Given,
) -> None:
    """Approve, as finance, what one more unit of the outcome is worth.

    Until then every amount of the use case is printed as unapproved.
    """
    opened = given.open()
    hand = signing.hand(
        signer(opened, person), now=today(opened, as_of), until=until and opened.at(until)
    )
    _sign(opened, opened.spec(use_case), {VALUE: evidence}, hand, given)


@command.command("status")
@click.argument("use_case", required=False)
@as_of_option
@programme_options
def status(
    *,
    use_case: str | None,
    as_of: datetime | None,
    given: Given,
) -> None:
    """Show which controls hold, end soon or are missing, with the command for each."""
    opened = given.open()
    record, now = record_if_any(opened), opened.at(as_of)
    found = {
        spec.use_case: (risk_tier(spec), *signing.standing(opened, record, spec, now=now))
        for spec in opened.chosen(use_case)
    }
    found = {
        name: (risk, [replace(one, command=given.addressed(one.command)) for one in each], halted)
        for name, (risk, each, halted) in found.items()
    }
    if given.as_json:
        echo_json({name: standing_facts(*one) for name, one in found.items()})
        return
    for name, (risk, standings, halted) in found.items():
        click.echo(given.addressed("\n".join(in_words(name, risk, standings, halted))))
    todo = [one.command for _, standings, _ in found.values() for one in standings if one.command]
    todo = [f"governance resume {name}" for name, one in found.items() if one[2]] + todo
    words = todo[0].removeprefix("pilotage ") if todo else "run"
    click.echo(f"\nnext: {given.next(words)}")


@command.command("halt")
@click.argument("use_case")
@click.option(
    "--why",
    required=True,
    help="Stays in the ledger for good and cannot be erased: no personal data.",
)
@person_option
@as_of_option
@programme_options
def halt(
    *,
    use_case: str,
    why: str,
    person: str | None,
    as_of: datetime | None,
    given: Given,
) -> None:
    """Stop a use case within one batch: nothing is decided or delivered until it is resumed."""
    if not why.strip():
        raise RefusedError("--why is empty.", fix="say in a few words what went wrong")
    opened = given.open()
    spec, by = opened.spec(use_case), signer(opened, person)
    name, people = spec.use_case, opened.signatories()
    require_role(by, roles_to_halt(spec.owner), what=f"{name} is halted", signatories=people)
    with opened.record().transaction() as work:
        registry.halt(work, use_case=name, by=by, why=why.strip(), as_of=today(opened, as_of))
    if given.as_json:
        echo_json({"use_case": name, "state": "halted", "person": by.name, "why": why.strip()})
        return
    click.echo(f"{name} is halted by {by.name}: {why.strip()}")
    click.echo("Nothing is decided or delivered; a pass at work stops within one batch.")
    click.echo(f"\nnext: {given.next(f'governance resume {name}')}")


@command.command("resume")
@click.argument("use_case")
@person_option
@as_of_option
@programme_options
def resume(
    *,
    use_case: str,
    person: str | None,
    as_of: datetime | None,
    given: Given,
) -> None:
    """Let a halted use case run again."""
    opened = given.open()
    spec, by = opened.spec(use_case), signer(opened, person)
    name, people = spec.use_case, opened.signatories()
    require_role(by, roles_to_resume(spec.owner), what=f"{name} is resumed", signatories=people)
    record = opened.record()
    with record.transaction() as work:
        if registry.halted(work.connection, use_case=name) is None:
            raise RefusedError(f"{name} is not halted.", fix="pilotage run")
        registry.resume(work, use_case=name, by=by, as_of=today(opened, as_of))
    if given.as_json:
        echo_json({"use_case": name, "state": "resumed", "person": by.name})
        return
    click.echo(f"{name} may run again, says {by.name}.")
    click.echo(f"\nnext: {given.next('run')}")


def documents_by_subject(evidence: Sequence[str], subjects: Sequence[str]) -> dict[str, Path]:
    """Return the document of each subject: one for all of them, or one each.

    Raises:
        RefusedError: one is missing, or there are several for one subject.
    """
    named = dict(one.split("=", 1) for one in evidence if one.partition("=")[0] in subjects)
    plain = [one for one in evidence if one.partition("=")[0] not in subjects]
    if len(evidence) == 1 and plain:
        return dict.fromkeys(subjects, Path(plain[0]))
    if plain or len(named) < len(evidence) or named.keys() != set(subjects):
        raise RefusedError(
            f"--evidence names no single document for each of {', '.join(subjects)}.",
            fix="write one --evidence FILE for all, or "
            + " ".join(f"--evidence {subject}=FILE" for subject in subjects),
        )
    return {subject: Path(named[subject]) for subject in subjects}


def _sign(
    opened: Opened, spec: UseCase, documents: Mapping[str, Path], hand: Hand, given: Given
) -> None:
    record = opened.record()
    signed = signing.sign(opened, record, spec, documents, hand)
    next_ = given.next(_what_next(opened, record, spec, now=hand.signed_at))
    if given.as_json:
        echo_json({"signed": [signed_facts(one) for one in signed], "next": next_})
        return
    for one in signed:
        what = f"{one.subject} of {one.use_case}, this version ({one.covers[:12]})"
        click.echo(f"{one.person} signed {what}, until {one.until:%Y-%m-%d}")
        click.echo(f"  on {documents[one.subject]} (sha256 {one.evidence[:12]}...)")
    click.echo(f"\nnext: {next_}")


def _what_next(opened: Opened, record: Record, spec: UseCase, *, now: datetime) -> str:
    """Return the command for the first subject that nobody signed yet, else `run`."""
    standings, _ = signing.standing(opened, record, spec, now=now)
    open_ones = [one.command for one in standings if not one.holds]
    return open_ones[0].removeprefix("pilotage ") if open_ones else "run"
