"""`pilotage run`: one pass."""

import gc
from collections.abc import Callable, Sequence
from datetime import datetime

import click

from pilotage import flow, launch
from pilotage.cli.complaint import complain
from pilotage.cli.number import how_many
from pilotage.cli.options import Given, as_of_option, echo_json, programme_options, today
from pilotage.cli.progress import Progress
from pilotage.domain.decision import Mode
from pilotage.domain.errors import DeliveryError, PilotageError, RefusedError, SourceError
from pilotage.domain.tally import Tally
from pilotage.opening import Opened
from pilotage.ports import Case
from pilotage.spec.decide import Every
from pilotage.store.record import Record

GARBAGE = 50_000
"""Objects between two looks for garbage: a batch makes many, and nearly all die by themselves."""

LIVE = {
    "because": "a live pass stands for today, under the sign-offs of today",
    "fix": "leave --as-of out, or try that day with `--mode shadow`",
}
"""Sign-offs that have expired would count again on another day."""


@click.command("run")
@click.argument("use_case", required=False)
@click.option(
    "--mode",
    type=click.Choice([mode.value for mode in Mode]),
    default=None,
    help="replay (history), shadow (delivers nothing) or live; pilotage.yaml's when left out.",
)
@as_of_option
@programme_options
def command(
    use_case: str | None,
    mode: str | None,
    as_of: datetime | None,
    given: Given,
) -> None:
    """Take everything new down the road, once: decide, deliver, read what came of it.

    Running it again, or after a crash, changes nothing that is recorded.
    """
    opened = given.open()
    opened.require_use_cases()
    chosen = Mode(mode) if mode else opened.programme.mode
    at = opened.at(as_of) if chosen is not Mode.LIVE else today(opened, as_of, **LIVE)
    record = opened.record()
    tallies: dict[str, Tally] = {}
    earlier: dict[str, int] = {}
    refused: list[PilotageError] = []
    with Progress() as progress:
        for spec in opened.chosen(use_case):
            try:
                case = opened.case(spec, now=max(at, opened.clock()), mode=chosen)
                tallies[spec.use_case] = run_one(case, record, as_of=at, say=progress.say)
                earlier[spec.use_case] = before_start(opened, case, record)
            except (RefusedError, DeliveryError, SourceError) as error:  # the others go on
                refused.append(error)
    if given.as_json:
        facts = {name: _facts(tally) for name, tally in tallies.items()}
        echo_json(
            {name: {**one, "before_start": earlier.get(name, 0)} for name, one in facts.items()}
        )
    else:
        for name, tally in tallies.items():
            click.echo(f"{name}\n  {in_words(tally)}")
            if earlier.get(name):
                click.echo(f"  {_before_start_in_words(earlier[name])}")
    refuse(refused, given)
    if not given.as_json:
        waiting = any(tally.waiting for tally in tallies.values())
        click.echo(f"\nnext: {given.next('oversight list' if waiting else 'review')}")


def before_start(opened: Opened, case: Case, record: Record) -> int:
    """Count the rows of the units' table that are history to the experiment, and so not decided."""
    known = launch.registered(case, record)
    if known is None or case.spec.decide.every is Every.MONTH:  # then every row is decided
        return 0
    source = opened.source(case.spec, now=known.started_at)
    return source.count_units_before(known.started_at)


def refuse(errors: Sequence[PilotageError], given: Given) -> None:
    """Say every refusal but the last, and raise that.

    Raises:
        PilotageError: the last one; none when there are none.
    """
    for error in errors[:-1]:
        error.fix = given.addressed(error.fix)
        complain(error, as_json=given.as_json)
    if errors:
        raise errors[-1]


def run_one(
    case: Case, record: Record, *, as_of: datetime, say: Callable[[str], None] = lambda _: None
) -> Tally:
    """Take one use case through one pass.

    Args:
        say: told after every batch how far it has come.
    """
    gc.freeze()  # what is imported stays: no batch is worth looking through it for garbage
    gc.set_threshold(GARBAGE)
    name = case.spec.use_case
    say(f"{name}: reading what is new")
    return flow.run(
        case, record, as_of=as_of, watch=lambda tally: say(f"{name}: {in_words(tally)}")
    )


def in_words(tally: Tally) -> str:
    """Say what a pass did, leaving out what it did not do."""
    said = {
        "decided": tally.decided,
        "treated": tally.treated,
        "waiting for a person": tally.waiting,
        "delivered": tally.delivered,
        "refused by the tool": tally.dead,
    }
    parts = [f"{n:,} {what}" for what, n in said.items() if n]
    counted = {
        ("outcome window", "closed"): tally.closed,
        ("outcome", "corrected"): tally.corrected,
        ("row", "parked"): tally.parked,
    }
    parts += [f"{how_many(n, noun)} {what}" for (noun, what), n in counted.items() if n]
    return f"{how_many(tally.read, 'unit')} read; " + (", ".join(parts) or "nothing new")


def _before_start_in_words(rows: int) -> str:
    lie = "row lies before the start, and is" if rows == 1 else "rows lie before the start, and are"
    return f"{rows:,} {lie} left out"


def _facts(tally: Tally) -> dict[str, int]:
    return {name: int(getattr(tally, name)) for name in Tally.__dataclass_fields__}
