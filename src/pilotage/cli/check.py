"""`pilotage check`: every file against each other and the data, before anything runs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from textwrap import wrap

import click

from pilotage.cli import signing
from pilotage.cli.options import Given, as_of_option, echo_json, programme_options
from pilotage.cli.progress import Progress
from pilotage.cli.reading import Tables, read_tables
from pilotage.cli.recorded import key_warnings, record_if_any, words_for
from pilotage.domain.decision import Mode
from pilotage.domain.errors import PilotageError
from pilotage.domain.finding import Finding, Severity
from pilotage.domain.review import Figure
from pilotage.governance.standing import Standing
from pilotage.opening import PROGRAMME_FILE, Files, Opened, read_files
from pilotage.spec.checks import check_against
from pilotage.spec.defaults import defaults
from pilotage.spec.use_case import UseCase
from pilotage.store.record import Record

WIDTH = 96
SEVERAL = "\n"
"""An error with several lines has a fix in each."""

SIGNS = {Severity.BLOCKS: "x", Severity.WARNING: "!", Severity.INFO: "i"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One use case, checked.

    Args:
        measured: from its tables.
        assumed: defaults that stand in for what its author left out.
        before_live: subjects that nobody has signed for this version.
    """

    spec: UseCase
    measured: tuple[Figure, ...]
    assumed: tuple[Figure, ...]
    findings: tuple[Finding, ...]
    before_live: tuple[Standing, ...]

    @property
    def blocked(self) -> bool:
        """Whether `pilotage run` would refuse it."""
        return any(finding.severity is Severity.BLOCKS for finding in self.findings)

    def addressed(self, address: Callable[[str], str]) -> "Checked":
        """Return the same with commands that can be typed where the reader is."""
        findings = tuple(replace(one, fix=address(one.fix)) for one in self.findings)
        return replace(self, findings=findings)


@click.command("check")
@click.argument("use_case", required=False)
@as_of_option
@programme_options
def command(
    *,
    use_case: str | None,
    as_of: datetime | None,
    given: Given,
) -> int:
    """Check every file of the programme, and whether an effect could be proven.

    Prints what is wrong in all files at once, what was assumed, how soon the smallest effect
    worth having would show, and what is missing before it goes live. Exits with 1 when something
    would keep `pilotage run` from running.
    """
    files = read_files(given.folder)
    opened = files.opened(data_folder=given.data_folder, clock=given.clock)
    errors, checked, warnings = list[PilotageError](files.errors), list[Checked](), list[str]()
    if opened:
        found = check_all(opened, opened.chosen(use_case), errors, as_of=opened.at(as_of))
        checked = [one.addressed(given.addressed) for one in found]
        warnings = key_warnings(opened)
    for error in errors:
        error.fix = given.addressed(error.fix)
    blocked = bool(errors) or any(one.blocked for one in checked)
    next_ = given.next("check" if blocked else "run")
    if given.as_json:
        said = facts(opened, errors, checked)
        echo_json({**said, "warnings": warnings, "blocked": blocked, "next": next_})
    else:
        click.echo(given.addressed("\n\n".join([*in_words(files, errors, checked), *warnings])))
        click.echo(f"\nnext: {'mend what is marked x, then: ' if blocked else ''}{next_}")
    return int(blocked)


def check_all(
    opened: Opened, specs: Sequence[UseCase], errors: list[PilotageError], *, as_of: datetime
) -> list[Checked]:
    """Check use cases one by one; what is wrong with all of them is added to the errors."""
    checked: list[Checked] = []
    record: Record | None = None
    try:
        if not errors:
            opened.require_use_cases()
        record = record_if_any(opened)
    except PilotageError as error:
        errors.append(error)
    tables = read_tables(opened)
    errors += tables.errors.values()
    with Progress() as progress:
        for spec in specs:
            progress.say(f"{spec.use_case}: counting its history")
            checked.append(check(opened, record, spec, tables, as_of=as_of))
    return checked


