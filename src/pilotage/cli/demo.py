"""`pilotage demo`: a simulated company taken down the whole road, month by month.

Everything but the company and its clock is the code that runs a real programme.
"""

import csv
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from os import urandom
from pathlib import Path

import click

from pilotage import flow
from pilotage import review as story
from pilotage.cli.opening import Opened, open_programme
from pilotage.cli.options import Progress, echo_json
from pilotage.cli.review import conclude, write_page
from pilotage.cli.run import run_one
from pilotage.domain.decision import Answer, Mode
from pilotage.domain.errors import PilotageError
from pilotage.domain.money import Money
from pilotage.domain.month import Month
from pilotage.domain.review import Review, Truth
from pilotage.governance.checkpoint import SigningKey
from pilotage.governance.permit import VALUE, Control, Signature
from pilotage.governance.signer import Signer
from pilotage.report import render_json, render_terminal
from pilotage.sandbox import Company, Delivered, World, programme
from pilotage.sandbox.world import NAMED, Motion
from pilotage.spec.hashing import spec_hash, value_hash
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """Somebody of the simulated company who signs."""

    name: str
    role: str
    key: SigningKey


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
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
def command(folder: Path, world: str, seed: int, *, as_json: bool) -> None:
    """Take a simulated company down the whole road, and show what the review says of it.

    The company's true effects are known, so the verdicts can be held against the truth.
    """
    fresh(folder)
    company = Company(replace(World.named(world, seed=seed), start=START), folder / "data")
    company.open()
    staff = hire()
    declare(company.world, staff, folder)
    opened = open_programme(folder, data_folder=folder / "data")
    record = opened.record()
    progress = Progress()
    sign_off(opened, record, staff, at=company.world.start.start())
    for month in (*company.world.live, company.world.live[-1].plus(1)):
        progress.say(f"{month}: a month of leads and renewals")
        company.advance(month)
        as_of = company.rounds(month)[-1]
        for spec in opened.specs.values():
            pass_with_oversight(opened, record, spec, staff[0], as_of=as_of)
        company.react(month, delivered(folder / "crm"))
        reviews = [judged(opened, record, spec, company, as_of=as_of) for spec in opened.specs.values()]
        if not as_json:
            click.echo(in_a_line(month, reviews))
    progress.done()
    page = conclude(opened, record, reviews, as_of=as_of)
    write_page(page, folder / "review.html")
    if as_json:
        echo_json(render_json(page))
        return
    click.echo("\n" + render_terminal(page, colour=False))
    click.echo(f"\nThe same page to look at: {folder / 'review.html'}")


def fresh(folder: Path) -> None:
    """Make the folder, in place of an earlier demo's; never in place of anything else.

    Raises:
        PilotageError: it holds something that no demo made.
    """
    if folder.exists() and not (folder / MARK).exists() and any(folder.iterdir()):
        raise PilotageError(
            f"{folder} is not empty, and no demo made it.", fix="pilotage demo ANOTHER_FOLDER"
        )
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / MARK).touch()


def hire() -> list[Staff]:
    """Return people for every role that signs, with keys of their own."""
    people = {"rae": "reviewer", "lee": "legal", "cas": "compliance", "sam": "security"}
    people |= {"pat": "procurement", "fin": "finance"}
    return [
        Staff(name=name, role=role, key=SigningKey.generate(name, entropy=urandom(32)))
        for name, role in people.items()
    ]


def declare(world: World, staff: Sequence[Staff], folder: Path) -> None:
    """Write the company's declarations, its people included."""
    for path, text in programme(world).items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    lines = [
        f"  {one.name}: {{roles: [{one.role}], key: {one.key.verifying_key.vkey}}}\n"
        for one in staff
    ]
    with (folder / "pilotage.yaml").open("a", encoding="utf-8") as file:
        file.writelines(["people:\n", *lines])


def sign_off(opened: Opened, record: Record, staff: Sequence[Staff], *, at: datetime) -> None:
    """Let the simulated people sign what a live use case needs."""
    by_role = {one.role: one for one in staff}
    with record.transaction() as work:
        for spec in opened.specs.values():
            covers = {control.value: spec_hash(spec) for control in Control}
            for subject, covered in {**covers, VALUE: value_hash(spec)}.items():
                one = by_role["finance" if subject == VALUE else subject]
                registry.sign(work, signed(spec, one, subject=subject, covers=covered, at=at))


def signed(spec: UseCase, one: Staff, *, subject: str, covers: str, at: datetime) -> Signature:
    """Return a simulated person's signature."""
    unsigned = Signature(
        use_case=spec.use_case,
        subject=subject,
        person=one.name,
        role=one.role,
        covers=covers,
        evidence=sha256(f"simulated evidence: {subject}".encode()).hexdigest(),
        signed_at=at,
        until=at + VALID,
        signature="",
    )
    return replace(unsigned, signature=one.key.sign(unsigned.message).hex())


def pass_with_oversight(
    opened: Opened, record: Record, spec: UseCase, reviewer: Staff, *, as_of: datetime
) -> None:
    """Run a pass, let the simulated reviewer approve what waits, and deliver that too."""
    try:
        run_one(opened, record, spec, mode=Mode.LIVE, as_of=as_of, now=as_of)
    except RefusedError:  # it was halted; outcomes of earlier units were read all the same
        return
    with record.reading() as connection:
        waiting = oversight.waiting(connection, use_case=spec.use_case, limit=EVERYBODY)
    by = Signer(name=reviewer.name, roles={reviewer.role}, key=reviewer.key)
    with record.transaction() as work:
        for one in waiting:
            reply = oversight.Reply(number=one.number, answer=Answer.APPROVE)
            oversight.answer(work, reply, by=by, as_of=as_of)
    case = opened.case(spec, now=as_of, mode=Mode.LIVE)
    for _ in flow.release(case, record, as_of=as_of):
        pass


def delivered(tool: Path) -> Iterator[Delivered]:
    """Return what stands in the simulated people's own tool."""
    for file in sorted(tool.glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as rows:
            for row in csv.DictReader(rows):
                yield Delivered(record=row["record"], field=row["field"], value=row["value"])


def judged(
    opened: Opened, record: Record, spec: UseCase, company: Company, *, as_of: datetime
) -> Review:
    """Review a use case, write its verdict, and hold it against the known truth."""
    reviewed = story.review(
        opened.case(spec, now=as_of, mode=Mode.LIVE), record, month=None, as_of=as_of
    )
    story.give(reviewed, record, as_of=as_of)
    return with_truth(reviewed, spec, company)


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
