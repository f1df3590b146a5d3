"""History: what came of units before the experiment, read once and frozen as the baseline."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from math import fsum

from pilotage.data.outcomes import UNKNOWN_UNIT, UNREAD
from pilotage.domain.census import Census
from pilotage.domain.errors import SourceError
from pilotage.domain.experiment import Baseline, BaselineMonth
from pilotage.domain.month import Month
from pilotage.domain.unit import Outcome, Parked, Unit
from pilotage.experiments.assignment import FEW_CLUSTERS
from pilotage.experiments.fairness import FEW_UNREAD, UNREAD_SHARE
from pilotage.experiments.running import Running
from pilotage.ports import Source
from pilotage.spec.outcome import BaselineMonths

BASELINE_MONTHS = 6
"""By default the newest six closed months: recent enough to compare with, a season's half."""

EXAMPLES = 50_000
"""The newest units of history that predictors learn from; more would not fit in memory."""

BATCH = 10_000

INSTANT = timedelta(microseconds=1)
"""A unit that came as the month began is of that month."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """One unit of closed history and its outcome within the window."""

    unit: Unit
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The frozen baseline, the newest units it was taken from, and their clusters.

    Args:
        clusters: each cluster's stratum; where there are many, the first of them.
        refused: rows of the months that were read which are neither unit nor outcome.
    """

    baseline: Baseline
    newest: tuple[Past, ...]
    clusters: Mapping[str, str]
    refused: tuple[Parked, ...]


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
        SourceError: a table is empty or hardly readable, no month qualifies, or a declared one
            does not.
    """
    require_sound(*source.census())
    recorded_from = source.recorded_from()
    if recorded_from is None or recorded_from >= before.start:
        raise SourceError(
            f"no outcome is known before {before.start:%Y-%m-%d}, so there is no baseline.",
            fix="load the history of outcomes, or set a later `experiment.start`",
        )
    covered = Covered(
        since=recorded_from,
        start=before.start,
        complete_until=source.complete_until() or recorded_from,
    )
    months = _months(before, covered)
    by_month: dict[Month, Running] = {}
    newest: deque[Past] = deque(maxlen=EXAMPLES)
    clusters: dict[str, str] = {}
    refused: dict[Parked, None] = {}  # in order, each once
    for past in _past(source, before, months, refused=refused):
        unit = past.unit
        by_month.setdefault(Month.of(unit.at, zone=before.zone), Running()).add(past.value)
        newest.append(past)
        if unit.cluster in clusters or len(clusters) < FEW_CLUSTERS:
            clusters[unit.cluster] = unit.stratum
    return History(
        baseline=_baseline(by_month),
        newest=tuple(newest),
        clusters=clusters,
        refused=tuple(refused),
    )


def require_sound(units: Census, outcomes: Census) -> None:
    """Refuse tables of which a baseline would be wrong and look right: units would count as 0.

    Raises:
        SourceError: one has no row, no outcome is of a unit, or too many amounts cannot be read.
    """
    for one in (units, outcomes):
        if not one.rows:
            raise SourceError(
                f"{one.table}: the table has 0 rows below its header.",
                fix="export it again, with its rows",
            )
    unread = outcomes.refused(UNREAD)
    if unread == outcomes.rows or unread >= max(FEW_UNREAD, UNREAD_SHARE * outcomes.rows):
        example = next(one for one in outcomes.refusals if one.reason in UNREAD)
        raise SourceError(
            f"{outcomes.table}: the amounts of {unread:,} of {outcomes.rows:,} outcomes"
            f" ({unread / outcomes.rows:.1%}) cannot be read, and their units would count as 0."
            f" {example}",
            fix="export amounts as plain numbers such as 1002.23, without thousands separators or"
            " currency; leave out rows that are no outcome with `data.outcomes.where`",
        )
    if outcomes.unsound == outcomes.rows and outcomes.refused([UNKNOWN_UNIT]):
        raise SourceError(
            f"{outcomes.table}: none of the {outcomes.rows:,} outcomes names a unit of"
            f" {units.table}.",
            fix="check that `data.outcomes.key` holds the keys of `data.units.key`",
        )


def _past(
    source: Source, before: Before, months: Sequence[Month], *, refused: dict[Parked, None]
) -> Iterator[Past]:
    """Yield the units of those months with what came of each; only a window of outcomes is held.

    Args:
        refused: takes in the rows that are neither.
    """
    heard = Heard(before, _outcomes(source, before, months, refused=refused))
    for unit in _units(source, before, months, refused=refused):
        values = heard.after(unit)
        yield Past(unit=unit, value=float(bool(values)) if before.once else fsum(values))


def _units(
    source: Source, before: Before, months: Sequence[Month], *, refused: dict[Parked, None]
) -> Iterator[Unit]:
    """Yield the units in order of time; one that is decided monthly anew as each month begins."""
    starts = [month.start(zone=before.zone) for month in months]
    end = months[-1].end(zone=before.zone)
    reads = [(None, at + INSTANT) for at in starts] if before.monthly else [(starts[0], end)]
    for at, (since, until) in zip(starts, reads, strict=False):
        for units, faulty in source.units(since=since, until=until, batch=BATCH):
            refused.update(dict.fromkeys(faulty))
            yield from (replace(unit, at=at) for unit in units) if before.monthly else units


def _outcomes(
    source: Source, before: Before, months: Sequence[Month], *, refused: dict[Parked, None]
) -> Iterator[Outcome]:
    since = months[0].start(zone=before.zone)
    until = months[-1].end(zone=before.zone) + before.window
    for outcomes, faulty in source.outcomes(since=since, until=until, batch=BATCH):
        refused.update(dict.fromkeys(faulty))
        yield from outcomes


class Heard:
    """The outcomes of one window, moved along as units come in order of time.

    Args:
        told: in order of time.
    """

    def __init__(self, before: Before, told: Iterator[Outcome]) -> None:
        self._window = before.window
        self._told = told
        self._waiting: Outcome | None = next(told, None)
        self._held: deque[Outcome] = deque()
        self._of: dict[str, deque[float]] = {}

    def after(self, unit: Unit) -> Sequence[float]:
        """Return the amounts within a unit's window; units come in order of time."""
        while self._waiting is not None and self._waiting.at < unit.at + self._window:
            self._held.append(self._waiting)
            self._of.setdefault(self._waiting.key, deque()).append(self._waiting.value)
            self._waiting = next(self._told, None)
        while self._held and self._held[0].at < unit.at:
            key = self._held.popleft().key
            self._of[key].popleft()
            if not self._of[key]:
                del self._of[key]
        return self._of.get(unit.key, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """The time of which outcomes may be compared with.

    Args:
        since: when they begin to be recorded.
        start: of the experiment.
        complete_until: up to when all have arrived.
    """

    since: datetime
    start: datetime
    complete_until: datetime

    @property
    def until(self) -> datetime:
        """When the last window must have ended."""
        return min(self.start, self.complete_until)

    @property
    def ends(self) -> str:
        """What ends it, in words."""
        if self.complete_until < self.start:
            return f"on {self.complete_until:%Y-%m-%d}, up to when outcomes have arrived"
        return f"at the start on {self.start:%Y-%m-%d}"


def _months(before: Before, covered: Covered) -> list[Month]:
    zone, window, recorded_from = before.zone, before.window, covered.since
    earliest = Month.of(recorded_from, zone=zone).plus(1)  # its own month is covered in part
    latest = Month.of(covered.until - window, zone=zone).plus(-1)
    if before.declared is None:
        if latest < earliest:
            raise SourceError(
                f"no full month lies between {recorded_from:%Y-%m-%d}, when outcomes begin to be"
                f" recorded, and {covered.until - window:%Y-%m-%d}, when windows still close in"
                " time.",
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
            f" open {covered.ends}.",
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