def check(
    opened: Opened, record: Record | None, spec: UseCase, tables: Tables, *, as_of: datetime
) -> Checked:
    """Check one use case; the baseline is measured only where its tables can be read."""
    found = [
        finding
        for finding in check_against(spec, opened.programme, tables.columns)
        if finding.code != "table-not-read"  # the table's own error says why
    ]
    named = {spec.data.units.table, spec.data.outcomes.table}
    measured: tuple[Figure, ...] = ()
    if named <= tables.columns.keys() and not any(f.severity is Severity.BLOCKS for f in found):
        from pilotage.cli.prospects import prospect  # noqa: PLC0415 - statistics start slowly

        prospects = prospect(opened, record, spec, as_of=as_of)
        measured = prospects.figures
        found += prospects.findings
    standings, _ = signing.standing(opened, record, spec, now=as_of)
    missing = tuple(one for one in standings if not one.holds)
    if opened.programme.mode is Mode.LIVE:
        found += [_unsigned(one, spec) for one in missing if one.subject != "value"]
    return Checked(
        spec=spec,
        measured=measured,
        assumed=defaults(spec),
        findings=tuple(found),
        before_live=missing,
    )


def _unsigned(one: Standing, spec: UseCase) -> Finding:
    return Finding(
        code=f"sign-off-{one.subject}",
        severity=Severity.BLOCKS,
        detail=f"The mode is live, and {one.subject} has not signed {spec.use_case} as it is now.",
        fix=one.command,
    )


def in_words(
    files: Files, errors: Sequence[PilotageError], checked: Sequence[Checked]
) -> Iterator[str]:
    """Return the paragraphs: the programme, what cannot be read, each use case."""
    programme, readable = files.programme, ", ".join(files.specs) or "none"
    if programme is not None:
        yield (
            f"{files.folder / PROGRAMME_FILE}: {programme.programme}, {words_for(programme.mode)};"
            f" months of {programme.timezone}\nUse cases that can be read: {readable}"
        )
    for error in errors:
        yield f"x {error.message if SEVERAL in error.message else error}"
    for one in checked:
        yield "\n".join(_case_in_words(one, files.files[one.spec.use_case]))


def _case_in_words(one: Checked, file: str) -> Iterator[str]:
    yield f"{one.spec.use_case}: {one.spec.title} ({file})"
    for figure in one.measured:
        yield _figure(figure)
    for finding in sorted(one.findings, key=lambda each: list(SIGNS).index(each.severity)):
        yield from wrap(
            f"{SIGNS[finding.severity]} {finding.severity}: {finding.detail}",
            WIDTH,
            initial_indent="  ",
            subsequent_indent="    ",
        )
        yield from wrap(
            f"fix: {finding.fix}", WIDTH, initial_indent="    ", subsequent_indent="    "
        )
    yield "  Left out, so assumed:"
    yield from (f"  {_figure(figure)}" for figure in one.assumed)
    if one.before_live:
        subjects = ", ".join(one.subject for one in one.before_live)
        yield f"  Before it goes live, these need a signature: {subjects}"
        yield "    pilotage governance status"


def _figure(figure: Figure) -> str:
    return f"  {figure.label}: {figure.value} [{figure.origin}] {figure.source}"


def facts(
    opened: Opened | None,
    errors: Sequence[PilotageError],
    checked: Sequence[Checked],
) -> Mapping[str, object]:
    """Return the same for machines."""
    return {
        "programme": opened.programme.programme if opened else None,
        "mode": opened.programme.mode.value if opened else None,
        "errors": [
            {"error": type(error).__name__, "message": error.message, "fix": error.fix}
            for error in errors
        ],
        "use_cases": {one.spec.use_case: _case_facts(one) for one in checked},
    }


def _case_facts(one: Checked) -> Mapping[str, object]:
    return {
        "measured": [_figure_facts(figure) for figure in one.measured],
        "assumed": [_figure_facts(figure) for figure in one.assumed],
        "findings": [
            {
                "code": finding.code,
                "severity": finding.severity.value,
                "detail": finding.detail,
                "fix": finding.fix,
            }
            for finding in one.findings
        ],
        "before_live": [standing.subject for standing in one.before_live],
        "blocked": one.blocked,
    }


def _figure_facts(figure: Figure) -> Mapping[str, str]:
    return {
        "label": figure.label,
        "value": figure.value,
        "origin": figure.origin.value,
        "source": figure.source,
    }
