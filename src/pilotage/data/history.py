"""History: what came of units before the experiment, read once and frozen as the baseline."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
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


def read_history(
    source: Source,
    *,
    start: datetime,
    window: timedelta,
    zone: tzinfo,
    once: bool,
    declared: BaselineMonths | None,
) -> History:
    """Read closed history before an experiment and freeze its baseline.

    Args:
        start: no window may reach past it.
        once: whether it happened at all counts (a proportion), else amounts add up.
        declared: first and last month by the spec; else the newest closed ones that recording
            of outcomes covers in full, six at most.

    Raises:
        SourceError: no month qualifies, or a declared one does not.
    """
    outcomes = _outcomes(source, until=start)
    if not outcomes:
        raise SourceError(
            f"no outcome is known before {start:%Y-%m-%d}, so there is no baseline.",
            fix="load the history of outcomes, or set a later `experiment.start`",
        )
    recorded_from = min(at for happened in outcomes.values() for at, _ in happened)
    first, last = _months(
        declared, recorded_from=recorded_from, start=start, window=window, zone=zone
    )
    by_month: dict[Month, Running] = {}
    newest: deque[Past] = deque(maxlen=EXAMPLES)
    clusters: dict[str, str] = {}
    for unit in _units(source, since=first.start(zone=zone), until=last.end(zone=zone)):
        value = _value(outcomes.get(unit.key, ()), since=unit.at, window=window, once=once)
        by_month.setdefault(Month.of(unit.at, zone=zone), Running()).add(value)
        newest.append(Past(unit=unit, value=value))
        clusters[unit.cluster] = unit.stratum
    return History(baseline=_baseline(by_month), newest=tuple(newest), clusters=clusters)


def _units(source: Source, *, since: datetime, until: datetime) -> Iterator[Unit]:
    for units, _parked in source.units(since=since, until=until, batch=BATCH):
        yield from units


def _outcomes(source: Source, *, until: datetime) -> dict[str, list[tuple[datetime, float]]]:
    found: dict[str, list[tuple[datetime, float]]] = {}
    for outcomes, _parked in source.outcomes(since=None, until=until, batch=BATCH):
        for item in outcomes:
            found.setdefault(item.key, []).append((item.at, item.value))
    return found


def _value(
    happened: Iterable[tuple[datetime, float]],
    *,
    since: datetime,
    window: timedelta,
    once: bool,
) -> float:
    values = [value for at, value in happened if since <= at < since + window]
    return float(bool(values)) if once else sum(values)


def _months(
    declared: BaselineMonths | None,
    *,
    recorded_from: datetime,
    start: datetime,
    window: timedelta,
    zone: tzinfo,
) -> tuple[Month, Month]:
    earliest = Month.of(recorded_from, zone=zone).plus(1)  # its own month is covered in part
    latest = Month.of(start - window, zone=zone).plus(-1)
    if declared is None:
        if latest < earliest:
            raise SourceError(
                f"no full month lies between {recorded_from:%Y-%m-%d}, when outcomes begin to be"
                f" recorded, and {start - window:%Y-%m-%d}, when windows still close in time.",
                fix="set a later `experiment.start`, or load an older history of outcomes",
            )
        return max(earliest, latest.plus(1 - BASELINE_MONTHS)), latest
    first, last = declared.from_, declared.until
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
    return first, last


def _baseline(by_month: Mapping[Month, Running]) -> Baseline:
    total = Running()
    for running in by_month.values():
        total = total + running
    if total.n < 2:  # noqa: PLR2004 - a spread takes two units
        raise SourceError(
            f"the baseline months hold {total.n} units.",
            fix="load more history, or name months with units in `outcome.baseline`",
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
