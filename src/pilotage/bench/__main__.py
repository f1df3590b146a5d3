"""`python -m pilotage.bench NAME`: the benches by name, and how they print."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from pilotage.bench.measured import Report
from pilotage.domain.errors import PilotageError

_F = TypeVar("_F", bound=Callable[..., object])


def json_option(function: _F) -> _F:
    """Add the option for machines."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")(
        function
    )


def repeats_option(function: _F) -> _F:
    """Add how often it is measured."""
    option = click.option("--repeats", type=click.IntRange(min=1), default=3, show_default=True)
    return option(function)


@click.group(invoke_without_command=True)
@click.pass_context
def benches(context: click.Context) -> None:
    """Is it true, is it fast? The project's own measurements, each beside its limit."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@benches.command("flow")
@click.option("--units", type=click.IntRange(min=100), default=100_000, show_default=True)
@click.option(
    "--database",
    default="sqlite",
    show_default=True,
    help="sqlite, or the URL of a PostgreSQL server that may create a database.",
)
@click.option("--memory", is_flag=True, help="Peak memory instead, of 1 and of 10 times the units.")
@repeats_option
@json_option
def _flow(*, units: int, database: str, memory: bool, repeats: int, as_json: bool) -> None:
    """Units a second from source to tool to outcome, and memory, beside raw SQLite."""
    from pilotage.bench.flow import bench_flow, bench_memory  # noqa: PLC0415 - listing is instant

    if memory:
        show(bench_memory(units=units, database=database), as_json=as_json)
    else:
        show(bench_flow(units=units, database=database, repeats=repeats), as_json=as_json)


@benches.command("ledger")
@click.option("--entries", type=click.IntRange(min=100), default=200_000, show_default=True)
@repeats_option
@json_option
def _ledger(*, entries: int, repeats: int, as_json: bool) -> None:
    """Entries a second appended and verified, beside sha256 and one insert a row."""
    from pilotage.bench.ledger import bench_ledger  # noqa: PLC0415 - listing is instant

    show(bench_ledger(entries=entries, repeats=repeats), as_json=as_json)


@benches.command("start")
@click.option("--repeats", type=click.IntRange(min=1), default=10, show_default=True)
@json_option
def _start(*, repeats: int, as_json: bool) -> None:
    """Seconds until `pilotage --help` has answered, beside Python itself."""
    from pilotage.bench.start import bench_start  # noqa: PLC0415 - listing is instant

    show(bench_start(repeats=repeats), as_json=as_json)


@benches.command("placebo")
@click.option("--salts", type=click.IntRange(min=1), default=1_000, show_default=True)
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    help="The folder with the example's tables.",
)
@click.option(
    "--programme",
    type=click.Path(path_type=Path),
    default=Path("examples/olist"),
    show_default=True,
    help="A programme with one use case, whose history nobody treated.",
)
@json_option
def _placebo(*, salts: int, data: Path, programme: Path, as_json: bool) -> None:
    """How often the review finds an effect in history where there is none."""
    from pilotage.bench.placebo import bench_placebo  # noqa: PLC0415 - listing is instant

    show(bench_placebo(programme, data=data, salts=salts), as_json=as_json)


def show(report: Report, *, as_json: bool) -> None:
    """Print what a bench found."""
    if as_json:
        click.echo(json.dumps(report.facts(), indent=2, ensure_ascii=False))
    else:
        click.echo(report.in_words())


def main() -> None:
    """Run a bench; an error is said with its fix."""
    try:
        benches()
    except PilotageError as error:
        click.echo(f"error: {error}", err=True)
        raise SystemExit(error.exit_code) from error


if __name__ == "__main__":
    main()
