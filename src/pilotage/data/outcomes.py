"""The table of outcomes: each row becomes an outcome, or is parked with a reason."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from functools import cached_property
from zoneinfo import ZoneInfo

from pilotage.data.cells import happened, instant, key, label, not_finite, number
from pilotage.data.census import census
from pilotage.data.contract import Contract
from pilotage.data.engine import Cell, Result, Rows, collect, ibis, stream
from pilotage.data.rows import (
    EPOCH,
    Fault,
    Window,
    broken_rules,
    has_float_keys,
    judged,
    key_faults,
    naive,
    parked,
    time_faults,
)
from pilotage.data.rules import Rule
from pilotage.data.tables import CustomerTable, open_table, readable
from pilotage.domain.census import Census
from pilotage.domain.unit import Outcome, Parked
from pilotage.store.parking import BEFORE_ASSIGNMENT

UNREAD = ("missing-value", "bad-value", "not-finite")
"""Reasons to park an outcome that happened, but of which the amount is not known."""

UNKNOWN_UNIT = "unknown-unit"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeColumns:
    """Where the outcomes are, and what their columns mean.

    Args:
        table: path or URL.
        name: what the spec calls it; parked rows are kept under it wherever the file moves.
        key: the unit's.
        at: when the outcome happened; a date without a time means any time of that day.
        value: the amount; None where a row means that it happened (a proportion).
        complete_until: up to when all outcomes have arrived: the column whose latest time says
            so, or a declared day or instant; None takes the time of the newest outcome.
        where: what a row must hold to be an outcome, by column; case does not matter.
    """

    table: str
    key: str
    at: str
    value: str | None = None
    complete_until: str | date | None = None
    where: Mapping[str, str] = field(default_factory=dict[str, str])
    name: str = ""


def holding(table: CustomerTable, where: Mapping[str, str]) -> CustomerTable:
    """Return the table's rows whose columns hold these values, whatever their case."""
    rows = table.rows
    for column, wanted in where.items():
        rows = rows.filter(label(rows[column]).lower() == wanted.lower())
    return replace(table, rows=rows)


