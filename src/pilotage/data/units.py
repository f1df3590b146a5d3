"""The table of units: each row becomes a unit, or is parked with a reason."""

import functools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pilotage.data.cells import attribute, instant, key, label, not_finite
from pilotage.data.census import census
from pilotage.data.contract import Contract
from pilotage.data.engine import Cell, Result, Rows, collect, ibis, stream
from pilotage.data.rows import (
    EPOCH,
    INSTANT,
    Fault,
    Layout,
    Window,
    broken_rules,
    has_float_keys,
    judged,
    key_faults,
    naive,
    parked,
    time_faults,
    without_doubles,
)
from pilotage.data.tables import open_table, readable
from pilotage.domain.census import Census
from pilotage.domain.unit import Parked, Unit

FIXED = 7
"""Columns of a row before its attributes: reason, detail, key, time, cluster, stratum, segment."""

EMPTY: Cell = ibis.literal("")
STRATUM_MARK = " / "
"""Between the values of a unit's strata."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitColumns:
    """Where the units are, and what their columns mean.

    Args:
        table: path or URL.
        name: what the spec calls it; parked rows are kept under it wherever the file moves.
        key: text or whole numbers.
        at: when a unit came into being.
        cluster: what the arm is drawn for; None for the unit itself.
        strata: groups within which few clusters are counted out.
        segment: the group that results are shown by.
        attributes: columns the AI may see; None for all but key and time.
    """

    table: str
    key: str
    at: str
    cluster: str | None = None
    strata: tuple[str, ...] = ()
    segment: str | None = None
    attributes: tuple[str, ...] | None = None
    name: str = ""


class UnitTable:
    """The customer's table of units, opened; see `TableSource` for the arguments."""

    def __init__(
        self, columns: UnitColumns, *, zone: str, now: datetime, contract: Contract | None
    ) -> None:
        groups = [name for name in (columns.cluster, columns.segment, *columns.strata) if name]
        self._columns = columns
        self._zone = zone
        self._now = now
        self._table = open_table(columns.table, text=[columns.key, columns.at, *groups])
        named = columns.attributes
        if named is None:
            named = [n for n in self._table.rows.columns if n not in {columns.key, columns.at}]
        self._attributes = tuple(named)
        self._table.require([columns.key, columns.at, *groups, *self._attributes])
        rules = contract.rules(self._table) if contract else ()
        self._rules = [
            rule for rule in rules if (rule.name, rule.column) != ("unique", columns.key)
        ]
        self._cells = self._read_cells()
        self._floats = has_float_keys(self._table, columns.key)

    @property
    def begun(self) -> Rows:
        """When the unit of each key first came into being, those of refused rows included."""
        cells = self._cells.filter(self._cells.key.notnull())
        return cells.group_by("key").aggregate(unit_at=ibis._.at.min())

    def census(self) -> Census:
        """Count all rows, and those that cannot be a unit."""
        return census(self._table.location, self._cells, self._faults(self._cells))

    def count_before(self, at: datetime) -> int:
        """Count the rows that came into being before an instant, from 1970 on."""
        earlier = self._cells.filter(self._cells.at.between(EPOCH, naive(at - INSTANT)))
        with readable(self._table.location):
            [counted] = collect(earlier.aggregate(n=earlier.count()))
        return int(counted["n"])

    def read(self, window: Window, *, batch: int) -> Iterator[tuple[list[Unit], list[Parked]]]:
        """Yield the window's rows in batches, by time and key."""
        names = self._attributes
        with readable(self._table.location):
            rows = self._rows(window)
        times = [
            i
            for i, name in enumerate(rows.columns)
            if i >= FIXED and rows[name].type().is_timestamp()
        ]
        called, seen = self._columns.name or self._table.location, Counter[Result]()
        with readable(self._table.location):
            for chunk in stream(rows, batch=batch):
                sound = [row for row in chunk if row[0] is None]
                units = [
                    Unit(
                        key=row[2],
                        at=row[3].replace(tzinfo=UTC),
                        cluster=row[4],
                        stratum=row[5],
                        segment=row[6],
                        attributes=dict(zip(names, row[FIXED:], strict=True)),
                    )
                    for row in (_with_zones(sound, times) if times else sound)
                ]
                faulty = chunk if len(sound) < len(chunk) else []
                yield units, parked(called, faulty, seen=seen)

    def _rows(self, window: Window) -> Rows:
        """Return reason, detail, key, time, cluster, stratum, segment, then the attributes."""
        cells = self._cells
        seen = cells.filter(window.reached_by(cells.at))
        rows = judged(seen, self._faults(seen))
        layout = Layout.of(seen)
        if layout.has_doubles:
            parts = [name for name in cells.columns if not name.startswith("broken_")]
            rows = without_doubles(rows, column=self._columns.key, parts=parts)
        rows = rows.filter(window.begun_by(rows.at))
        if layout.has_doubles or not layout.in_order:
            rows = rows.order_by(["at", "key"])
        return rows.select(
            "reason",
            "detail",
            ibis.coalesce(rows.key, "").name("key"),
            "at",
            "cluster",
            "stratum",
            "segment",
            *(f"attribute_{i}" for i in range(len(self._attributes))),
        )

    def _read_cells(self) -> Rows:
        rows = self._table.rows
        unit = key(self._table, self._columns.key)
        strata: list[Cell] = [label(rows[name]).fill_null("") for name in self._columns.strata]
        cells: dict[str, Cell] = {
            "key": unit,
            "at": instant(self._table, self._columns.at, self._zone),
            "at_said": rows[self._columns.at].cast("string"),
            "cluster": label(rows[self._columns.cluster]) if self._columns.cluster else unit,
            "stratum": _joined(strata),
            "segment": label(rows[self._columns.segment]).fill_null("")
            if self._columns.segment
            else EMPTY,
        }
        for i, name in enumerate(self._attributes):
            cells[f"attribute_{i}"] = attribute(self._table, name, self._zone)
        for i, rule in enumerate(self._rules):
            cells[f"broken_{i}"] = rule.broken(rows)
        return rows.select(**cells)

    def _faults(self, cells: Rows) -> list[Fault]:
        faults = [
            *key_faults(cells, column=self._columns.key, floats=self._floats),
            *time_faults(cells, cells.at, column=self._columns.at, now=self._now),
            Fault(
                reason="missing-cluster",
                when=cells.cluster.isnull(),
                detail=f"{self._columns.cluster!r} is empty, so no arm can be drawn",
            ),
        ]
        for i, name in enumerate(self._attributes):
            cell = cells[f"attribute_{i}"]
            if cell.type().is_floating():
                faults.append(
                    Fault(
                        reason="not-finite",
                        when=not_finite(cell),
                        detail=f"{name!r} is no finite number",
                        value=cell,
                    )
                )
        return faults + broken_rules(cells, self._rules)


def _joined(strata: Sequence[Cell]) -> Cell:
    return functools.reduce(lambda left, right: left + STRATUM_MARK + right, strata or [EMPTY])


def _with_zones(rows: Sequence[Result], times: Sequence[int]) -> Iterator[Result]:
    """Say UTC of the times among the attributes; the engine hands them over without a zone."""
    for row in rows:
        cells = list(row)
        for i in times:
            cells[i] = cells[i] and cells[i].replace(tzinfo=UTC)
        yield tuple(cells)
