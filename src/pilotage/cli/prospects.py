"""Can it be proven, and how soon? What `pilotage check` measures before anything runs."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from pilotage import launch
from pilotage.cli.found_in_words import plural
from pilotage.cli.parked import to_do
from pilotage.data.history import read_history
from pilotage.domain.decision import Mode
from pilotage.domain.effect import Origin
from pilotage.domain.errors import PilotageError
from pilotage.domain.experiment import Baseline
from pilotage.domain.finding import Finding, Severity
from pilotage.domain.review import Better, Figure, Metric
from pilotage.experiments.design import (
    DAYS_PER_MONTH,
    Design,
    detectable_effect,
    months_to_detect,
    units_to_detect,
)
from pilotage.opening import Opened
from pilotage.ports import Case
from pilotage.spec.use_case import UseCase
from pilotage.store.record import Record
from pilotage.value.figures import baseline_figure, volume_figure
from pilotage.value.phrases import amount

FAR_FROM = 1.5
"""A declared volume this many times off the measured one misleads every plan."""

HOLDOUTS = (0.3, 0.4, 0.5)
"""Larger ones than the usual fifth; above a half it only gets slower."""

MOST_MONTHS = 24
"""Nobody waits longer for an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """What the baseline says of an experiment as declared.

    Args:
        months: until the smallest effect worth having shows; None where it never does, or
            where nothing could be measured.
    """

    months: float | None
    figures: tuple[Figure, ...]
    findings: tuple[Finding, ...]


def prospect(opened: Opened, record: Record | None, spec: UseCase, *, as_of: datetime) -> Prospect:
    """Measure the baseline as the first pass would, and plan the experiment on it.

    Once an experiment is registered its own baseline is used, and no history is read.
    """
    findings: list[Finding] = []
    try:
        case = opened.case(spec, now=max(as_of, opened.clock()))
        findings += _left_aside(case)
        running = launch.registered(case, record) if record else None
        if running is None:
            findings += _starts(case, as_of=as_of)
        baseline = running.baseline if running else _history(case, as_of=as_of)
    except PilotageError as error:
        return Prospect(months=None, figures=(), findings=(*findings, _blocks(error)))
    findings += _volume(spec, baseline)
    measured = (
        volume_figure(spec, baseline.volume_per_month),
        baseline_figure(baseline, _metric(spec), frozen=running is not None),
    )
    design = launch.planned(spec, baseline)
    months = months_to_detect(design)
    if months is None or months > spec.experiment.months:
        findings.append(_cannot_be_proven(spec, design))
    if not spec.assigns_units:
        findings.append(_clusters(spec))
    effort = Figure(
        label=f"Months until {_effect(spec)} shows",
        value="never" if months is None else f"{months:.1f}",
        origin=Origin.MEASURED,
        source=f"with a holdout of {design.holdout:.0%}; the last look is after"
        f" {spec.experiment.months}",
    )
    return Prospect(months=months, figures=(*measured, effort), findings=tuple(findings))


def _history(case: Case, *, as_of: datetime) -> Baseline:
    start = launch.start_of(case, as_of=as_of)
    return read_history(case.source, launch.before(case, start=start)).baseline


def _starts(case: Case, *, as_of: datetime) -> list[Finding]:
    """Warn of a start that only a replay means: units of long ago would be decided now."""
    day = case.spec.experiment.start
    if case.mode is Mode.REPLAY or day is None:
        return []
    days = (as_of.astimezone(case.zone).date() - day).days
    if days <= 0:
        return []
    return [
        Finding(
            code="start-in-the-past",
            severity=Severity.WARNING,
            detail=f"`experiment.start` is {day}, {days} days ago:"
            f" {plural(case.spec.process.unit)} from then on would be decided now, and what came"
            " of them before now would not count.",
            fix="take `experiment.start` out, to start with the first run; or run --mode replay",
        )
    ]


