"""What is fixed before the first decision, and never edited after it. Read it after flow.py.

history -> baseline -> candidates -> arms -> looks -> ledger
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

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
from pilotage.experiments.assignment import FEW_CLUSTERS, counted_arms
from pilotage.experiments.design import Design, months_to_detect
from pilotage.experiments.looks import haybittle_peto
from pilotage.ports import Case, Predictor
from pilotage.spec.decide import Every
from pilotage.spec.use_case import UseCase
from pilotage.store import registry
from pilotage.store.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A use case whose experiment is registered and whose predictor is chosen."""

    case: Case
    registered: Registered
    predictor: Predictor


def prepare(case: Case, record: Record, *, as_of: datetime) -> Ready:
    """Return the experiment and predictor as registered; the first pass registers them."""
    known = registered(case, record) or register(case, record, as_of=as_of)
    if known.spec_hash != case.spec_hash:
        with record.transaction() as work:
            known = registry.change_spec(
                work, known, spec_hash=case.spec_hash, spec=case.spec_text, as_of=as_of
            )
    with record.reading() as connection:
        body = registry.model_bytes(connection, known.version)
    predictor = restore(body, name=known.predictor, version=known.version)
    return Ready(case=case, registered=known, predictor=predictor)


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
    if known is not None and known.experiment_hash != case.experiment_hash:
        raise RefusedError(
            f"the experiment of {case.spec.use_case} was changed while it runs: metric, window,"
            " arms or looks are no longer what was registered for"
            f" {known.started_at:%Y-%m-%d}.",
            fix="undo the change, or give the changed use case a new name: it starts a new one",
        )
    return known


def register(case: Case, record: Record, *, as_of: datetime) -> Registered:
    """Freeze the baseline, let the candidates compete, register arms and looks: once."""
    spec = case.spec
    start = start_of(case, as_of=as_of)
    history = read_history(case.source, before(case, start=start))
    contest = compete(
        spec.decide, examples_of(history, spec), wording=Wording(units=f"{spec.process.unit}s")
    )
    fixed = Registered(
        use_case=spec.use_case,
        mode=case.mode,
        started_at=start,
        spec_hash=case.spec_hash,
        experiment_hash=case.experiment_hash,
        baseline=history.baseline,
        holdout=spec.experiment.holdout,
        minimum_effect=spec.outcome.minimum_effect.absolute_at(history.baseline.mean),
        looks=planned_looks(spec, start=start, zone=case.zone),
        months_to_detect=months_to_detect(planned(spec, history.baseline)),
        predictor=contest.winner,
        version=contest.version,
        counted=few_clusters(case, history, record),
    )
    with record.transaction() as work:
        registry.register(
            work,
            fixed,
            spec=case.spec_text,
            contest=contest,
            as_of=start if case.mode is Mode.REPLAY else as_of,
        )
    return fixed


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


def planned_looks(spec: UseCase, *, start: datetime, zone: tzinfo) -> LookPlan:
    """Plan a look at each of the spec's months; the last one is final."""
    first = Month.of(start, zone=zone)
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


def few_clusters(case: Case, history: History, record: Record) -> dict[str, Arm]:
    """Count out the arms of reps, teams or weeks where they are few; else arms are by hash."""
    if case.spec.assigns_units or len(history.clusters) >= FEW_CLUSTERS:
        return {}
    drawn = counted_arms(
        history.clusters, salt=case.spec.use_case, holdout=case.spec.experiment.holdout
    )
    names = record.pseudonyms(list(drawn), kind=case.spec.assign_column)
    return dict(zip(names, drawn.values(), strict=True))
