"""The road of every unit of work. Read this file first.

    source -> contract -> permit -> arm -> AI -> oversight -> the user's own tool -> ledger
                                   later: outcome -> ledger

One pass reads what is new, decides, delivers, and reads what came of it. A pass that finds its
work recorded already does nothing, so it can be run again after anything, a crash included.

Its steps are beside it: launch.py before the first decision, enrolment.py and followup.py in
every pass, review.py every month.
"""

from collections.abc import Iterator, Sequence
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
from pilotage.domain.tally import Tally, Watch
from pilotage.domain.unit import Unit
from pilotage.enrolment import enrol
from pilotage.followup import follow_up
from pilotage.governance.oversight import route
from pilotage.governance.permit import Request, refusals
from pilotage.governance.risk import risk_tier
from pilotage.launch import Ready, prepare
from pilotage.ports import Case
from pilotage.spec.decide import Deliver, Every
from pilotage.store import decisions, outbox, oversight, parking, registry
from pilotage.store.record import Record

BATCH = 5_000
"""Units decided in one transaction; what a crash can cost is the work of one batch."""

DELIVERIES = 10_000
"""Values written to a tool between two receipts."""


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
            follow_up(case, record, as_of=as_of, watch=watch)
            raise
        heard = follow_up(case, record, as_of=as_of, watch=watch)
        record.checkpoint()
        return sent + heard


def send(case: Case, record: Record, *, as_of: datetime, watch: Watch) -> Tally:
    """Take new units from their source to the user's tool."""
    require_permit(case, record, as_of=as_of)
    ready = prepare(case, record, as_of=as_of)
    tally = ready.tally
    monthly = case.spec.decide.every is Every.MONTH
    since = None if monthly else ready.registered.started_at  # every account, or every new lead
    for units, refused in case.source.units(since=since, until=as_of, batch=BATCH):
        require_permit(case, record, as_of=as_of)
        tally += parking.keep(refused, case, record, as_of=as_of)
        tally += decide(units, ready, record, as_of=as_of)
        watch(tally)
    for delivered in release(case, record, as_of=as_of):
        tally += delivered
        watch(tally)
    return tally


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


def decide(units: Sequence[Unit], ready: Ready, record: Record, *, as_of: datetime) -> Tally:
    """Decide a batch; a single unit that arrives by API is a batch of one.

    Each unit not yet decided in this period gets its arm. The treated get a proposal, which
    oversight sends to the tool, to a person, or nowhere. All of it is written at once.
    """
    enrolled, refused = enrol(units, ready, record, as_of=as_of)
    parked = parking.keep(refused, ready.case, record, as_of=as_of)
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
        stratum=item.stratum,
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
