"""What is fixed or in force for a use case: its experiment, signatures, halt."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import Connection, delete, insert, select, update

from pilotage.domain.contest import Contest
from pilotage.domain.decision import Mode
from pilotage.domain.entry import Entry, EntryKind, Fact
from pilotage.domain.errors import StoreError
from pilotage.domain.experiment import Registered
from pilotage.domain.finding import Finding
from pilotage.governance.permit import VALUE, Signature
from pilotage.governance.signer import Signer
from pilotage.store.database import insert_rows
from pilotage.store.ledger import signed, stamp
from pilotage.store.record import Transaction
from pilotage.store.tables import experiment, model, signature
from pilotage.store.tables import halt as halts

_REGISTERED = TypeAdapter(Registered)


def register(
    work: Transaction, registered: Registered, *, spec: str, contest: Contest, as_of: datetime
) -> None:
    """Fix an experiment and its predictor; there is no way to change either.

    Args:
        spec: the use case as canonical JSON of what its author set.
        contest: how the candidates fared, and the winner's bytes.
    """
    work.connection.execute(
        insert(experiment).values(
            use_case=registered.use_case,
            mode=registered.mode.value,
            started_at=stamp(registered.started_at),
            spec_hash=registered.spec_hash,
            experiment_hash=registered.experiment_hash,
            registered=_REGISTERED.dump_json(registered).decode(),
        )
    )
    keep_model(work, version=contest.version, body=contest.model)
    facts = (
        (EntryKind.SPEC, _spec_facts(registered, spec)),
        (EntryKind.BASELINE, _baseline_facts(registered)),
        (EntryKind.PROMOTION, contest.facts),
        (EntryKind.EXPERIMENT, _experiment_facts(registered)),
    )
    work.append(
        *(
            Entry(
                kind=kind,
                use_case=registered.use_case,
                as_of=as_of,
                facts={**said, "mode": registered.mode.value},
            )
            for kind, said in facts
        )
    )


def change_spec(
    work: Transaction, before: Registered, *, spec_hash: str, spec: str, as_of: datetime
) -> Registered:
    """Note that the spec changed outside its experiment; arms, baseline and looks stay."""
    after = replace(before, spec_hash=spec_hash)
    work.connection.execute(
        update(experiment)
        .where(experiment.c.use_case == before.use_case, experiment.c.mode == before.mode.value)
        .values(spec_hash=spec_hash, registered=_REGISTERED.dump_json(after).decode())
    )
    work.append(
        Entry(
            kind=EntryKind.SPEC,
            use_case=before.use_case,
            as_of=as_of,
            facts={**_spec_facts(after, spec), "mode": before.mode.value},
        )
    )
    return after


def keep_model(work: Transaction, *, version: str, body: bytes) -> None:
    """Keep a predictor's bytes under the version that decisions name."""
    insert_rows(work.connection, model, [(version, body)], skip_known=True)


def model_bytes(connection: Connection, version: str) -> bytes:
    """Return a predictor's bytes.

    Raises:
        StoreError: they are gone.
    """
    body = connection.scalar(select(model.c.body).where(model.c.version == version))
    if body is None:
        raise StoreError(
            f"the predictor {version[:12]} is no longer in the record.",
            fix="restore the record from a backup; `pilotage ledger verify` tells which is whole",
        )
    return bytes(body)


def deny(
    work: Transaction, forbidden: Sequence[Finding], *, use_case: str, as_of: datetime
) -> None:
    """Record that a pass was refused, and by which controls."""
    work.append(
        Entry(
            kind=EntryKind.DENIAL,
            use_case=use_case,
            as_of=as_of,
            facts={"controls": [finding.code for finding in forbidden]},
        )
    )


def registered(connection: Connection, *, use_case: str, mode: Mode) -> Registered | None:
    """Return the experiment as it was fixed; None before the first pass."""
    found = connection.scalar(
        select(experiment.c.registered).where(
            experiment.c.use_case == use_case, experiment.c.mode == mode.value
        )
    )
    return _REGISTERED.validate_json(found) if found else None


def use_cases(connection: Connection) -> list[str]:
    """Return the names of all use cases that ever ran, whatever files declare now."""
    found = select(experiment.c.use_case).distinct().order_by(experiment.c.use_case)
    return list(connection.scalars(found))


