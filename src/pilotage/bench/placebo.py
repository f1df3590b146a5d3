"""Bench `placebo`: history that nobody treated, reviewed as if the AI had been there.

Arms are drawn anew for each salt (another name of the use case is another salt), on the real
units with their real outcomes. No arm was treated, so every `scale` is false, and so is every
stop for harm. Everything but the reading of rows is the product's own: the arms' hash, the look
plan, and `review.judge`, which computes effect, checks, money and ruling. It is asked to judge as
if live: of a replay it would never say `scale`, and there would be no error to count.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from pilotage import launch
from pilotage import review as story
from pilotage.bench.measured import Goal, Measured, Report
from pilotage.bench.progress import Progress
from pilotage.domain.cohort import CohortMoments
from pilotage.domain.decision import Arm, DeliveryState, Mode
from pilotage.domain.effect import Moments
from pilotage.domain.errors import SpecError
from pilotage.domain.experiment import Registered
from pilotage.domain.month import Month
from pilotage.domain.recorded import Recorded
from pilotage.domain.review import Review
from pilotage.domain.verdict import Conclusion, Verdict
from pilotage.experiments.assignment import arms
from pilotage.experiments.difference import wilson
from pilotage.opening import Opened, open_programme
from pilotage.ports import Case
from pilotage.spec.decide import Every

HARM = "harm"
"""The rule that stops what does damage."""

ERROR = Goal(at_most=0.05)
"""The two-sided error of a whole look plan."""

LEVEL = 0.95
BATCH = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Untreated:
    """The real units of closed months with what came of them.

    Args:
        keys: what arms are drawn for.
        month: of each unit, as a place in `months`.
        value: its outcome within the window.
        months: closed ones, oldest first.
        newest: when the last unit of each came.
    """

    keys: Sequence[str]
    month: NDArray[np.intp]
    value: NDArray[np.float64]
    months: Sequence[Month]
    newest: Mapping[Month, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A use case as registered, with the months of its look plan.

    Args:
        case: without its salt, which is the name of its use case.
    """

    case: Case
    registered: Registered

    def with_months(self, months: int) -> "Plan":
        """Return the same experiment with another number of looks."""
        spec = self.case.spec
        other = spec.model_copy(
            update={"experiment": spec.experiment.model_copy(update={"months": months})}
        )
        looks = launch.planned_looks(other, first=self.registered.looks.months[0])
        return Plan(
            case=replace(self.case, spec=other), registered=replace(self.registered, looks=looks)
        )

    def as_if_live(self) -> "Plan":
        """Return the same experiment as if people had seen the proposals, so that it may scale."""
        return Plan(
            case=replace(self.case, mode=Mode.LIVE),
            registered=replace(self.registered, mode=Mode.LIVE),
        )

    def salted(self, name: str) -> "Plan":
        """Return the same experiment under another name."""
        return Plan(
            case=replace(self.case, spec=self.case.spec.model_copy(update={"use_case": name})),
            registered=replace(self.registered, use_case=name),
        )


def bench_placebo(programme: Path, *, data: Path, salts: int) -> Report:
    """Review untreated history under many salts, month by month, by two look plans."""
    as_of = datetime.now(UTC)
    with TemporaryDirectory(prefix="pilotage-bench-") as name:
        opened = open_programme(programme, data_folder=data, kept_in=Path(name))
        replayed = registered_plan(opened, as_of=as_of)
        units = untreated(replayed, as_of=as_of)
    plan = replayed.as_if_live()
    own = plan.case.spec.experiment.months
    seen = len(units.months)
    plans = {
        f"its own plan of {own} months, {seen} cohorts seen": plan,
        f"a plan of {seen} months, all cohorts seen": plan.with_months(seen),
    }
    found = {words: reviewed_often(each, units, salts) for words, each in plans.items()}
    measured = [one for words, reviews in found.items() for one in _shares(words, reviews)]
    return Report(
        command=f"python -m pilotage.bench placebo --salts {salts} --data FOLDER",
        measured=measured,
        notes=[
            _setting(units, plan, salts),
            *(f"Last verdicts, {words}: {_counted(reviews)}." for words, reviews in found.items()),
        ],
    )


def registered_plan(opened: Opened, *, as_of: datetime) -> Plan:
    """Register the use case as its first pass does: baseline, minimum effect, looks.

    Raises:
        SpecError: its arms or its verdict are not drawn unit by unit, once.
    """
    case = opened.case(opened.only(), now=as_of)
    if not case.spec.assigns_units or case.spec.decide.every is not Every.ONCE:
        raise SpecError(
            f"{case.spec.use_case} does not draw arms unit by unit, once; this bench does.",
            fix="name a programme whose use case does: --programme FOLDER",
        )
    registered, _parked = launch.register(case, opened.record(), as_of=as_of)
    return Plan(case=case, registered=registered)


