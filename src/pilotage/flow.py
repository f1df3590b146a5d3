"""The road of every unit of work. Read this file first, then launch.py and review.py.

    source -> contract -> permit -> arm -> AI -> oversight -> the user's own tool -> ledger
                                   later: outcome -> ledger

One pass reads what is new, decides, delivers, and reads what came of it. A pass that finds its
work recorded already does nothing, so it can be run again after anything, a crash included.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from pilotage.domain.decision import (
    Arm,
    Decision,
    DeliveryState,
    Enrolled,
    Mode,
    Proposal,
    Route,
    decision_key,
)
from pilotage.domain.errors import DeliveryError, RefusedError
from pilotage.domain.month import Month
from pilotage.domain.tally import Tally
from pilotage.domain.unit import Outcome, Parked, Unit
from pilotage.experiments.assignment import arms
from pilotage.governance.oversight import route
from pilotage.governance.permit import Request, refusals
from pilotage.governance.risk import risk_tier
from pilotage.launch import Ready, counts_once, prepare, registered
from pilotage.ports import Case
from pilotage.spec.decide import Deliver, Every
from pilotage.store import decisions, outbox, outcomes, oversight, parking, registry, vault
from pilotage.store.record import Record

BATCH = 5_000
"""Units decided in one transaction; what a crash can cost is the work of one batch."""

DELIVERIES = 10_000
"""Values written to a tool between two receipts."""

Watch = Callable[[Tally], None]
"""Told after every batch how far the pass has come."""


def run(case: Case, record: Record, *, as_of: datetime, watch: Watch = lambda _: None) -> Tally:
    """Take a use case through one pass: all that is new, down the whole road.

    Args:
        as_of: the instant the pass stands for.

    Raises:
        RefusedError: a control forbids it, or the running experiment was changed.
        SourceError: a table cannot be read.
        StoreError: the record cannot be written, or another pass is at work.
    """
    with record.one_at_a_time():
        try:
            sent = send(case, record, as_of=as_of, watch=watch)
        except (RefusedError, DeliveryError):  # what was decided has outcomes all the same
            hear(case, record, as_of=as_of, watch=watch)
            raise
        heard = hear(case, record, as_of=as_of, watch=watch)
        record.checkpoint()
        return sent + heard


def send(case: Case, record: Record, *, as_of: datetime, watch: Watch) -> Tally:
    """Take new units from their source to the user's tool."""
    tally = Tally()
    require_permit(case, record, as_of=as_of)
    ready = prepare(case, record, as_of=as_of)
    monthly = case.spec.decide.every is Every.MONTH
    since = None if monthly else ready.registered.started_at  # every account, or every new lead
    for units, refused in case.source.units(since=since, until=as_of, batch=BATCH):
        require_permit(case, record, as_of=as_of)
        tally += park(refused, case, record, as_of=as_of)
        tally += decide(units, ready, record, as_of=as_of)
        watch(tally)
    for delivered in release(case, record, as_of=as_of):
        tally += delivered
        watch(tally)
    return tally


def hear(case: Case, record: Record, *, as_of: datetime, watch: Watch) -> Tally:
    """Read what came of units decided so far, and close the windows that have ended."""
    tally = Tally()
    known = registered(case, record)
    if known is None:
        return tally
    for happened, refused in case.source.outcomes(since=known.started_at, until=as_of, batch=BATCH):
        tally += park(refused, case, record, as_of=as_of)
        tally += listen(happened, case, record, as_of=as_of)
        watch(tally)
    return tally + close_windows(case, record, as_of=as_of)


def require_permit(case: Case, record: Record, *, as_of: datetime) -> None:
    """Refuse to go on where a control is missing, expired, or says halt.

    Raises:
        RefusedError: with each control and the command that supplies it; the denial is recorded.
    """
    name = case.spec.use_case
    with record.reading() as connection:
        forbidden = refusals(
            Request(
                use_case=name,
                mode=case.mode,
                spec_hash=case.spec_hash,
                tier=risk_tier(case.spec).tier,
                halted=registry.halted(connection, use_case=name),
            ),
            signatures=registry.signatures(connection, use_case=name),
            signatories=case.signatories,
            now=as_of,
        )
    if not forbidden:
        return
    with record.transaction() as work:
        registry.deny(work, forbidden, use_case=name, as_of=as_of)
    raise RefusedError(
        f"{name} may not run {case.mode}:\n" + "\n".join(f"  - {f.detail}" for f in forbidden),
        fix="\n       ".join(finding.fix for finding in forbidden),
    )


