"""Options that commands share, and how they print."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import TypeVar

import click

from pilotage.cli.next_command import addressed, next_command
from pilotage.domain.errors import PilotageError, RefusedError
from pilotage.domain.month import Month
from pilotage.opening import Clock, Opened, open_programme, wall_clock

_T = TypeVar("_T")

ONE_DAY = timedelta(days=1)
"""How far `--as-of` may lie back where it stands for today: today's date, anywhere on earth."""


class Instant(click.ParamType[datetime]):
    """A day or an instant; one without a time zone is read in the programme's."""

    name = "DATE"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Read `2026-09-01` or `2026-09-01T08:30:00Z`."""
        try:
            return datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no date; write 2026-09-01 or 2026-09-01T08:30:00Z", param, ctx)


class MonthName(click.ParamType[Month]):
    """A month such as 2026-09."""

    name = "MONTH"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Month:
        """Read `2026-09`."""
        try:
            return Month.parse(str(value))
        except PilotageError as error:
            self.fail(f"{error.message} {error.fix}", param, ctx)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What every command about a programme is given.

    Args:
        folder: the programme's.
        data_folder: what `${data}` stands for; None for the programme's folder.
        as_json: whether a machine reads the answer.
        clock: tells what time it is.
    """

    folder: Path
    data_folder: Path | None
    as_json: bool
    clock: Clock

    def open(self) -> Opened:
        """Read the programme's files."""
        return open_programme(self.folder, data_folder=self.data_folder, clock=self.clock)

    def next(self, words: str) -> str:
        """Return a command for the same programme."""
        return next_command(words, folder=self.folder, data_folder=self.data_folder)

    def addressed(self, text: str) -> str:
        """Return advice whose commands are for the same programme."""
        return addressed(text, folder=self.folder, data_folder=self.data_folder)


def programme_options(function: Callable[..., _T]) -> Callable[..., _T]:
    """Add the options that name a programme, and hand them over as one `Given`."""

    @wraps(function)
    def with_given(
        *, folder: Path, data_folder: Path | None, as_json: bool, **others: object
    ) -> _T:
        clock: Clock = click.get_current_context().obj or wall_clock
        given = Given(folder=folder, data_folder=data_folder, as_json=as_json, clock=clock)
        try:
            return function(given=given, **others)
        except PilotageError as error:
            error.fix = given.addressed(error.fix)
            raise

    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print JSON for machines."),
        click.option(
            "--data",
            "data_folder",
            type=click.Path(path_type=Path),
            default=None,
            show_default="the programme's folder",
            help="What ${data} stands for in pilotage.yaml.",
        ),
        click.option(
            "--programme",
            "-p",
            "folder",
            type=click.Path(path_type=Path),
            default=Path(),
            show_default="this folder",
            help="The programme's folder.",
        ),
    ):
        with_given = option(with_given)
    return with_given


as_of_option = click.option(
    "--as-of",
    type=Instant(),
    default=None,
    help="The instant that the command stands for, now when left out. A day is its start in the"
    " programme's time zone.",
)


def today(
    opened: Opened,
    as_of: datetime | None,
    *,
    because: str = "what a person signs is dated by the clock",
    fix: str = "leave --as-of out",
) -> datetime:
    """Return the instant that a command stands for, where it can be no other day's than today's.

    Args:
        because: why not.

    Raises:
        RefusedError: it lies ahead, or more than a day back.
    """
    at, now = opened.at(as_of), opened.clock()
    if now - ONE_DAY <= at <= now:
        return at
    raise RefusedError(
        f"--as-of is {at:%Y-%m-%d %H:%M} UTC, and it is {now:%Y-%m-%d %H:%M}: {because}.", fix=fix
    )


def echo_json(body: object) -> None:
    """Print JSON for machines."""
    click.echo(json.dumps(body, indent=2, ensure_ascii=False))
