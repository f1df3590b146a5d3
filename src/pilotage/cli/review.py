"""`pilotage review`: the page a finance chief reads, in the terminal and as one HTML file."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from pilotage import review as story
from pilotage.cli.options import MonthName, as_of_option, echo_json, programme_options
from pilotage.domain.decision import Mode
from pilotage.domain.month import Month
from pilotage.domain.review import ProgrammeReview, Review
from pilotage.opening import Opened, open_programme
from pilotage.report import render_json, render_page, render_terminal
from pilotage.store.record import Record


@click.command("review")
@click.argument("use_case", required=False)
@click.option(
    "--month",
    type=MonthName(),
    default=None,
    help="The last cohort to count; the newest closed one when left out.",
)
@click.option("--mode", type=click.Choice([mode.value for mode in Mode]), default=None)
@click.option(
    "--html", type=click.Path(path_type=Path), default=None, help="Also write the page to a file."
)
@as_of_option
@programme_options
def command(
    use_case: str | None,
    month: Month | None,
    mode: str | None,
    html: Path | None,
    as_of: datetime | None,
    folder: Path,
    data_folder: Path | None,
    as_json: bool,
) -> None:
    """Say what each use case proved by now, what it is worth, and what to do."""
    opened = open_programme(folder, data_folder=data_folder)
    opened.require_use_cases()
    record = opened.record()
    now = as_of or datetime.now(UTC)
    reviews = [
        story.review(
            opened.case(spec, now=now, mode=Mode(mode) if mode else None),
            record,
            month=month,
            as_of=now,
        )
        for spec in opened.chosen(use_case)
    ]
    page = conclude(opened, record, reviews, as_of=now)
    if html:
        write_page(page, html)
    if as_json:
        echo_json(render_json(page))
    else:
        click.echo(render_terminal(page, colour=False))


def conclude(
    opened: Opened, record: Record, reviews: Sequence[Review], *, as_of: datetime
) -> ProgrammeReview:
    """Write the verdicts into the ledger, and put them on one page."""
    for reviewed in reviews:
        story.give(reviewed, record, as_of=as_of)
    return ProgrammeReview(
        programme=opened.programme.title or opened.programme.programme,
        month=max(reviewed.month for reviewed in reviews),
        reviews=tuple(reviews),
        checkpoint=record.checkpoint(),
        next_command=f"pilotage ledger export BUNDLE -p {opened.folder}",
    )


def write_page(page: ProgrammeReview, path: Path) -> None:
    """Write the page as one HTML file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render_page(page), encoding="utf-8")
