"""History: what came of units before the experiment, read once and frozen as the baseline."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo

from pilotage.domain.errors import SourceError
from pilotage.domain.experiment import Baseline, BaselineMonth
from pilotage.domain.month import Month
from pilotage.domain.unit import Unit
from pilotage.experiments.running import Running
from pilotage.ports import Source
from pilotage.spec.outcome import BaselineMonths

BASELINE_MONTHS = 6
"""By default the newest six closed months: recent enough to compare with, a season's half."""

EXAMPLES = 50_000
"""The newest units of history that predictors learn from; more would not fit in memory."""

BATCH = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """One unit of closed history and its outcome within the window."""

    unit: Unit
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The frozen baseline, the newest units it was taken from, and their clusters.

    Args:
        clusters: each cluster's stratum.
    """

    baseline: Baseline
    newest: tuple[Past, ...]
    clusters: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """Which part of the past is the baseline, and what counts in it.

    Args:
        start: of the experiment; no window may reach past it.
        once: whether it happened at all counts (a proportion), else amounts add up.
        monthly: whether a unit is decided anew each month, and so has an outcome in each.
        declared: first and last month by the spec; else the newest closed ones that recording
            of outcomes covers in full, six at most.
    """

    start: datetime
    window: timedelta
    zone: tzinfo
    once: bool
    monthly: bool
    declared: BaselineMonths | None


def read_history(source: Source, before: Before) -> History:
    """Read closed history before an experiment and freeze its baseline.

    Raises:
        SourceError: no month qualifies, or a declared one does not.
    """
    outcomes = _outcomes(source, until=before.start)
    if not outcomes:
        raise SourceError(
            f"no outcome is known before {before.start:%Y-%m-%d}, so there is no baseline.",
            fix="load the history of outcomes, or set a later `experiment.start`",
        )
    recorded_from = min(at for happened in outcomes.values() for at, _ in happened)
    months = _months(before, recorded_from=recorded_from)
    by_month: dict[Month, Running] = {}
    newest: deque[Past] = deque(maxlen=EXAMPLES)
    clusters: dict[str, str] = {}
    for unit in _units(source, before, months):
        value = _value(outcomes.get(unit.key, ()), since=unit.at, before=before)
        by_month.setdefault(Month.of(unit.at, zone=before.zone), Running()).add(value)
        newest.append(Past(unit=unit, value=value))
        clusters[unit.cluster] = unit.stratum
    return History(baseline=_baseline(by_month), newest=tuple(newest), clusters=clusters)


def _units(source: Source, before: Before, months: Sequence[Month]) -> Iterator[Unit]:
    """Yield the units of those months; one that is decided monthly once in each it began in."""
    starts = [month.start(zone=before.zone) for month in months]
    since = None if before.monthly else starts[0]
    until = months[-1].end(zone=before.zone)
    for units, _parked in source.units(since=since, until=until, batch=BATCH):
        if before.monthly:
            yield from (replace(unit, at=at) for unit in units for at in starts if unit.at <= at)
        else:
            yield from units


def _outcomes(source: Source, *, until: datetime) -> dict[str, dict[tuple[datetime, float], None]]:
    """Return what came of each unit, in order of time; a row said twice counts once."""
    found: dict[str, dict[tuple[datetime, float], None]] = {}
    for outcomes, _parked in source.outcomes(since=None, until=until, batch=BATCH):
        for item in outcomes:
            found.setdefault(item.key, {})[item.at, item.value] = None
    return found


def _value(happened: Iterable[tuple[datetime, float]], *, since: datetime, before: Before) -> float:
    values = [value for at, value in happened if since <= at < since + before.window]
    return float(bool(values)) if before.once else sum(values)


def _months(before: Before, *, recorded_from: datetime) -> list[Month]:
    zone, start, window = before.zone, before.start, before.window
    earliest = Month.of(recorded_from, zone=zone).plus(1)  # its own month is covered in part
    latest = Month.of(start - window, zone=zone).plus(-1)
    if before.declared is None:
        if latest < earliest:
            raise SourceError(
                f"no full month lies between {recorded_from:%Y-%m-%d}, when outcomes begin to be"
                f" recorded, and {start - window:%Y-%m-%d}, when windows still close in time.",
                fix="set a later `experiment.start`, or load an older history of outcomes",
            )
        return _from_to(max(earliest, latest.plus(1 - BASELINE_MONTHS)), latest)
    first, last = before.declared.from_, before.declared.until
    if first < earliest:
        raise SourceError(
            f"`outcome.baseline` begins in {first}, but outcomes are recorded only from"
            f" {recorded_from:%Y-%m-%d} on: the rate before is an artefact of recording.",
            fix=f"write `from: {earliest}`",
        )
    if last > latest:
        raise SourceError(
            f"`outcome.baseline` ends in {last}, whose windows of {window.days} days are still"
            f" open at the start on {start:%Y-%m-%d}.",
            fix=f"write `until: {latest}`, or set a later `experiment.start`",
        )
    return _from_to(first, last)


def _from_to(first: Month, last: Month) -> list[Month]:
    return [first.plus(k) for k in range(last.minus(first) + 1)]


def _baseline(by_month: Mapping[Month, Running]) -> Baseline:
    total = Running()
    for running in by_month.values():
        total = total + running
    if total.n < 2:  # noqa: PLR2004 - a spread takes two units
        raise SourceError(
            f"the baseline months hold {total.n} units.",
            fix="load more history, or name months with units in `outcome.baseline`",
        )
    if not total.standard_deviation:
        raise SourceError(
            f"all {total.n} units of the baseline months had the outcome {total.mean:g}: there is"
            " nothing to compare with.",
            fix="check that `data.outcomes.key` holds the keys of `data.units.key`, or name other"
            " months in `outcome.baseline`",
        )
    return Baseline(
        n=total.n,
        mean=total.mean,
        standard_deviation=total.standard_deviation,
        months=tuple(
            BaselineMonth(month=month, n=running.n, mean=running.mean)
            for month, running in sorted(by_month.items())
        ),
    )
