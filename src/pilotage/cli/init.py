"""`pilotage init`: a starting programme, from nothing or from somebody's own tables."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from pilotage.cli.next_command import next_command
from pilotage.data.databases import parts
from pilotage.domain.decision import Mode
from pilotage.domain.errors import PilotageError, RefusedError, SpecError
from pilotage.opening import PROGRAMME_FILE
from pilotage.spec.draft import draft_programme, draft_use_case, quoted, unit_name
from pilotage.spec.scalars import UNDECIDED
from pilotage.spec.start import STARTING_SOURCES, starting_use_case

IGNORED = ".pilotage/\n"
"""The record and its keys are no part of a repository."""


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--from", "units", metavar="TABLE", help="Your units: a file or URL, such as leads.csv."
)
@click.option(
    "--outcomes",
    metavar="TABLE",
    show_default="the same table",
    help="What came of them, such as deals.csv.",
)
@click.option("--name", metavar="NAME", help="The use case's name, such as lead-qualification.")
@click.option(
    "--timezone",
    "zone",
    default="UTC",
    show_default=True,
    help="Whose months are your business calendar, such as Europe/Paris.",
)
def command(
    folder: Path, units: str | None, outcomes: str | None, name: str | None, zone: str
) -> None:
    """Start a programme in FOLDER, or draft one from your own tables.

    With --from it counts your tables, says what it found, and drafts a use case from them. What
    only a person can decide is written DECIDE. No file is ever overwritten.
    """
    if units is None and outcomes is not None:
        raise SpecError("--outcomes was given without --from.", fix=f"--from UNITS {outcomes}")
    if name is not None and kebab(name) != name:
        raise SpecError(
            f"--name is {name!r}; names are small letters, digits and hyphens.",
            fix=f"--name {kebab(name)}",
        )
    if units is None:
        start(folder, name=name or "first", zone=zone)
    else:
        start_from(folder, units, outcomes or units, name=name, zone=_zone(zone))


def start(folder: Path, *, name: str, zone: str) -> None:
    """Write the worked example, to be completed by hand."""
    if (folder / PROGRAMME_FILE).exists():
        raise RefusedError(
            f"{folder / PROGRAMME_FILE} is there already; nothing was written.",
            fix=next_command("check", folder=folder),
        )
    _zone(zone)
    programme = draft_programme(name=_named(folder), sources=STARTING_SOURCES, timezone=zone)
    file = folder / "use_cases" / f"{name}.yaml"
    write_new({folder / PROGRAMME_FILE: programme, file: starting_use_case()})
    ignore_state(folder)
    click.echo(f"{folder / PROGRAMME_FILE}\n  where data, tools and people are")
    click.echo(f"{file}\n  an example to complete; it reads leads.csv and replies.csv")
    say_open_choices(file)
    click.echo("\nHave tables already? pilotage init FOLDER --from leads.csv --outcomes deals.csv")
    click.echo(f"\nnext: complete the two files, then: {next_command('check', folder=folder)}")


def start_from(
    folder: Path, units: str, outcomes: str, *, name: str | None, zone: ZoneInfo
) -> None:
    """Count the tables, say what was found, and draft a use case from them."""
    from pilotage.cli import first_look, found_in_words  # noqa: PLC0415 - the engine starts slowly

    look = first_look.look(units, outcomes, zone=zone, now=datetime.now(UTC))
    click.echo(found_in_words.in_words(look, zone=zone) + "\n")
    tables = {
        table.profile.name: as_source(table.profile.path, folder=folder)
        for table in (look.units, look.outcomes)
    }
    happened = next(iter(look.found.where.values()), None)
    title = name or kebab(f"{look.unit} {happened or unit_name(look.outcomes.profile.name)}")
    use_case = folder / "use_cases" / f"{title}.yaml"
    drafted = draft_use_case(
        name=title, units=look.units.profile, outcomes=look.outcomes.profile, found=look.found
    )
    programme = folder / PROGRAMME_FILE
    files = {use_case: drafted}
    if not programme.exists():
        mode = Mode.REPLAY if look.found.start else Mode.SHADOW
        files[programme] = draft_programme(
            name=_named(folder), sources=tables, timezone=str(zone), mode=mode
        )
    write_new(files)
    ignore_state(folder)
    click.echo("Written: " + ", ".join(str(file) for file in files))
    if programme not in files:
        lines = "".join(f"\n  {quoted(table)}: {quoted(path)}" for table, path in tables.items())
        click.echo(f"{programme} was there already; add what it lacks under `sources:`{lines}")
    say_open_choices(use_case)
    click.echo(f"\nnext: decide these in {use_case}, then: {next_command('check', folder=folder)}")


def as_source(location: str, *, folder: Path) -> str:
    """Return how pilotage.yaml names a table: beside the programme relatively, else in full."""
    before, path, after = parts(location)
    if not path:
        return location
    full = Path(path).absolute()
    relative = os.path.relpath(full, folder.absolute())
    return before + (str(full) if relative.startswith("../..") else relative) + after


def kebab(text: str) -> str:
    """Return text as a name.

    >>> kebab("Lead: won (2026)")
    'lead-won-2026'
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-").lstrip("0123456789-") or "first"


def write_new(files: dict[Path, str]) -> None:
    """Write files that are not there yet; where one is, write none.

    Raises:
        RefusedError: one is there, or cannot be written.
    """
    for path in files:
        if path.exists():
            raise RefusedError(
                f"{path} is there already; nothing was written.",
                fix="name the new use case with --name NAME, or move that file away",
            )
    for path, text in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise RefusedError(
                f"{error.filename or path}: cannot be written ({error.strerror}).",
                fix="choose a folder that you may write to: pilotage init FOLDER",
            ) from error


def ignore_state(folder: Path) -> None:
    """Keep record and keys out of a repository, where the folder does not say what to ignore."""
    if not (folder / ".gitignore").exists():
        write_new({folder / ".gitignore": IGNORED})


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenChoice:
    """A key that is still DECIDE."""

    line: int
    key: str
    hint: str


def open_choices(text: str) -> Iterator[OpenChoice]:
    """Return the keys that a person has to decide, with what the draft says of them."""
    for number, line in enumerate(text.splitlines(), start=1):
        found = re.match(
            rf"(?P<before>[^#]*?)(?P<key>[\w.]+): {UNDECIDED}\b[^#]*#? *(?P<hint>.*)", line
        )
        if found:
            yield OpenChoice(line=number, key=found["key"], hint=found["hint"])


def say_open_choices(file: Path) -> None:
    """List what a person has to decide in a file."""
    choices = list(open_choices(file.read_text(encoding="utf-8")))
    click.echo(f"\nFor you to decide in {file}, {len(choices)} things:")
    for choice in choices:
        click.echo(f"  line {choice.line:>2}  {choice.key:<16}  {choice.hint}")


def _named(folder: Path) -> str:
    return kebab(folder.absolute().name)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise PilotageError(
            f"--timezone is {name!r}, which no time-zone list has.", fix="--timezone Europe/Paris"
        ) from error
