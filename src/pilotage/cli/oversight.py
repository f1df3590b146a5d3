"""`pilotage oversight`: proposals that wait for a person."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import click

from pilotage.cli.options import Given, as_of_option, echo_json, programme_options, today
from pilotage.cli.people import person_option, require_role, signer
from pilotage.cli.progress import Progress
from pilotage.cli.recorded import existing_record, record_if_any
from pilotage.domain.decision import Answer, Waiting
from pilotage.domain.errors import RefusedError
from pilotage.governance.permit import REVIEWER, roles_to_resume
from pilotage.governance.signer import Signer
from pilotage.opening import Opened
from pilotage.store import oversight
from pilotage.store.oversight import Reply

EVERYTHING = 1_000_000
"""More than anybody has waiting."""

HINT = "Stays in the ledger for good and cannot be erased: no personal data."


@click.group("oversight")
def command() -> None:
    """Look at the proposals that wait for a person, and answer them."""


@command.command("list")
@click.option("--use-case", default=None, help="Of one use case only.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True)
@as_of_option
@programme_options
def list_(
    *,
    use_case: str | None,
    limit: int,
    as_of: datetime | None,
    given: Given,
) -> None:
    """Show what waits, oldest first."""
    opened = given.open()
    name = opened.spec(use_case).use_case if use_case else None
    waiting, in_all = _all_waiting(opened, name, limit=limit)
    if given.as_json:
        echo_json({"waiting": [_facts(one) for one in waiting], "in_all": in_all})
        return
    now = opened.at(as_of)
    for one in waiting:
        _say(one, now=now)
    if len(waiting) < in_all:
        click.echo(f"... {in_all - len(waiting):,} more wait: --limit {in_all}")
    if not waiting:
        click.echo("Nothing waits for a person.")
    words = f"oversight approve {waiting[0].number}" if waiting else "review"
    click.echo(f"\nnext: {given.next(words)}")
    if waiting:
        click.echo("      or modify NUMBER --set FIELD=VALUE, reject NUMBER --why TEXT,")
        click.echo("      escalate NUMBER --to ROLE; all of them: approve --all USE_CASE")


@command.command("approve")
@click.argument("numbers", nargs=-1, type=int, metavar="NUMBER...")
@click.option("--all", "use_case", default=None, metavar="USE_CASE", help="All that wait there.")
@person_option
@as_of_option
@programme_options
def approve(
    *,
    numbers: Sequence[int],
    use_case: str | None,
    person: str | None,
    as_of: datetime | None,
    given: Given,
) -> None:
    """Let proposals through as they are; the next run delivers them."""
    opened = given.open()
    by = signer(opened, person)
    waiting = _waiting_for(opened, use_case, by=by) if use_case else []
    chosen = dict.fromkeys([*numbers, *waiting])
    if not chosen:
        raise RefusedError(
            "no proposal is named, or none waits.", fix="`pilotage oversight list` shows what waits"
        )
    replies = [Reply(number=number, answer=Answer.APPROVE) for number in chosen]
    _answer(opened, replies, by=by, at=today(opened, as_of))
    _done(replies, given, by=by)


@command.command("modify")
@click.argument("number", type=int)
@click.option(
    "--set",
    "changes",
    multiple=True,
    required=True,
    metavar="FIELD=VALUE",
    help="Another value for a field that the proposal would write; repeatable.",
)
@click.option("--why", default="", help=HINT)
@person_option
@as_of_option
@programme_options
def modify(
    *,
    number: int,
    changes: Sequence[str],
    why: str,
    person: str | None,
    as_of: datetime | None,
    given: Given,
) -> None:
    """Let a proposal through with other values."""
    values = _values(changes)
    opened = given.open()
    by = signer(opened, person)
    replies = [Reply(number=number, answer=Answer.MODIFY, values=values, why=why)]
    _answer(opened, replies, by=by, at=today(opened, as_of))
    _done(replies, given, by=by)


@command.command("reject")
@click.argument("numbers", nargs=-1, required=True, type=int, metavar="NUMBER...")
@click.option("--why", required=True, help=HINT)
@person_option
@as_of_option
@programme_options
def reject(
    *,
    numbers: Sequence[int],
    why: str,
    person: str | None,
    as_of: datetime | None,
    given: Given,
) -> None:
    """Keep proposals from being delivered, and say why: the reasons are what it learns from."""
    if not why.strip():
        raise RefusedError("--why is empty.", fix="say in a few words what is wrong with it")
    opened = given.open()
    by = signer(opened, person)
    replies = [
        Reply(number=one, answer=Answer.REJECT, why=why.strip()) for one in dict.fromkeys(numbers)
    ]
    _answer(opened, replies, by=by, at=today(opened, as_of))
    _done(replies, given, by=by)


@command.command("escalate")
@click.argument("number", type=int)
@click.option("--to", "role", required=True, metavar="ROLE", help="Who answers it instead.")
@click.option("--why", default="", help=HINT)
@person_option
@as_of_option
@programme_options
def escalate(
    *,
    number: int,
    role: str,
    why: str,
    person: str | None,
    as_of: datetime | None,
    given: Given,
) -> None:
    """Pass a proposal on; from then on only that role answers it."""
    opened = given.open()
    roles = sorted({role for one in opened.signatories().values() for role in one.roles})
    if role not in roles:
        raise RefusedError(
            f"nobody with a key has the role {role!r}.",
            fix=f"write one of {', '.join(roles) or '(nobody is registered)'},"
            f" or: pilotage governance person NAME --role {role} --write",
        )
    by = signer(opened, person)
    replies = [Reply(number=number, answer=Answer.ESCALATE, escalate_to=role, why=why)]
    _answer(opened, replies, by=by, at=today(opened, as_of))
    _done(replies, given, by=by)


def _all_waiting(
    opened: Opened, use_case: str | None = None, *, limit: int = EVERYTHING
) -> tuple[list[Waiting], int]:
    """Return what waits, oldest first, and how much waits in all."""
    record = record_if_any(opened)
    if record is None:
        return [], 0
    with record.reading() as connection:
        return (
            oversight.waiting(connection, use_case=use_case, limit=limit),
            oversight.count(connection, use_case=use_case),
        )


def _waiting_for(opened: Opened, use_case: str, *, by: Signer) -> list[int]:
    """Return what waits in a use case for this person; what was passed to another role stays."""
    waiting, _ = _all_waiting(opened, opened.spec(use_case).use_case)
    return [one.number for one in waiting if not one.escalated_to or one.escalated_to in by.roles]


def _require_roles(opened: Opened, replies: Sequence[Reply], *, by: Signer) -> None:
    """Refuse a person who is neither a reviewer nor the owner; the record knows of escalated ones.

    Raises:
        RefusedError: a proposal is not theirs to answer.
    """
    if REVIEWER in by.roles:
        return
    numbers = {reply.number for reply in replies}
    waiting, _ = _all_waiting(opened)
    for one in waiting:
        if one.number in numbers and not one.escalated_to:
            require_role(
                by,
                roles_to_resume(opened.spec(one.use_case).owner),
                what=f"proposal {one.number} is answered",
                signatories=opened.signatories(),
            )


def _answer(opened: Opened, replies: Sequence[Reply], *, by: Signer, at: datetime) -> None:
    """Write all replies, or when one of them cannot be given, none."""
    _require_roles(opened, replies, by=by)
    with Progress() as progress, existing_record(opened).transaction() as work:
        for n, reply in enumerate(replies, 1):
            oversight.answer(work, reply, by=by, as_of=at)
            progress.say(f"{n:,} of {len(replies):,} answered")


def _values(changes: Sequence[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for change in changes:
        name, mark, value = change.partition("=")
        if not mark or not name or name in values:
            raise RefusedError(
                f"--set {change!r} is no change of one field.", fix="write --set FIELD=VALUE, once"
            )
        values[name] = value
    return values


SAID: Mapping[Answer, str] = {
    Answer.APPROVE: "approved",
    Answer.MODIFY: "modified",
    Answer.REJECT: "rejected",
    Answer.ESCALATE: "passed on",
}


def _done(replies: Sequence[Reply], given: Given, *, by: Signer) -> None:
    said = replies[0].answer
    numbers = [reply.number for reply in replies]
    delivers = said in {Answer.APPROVE, Answer.MODIFY}
    command = given.next("run" if delivers else "oversight list")
    if given.as_json:
        echo_json({"answer": said.value, "numbers": [*numbers], "person": by.name, "next": command})
        return
    what = f"proposal {numbers[0]}" if len(numbers) == 1 else f"{len(numbers):,} proposals"
    to = f" to {replies[0].escalate_to}" if replies[0].escalate_to else ""
    click.echo(f"{by.name} {SAID[said]} {what}{to}, signed.")
    click.echo(f"\nnext: {command}" + ("  (delivers)" if delivers else ""))


def _say(one: Waiting, *, now: datetime) -> None:
    days = (now - one.since).days
    since = f"waits {days} day{'s' * (days != 1)}" if days > 0 else "waits since today"
    click.echo(f"{one.number:>8}  {one.use_case}  {one.record or '(key erased)'}")
    click.echo(f"          {one.proposal}")
    asked = "checked by sample" if one.why == "sample" else f"asked because: {one.why}"
    click.echo(f"          {one.confidence:.0%} likely to be right, {asked}, {since}")
    if one.escalated_to:
        click.echo(f"          passed on to {one.escalated_to}")


def _facts(one: Waiting) -> dict[str, object]:
    return {
        "number": one.number,
        "use_case": one.use_case,
        "record": one.record,
        "proposal": one.proposal,
        "confidence": one.confidence,
        "why": one.why,
        "since": one.since.isoformat(),
        "escalated_to": one.escalated_to,
    }
