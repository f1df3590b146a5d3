"""`pilotage review`: the page a finance chief reads, in the terminal and as one HTML file."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click

from pilotage import review as story
from pilotage.cli.options import Given, MonthName, as_of_option, echo_json, programme_options
from pilotage.cli.progress import Progress
from pilotage.cli.recorded import existing_record
from pilotage.domain.decision import Mode
from pilotage.domain.month import Month
from pilotage.domain.review import ProgrammeReview, Review
from pilotage.opening import Opened
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
    given: Given,
) -> None:
    """Say what each use case proved by now, what it is worth, and what to do."""
    opened = given.open()
    opened.require_use_cases()
    record, now = existing_record(opened), opened.at(as_of)
    reviews: list[Review] = []
    with Progress() as progress:
        for spec in opened.chosen(use_case):
            progress.say(f"{spec.use_case}: summing up its months")
            case = opened.case(spec, now=now, mode=Mode(mode) if mode else None)
            reviews.append(story.review(case, record, month=month, as_of=now))
    page = conclude(opened, record, reviews, as_of=now)
    page = for_reader(page, given.addressed)
    if html:
        write_page(page, html)
    if given.as_json:
        echo_json(render_json(page))
    else:
        click.echo(render_terminal(page, colour=False))


def conclude(
    opened: Opened, record: Record, reviews: Sequence[Review], *, as_of: datetime
) -> ProgrammeReview:
    """Write the verdicts into the ledger, and put them on one page."""
    for reviewed in reviews:
        if story.give(reviewed, record, as_of=as_of) is None:
            click.echo(
                f"{reviewed.use_case}: a verdict on {reviewed.month} as of a later day stands; this"
                f" look back as of {as_of:%Y-%m-%d} is not recorded.",
                err=True,
            )
    return ProgrammeReview(
        programme=opened.programme.title or opened.programme.programme,
        month=max(reviewed.month for reviewed in reviews),
        reviews=tuple(reviews),
        checkpoint=record.checkpoint(),
        next_command="pilotage ledger export BUNDLE",
    )


def for_reader(page: ProgrammeReview, address: Callable[[str], str]) -> ProgrammeReview:
    """Return the page with commands that can be typed where its reader is.

    Args:
        address: puts the programme into the commands of a text.
    """
    return replace(
        page,
        next_command=address(page.next_command),
        reviews=tuple(
            replace(
                one,
                ruling=replace(one.ruling, next_step=address(one.ruling.next_step)),
                findings=tuple(replace(f, fix=address(f.fix)) for f in one.findings),
            )
            for one in page.reviews
        ),
    )


def write_page(page: ProgrammeReview, path: Path) -> None:
    """Write the page as one HTML file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render_page(page), encoding="utf-8")
