"""The review as plain text: at most 100 columns, and complete without colour."""

from collections.abc import Iterator
from textwrap import wrap

import click

from pilotage.domain.finding import Finding, Severity
from pilotage.domain.review import ProgrammeReview, Review
from pilotage.domain.verdict import Verdict
from pilotage.report import wording
from pilotage.report.strip import strips

COLUMNS = 100
"""Half a wide screen, and what a mail or a ticket still shows unbroken."""

LABEL = 10
"""Room for the words at the left of each line."""

SYMBOLS = {Verdict.SCALE: "+", Verdict.HOLD: "=", Verdict.REPAIR: "~", Verdict.STOP: "x"}

COLOURS = {
    Verdict.SCALE: "green",
    Verdict.HOLD: "blue",
    Verdict.REPAIR: "yellow",
    Verdict.STOP: "red",
}

SIMULATED = (
    "SIMULATED COMPANY: every unit and amount is generated and the true effects are known."
    " Nothing here is evidence about a real business."
)


def render_terminal(programme: ProgrammeReview, *, colour: bool) -> str:
    """Return the review as text; `colour` only where the stream is a terminal."""
    lines = [*_headline(programme, colour=colour)]
    for review in programme.reviews:
        lines += ["", *_use_case(review, simulated=programme.simulated, colour=colour)]
    lines += ["", *_foot(programme)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def plain(text: str) -> str:
    r"""Return text on one line, without what could move a terminal's cursor or hide.

    >>> plain("Call\x1b[2J them\nfirst")
    'Call [2J them first'
    """
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _headline(programme: ProgrammeReview, *, colour: bool) -> Iterator[str]:
    if programme.simulated:
        banner = wrap(SIMULATED, COLUMNS)
        yield from (_styled(line, fg="magenta", colour=colour) for line in banner)
        yield ""
    name = f"{plain(programme.programme)}: monthly review, {wording.month_name(programme.month)}"
    yield from (_styled(line, fg=None, colour=colour) for line in wrap(name, COLUMNS))
    counts = wording.tally(programme).items()
    yield ", ".join(f"{count} {verdict}" for verdict, count in counts)
    if programme.money:
        yield from _field(
            "Money",
            f"{wording.money(programme.money)} a month, {wording.standing(programme.money.origin)}",
        )


def _use_case(review: Review, *, simulated: bool, colour: bool) -> Iterator[str]:
    verdict = review.ruling.verdict
    tag = f"[{SYMBOLS[verdict]}] {verdict.upper()}"
    title = wrap(plain(review.title), COLUMNS - LABEL - 2) or [""]
    yield f"{_styled(tag, fg=COLOURS[verdict], colour=colour)}{' ' * (12 - len(tag))}{title[0]}"
    yield from (f"{'':12}{line}" for line in title[1:])
    world = ", simulated company" if simulated else ""
    yield from _field(
        "", f"{review.use_case}, owner {review.owner}, {wording.MODES[review.mode]}{world}"
    )
    yield from _field("Why", f"{review.ruling.reason} (rule: {review.ruling.rule})")
    if review.ruling.until:
        yield from _field("Until", wording.month_name(review.ruling.until))
    yield from _field("Next", review.ruling.next_step)
    yield from _field("Effect", _effect(review))
    yield from _field("Money", _money(review))
    if review.truth:
        yield from _field("Truth", _truth(review))
    yield from strips(review, indent=12, columns=COLUMNS)
    yield from _findings(review.findings, colour=colour)
    yield from _figures(review)
    yield from _field(
        "Evidence",
        f"ledger entries {review.evidence}, spec {review.spec_hash};"
        f" {review.pending:,} pending, in no figure above",
    )


def _effect(review: Review) -> str:
    effect, metric = review.effect, review.metric
    if effect is None:
        why = wording.why_nothing_to_compare(review)
        return f"{wording.metric_name(metric)}: nothing to compare yet, {why}"
    relative = (
        f"{wording.change(review.relative, metric)} relative"
        if review.relative
        else "no relative figure (dividing by the holdout mean is not safe here)"
    )
    return (
        f"{wording.metric_name(metric)} {wording.change(effect, metric)}, {relative};"
        f" {wording.interval_name(effect)}, {wording.direction(metric)};"
        f" {effect.n_treatment:,} treated, {effect.n_holdout:,} held out"
        f" at {wording.level(effect, metric)}; {effect.method}"
    )


def _money(review: Review) -> str:
    if review.money is None:
        return "no figure yet"
    standing = wording.standing(review.money.origin)
    return f"{wording.money(review.money)} a month at full use, after running cost; {standing}"


def _truth(review: Review) -> str:
    truth = review.truth
    if truth is None:
        return ""
    change = wording.change_like(truth.effect, review.effect, review.metric)
    told = f"{change} ({truth.kind}), {truth.money_per_month} a month; known, as it is simulated"
    if review.effect is None:
        return told
    return f"{told}; the interval {'holds' if truth.covered else 'misses'} it"


def _findings(findings: tuple[Finding, ...], *, colour: bool) -> Iterator[str]:
    for finding in findings:
        words = f"{wording.SEVERITIES[finding.severity]}: {finding.detail} ({finding.code})"
        lines = [*_field("Finding", words), *_field("", f"To mend it: {finding.fix}")]
        blocks = finding.severity is Severity.BLOCKS
        yield from (_styled(line, fg="red", colour=colour) if blocks else line for line in lines)


def _figures(review: Review) -> Iterator[str]:
    for number, figure in enumerate(review.figures):
        yield from _field(
            "Figures" if number == 0 else "",
            f"{figure.label}: {figure.value} [{figure.origin}] {figure.source}",
        )


def _foot(programme: ProgrammeReview) -> Iterator[str]:
    note = programme.checkpoint.splitlines()
    origin, size, root = (plain(line) for line in (note + [""] * 3)[:3])
    if origin:
        entries = f"{size} entries, root {root}" if size else ""
        yield from _field("Ledger", f"{origin}: {entries} (the signed note is in --json and HTML)")
    command = wrap(
        plain(programme.next_command), COLUMNS - 14,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
    yield "Then, type"
    continued = " \\"
    yield from (f"{'':12}{line}{continued}" for line in command[:-1])
    yield f"{'':12}{command[-1] if command else ''}"


def _field(label: str, words: str) -> Iterator[str]:
    lines = wrap(plain(words), COLUMNS - LABEL - 2, break_on_hyphens=False) or [""]
    for number, line in enumerate(lines):
        yield f"{label if number == 0 else '':{LABEL}}  {line}"


def _styled(text: str, *, fg: str | None, colour: bool) -> str:
    return click.style(text, fg=fg, bold=True) if colour else text