def park(refused: Sequence[Parked], case: Case, record: Record, *, as_of: datetime) -> Tally:
    """Keep refused rows with their reason; nothing is lost, and what was erased stays erased."""
    if not refused:
        return Tally()
    names = record.pseudonyms([row.key for row in refused], kind=case.spec.process.unit)
    with record.transaction() as work:
        erased = vault.suppressed(work.connection, names)
        kept = [row for row, name in zip(refused, names, strict=True) if name not in erased]
        fresh = parking.park(work, kept, use_case=case.spec.use_case, as_of=as_of)
    return Tally(parked=fresh)


def decide(units: Sequence[Unit], ready: Ready, record: Record, *, as_of: datetime) -> Tally:
    """Decide a batch; a single unit that arrives by API is a batch of one.

    Each unit not yet decided in this period gets its arm. The treated get a proposal, which
    oversight sends to the tool, to a person, or nowhere. All of it is written at once.
    """
    enrolled, refused = enrol(units, ready, record, as_of=as_of)
    parked = park(refused, ready.case, record, as_of=as_of)
    treated = [item.unit for item in enrolled if item.arm is Arm.TREATMENT]
    proposals = iter(ready.predictor.propose(treated))
    decided = [
        conclude(item, next(proposals) if item.arm is Arm.TREATMENT else None, ready)
        for item in enrolled
    ]
    if not decided:
        return parked + Tally(read=len(units))
    with record.transaction() as work:
        fresh = decisions.add(work, decided)
        outbox.post(work, fresh, deliver=deliveries_of(ready.case))
        oversight.ask(work, fresh)
    return parked + Tally(
        read=len(units),
        decided=len(fresh),
        treated=sum(item.decision.arm is Arm.TREATMENT for item in fresh),
        waiting=sum(item.decision.route is Route.HUMAN for item in fresh),
    )


def enrol(
    units: Sequence[Unit], ready: Ready, record: Record, *, as_of: datetime
) -> tuple[list[Enrolled], list[Parked]]:
    """Give each unit that is new in its period an arm; refuse those that would blur the arms."""
    case, spec = ready.case, ready.case.spec
    names = record.pseudonyms([unit.key for unit in units], kind=spec.process.unit)
    clusters = (
        names
        if spec.assigns_units
        else record.pseudonyms([unit.cluster for unit in units], kind=spec.assign_column)
    )
    drawn = draw(units, clusters, ready)
    with record.reading() as connection:
        earlier = decisions.earlier(connection, names, use_case=spec.use_case)
    enrolled: list[Enrolled] = []
    refused: list[Parked] = []
    for unit, name, cluster, arm in zip(units, names, clusters, drawn, strict=True):
        assigned_at = unit.at if case.mode is Mode.REPLAY else as_of
        month = Month.of(assigned_at, zone=case.zone)
        period = "once" if spec.decide.every is Every.ONCE else f"{month}-01/P1M"
        before = earlier.get(name)
        if before is not None and (before.erased or period in before.periods):
            continue
        if arm is None:
            refused.append(astray(unit, case, reason="late-cluster"))
            continue
        if before is not None and before.arm is not arm:
            refused.append(astray(unit, case, reason="changed-arm"))
            continue
        enrolled.append(
            Enrolled(
                unit=unit,
                pseudonym=name,
                cluster=cluster,
                arm=arm,
                period=period,
                month=month,
                assigned_at=assigned_at,
            )
        )
    return enrolled, refused


ASTRAY = {
    "late-cluster": "{column} {cluster!r} was not there when the arms were counted out; its units"
    " stay as today until a new experiment starts",
    "changed-arm": "it moved to {column} {cluster!r}, which is in the other arm; a unit in both"
    " arms would blur them",
}


def astray(unit: Unit, case: Case, *, reason: str) -> Parked:
    """Refuse a unit that would stand in both arms, or in neither."""
    return Parked(
        table=case.spec.data.units.table,
        key=unit.key,
        reason=reason,
        detail=ASTRAY[reason].format(column=case.spec.assign_column, cluster=unit.cluster),
    )


def draw(units: Sequence[Unit], clusters: Sequence[str], ready: Ready) -> list[Arm | None]:
    """Return each unit's arm: by hash, or as counted out; None for a cluster that came late."""
    registered = ready.registered
    if registered.counted:
        return [registered.counted.get(cluster) for cluster in clusters]
    keys = [unit.cluster for unit in units]
    return list(arms(keys, salt=registered.use_case, holdout=registered.holdout))


