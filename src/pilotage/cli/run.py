"""`pilotage run`: one pass."""

from datetime import UTC, datetime
from pathlib import Path

import click

from pilotage import flow
from pilotage.cli.opening import Opened, open_programme
from pilotage.cli.options import Progress, as_of_option, echo_json, programme_options
from pilotage.domain.decision import Mode
from pilotage.domain.tally import Tally
from pilotage.spec.use_case import UseCase
from pilotage.store.record import Record


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
def command(  # noqa: PLR0913 - one argument an option
    use_case: str | None,
    mode: str | None,
    as_of: datetime | None,
    folder: Path,
    data_folder: Path | None,
    as_json: bool,  # noqa: FBT001 - click passes a flag by name
) -> None:
    """Take everything new down the road, once: decide, deliver, read what came of it.

    Running it again, or after a crash, changes nothing that is recorded.
    """
    opened = open_programme(folder, data_folder=data_folder)
    record = opened.record()
    now = datetime.now(UTC)
    tallies = {
        spec.use_case: run_one(
            opened,
            record,
            spec,
            mode=Mode(mode) if mode else opened.programme.mode,
            as_of=as_of or now,
            now=max(as_of or now, now),
        )
        for spec in opened.chosen(use_case)
    }
    if as_json:
        echo_json({name: _facts(tally) for name, tally in tallies.items()})
        return
    for name, tally in tallies.items():
        click.echo(f"{name}\n  {in_words(tally)}")
    where = "" if folder == Path() else f" -p {folder}"
    waiting = any(tally.waiting for tally in tallies.values())
    click.echo(f"\nnext: pilotage {'oversight list' if waiting else 'review'}{where}")


def run_one(
    opened: Opened,
    record: Record,
    spec: UseCase,
    *,
    mode: Mode,
    as_of: datetime,
    now: datetime,
) -> Tally:
    """Take one use case through one pass, with a progress line."""
    progress = Progress()
    try:
        return flow.run(
            opened.case(spec, now=now, mode=mode),
            record,
            as_of=as_of,
            watch=lambda tally: progress.say(f"{spec.use_case}: {in_words(tally)}"),
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