class OutcomeTable:
    """The customer's table of outcomes, opened; see `TableSource` for the other arguments.

    Args:
        begun: the keys that the table of units has, and when each came into being.
    """

    def __init__(
        self,
        columns: OutcomeColumns,
        *,
        begun: Rows,
        zone: str,
        now: datetime,
        contract: Contract | None,
    ) -> None:
        stamp = [columns.complete_until] if isinstance(columns.complete_until, str) else []
        value = [columns.value] if columns.value else []
        self._columns = columns
        self._begun = begun
        self._zone = zone
        self._now = now
        table = open_table(columns.table, text=[columns.key, columns.at, *stamp, *columns.where])
        table.require([columns.key, columns.at, *stamp, *value])
        self._table = holding(table, columns.where)
        self._rules: tuple[Rule, ...] = contract.rules(self._table) if contract else ()
        self._cells = self._read_cells()
        self._floats = has_float_keys(self._table, columns.key)

    def read(self, window: Window, *, batch: int) -> Iterator[tuple[list[Outcome], list[Parked]]]:
        """Yield the window's rows in batches, by time and key; two of one unit are both kept."""
        rows = self._rows(window)
        called, seen = self._columns.name or self._table.location, Counter[Result]()
        with readable(self._table.location):
            for chunk in stream(rows, batch=batch):
                sound = [
                    Outcome(key=unit, at=at.replace(tzinfo=UTC), value=value, known=known)
                    for reason, _, unit, at, value, known in chunk
                    if reason is None
                ]
                faulty = chunk if len(sound) < len(chunk) else []
                yield sound, parked(called, faulty, seen=seen)

    def census(self) -> Census:
        """Count all rows, and those that cannot be the outcome of a unit."""
        cells = self._with_units(self._cells)
        unknown = Fault(
            reason=UNKNOWN_UNIT,
            when=~cells.known,
            detail="no unit has this key",
            value=cells.key,
        )
        return census(self._table.location, cells, [*self._faults(cells), unknown])

    def complete_until(self) -> datetime | None:
        """Return up to when every outcome has arrived, never later than now; None if unknown."""
        declared = self._columns.complete_until
        if isinstance(declared, datetime):
            return min(declared.astimezone(UTC), self._now)
        if isinstance(declared, date):
            midnight = datetime.combine(declared, time(), tzinfo=ZoneInfo(self._zone))
            return min(midnight.astimezone(UTC), self._now)
        _, latest = self._ends
        return latest

    def recorded_from(self) -> datetime | None:
        """Return when the first outcome happened; None without any."""
        earliest, _ = self._ends
        return earliest

    @cached_property
    def _ends(self) -> tuple[datetime | None, datetime | None]:
        """The first outcome and the last stamp that are no placeholders, in one scan."""
        stamp = self._columns.complete_until
        column = stamp if isinstance(stamp, str) else self._columns.at
        first = instant(self._table, self._columns.at, self._zone)
        last = instant(self._table, column, self._zone)
        with readable(self._table.location):
            [ends] = collect(
                self._table.rows.aggregate(
                    first=first.min(where=self._real(first)), last=last.max(where=self._real(last))
                )
            )
        earliest, latest = ends["first"], ends["last"]
        return earliest and earliest.replace(tzinfo=UTC), latest and latest.replace(tzinfo=UTC)

    def _real(self, at: Cell) -> Cell:
        """Return whether a time is no placeholder: from 1970 on, not later than now."""
        return (at >= EPOCH) & (at <= naive(self._now))

    def _rows(self, window: Window) -> Rows:
        """Return reason, detail, key, time, value, and whether the unit is known."""
        cells = self._cells
        now = naive(self._now)
        today: Cell = (cells.begun <= now) & (cells.at > now)  # a mere date: read when it is over
        seen = cells.filter(
            window.reached_by(cells.at) & window.begun_by(cells.at) & ~today.fill_null(False)  # noqa: FBT003 - Ibis takes it so
        )
        seen = self._with_units(seen)
        rows = judged(seen, self._faults(seen))
        return rows.order_by(["at", "key", "value"]).select(
            "reason", "detail", ibis.coalesce(rows.key, "").name("key"), "at", "value", "known"
        )

    def _with_units(self, cells: Rows) -> Rows:
        """Add whether the unit is known, and when it came into being."""
        units = self._begun.rename(unit="key")
        return (
            cells.left_join(units, cells.key == units.unit)
            .mutate(known=ibis._.unit.notnull())
            .drop("unit")
        )

    def _read_cells(self) -> Rows:
        rows = self._table.rows
        value = self._columns.value
        cells: dict[str, Cell] = {
            "key": key(self._table, self._columns.key),
            "at": happened(self._table, self._columns.at, self._zone),
            "begun": instant(self._table, self._columns.at, self._zone),
            "at_said": rows[self._columns.at].cast("string"),
            "value": number(rows[value]) if value else ibis.literal(1).cast("float64"),
            "value_said": rows[value].cast("string") if value else ibis.literal("1"),
        }
        for i, rule in enumerate(self._rules):
            cells[f"broken_{i}"] = rule.broken(rows)
        return rows.select(**cells)

    def _faults(self, cells: Rows) -> list[Fault]:
        faults = [
            *key_faults(cells, column=self._columns.key, floats=self._floats),
            *time_faults(cells, cells.begun, column=self._columns.at, now=self._now),
        ]
        if self._columns.value:
            column, said = repr(self._columns.value), cells.value_said
            faults += [
                Fault(
                    reason="missing-value",
                    when=said.isnull() | (said.strip() == ""),
                    detail=f"{column} is empty",
                ),
                Fault(
                    reason="bad-value",
                    when=cells.value.isnull(),
                    detail=f"{column} is no number",
                    value=said,
                ),
                Fault(
                    reason="not-finite",
                    when=not_finite(cells.value),
                    detail=f"{column} is no finite number",
                    value=said,
                ),
            ]
        early = Fault(
            reason=BEFORE_ASSIGNMENT,
            when=cells.at < cells.unit_at,
            detail=f"{self._columns.at!r} is before the unit came into being",
            value=cells.at_said,
        )
        return [*faults, *broken_rules(cells, self._rules), early]