def _left_aside(case: Case) -> list[Finding]:
    """Name the rows that a run would park, whatever their time: their units count without them."""
    return [
        Finding(
            code=f"{kind}-{refusal.reason}",
            severity=Severity.WARNING,
            detail=f"{refusal.n:,} of the {table.rows:,} rows of {table.table}"
            f" ({refusal.n / table.rows:.1%}) will be parked: {refusal.reason}. {refusal}",
            fix=to_do(refusal.reason),
        )
        for kind, table in zip(("units", "outcomes"), case.source.census(), strict=True)
        for refusal in table.refusals
    ]


def _volume(spec: UseCase, baseline: Baseline) -> list[Finding]:
    declared, measured = spec.process.volume_per_month, baseline.volume_per_month
    if 1 / FAR_FROM <= declared / measured <= FAR_FROM:
        return []
    return [
        Finding(
            code="volume-differs",
            severity=Severity.WARNING,
            detail=f"`process.volume_per_month` is {declared:,.0f}; {measured:,.0f} were measured"
            f" in {_span(baseline)}.",
            fix=f"write {measured:.0f}, or find out which rows the table lacks",
        )
    ]


def _cannot_be_proven(spec: UseCase, design: Design) -> Finding:
    limit = spec.experiment.months
    months = months_to_detect(design)
    takes = "never" if months is None else f"only after {months:.1f} months"
    seen = detectable_effect(design, months=limit)
    within = (
        f"; within {limit} only {_change(spec, seen, design)} would"
        if seen is not None
        else f"; no outcome window closes within {limit}"
    )
    return Finding(
        code="cannot-be-proven",
        severity=Severity.WARNING,
        detail=f"It cannot be proven at this volume: {_effect(spec)} would show {takes}{within}.",
        fix="; ".join(_ways(spec, design, limit)),
    )


def _ways(spec: UseCase, design: Design, limit: int) -> Iterator[str]:
    """Say what would make it provable: a larger holdout, more units, a longer look."""
    for holdout in HOLDOUTS:
        months = months_to_detect(replace(design, holdout=holdout))
        enough = months is not None and months <= limit
        if months is not None and holdout > design.holdout and (enough or holdout == HOLDOUTS[-1]):
            yield f"`experiment.holdout: {holdout:g}` takes {months:.1f} months"
            break
    units = units_to_detect(design)
    open_months = limit - design.window_days / DAYS_PER_MONTH
    if units is not None and open_months > 0:
        need = math.ceil(units / open_months)
        yield f"{need:,} {plural(spec.process.unit)} a month would take {limit}"
    months = months_to_detect(design)
    if months is not None and months <= MOST_MONTHS:
        yield f"or wait for it: `experiment.months: {math.ceil(months)}`"
    else:
        yield "or choose a larger `outcome.minimum_effect`, or a busier process"


def _clusters(spec: UseCase) -> Finding:
    return Finding(
        code="forecast-ignores-clusters",
        severity=Severity.INFO,
        detail=f"Arms are drawn by {spec.assign_column}; the months count units as if each had"
        " its own arm, so it will take longer.",
        fix="read the interval in the review, which does count clusters",
    )


def _effect(spec: UseCase) -> str:
    wanted = spec.outcome.minimum_effect
    sign = "+" if spec.outcome.better is Better.HIGHER else "-"
    if wanted.relative is not None:
        return f"{sign}{100 * wanted.relative:.3g}%"
    return f"{sign}{amount(wanted.absolute or 0.0, _metric(spec))}"


def _change(spec: UseCase, absolute: float, design: Design) -> str:
    relative = f" ({absolute / abs(design.base):.0%} of today's)" if design.base else ""
    return f"{amount(absolute, _metric(spec))}{relative}"


def _metric(spec: UseCase) -> Metric:
    outcome = spec.outcome
    return Metric(name=outcome.metric, kind=outcome.kind, better=outcome.better)


def _span(baseline: Baseline) -> str:
    return f"{baseline.months[0].month} to {baseline.months[-1].month}"


def _blocks(error: PilotageError) -> Finding:
    return Finding(code="cannot-run", severity=Severity.BLOCKS, detail=error.message, fix=error.fix)
