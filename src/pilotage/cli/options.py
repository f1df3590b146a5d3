"""Options that commands share, and how they print."""

import json
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import click

from pilotage.domain.errors import PilotageError
from pilotage.domain.month import Month

Json = str | int | float | bool | None | list["Json"] | Mapping[str, "Json"]
_F = TypeVar("_F", bound=Callable[..., object])

QUIET_SECONDS = 2.0
"""What takes no longer needs no progress line."""

BETWEEN_LINES_SECONDS = 5.0
"""Between progress lines where they cannot be written over each other."""


class Instant(click.ParamType[datetime]):
    """A day or an instant; without a time zone it is UTC."""

    name = "DATE"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Read `2026-09-01` or `2026-09-01T08:30:00Z`."""
        try:
            at = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no date; write 2026-09-01 or 2026-09-01T08:30:00Z", param, ctx)
        return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)


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


def programme_options(function: _F) -> _F:
    """Add the options that name a programme: its folder, its data, machine-readable output."""
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
        function = option(function)
    return function


as_of_option = click.option(
    "--as-of",
    type=Instant(),
    default=None,
    help="The instant the command stands for; now when left out.",
)


def echo_json(body: object) -> None:
    """Print JSON for machines."""
    click.echo(json.dumps(body, indent=2, ensure_ascii=False))


class Progress:
    """One line on stderr for anything that takes longer than two seconds."""

    def __init__(self) -> None:
        self._start = self._last = time.monotonic()
        self._shown = False

    def say(self, words: str) -> None:
        """Show how far it has come."""
        now = time.monotonic()
        live = sys.stderr.isatty()
        if now - self._start < QUIET_SECONDS:
            return
        if now - self._last < (0.1 if live else BETWEEN_LINES_SECONDS) and self._shown:
            return
        self._last, self._shown = now, True
        click.echo(f"\r\033[K{words}" if live else words, err=True, nl=not live)

    def done(self) -> None:
        """Clear the line."""
        if self._shown and sys.stderr.isatty():
            click.echo("\r\033[K", err=True, nl=False)
