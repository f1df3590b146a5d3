"""`pilotage run`: one pass."""

import gc
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from pilotage import flow
from pilotage.cli.options import Progress, as_of_option, echo_json, programme_options
from pilotage.domain.decision import Mode
from pilotage.domain.errors import DeliveryError, PilotageError, RefusedError
from pilotage.domain.tally import Tally
from pilotage.opening import open_programme
from pilotage.ports import Case
from pilotage.store.record import Record

GARBAGE = 50_000
"""Objects between two looks for garbage: a batch makes many, and nearly all die by themselves."""


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
    folder: Path,
    data_folder: Path | None,
    as_json: bool,
) -> None:
    """Take everything new down the road, once: decide, deliver, read what came of it.

    Running it again, or after a crash, changes nothing that is recorded.
    """
    opened = open_programme(folder, data_folder=data_folder)
    opened.require_use_cases()
    record = opened.record()
    now = datetime.now(UTC)
    chosen = Mode(mode) if mode else opened.programme.mode
    if chosen is Mode.LIVE and as_of is not None and as_of > now:
        raise RefusedError(
            f"--as-of {as_of:%Y-%m-%d} is in the future; live units are decided when they come.",
            fix="leave --as-of out, or try the day with `--mode shadow`",
        )
    tallies: dict[str, Tally] = {}
    refused: list[PilotageError] = []
    for spec in opened.chosen(use_case):
        case = opened.case(spec, now=max(as_of or now, now), mode=chosen)
        try:
            tallies[spec.use_case] = run_one(case, record, as_of=as_of or now)
        except (RefusedError, DeliveryError) as error:  # the other use cases go on
            refused.append(error)
    if as_json:
        echo_json({name: _facts(tally) for name, tally in tallies.items()})
        refuse(refused)
        return
    for name, tally in tallies.items():
        click.echo(f"{name}\n  {in_words(tally)}")
    refuse(refused)
    where = "" if folder == Path() else f" -p {folder}"
    waiting = any(tally.waiting for tally in tallies.values())
    click.echo(f"\nnext: pilotage {'oversight list' if waiting else 'review'}{where}")


def refuse(errors: Sequence[PilotageError]) -> None:
    """Say every refusal but the last, and raise that.

    Raises:
        PilotageError: the last one; none when there are none.
    """
    for error in errors[:-1]:
        click.echo(f"error: {error}", err=True)
    if errors:
        raise errors[-1]


def run_one(case: Case, record: Record, *, as_of: datetime) -> Tally:
    """Take one use case through one pass, with a progress line."""
    gc.freeze()  # what is imported stays: no batch is worth looking through it for garbage
    gc.set_threshold(GARBAGE)
    progress = Progress()
    try:
        return flow.run(
            case,
            record,
            as_of=as_of,
            watch=lambda tally: progress.say(f"{case.spec.use_case}: {in_words(tally)}"),
        )
    finally:
        progress.done()


def in_words(tally: Tally) -> str:
    """Say what a pass did, leaving out what it did not do."""
    said = {
        "decided": tally.decided,
        "treated": tally.treated,
        "waiting for a person": tally.waiting,
        "delivered": tally.delivered,
        "refused by the tool": tally.dead,
        "outcome windows closed": tally.closed,
        "outcomes corrected": tally.corrected,
        "rows parked": tally.parked,
    }
    parts = [f"{n:,} {what}" for what, n in said.items() if n]
    return f"{tally.read:,} units read; " + (", ".join(parts) or "nothing new")


def _facts(tally: Tally) -> dict[str, int]:
    return {name: int(getattr(tally, name)) for name in Tally.__dataclass_fields__}
