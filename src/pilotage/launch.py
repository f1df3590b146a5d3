"""What is fixed before the first decision, and never edited after it. Read it after flow.py.

history -> baseline -> candidates -> arms -> looks -> ledger

Looks are counted in full cohorts. A unit of a replay belongs to the month it came in; in shadow and
live it belongs to the month in which a pass decides it. So a start long before the first pass moves
no look into months in which nobody was treated. And where the start is not the first day of its
month, or another mode decided units in it before, that month is a cohort in part: it counts in the
effect, but it is no look, and the first look is at the next month.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from pilotage.ai import Example, Wording
from pilotage.ai.candidates import compete, restore
from pilotage.data.history import Before, History, read_history
from pilotage.domain.decision import Arm, Mode
from pilotage.domain.effect import EffectKind
from pilotage.domain.errors import RefusedError, SpecError
from pilotage.domain.experiment import Baseline, Registered
from pilotage.domain.look import LookPlan
from pilotage.domain.month import Month
from pilotage.domain.review import MetricKind
from pilotage.domain.tally import Tally
from pilotage.experiments.assignment import FEW_CLUSTERS, counted_arms
from pilotage.experiments.clusters import FEWEST_CLUSTERS
from pilotage.experiments.design import Design, months_to_detect
from pilotage.experiments.looks import haybittle_peto
from pilotage.ports import Case, Predictor
from pilotage.spec.decide import Every
from pilotage.spec.hashing import experiment_hash, fixed
from pilotage.spec.use_case import UseCase
from pilotage.store import decisions, parking, registry
from pilotage.store.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A use case whose experiment is registered and whose predictor is chosen.

    Args:
        tally: rows of history that were parked, in the first pass.
    """

    case: Case
    registered: Registered
    predictor: Predictor
    tally: Tally


def prepare(case: Case, record: Record, *, as_of: datetime) -> Ready:
    """Return the experiment and predictor as registered; the first pass registers them."""
    known, tally = registered(case, record), Tally()
    if known is None:
        known, tally = register(case, record, as_of=as_of)
    if known.spec_hash != case.spec_hash:
        with record.transaction() as work:
            known = registry.change_spec(
                work, known, spec_hash=case.spec_hash, spec=case.spec_text, as_of=as_of
            )
    with record.reading() as connection:
        body = registry.model_bytes(connection, known.version)
    predictor = restore(body, name=known.predictor, version=known.version)
    return Ready(case=case, registered=known, predictor=predictor, tally=tally)


def registered(case: Case, record: Record) -> Registered | None:
    """Return the running experiment; None before the first pass.

    Raises:
        RefusedError: the spec no longer says what was registered.
    """
    with record.reading() as connection:
        known = registry.registered(connection, use_case=case.spec.use_case, mode=case.mode)
        live = registry.registered(connection, use_case=case.spec.use_case, mode=Mode.LIVE)
    if live is not None and case.mode is not Mode.LIVE:
        raise RefusedError(
            f"{case.spec.use_case} runs live: a {case.mode} beside it would decide units that live"
            " must decide.",
            fix="leave --mode out; or try it as a copy of the use case under another name",
        )
    if known is not None:
        require_unchanged(known, fixed(case.spec, zone=case.zone))
    return known


def require_unchanged(known: Registered, now: Mapping[str, str]) -> None:
    """Refuse a spec that would measure something else under the same name.

    Raises:
        RefusedError: with each key that changed, what it was and what it is.
    """
    if known.experiment_hash == experiment_hash(now):
        return
    before = known.fixed
    keys = sorted(key for key in before.keys() | now.keys() if before.get(key) != now.get(key))
    changes = (f"`{key}` was {_said(before, key)}, is {_said(now, key)}" for key in keys)
    raise RefusedError(
        f"the experiment of {known.use_case}, registered for {known.started_at:%Y-%m-%d}, was"
        f" changed while it runs: {'; '.join(changes)}.",
        fix="undo the change, or give the changed use case a new name: it starts a new one",
    )


SHOWN_WIDTH = 60
"""Characters of a value in an error: rules may be long."""


def _said(part: Mapping[str, str], key: str) -> str:
    text = part.get(key, "not set").strip('"')
    return text if len(text) <= SHOWN_WIDTH else text[:SHOWN_WIDTH] + "..."


def register(case: Case, record: Record, *, as_of: datetime) -> tuple[Registered, Tally]:
    """Freeze the baseline, let the candidates compete, register arms and looks: once.

    Rows of history that are neither unit nor outcome are parked; the tally counts them.
    """
    spec = case.spec
    start = start_of(case, as_of=as_of)
    begins = start if case.mode is Mode.REPLAY else as_of
    history = read_history(case.source, before(case, start=start))
    tally = parking.keep(history.refused, case, record, as_of=as_of)
    counted = few_clusters(case, history)
    names = pseudonyms_of(counted or (), case, record)
    strata = names_of_strata(history.clusters.values(), record)
    rests_on = fixed(spec, zone=case.zone)
    contest = compete(
        spec.decide, examples_of(history, spec), wording=Wording(units=f"{spec.process.unit}s")
    )
    experiment = Registered(
        use_case=spec.use_case,
        mode=case.mode,
        started_at=start,
        spec_hash=case.spec_hash,
        experiment_hash=experiment_hash(rests_on),
        baseline=history.baseline,
        holdout=spec.experiment.holdout,
        minimum_effect=spec.outcome.minimum_effect.absolute_at(history.baseline.mean),
        looks=planned_looks(spec, first=first_look(case, record, start=start, begins=begins)),
        months_to_detect=months_to_detect(planned(spec, history.baseline)),
        predictor=contest.winner,
        version=contest.version,
        counted=counted and {names[cluster]: arm for cluster, arm in counted.items()},
        strata={name: strata[history.clusters[cluster]] for cluster, name in names.items()},
        fixed=rests_on,
    )
    with record.transaction() as work:
        registry.register(work, experiment, spec=case.spec_text, contest=contest, as_of=begins)
    return experiment, tally


