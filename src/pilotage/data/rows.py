"""Rows of a customer's table with what is wrong with each, as one expression of the engine."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from pilotage.data.cells import DECIMAL, fingerprint, float_like, key
from pilotage.data.engine import Cell, Result, Rows, collect, ibis
from pilotage.data.rules import Rule
from pilotage.data.tables import CustomerTable, readable
from pilotage.domain.errors import SourceError
from pilotage.domain.unit import Parked

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the engine computes in UTC without saying so
INSTANT = timedelta(microseconds=1)
"""The engine's times are no finer."""

SHOWN = 100
"""Characters of a faulty value that its detail repeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A reason to park a row.

    Args:
        reason: stable code, in kebab-case.
        when: true for the rows to park, on the cells.
        detail: what is wrong; the value follows where `value` is given.
        value: the faulty cell.
    """

    reason: str
    when: Cell
    detail: str
    value: Cell | None = None

    def told(self) -> Cell:
        """Return the detail with the value of each row."""
        if self.value is None:
            return ibis.literal(self.detail)
        shown = self.value.cast("string").fill_null("empty").substr(0, SHOWN)
        return ibis.literal(self.detail + ": ") + shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The time a read is about: [since, until), with nothing in it later than now.

    No time before 1970 or later than now is one: such rows belong to no window, as those without a
    time do, and come with every read. What lies between an earlier `until` and now is not met yet.
    The engine computes a time anew wherever it stands, so it stands once in each test.
    """

    since: datetime | None
    until: datetime
    now: datetime

    def reached_by(self, at: Cell) -> Cell:
        """Return the rows before the window's end, and those that belong to none."""
        return _outside(at, naive(self.until), naive(self.now))

    def begun_by(self, at: Cell) -> Cell:
        """Return the rows from the window's start on, and those that belong to none."""
        if self.since is None:
            return ibis.literal(value=True)
        return _outside(at, EPOCH, naive(min(self.since - INSTANT, self.now)))


def _outside(at: Cell, first: datetime, last: datetime) -> Cell:
    """Return whether a time is not within these two; one that is missing is not."""
    return ~at.between(first, last).fill_null(False)  # noqa: FBT003 - Ibis takes it so


def naive(instant: datetime) -> datetime:
    """Return an instant as the engine compares it: UTC, unsaid."""
    return instant.astimezone(UTC).replace(tzinfo=None)


def key_faults(cells: Rows, *, column: str, floats: bool) -> list[Fault]:
    """Return what can be wrong with a key."""
    faults = [
        Fault(
            reason="missing-key", when=cells.key.isnull(), detail=f"key column {column!r} is empty"
        )
    ]
    if floats:
        faults.append(
            Fault(
                reason="float-key",
                when=float_like(cells.key),
                detail=f"{column!r} went through a spreadsheet: an integer became a float",
                value=cells.key,
            )
        )
    return faults


def time_faults(cells: Rows, at: Cell, *, column: str, now: datetime) -> list[Fault]:
    """Return what can be wrong with a time.

    Args:
        at: the earliest instant that it may mean.
    """
    said = cells.at_said
    return [
        Fault(
            reason="missing-time",
            when=said.isnull() | (said.strip() == ""),
            detail=f"{column!r} is empty",
        ),
        Fault(
            reason="bad-time",
            when=at.isnull(),
            detail=f"{column!r} is no ISO time such as 2026-09-01T08:30:00Z",
            value=said,
        ),
        Fault(
            reason="before-1970",
            when=at < EPOCH,
            detail=f"{column!r} is before 1970, a placeholder",
            value=said,
        ),
        Fault(
            reason="in-the-future",
            when=at > naive(now),
            detail=f"{column!r} is later than the moment it was read",
            value=said,
        ),
    ]