def sign(work: Transaction, given: Signature) -> None:
    """Put a sign-off or an approval in force, in place of the person's earlier one."""
    mine = (
        (signature.c.use_case == given.use_case)
        & (signature.c.subject == given.subject)
        & (signature.c.person == given.person)
    )
    work.connection.execute(delete(signature).where(mine))
    work.append(
        Entry(
            kind=EntryKind.APPROVAL if given.subject == VALUE else EntryKind.SIGN_OFF,
            use_case=given.use_case,
            as_of=given.signed_at,
            facts={
                "covers": given.covers,
                "evidence": given.evidence,
                "person": given.person,
                "role": given.role,
                "signature": given.signature,
                "subject": given.subject,
                "until": given.until,
            },
        )
    )
    work.connection.execute(
        insert(signature).values(
            use_case=given.use_case,
            subject=given.subject,
            person=given.person,
            role=given.role,
            covers=given.covers,
            evidence=given.evidence,
            signed_at=stamp(given.signed_at),
            until=stamp(given.until),
            signature=given.signature,
        )
    )


def signatures(connection: Connection, *, use_case: str) -> list[Signature]:
    """Return the sign-offs and approvals of a use case, expired ones included."""
    found = select(signature).where(signature.c.use_case == use_case)
    return [
        Signature(
            use_case=row.use_case,
            subject=row.subject,
            person=row.person,
            role=row.role,
            covers=row.covers,
            evidence=row.evidence,
            signed_at=datetime.fromisoformat(row.signed_at),
            until=datetime.fromisoformat(row.until),
            signature=row.signature,
        )
        for row in connection.execute(found.order_by(signature.c.subject, signature.c.person))
    ]


def halt(work: Transaction, *, use_case: str, by: Signer, why: str, as_of: datetime) -> None:
    """Halt a use case; nothing is decided or delivered until `resume`."""
    work.connection.execute(delete(halts).where(halts.c.use_case == use_case))
    work.connection.execute(
        insert(halts).values(use_case=use_case, person=by.name, why=why, halted_at=stamp(as_of))
    )
    _note_halt(work, {"state": "halted", "why": why}, use_case=use_case, by=by, as_of=as_of)


def resume(work: Transaction, *, use_case: str, by: Signer, as_of: datetime) -> None:
    """Lift a halt."""
    work.connection.execute(delete(halts).where(halts.c.use_case == use_case))
    _note_halt(work, {"state": "resumed", "why": ""}, use_case=use_case, by=by, as_of=as_of)


def halted(connection: Connection, *, use_case: str) -> str | None:
    """Return who halted a use case and why; None while it may run."""
    row = connection.execute(select(halts).where(halts.c.use_case == use_case)).one_or_none()
    return f"{row.person}: {row.why}" if row else None


def _note_halt(
    work: Transaction, facts: Mapping[str, Fact], *, use_case: str, by: Signer, as_of: datetime
) -> None:
    said = Entry(kind=EntryKind.HALT, use_case=use_case, as_of=as_of, facts=facts)
    work.append(signed(said, by=by))


def _spec_facts(registered: Registered, spec: str) -> dict[str, Fact]:
    return {
        "experiment_hash": registered.experiment_hash,
        "spec": spec,
        "spec_hash": registered.spec_hash,
    }


def _baseline_facts(registered: Registered) -> dict[str, Fact]:
    baseline = registered.baseline
    return {
        "mean": _text(baseline.mean),
        "months": [
            {"mean": _text(item.mean), "month": str(item.month), "n": item.n}
            for item in baseline.months
        ],
        "n": baseline.n,
        "standard_deviation": _text(baseline.standard_deviation),
    }


def _experiment_facts(registered: Registered) -> dict[str, Fact]:
    counted = registered.counted or {}
    return {
        "counted": {cluster: arm.value for cluster, arm in counted.items()},
        "holdout": _text(registered.holdout),
        "looks": [
            {"critical_p": _text(look.critical_p), "month": str(look.month)}
            for look in registered.looks.looks
        ],
        "minimum_effect": _text(registered.minimum_effect),
        "months_to_detect": _text(registered.months_to_detect),
        "plan": registered.looks.name,
        "salt": registered.use_case,
        "started_at": registered.started_at,
        "strata": dict(registered.strata),
    }


def _text(number: float | None) -> str | None:
    """Return a figure as text of six significant digits, the same on every machine."""
    return None if number is None else f"{number:.6g}"