def untreated(plan: Plan, *, as_of: datetime) -> Untreated:
    """Read the units of closed months from their source, with what came of each."""
    case, since = plan.case, plan.registered.started_at
    window, once = case.spec.outcome.window, launch.counts_once(case)
    happened: dict[str, list[tuple[datetime, float]]] = {}
    for outcomes, _parked in case.source.outcomes(since=since, until=as_of, batch=BATCH):
        for item in outcomes:
            happened.setdefault(item.key, []).append((item.at, item.value))
    complete_until = min(case.source.complete_until() or since, as_of)
    units = [
        unit
        for found, _parked in case.source.units(since=since, until=as_of, batch=BATCH)
        for unit in found
    ]
    month_of = [Month.of(unit.at, zone=case.zone) for unit in units]
    pending = {
        month
        for unit, month in zip(units, month_of, strict=True)
        if unit.at + window > complete_until or month.end(zone=case.zone) > as_of
    }
    months = sorted(set(month_of) - pending)
    values = [
        [value for at, value in happened.get(unit.key, ()) if unit.at <= at < unit.at + window]
        for unit in units
    ]
    kept = [place for place, month in enumerate(month_of) if month not in pending]
    return Untreated(
        keys=[units[place].cluster for place in kept],
        month=np.array([months.index(month_of[place]) for place in kept], dtype=np.intp),
        value=np.array([float(bool(values[k])) if once else math.fsum(values[k]) for k in kept]),
        months=months,
        newest=dict(sorted(zip(month_of, (unit.at for unit in units), strict=True))),
    )


def reviewed_often(plan: Plan, units: Untreated, salts: int) -> list[list[Review]]:
    """Review the same history under many names; each gives one review a month."""
    progress = Progress()
    name = plan.case.spec.use_case
    found: list[list[Review]] = []
    for number in range(salts):
        progress.say(f"salt {number:,} of {salts:,}")
        found.append(reviewed(plan.salted(f"{name}-{number}"), units))
    progress.done()
    return found


def reviewed(plan: Plan, units: Untreated) -> list[Review]:
    """Draw the arms and review month by month; an earlier conclusion is known to later months."""
    cohorts = drawn(plan, units)
    given: list[Review] = []
    earlier: Conclusion | None = None
    for month in units.months:
        known = recorded_until(month, cohorts, plan.registered, newest=units.newest[month])
        one = story.judge(plan.case, replace(known, concluded=earlier))
        given.append(one)
        ruling = one.ruling
        if earlier is None and ruling.verdict in {Verdict.SCALE, Verdict.STOP}:
            earlier = Conclusion(verdict=ruling.verdict, month=month, rule=ruling.rule)
    return given


def drawn(plan: Plan, units: Untreated) -> list[CohortMoments]:
    """Draw an arm for each unit, and sum the outcomes by month and arm."""
    registered = plan.registered
    draw = arms(units.keys, salt=registered.use_case, holdout=registered.holdout)
    sides = (Arm.HOLDOUT, Arm.TREATMENT)
    cell = units.month * len(sides) + np.array([arm is Arm.TREATMENT for arm in draw])
    cells = len(units.months) * len(sides)
    shift = registered.baseline.mean
    deviation = units.value - shift
    n = np.bincount(cell, minlength=cells)
    y = np.bincount(cell, weights=deviation, minlength=cells)
    yy = np.bincount(cell, weights=deviation * deviation, minlength=cells)
    return [
        CohortMoments(
            month=month,
            arm=arm,
            moments=Moments(n=int(n[at]), y=float(y[at]), yy=float(yy[at]), y_shift=shift),
        )
        for at, (month, arm) in enumerate((month, arm) for month in units.months for arm in sides)
        if n[at]
    ]


def recorded_until(
    month: Month, cohorts: Sequence[CohortMoments], registered: Registered, *, newest: datetime
) -> Recorded:
    """Return what a record would hold of the months up to this one."""
    until = [cohort for cohort in cohorts if cohort.month <= month]
    closed = sorted({cohort.month for cohort in until})
    return Recorded(
        registered=registered,
        month=month,
        first=closed[0],
        closed=closed,
        cohorts=until,
        by_unit=None,
        assigned={arm: sum(c.moments.n for c in until if c.arm is arm) for arm in Arm},
        pending=0,
        delivered=dict.fromkeys(DeliveryState, 0),
        evidence=None,
        ends_at=newest,
    )


def _setting(units: Untreated, plan: Plan, salts: int) -> str:
    return (
        f"{len(units.keys):,} real units of {units.months[0]} to {units.months[-1]}, mean outcome"
        f" {float(np.mean(units.value)):.4f}, {plan.registered.holdout:.0%} held out. Range:"
        f" Wilson's 95% interval of the share, over {salts:,} salts; the goal is missed where"
        " even its low end is above it."
    )


def _shares(words: str, reviews: Sequence[Sequence[Review]]) -> list[Measured]:
    scaled = sum(any(one.ruling.verdict is Verdict.SCALE for one in each) for each in reviews)
    harmed = sum(any(one.ruling.rule == HARM for one in each) for each in reviews)
    counts = {"ever `scale`": scaled, "ever stopped for harm": harmed}
    return [_share(f"{what}, {words}", n, of=len(reviews)) for what, n in counts.items()]


def _share(what: str, n: int, *, of: int) -> Measured:
    """Return a share; its goal is missed when even the low end of its interval is above it."""
    ends = wilson(n, of, z=float(ndtri((1 + LEVEL) / 2)))
    return Measured(
        what=what, unit="of salts", values=(n / of,), spread=ends, goal=ERROR, judged=ends[0]
    )


def _counted(reviews: Sequence[Sequence[Review]]) -> str:
    last = Counter(f"{each[-1].ruling.verdict} ({each[-1].ruling.rule})" for each in reviews)
    return ", ".join(f"{n:,} {what}" for what, n in last.most_common())
