"""What a table looks like: the columns, counted in one scan, for a first draft of a use case."""

from datetime import UTC, datetime
from typing import Any

from pilotage.data.cells import instant
from pilotage.data.engine import Cell, collect
from pilotage.data.rows import EPOCH, naive
from pilotage.data.tables import CustomerTable, readable
from pilotage.spec.profile import ColumnProfile, ColumnType, TableProfile

MOSTLY = 0.9
"""Text holds times when this share of its values reads as one; rows with the others get parked."""


def profile(
    table: CustomerTable, *, zone: str = "UTC", now: datetime | None = None
) -> TableProfile:
    """Count a table's columns: distinct values exactly, empty cells, first and last time.

    Args:
        zone: whose clocks showed a time that names none.
        now: times later than that are placeholders; like those before 1970 they are no extremes.
    """
    rows = table.rows
    counts: dict[str, Cell] = {"rows": rows.count()}
    for i, name in enumerate(rows.columns):
        cell = rows[name]
        if cell.type().is_string():
            cell = cell.nullif("")
        counts[f"filled_{i}"] = cell.count()
        counts[f"distinct_{i}"] = cell.nunique()
        if _may_be_time(rows[name]):
            at = instant(table, name, zone)
            real = (at >= EPOCH) & (at <= naive(now or datetime.max.replace(tzinfo=UTC)))
            counts |= {
                f"times_{i}": at.count(),
                f"first_{i}": at.min(where=real),
                f"last_{i}": at.max(where=real),
            }
    with readable(table.location):
        [found] = collect(rows.aggregate(**counts))
    columns = tuple(_column(rows[name], i, found) for i, name in enumerate(rows.columns))
    return TableProfile(name=table.name, path=table.location, columns=columns)


def _may_be_time(column: Cell) -> bool:
    kind = column.type()
    return bool(kind.is_string() or kind.is_timestamp() or kind.is_date())


def _column(column: Cell, index: int, found: dict[str, Any]) -> ColumnProfile:
    rows, filled = found["rows"], found[f"filled_{index}"]
    times = filled > 0 and found.get(f"times_{index}", 0) >= MOSTLY * filled
    return ColumnProfile(
        name=column.get_name(),
        type=ColumnType.TIME if times else _type(column),
        rows=rows,
        distinct=found[f"distinct_{index}"],
        null_share=1 - filled / rows if rows else 0.0,
        earliest=_utc(found[f"first_{index}"]) if times else None,
        latest=_utc(found[f"last_{index}"]) if times else None,
    )


def _utc(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=UTC) if at else None


def _type(column: Cell) -> ColumnType:
    kind = column.type()
    if kind.is_boolean():
        return ColumnType.BOOLEAN
    if kind.is_integer():
        return ColumnType.WHOLE
    if kind.is_numeric():
        return ColumnType.NUMBER
    if kind.is_timestamp() or kind.is_date():
        return ColumnType.TIME
    return ColumnType.TEXT
