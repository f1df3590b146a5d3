"""`pilotage init`: a starting programme, from nothing or from somebody's own tables."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from pilotage.cli.next_command import next_command
from pilotage.cli.number import how_many
from pilotage.cli.options import echo_json
from pilotage.data.databases import parts
from pilotage.domain.decision import Mode
from pilotage.domain.errors import PilotageError, RefusedError, SpecError
from pilotage.opening import PROGRAMME_FILE
from pilotage.spec.draft import draft_programme, draft_use_case, quoted, unit_name
from pilotage.spec.scalars import UNDECIDED
from pilotage.spec.start import STARTING_SOURCES, starting_use_case

if TYPE_CHECKING:  # the engine starts slowly
    from pilotage.cli.first_look import Look

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
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
def command(
    *,
    folder: Path,
    units: str | None,
    outcomes: str | None,
    name: str | None,
    zone: str,
    as_json: bool,
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
        started = start(folder, name=name or "first", zone=zone)
    else:
        started = start_from(folder, _look(units, outcomes or units, zone, as_json=as_json), name)
    if as_json:
        echo_json(facts(started))
    else:
        click.echo("\n".join(in_words(started)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """What `init` wrote.

    Args:
        written: files, the use case's first.
        programme: pilotage.yaml, written just now or there already.
        lacks: sources that a pilotage.yaml which was there already does not declare for it.
        look: what the tables show; None where none was named.
    """

    written: tuple[Path, ...]
    programme: Path
    lacks: Mapping[str, str] = field(default_factory=dict[str, str])
    look: "Look | None" = None

    @property
    def use_case(self) -> Path:
        """The use case to complete."""
        return self.written[0]

    @property
    def choices(self) -> list["OpenChoice"]:
        """What a person has to decide in it."""
        return list(open_choices(self.use_case.read_text(encoding="utf-8")))

    @property
    def next_command(self) -> str:
        """What to type once it is decided."""
        return next_command("check", folder=self.programme.parent)


def start(folder: Path, *, name: str, zone: str) -> Started:
    """Write the worked example, to be completed by hand."""
    programme, use_case = folder / PROGRAMME_FILE, folder / "use_cases" / f"{name}.yaml"
    if programme.exists():
        raise RefusedError(
            f"{programme} is there already; nothing was written.",
            fix=next_command("check", folder=folder),
        )
    _zone(zone)
    drafted = draft_programme(name=_named(folder), sources=STARTING_SOURCES, timezone=zone)
    files = {use_case: starting_use_case(), programme: drafted}
    write_new(files)
    ignore_state(folder)
    return Started(written=tuple(files), programme=programme)


def start_from(folder: Path, look: "Look", name: str | None) -> Started:
    """Draft a use case from what a look at the tables found."""
    tables = {
        table.profile.name: as_source(table.profile.path, folder=folder)
        for table in (look.units, look.outcomes)
    }
    happened = next(iter(look.found.where.values()), None)
    title = name or kebab(f"{look.unit} {happened or unit_name(look.outcomes.profile.name)}")
    drafted = draft_use_case(
        name=title, units=look.units.profile, outcomes=look.outcomes.profile, found=look.found
    )
    programme = folder / PROGRAMME_FILE
    files = {folder / "use_cases" / f"{title}.yaml": drafted}
    lacks = tables if programme.exists() else {}
    if not lacks:
        mode = Mode.REPLAY if look.found.start else Mode.SHADOW
        files[programme] = draft_programme(
            name=_named(folder), sources=tables, timezone=str(look.zone), mode=mode
        )
    write_new(files)
    ignore_state(folder)
    return Started(written=tuple(files), programme=programme, lacks=lacks, look=look)


def in_words(started: Started) -> Iterator[str]:
    """Yield what was written, what a person has to decide, and what to type next."""
    use_case, programme = started.use_case, started.programme
    if started.look is None:
        yield f"{programme}\n  where data, tools and people are"
        yield f"{use_case}\n  an example to complete; it reads leads.csv and replies.csv"
    else:
        yield "Written: " + ", ".join(str(file) for file in started.written)
    if started.lacks:
        yield f"{programme} was there already; add what it lacks under `sources:`"
        yield from (f"  {quoted(table)}: {quoted(path)}" for table, path in started.lacks.items())
    yield f"\nFor you to decide in {use_case}, {how_many(len(started.choices), 'thing')}:"
    for choice in started.choices:
        yield f"  line {choice.line:>2}  {choice.key:<16}  {choice.hint}"
    if started.look is None:
        yield "\nHave tables already? pilotage init FOLDER --from leads.csv --outcomes deals.csv"
    to_do = "complete the two files" if started.look is None else f"decide these in {use_case}"
    yield f"\nnext: {to_do}, then: {started.next_command}"


def facts(started: Started) -> Mapping[str, object]:
    """Return the same for machines."""
    return {
        "written": [str(file) for file in started.written],
        "found": started.look and started.look.facts(),
        "add_to_sources": dict(started.lacks),
        "decide": [
            {
                "file": str(started.use_case),
                "line": choice.line,
                "key": choice.key,
                "hint": choice.hint,
            }
            for choice in started.choices
        ],
        "next": started.next_command,
    }


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


def _look(units: str, outcomes: str, zone: str, *, as_json: bool) -> "Look":
    from pilotage.cli import first_look, found_in_words  # noqa: PLC0415 - the engine starts slowly

    look = first_look.look(units, outcomes, zone=_zone(zone), now=datetime.now(UTC))
    if not as_json:
        click.echo(found_in_words.in_words(look, zone=look.zone) + "\n")
    return look


def _named(folder: Path) -> str:
    return kebab(folder.absolute().name)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise PilotageError(
            f"--timezone is {name!r}, which no time-zone list has.", fix="--timezone Europe/Paris"
        ) from error