def judged(cells: Rows, faults: Sequence[Fault]) -> Rows:
    """Add `reason` and `detail`, null where a row is sound; the first fault in order counts."""
    found = cells.mutate(reason=ibis.cases(*((fault.when, fault.reason) for fault in faults)))
    told = ibis.cases(*((found.reason == fault.reason, fault.told()) for fault in faults))
    return found.mutate(detail=ibis.ifelse(found.reason.isnull(), ibis.null("string"), told))


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How the rows of a table lie, in as little memory as it takes to see.

    Args:
        has_doubles: whether a key may occur twice: to see which costs ten times the memory.
        in_order: whether they stand by time and key already: sorting them takes memory too.
    """

    has_doubles: bool
    in_order: bool

    @classmethod
    def of(cls, cells: Rows) -> Self:
        """Look at `at` and `key` of every row once."""
        rows = cells.select("at", "key").mutate(
            at_before=ibis._.at.lag(), key_before=ibis._.key.lag(), hashed=fingerprint(ibis._.key)
        )
        follows = (rows.at_before < rows.at) | (
            (rows.at_before == rows.at) & (rows.key_before <= rows.key)
        )
        [found] = collect(
            rows.aggregate(
                rows=rows.count(),
                following=follows.sum().fill_null(0),
                keys=rows.key.count(),
                different=rows.hashed.nunique(where=rows.key.notnull()),
            )
        )
        return cls(
            has_doubles=bool(found["keys"] > found["different"]),
            in_order=bool(found["following"] >= found["rows"] - 1),
        )


def without_doubles(rows: Rows, *, column: str, parts: Sequence[str]) -> Rows:
    """Park rows that share a key: identical ones but the first, contradicting ones all.

    Args:
        rows: judged rows; those already parked do not count.
        column: what the customer calls the key.
        parts: the columns in which identical rows agree.
    """
    same = ibis.window(group_by=[rows.key, rows.reason.isnull()])
    content: Cell = fingerprint(ibis.struct({part: rows[part] for part in parts}))
    counted = rows.mutate(
        copies=ibis._.count().over(same),
        copy=ibis.row_number().over(same),
        lowest=content.min().over(same),
        highest=content.max().over(same),
    )
    sound = counted.reason.isnull() & (counted.copies > 1)
    alike = counted.lowest == counted.highest
    copies = counted.copies.cast("string")
    return counted.mutate(
        reason=ibis.cases(
            (sound & ~alike, "duplicate-key"),
            (sound & (counted.copy > 0), "duplicate-row"),
            else_=counted.reason,
        ),
        detail=ibis.cases(
            (sound & ~alike, copies + f" rows have this {column!r} and contradict each other"),
            (sound & (counted.copy > 0), copies + " identical rows; the first one is used"),
            else_=counted.detail,
        ),
    )


def has_float_keys(table: CustomerTable, name: str) -> bool:
    """Return whether single keys such as 12.0 are to be parked as damaged integers.

    They are when the column has them among integers; beside 12.5 they are numbering, and stay.

    Raises:
        SourceError: every key of a text column looks like 12.0.
    """
    text = key(table, name)
    if not table.rows[name].type().is_string():
        return False
    with readable(table.location):
        [counts] = collect(
            table.rows.aggregate(
                keys=text.count(),
                floats=float_like(text).sum().fill_null(0),
                decimals=text.re_search(f"^({DECIMAL})$").sum().fill_null(0),
                example=text.min(),
            )
        )
    if counts["keys"] and counts["floats"] == counts["keys"]:
        raise SourceError(
            f"{table.location}: every key in {name!r} looks like {counts['example']}: integers "
            "that became floats on the way. 7.0 and 7 would be two units.",
            fix=f"export {name!r} as text or whole numbers",
        )
    return bool(counts["floats"]) and not counts["decimals"]


def broken_rules(cells: Rows, rules: Sequence[Rule]) -> list[Fault]:
    """Return a fault for each rule of the contract; `broken_<i>` holds the value that broke it."""
    return [
        Fault(
            reason=f"contract:{rule.name}",
            when=cells[f"broken_{i}"].notnull(),
            detail=f"{rule.column!r} {rule.says}",
            value=cells[f"broken_{i}"],
        )
        for i, rule in enumerate(rules)
    ]


def parked(table: str, rows: Sequence[Result], *, seen: Counter[Result]) -> list[Parked]:
    """Return the refused rows of a batch, whose first columns are reason, detail and key.

    Args:
        seen: how often each was met in this read; counted on.
    """
    found: list[Parked] = []
    for reason, detail, name, *_ in rows:
        if reason is not None:
            copy = seen[reason, detail, name]
            seen[reason, detail, name] += 1
            found.append(Parked(table=table, key=name, reason=reason, detail=detail, copy=copy))
    return found
