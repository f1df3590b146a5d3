"""`pilotage demo`: a simulated company taken down the whole road, month by month.

Everything but the company and its clock is the code that runs a real programme.
"""

import csv
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from os import urandom
from pathlib import Path

import click

from pilotage import flow
from pilotage import review as story
from pilotage.cli.next_command import addressed
from pilotage.cli.options import echo_json
from pilotage.cli.progress import Progress
from pilotage.cli.review import conclude, for_reader, write_page
from pilotage.cli.run import run_one
from pilotage.cli.signing import covers, hand, sign
from pilotage.domain.decision import Answer
from pilotage.domain.errors import PilotageError, RefusedError
from pilotage.domain.money import Money
from pilotage.domain.month import Month
from pilotage.domain.review import ProgrammeReview, Review, Truth
from pilotage.domain.verdict import Verdict
from pilotage.governance.checkpoint import SigningKey
from pilotage.governance.permit import role_for
from pilotage.governance.signer import Signer
from pilotage.opening import Opened, open_programme
from pilotage.ports import Case
from pilotage.report import render_json, render_terminal
from pilotage.sandbox import Company, Delivered, World, programme
from pilotage.sandbox.world import NAMED, Motion
from pilotage.spec.use_case import UseCase
from pilotage.store import oversight, registry
from pilotage.store.record import Record

START = Month(2025, 1)
"""The first live month: in the past, so that nothing in the demo lies in the future."""

MARK = ".pilotage-demo"
"""Stands in a folder that a demo made, and that a demo may therefore replace."""

VALID = timedelta(days=730)
"""How long the simulated people's signatures hold."""

EVERYBODY = 100_000


@click.command("demo")
@click.argument("folder", type=click.Path(path_type=Path), default=Path("pilotage-demo"))
@click.option(
    "--world",
    type=click.Choice(list(NAMED)),
    default="demo",
    show_default=True,
    help="What the AI truly does: works, does nothing, harms, blooms late, only displaces.",
)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True)
@click.option(
    "--months",
    type=click.IntRange(min=1, max=24),
    default=12,
    show_default=True,
    help="How long the company lives with its AI.",
)
@click.option("--again", is_flag=True, help="Replace what an earlier demo left in FOLDER.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
def command(
    folder: Path, world: str, seed: int, months: int, *, again: bool, as_json: bool
) -> None:
    """Take a simulated company down the whole road, and show what the review says of it.

    The company's true effects are known, so the verdicts can be held against the truth.
    """
    fresh(folder, again=again)
    simulated = replace(World.named(world, seed=seed), start=START, months=months)
    company, staff = Company(simulated, folder / "data"), hire()
    pages: list[ProgrammeReview] = []
    with Progress() as progress:
        progress.say("the months before the AI")
        company.open()
        declare(company.world, staff, folder)
        opened = open_programme(folder, clock=company.now)
        record = opened.record()
        sign_off(opened, record, staff)
        for month in (*company.world.live, company.world.live[-1].plus(1)):
            progress.say(f"{month}: a month of leads and renewals")
            pages.append(live_through(month, opened, record, staff, company))
            if not as_json:
                progress.clear()
                click.echo(in_a_line(month, pages[-1].reviews))
    page = replace(pages[-1], next_command="pilotage ledger verify")
    page = for_reader(page, lambda text: addressed(text, folder=folder))
    write_page(page, folder / "review.html")
    if as_json:
        echo_json(render_json(page))
        return
    click.echo("\n" + render_terminal(page, colour=False))
    click.echo(f"\nThe same page to look at: {folder / 'review.html'}")


def live_through(
    month: Month, opened: Opened, record: Record, staff: Mapping[str, Signer], company: Company
) -> ProgrammeReview:
    """Let a month pass: units arrive, are decided, people react, and the review follows."""
    company.advance(month)
    as_of = opened.clock()
    cases = [opened.case(spec, now=as_of) for spec in opened.specs.values()]
    for case in cases:
        pass_with_oversight(case, record, staff["reviewer"], as_of=as_of)
    company.react(month, delivered(opened.folder / "crm"))
    reviews = [story.review(case, record, month=None, as_of=as_of) for case in cases]
    page = conclude(opened, record, reviews, as_of=as_of)
    for reviewed in reviews:
        obey(reviewed, record, staff["reviewer"], as_of=as_of)
    return replace(
        page,
        reviews=tuple(
            with_truth(reviewed, case.spec, company)
            for reviewed, case in zip(reviews, cases, strict=True)
        ),
    )


def obey(reviewed: Review, record: Record, owner: Signer, *, as_of: datetime) -> None:
    """Halt a use case whose review said stop, as its owner would."""
    if reviewed.ruling.verdict is not Verdict.STOP:
        return
    with record.transaction() as work:
        if registry.halted(work.connection, use_case=reviewed.use_case):
            return
        registry.halt(
            work, use_case=reviewed.use_case, by=owner, why=reviewed.ruling.rule, as_of=as_of
        )


def fresh(folder: Path, *, again: bool) -> None:
    """Make the folder; in place of an earlier demo's when asked to, never of anything else.

    Raises:
        PilotageError: it holds something that no demo made.
    """
    if folder.exists() and not (folder / MARK).exists() and any(folder.iterdir()):
        raise PilotageError(
            f"{folder} is not empty, and no demo made it.", fix="pilotage demo ANOTHER_FOLDER"
        )
    if (folder / MARK).exists() and not again:
        raise PilotageError(
            f"{folder} holds an earlier demo.",
            fix=f"pilotage demo {folder} --again, which deletes it; or name ANOTHER_FOLDER",
        )
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / MARK).touch()