def conclude(item: Enrolled, proposal: Proposal | None, ready: Ready) -> Decision:
    """Route a unit: to the tool, to a person first, or nowhere."""
    case, window = ready.case, ready.case.spec.outcome.window
    limits = case.spec.oversight
    key = decision_key(case.spec.use_case, item.pseudonym, item.period)
    if proposal is None:
        where, why = Route.HOLDOUT, ""
    elif case.mode is Mode.SHADOW:
        where, why = Route.SHADOW, ""
    else:
        where, why = route(
            proposal,
            key=key,
            automatic_from=limits.automatic_from,
            ask_from=limits.ask_from,
            sample=limits.sample,
        )
    return Decision(
        use_case=case.spec.use_case,
        unit=item.pseudonym,
        period=item.period,
        record=item.unit.key,
        mode=case.mode,
        month=item.month,
        arm=item.arm,
        cluster=item.cluster,
        stratum=item.unit.stratum,
        assigned_at=item.assigned_at,
        window_ends_at=item.assigned_at + window,
        route=where,
        why=why,
        proposal=proposal,
        version=ready.registered.version if proposal else "",
    )


def deliveries_of(case: Case) -> tuple[Deliver, ...]:
    """Return what is delivered where; a replay never writes to a tool that reaches people."""
    return tuple(
        item
        for item in case.spec.deliver
        if case.mode is not Mode.REPLAY or not case.channels[item.tool].reaches_people
    )


def release(case: Case, record: Record, *, as_of: datetime) -> Iterator[Tally]:
    """Deliver what oversight let through, batch by batch; a halt stops it within one batch.

    A batch whose receipts a crash has lost is delivered again under the same keys, and the tool
    shows it once.
    """
    for tool, channel in case.channels.items():
        while True:
            with record.reading() as connection:
                posted = outbox.pending(
                    connection,
                    use_case=case.spec.use_case,
                    mode=case.mode,
                    tool=tool,
                    limit=DELIVERIES,
                )
            if not posted:
                break
            require_permit(case, record, as_of=as_of)
            receipts = channel.deliver([item.delivery for item in posted])
            with record.transaction() as work:
                outbox.settle(work, posted, receipts, as_of=as_of)
            delivered = sum(item.state is DeliveryState.DELIVERED for item in receipts)
            yield Tally(delivered=delivered, dead=len(receipts) - delivered)


def listen(happened: Sequence[Outcome], case: Case, record: Record, *, as_of: datetime) -> Tally:
    """Note what the source says of enrolled units; what cannot be of one of them is parked."""
    spec = case.spec
    names = record.pseudonyms([item.key for item in happened], kind=spec.process.unit)
    with record.reading() as connection:
        assigned = outcomes.assigned_at(connection, names, use_case=spec.use_case, mode=case.mode)
    heard: list[outcomes.Happening] = []
    refused: list[Parked] = []
    for name, item in zip(names, happened, strict=True):
        if name not in assigned:
            refused += [] if item.known else [misplaced(item, case, reason="unknown-unit")]
        elif item.at < assigned[name]:
            refused.append(misplaced(item, case, reason=parking.BEFORE_ASSIGNMENT))
        else:
            heard.append(outcomes.Happening(unit=name, at=item.at, value=item.value))
    if heard:
        with record.transaction() as work:
            outcomes.note(work, heard, use_case=spec.use_case)
    return park(refused, case, record, as_of=as_of)


MISPLACED = {
    "unknown-unit": "it happened on {at:%Y-%m-%d %H:%M} to a unit that {units!r} does not have",
    parking.BEFORE_ASSIGNMENT: "it happened on {at:%Y-%m-%d %H:%M}, before the unit was assigned",
}


def misplaced(item: Outcome, case: Case, *, reason: str) -> Parked:
    """Refuse an outcome that says nothing about the experiment."""
    return Parked(
        table=case.spec.data.outcomes.table,
        key=item.key,
        reason=reason,
        detail=MISPLACED[reason].format(at=item.at, units=case.spec.data.units.table),
    )


def close_windows(case: Case, record: Record, *, as_of: datetime) -> Tally:
    """Record what counts for every unit whose window closed; zero counts, pending does not."""
    complete_until = case.source.complete_until()
    if complete_until is None:
        return Tally()
    counted = outcomes.Counted(use_case=case.spec.use_case, mode=case.mode, once=counts_once(case))
    with record.transaction() as work:
        tally = Tally(corrected=outcomes.correct(work, counted, as_of=as_of))
    with record.reading() as connection:
        for ended in outcomes.due(
            connection, counted, complete_until=min(complete_until, as_of), batch=BATCH
        ):
            with record.transaction() as work:
                outcomes.close(work, ended, use_case=counted.use_case)
            tally += Tally(closed=len(ended))
    return tally
