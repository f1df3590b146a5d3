"""Verdicts: one a month and use case; what changes later is a new revision, the old one stays."""

from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import ColumnElement, Connection, and_, select

from pilotage.domain.cohort import Cohort
from pilotage.domain.effect import Effect
from pilotage.domain.entry import Entry, EntryKind, Fact
from pilotage.domain.money import MoneyRange
from pilotage.domain.month import Month
from pilotage.domain.review import Review
from pilotage.domain.verdict import Conclusion, Verdict
from pilotage.governance.canonical import canonical
from pilotage.store.database import insert_rows
from pilotage.store.ledger import instant
from pilotage.store.record import Transaction
from pilotage.store.tables import entry, verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A verdict that was given, as it was written.

    Args:
        as_of: the instant it stands for.
    """

    revision: int
    body: str
    seq: int
    as_of: datetime


def last(connection: Connection, cohort: Cohort) -> Given | None:
    """Return the newest revision of a month's verdict."""
    row = connection.execute(
        select(verdict, entry.c.body.label("entry"))
        .join(entry, entry.c.seq == verdict.c.seq)
        .where(_of(cohort))
        .order_by(verdict.c.revision.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    said = orjson.loads(row.entry)
    return Given(revision=row.revision, body=row.body, seq=row.seq, as_of=instant(said["as_of"]))


def conclusion(connection: Connection, cohort: Cohort) -> Conclusion | None:
    """Return the first month before this one whose verdict was scale or stop."""
    earlier = (
        select(verdict.c.month, verdict.c.body)
        .where(
            verdict.c.use_case == cohort.use_case,
            verdict.c.mode == cohort.mode.value,
            verdict.c.month < str(cohort.month),
        )
        .order_by(verdict.c.month, verdict.c.revision)
    )
    newest = {row.month: row.body for row in connection.execute(earlier)}
    for month, body in newest.items():
        said = orjson.loads(body)
        if said["verdict"] in {Verdict.SCALE, Verdict.STOP}:
            return Conclusion(
                verdict=Verdict(said["verdict"]), month=Month.parse(month), rule=said["rule"]
            )
    return None


def give(work: Transaction, reviewed: Review, *, as_of: datetime) -> int | None:
    """Write a verdict as the next revision of its month, unless the same one stands there.

    Returns:
        The revision, 0 for the first. None where one of a later day stands: that one stays, and
        nothing is written.
    """
    cohort = Cohort(use_case=reviewed.use_case, mode=reviewed.mode, month=reviewed.month)
    said = facts(reviewed)
    body = canonical(said).decode()
    before = last(work.connection, cohort)
    if before and before.body == body:
        return before.revision
    if before and as_of < before.as_of:
        return None
    revision = before.revision + 1 if before else 0
    entry = Entry(
        kind=EntryKind.VERDICT,
        use_case=cohort.use_case,
        as_of=as_of,
        facts={**said, "replaces": before.seq if before else None, "revision": revision},
    )
    (seq,) = work.append(entry)
    row = (cohort.use_case, cohort.mode.value, str(cohort.month), revision, body, seq)
    insert_rows(work.connection, verdict, [row])
    return revision


def _of(cohort: Cohort) -> ColumnElement[bool]:
    return and_(
        verdict.c.use_case == cohort.use_case,
        verdict.c.mode == cohort.mode.value,
        verdict.c.month == str(cohort.month),
    )


def facts(reviewed: Review) -> dict[str, Fact]:
    """Return a verdict as the ledger holds it: rounded, so that its bytes replay."""
    ruling, money = reviewed.ruling, reviewed.money
    return {
        "effect": _effect_facts(reviewed.effect),
        "evidence": reviewed.evidence,
        "findings": [finding.code for finding in reviewed.findings],
        "mode": reviewed.mode.value,
        "money": _money_facts(money),
        "month": str(reviewed.month),
        "reason": ruling.reason,
        "rule": ruling.rule,
        "spec_hash": reviewed.spec_hash,
        "until": str(ruling.until) if ruling.until else None,
        "verdict": ruling.verdict.value,
    }


def _effect_facts(effect: Effect | None) -> Fact:
    if effect is None:
        return None
    return {
        "estimate": f"{effect.estimate:.6g}",
        "high": f"{effect.high:.6g}",
        "kind": effect.kind.value,
        "low": f"{effect.low:.6g}",
        "method": effect.method,
        "n_holdout": effect.n_holdout,
        "n_treatment": effect.n_treatment,
        "p_value": f"{effect.p_value:.6g}",
    }


def _money_facts(money: MoneyRange | None) -> Fact:
    if money is None:
        return None
    return {
        "currency": money.estimate.currency,
        "estimate": money.estimate.amount,
        "high": money.high.amount,
        "low": money.low.amount,
        "origin": money.origin.value,
    }
