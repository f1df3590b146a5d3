"""The commands by name, and how errors reach a person."""

import importlib
import sys
from collections.abc import Callable, Mapping
from datetime import datetime

import click

from pilotage import __version__
from pilotage.cli.complaint import complain
from pilotage.domain.errors import PilotageError

COMMANDS: Mapping[str, tuple[str, str]] = {
    "init": ("init", "Start a programme, or draft one from your own tables."),
    "check": ("check", "Check the programme's files against each other and the data."),
    "measure": ("measure", "Measure the effect in a finished experiment."),
    "run": ("run", "Take everything new down the road, once; running again changes nothing."),
    "review": ("review", "The monthly review: effect, money and verdict per use case."),
    "status": ("status", "Where each use case stands, and what to do next."),
    "oversight": ("oversight", "Proposals that wait for a person."),
    "governance": ("governance", "Keys, sign-offs, approvals, halt and resume."),
    "ledger": ("ledger", "Export, verify, erase: the log of all that happened."),
    "demo": ("demo", "A simulated company, month by month, down to the verdicts."),
}
"""In the order a newcomer meets them; each is a module of this room with a `command`."""

INTERRUPTED = 130


class Commands(click.Group):
    """Imports a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        """Return the names, in the order a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        """Import and return one command."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"pilotage.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """Write the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="pilotage")
def commands() -> None:
    """Take AI use cases from pilot to a number on the P&L that anyone can check.

    New here? `pilotage demo` shows a simulated company; `pilotage init` starts your own.
    """


def main(
    arguments: list[str] | None = None, *, clock: Callable[[], datetime] | None = None
) -> None:
    """Run a command; an error is said with its fix, and the exit code tells a script.

    Args:
        clock: tells what time it is; the machine's when left out.
    """
    given = sys.argv[1:] if arguments is None else arguments
    as_json = "--json" in given
    try:
        code = commands.main(given, prog_name="pilotage", standalone_mode=False, obj=clock)
    except PilotageError as error:
        complain(error, as_json=as_json)
        sys.exit(error.exit_code)
    except OSError as error:
        if isinstance(error, BrokenPipeError):  # the reader, such as `head`, has seen enough
            sys.stderr.close()
            sys.exit(0)
        where = f"{error.filename}: " if error.filename else ""
        refused = PilotageError(
            f"{where}{(error.strerror or str(error)).lower()}.",
            fix="check that the path exists and is yours to write, and that the disk has space",
        )
        complain(refused, as_json=as_json)
        sys.exit(refused.exit_code)
    except click.exceptions.Abort:
        click.echo("\nInterrupted. Nothing is lost: run the same command again.", err=True)
        sys.exit(INTERRUPTED)
    except click.ClickException as error:
        if isinstance(error, click.exceptions.NoArgsIsHelpError):
            error.show()
        else:
            complain(_usage(error), as_json=as_json)
        sys.exit(error.exit_code)
    sys.exit(code if isinstance(code, int) else 0)


def _usage(error: click.ClickException) -> PilotageError:
    context = error.ctx if isinstance(error, click.UsageError) else None
    command = context.command_path if context else "pilotage"
    return PilotageError(error.format_message(), fix=f"`{command} --help` shows how it is written")