def hire() -> dict[str, Signer]:
    """Return somebody for every role that signs, with a key of their own."""
    people = {"reviewer": "rae", "legal": "lee", "compliance": "cas", "security": "sam"}
    people |= {"procurement": "pat", "finance": "fin"}
    return {
        role: Signer(name=name, roles=[role], key=SigningKey.generate(name, entropy=urandom(32)))
        for role, name in people.items()
    }


def declare(world: World, staff: Mapping[str, Signer], folder: Path) -> None:
    """Write the company's declarations, its people included."""
    for path, text in programme(world).items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    lines = [
        f"  {one.name}: {{roles: [{role}], key: {one.key.verifying_key.vkey}}}\n"
        for role, one in staff.items()
    ]
    with (folder / "pilotage.yaml").open("a", encoding="utf-8") as file:
        file.writelines(["people:\n", *lines])


def sign_off(opened: Opened, record: Record, staff: Mapping[str, Signer]) -> None:
    """Let the simulated people sign what a live use case needs, over a document each."""
    at, evidence = opened.clock(), opened.folder / "evidence"
    evidence.mkdir()
    for spec in opened.specs.values():
        for subject in covers(spec):
            document = evidence / f"{spec.use_case}-{subject}.txt"
            document.write_text(f"Simulated evidence: {subject} of {spec.use_case}.\n")
            by = hand(staff[role_for(subject)], now=at, until=at + VALID)
            sign(opened, record, spec, {subject: document}, by)


def pass_with_oversight(case: Case, record: Record, reviewer: Signer, *, as_of: datetime) -> None:
    """Run a pass, let the simulated reviewer approve what waits, and deliver that too."""
    try:
        run_one(case, record, as_of=as_of)
    except RefusedError:  # it was halted; outcomes of earlier units were read all the same
        return
    with record.reading() as connection:
        waiting = oversight.waiting(connection, use_case=case.spec.use_case, limit=EVERYBODY)
    with record.transaction() as work:
        for one in waiting:
            reply = oversight.Reply(number=one.number, answer=Answer.APPROVE)
            oversight.answer(work, reply, by=reviewer, as_of=as_of)
    for _ in flow.release(case, record, as_of=as_of):
        pass


def delivered(tool: Path) -> Iterator[Delivered]:
    """Return what stands in the simulated people's own tool."""
    for file in sorted(tool.glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as rows:
            for row in csv.DictReader(rows):
                yield Delivered(record=row["record"], field=row["field"], value=row["value"])


def with_truth(reviewed: Review, spec: UseCase, company: Company) -> Review:
    """Put the planted effect beside the measured one, for the months that are closed."""
    months = [cohort.month for cohort in reviewed.cohorts]
    effects = [e for month in months for e in company.unit_effects(spec.use_case, month).values()]
    if not effects:
        return reviewed
    true = sum(effects) / len(effects)
    value = spec.outcome.value
    cost = spec.budget.run_per_month if spec.budget else 0
    worth = float(value.amount) * true * len(effects) / len(months) - float(cost)
    effect = reviewed.effect
    return replace(
        reviewed,
        cohorts=tuple(
            replace(cohort, truth=company.truth(spec.use_case, cohort.month))
            for cohort in reviewed.cohorts
        ),
        truth=Truth(
            kind=company.world.scenario(Motion.named(spec.use_case)).value,
            effect=true,
            money_per_month=str(Money.of(worth, value.currency)),
            covered=effect is not None and effect.low <= true <= effect.high,
        ),
    )


def in_a_line(month: Month, reviews: Sequence[Review]) -> str:
    """Say in one line what a month's review said."""
    said = "; ".join(f"{one.use_case}: {one.ruling.verdict} ({one.ruling.rule})" for one in reviews)
    return f"{month}  {said}"
