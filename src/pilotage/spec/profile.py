"""What a draft is guessed from: the columns of a table, counted by the data room."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ColumnType(StrEnum):
    """What a column holds."""

    TEXT = "text"
    WHOLE = "whole"
    NUMBER = "number"
    TIME = "time"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnProfile:
    """One column, counted.

    Args:
        rows: of the table.
        distinct: different values, empty ones aside; exact.
        null_share: rows without a value, 0..1.
        earliest: of a time column, UTC.
        latest: of a time column, UTC.
    """

    name: str
    type: ColumnType
    rows: int
    distinct: int
    null_share: float
    earliest: datetime | None = None
    latest: datetime | None = None

    @property
    def may_be_key(self) -> bool:
        """Whether it tells each row from every other: never empty, never twice, no float."""
        exact = self.type in {ColumnType.TEXT, ColumnType.WHOLE}
        return exact and self.rows > 0 and self.null_share == 0 and self.distinct == self.rows


@dataclass(frozen=True, slots=True, kw_only=True)
class TableProfile:
    """One table, counted.

    Args:
        name: as the programme's sources will call it, such as `leads`.
        path: the file or URL it was read from.
    """

    name: str
    path: str
    columns: tuple[ColumnProfile, ...]

    def of_type(self, *types: ColumnType) -> tuple[ColumnProfile, ...]:
        """Return the named columns of these types that hold something."""
        return tuple(c for c in self.columns if c.type in types and c.distinct and c.name.strip())