def before(case: Case, *, start: datetime) -> Before:
    """Return which part of the past the baseline is taken from."""
    return Before(
        start=start,
        window=case.spec.outcome.window,
        zone=case.zone,
        once=counts_once(case),
        monthly=case.spec.decide.every is Every.MONTH,
        declared=case.spec.outcome.baseline,
    )


def examples_of(history: History, spec: UseCase) -> list[Example]:
    """Return history as examples: it happened, or for a mean, it was above the mean."""
    bar = 0.0 if spec.outcome.kind is MetricKind.PROPORTION else history.baseline.mean
    return [Example(unit=past.unit, happened=past.value > bar) for past in history.newest]


def first_look(case: Case, record: Record, *, start: datetime, begins: datetime) -> Month:
    """Return the month of the first full cohort: all its units take part, from its first day on.

    Args:
        start: no unit from before takes part.
        begins: when the first unit is decided.
    """
    with record.reading() as connection:
        until = decisions.handed_over(
            connection, use_case=case.spec.use_case, mode=case.mode, begins=begins
        )
    month = Month.of(begins, zone=case.zone)
    opens = month.start(zone=case.zone)
    if case.spec.decide.every is Every.MONTH:  # a first pass on any day takes every account
        whole = until is None or until < opens
    else:
        whole = max(start, until or start) < opens + timedelta(days=1)
    return month if whole else month.plus(1)


def planned_looks(spec: UseCase, *, first: Month) -> LookPlan:
    """Plan a look at each of the spec's months, the first full cohort first; the last is final."""
    return haybittle_peto([first.plus(k) for k in range(spec.experiment.months)])


def planned(spec: UseCase, baseline: Baseline) -> Design:
    """Return the experiment's design on what the baseline measured."""
    return Design(
        volume_per_month=baseline.volume_per_month,
        holdout=spec.experiment.holdout,
        base=baseline.mean,
        standard_deviation=baseline.standard_deviation,
        minimum_effect=spec.outcome.minimum_effect.absolute_at(baseline.mean),
        kind=EffectKind.ABSOLUTE,
        window_days=spec.outcome.window / timedelta(days=1),
    )


def counts_once(case: Case) -> bool:
    """Return whether it counts that an outcome happened at all, or amounts add up."""
    return case.spec.outcome.kind is MetricKind.PROPORTION


def start_of(case: Case, *, as_of: datetime) -> datetime:
    """Return when the experiment starts: as the spec says, else now."""
    day = case.spec.experiment.start
    if case.mode is Mode.REPLAY and case.spec.decide.every is Every.MONTH:
        raise SpecError(
            f"{case.spec.use_case} decides every month, and a replay decides each unit once, when"
            " it came.",
            fix="pass `--mode shadow` and let months pass, or write `decide: {every: once}`",
        )
    if day is None:
        if case.mode is Mode.REPLAY:
            raise SpecError(
                f"{case.spec.use_case}: a replay does not know where history ends.",
                fix="write the first day that counts as `experiment: {start: 2026-01-01}`",
            )
        return as_of
    start = datetime.combine(day, time(), tzinfo=case.zone)
    if start > as_of:
        raise RefusedError(
            f"{case.spec.use_case} starts on {day}; today is {as_of:%Y-%m-%d}.",
            fix=f"wait, or write an earlier `experiment.start`, or pass `--as-of {day}`",
        )
    return start


def few_clusters(case: Case, history: History) -> dict[str, Arm] | None:
    """Count out the arms of reps, teams or weeks where they are few; else arms are by hash.

    Raises:
        RefusedError: so few that an arm stays without the two that a comparison takes.
    """
    if case.spec.assigns_units or len(history.clusters) >= FEW_CLUSTERS:
        return None
    drawn = counted_arms(
        history.clusters, salt=case.spec.use_case, holdout=case.spec.experiment.holdout
    )
    sizes = Counter(drawn.values())
    if min(sizes[arm] for arm in Arm) < FEWEST_CLUSTERS:
        column = case.spec.assign_column
        raise RefusedError(
            f"history knows {len(drawn)} values of `{column}`, of which {sizes[Arm.TREATMENT]}"
            f" would be treated and {sizes[Arm.HOLDOUT]} held out; a comparison takes"
            f" {FEWEST_CLUSTERS} of each.",
            fix="draw arms for something smaller in `experiment.assign_by` (reps instead of"
            " teams), or hold out a larger share",
        )
    return drawn


def pseudonyms_of(clusters: Collection[str], case: Case, record: Record) -> dict[str, str]:
    """Return what stands for each cluster in tables and ledger."""
    names = record.pseudonyms(list(clusters), kind=case.spec.assign_column)
    return dict(zip(clusters, names, strict=True))


def names_of_strata(strata: Iterable[str], record: Record) -> dict[str, str]:
    """Return what stands for each stratum in tables and ledger: a group may be named for a person.

    Where there is none, nothing stands.
    """
    labels = sorted({*strata} - {""})
    return {"": "", **dict(zip(labels, record.pseudonyms(labels, kind="stratum"), strict=True))}
