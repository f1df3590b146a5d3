"""A table of somebody's own, opened, counted and named."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pilotage.data.profile import profile
from pilotage.data.tables import CustomerTable, open_table
from pilotage.domain.errors import SourceError
from pilotage.spec.profile import ColumnProfile, TableProfile

NOT_OF_A_TABLE_S_NAME = frozenset({"dataset", "data", "table", "export", "extract", "csv"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table, opened and counted.

    Args:
        location: as the person wrote it, which may hold a password.
    """

    location: str
    opened: CustomerTable
    profile: TableProfile

    @property
    def rows(self) -> int:
        """How many there are."""
        return self.profile.columns[0].rows

    def column(self, name: str) -> ColumnProfile:
        """Return one column's counts."""
        return next(column for column in self.profile.columns if column.name == name)


def count_table(location: str, name: str, zone: ZoneInfo, now: datetime) -> Table:
    """Open a table and count its columns.

    Raises:
        SourceError: it cannot be read, or has no row.
    """
    table = open_table(location)
    counted = profile(table, zone=str(zone), now=now)
    if not counted.columns[0].rows:
        columns = ", ".join(table.rows.columns)
        raise SourceError(
            f"{table.location}: the table has a header ({columns}) and no row below it.",
            fix="export it again, with its rows",
        )
    columns = tuple(_in_zone(column, zone) for column in counted.columns)
    named = replace(counted, name=name, columns=columns)
    return Table(location=location, opened=table, profile=named)


def _in_zone(column: ColumnProfile, zone: ZoneInfo) -> ColumnProfile:
    """Return the counts with times as the programme's clocks show them: people read the days."""
    first, last = column.earliest, column.latest
    return replace(
        column,
        earliest=first and first.astimezone(zone),
        latest=last and last.astimezone(zone),
    )


def table_names(locations: Sequence[str]) -> list[str]:
    """Name tables as people would: by the last word, where that is a plural and not taken.

    >>> table_names(["crm/olist_closed_deals_dataset.csv", "sales_pipeline.csv"])
    ['deals', 'sales_pipeline']
    """
    names: list[str] = []
    for location in locations:
        _, table, name = location.rpartition("#")
        stem = name.rpartition(".")[2] if table else Path(location).name.partition(".")[0]
        words = [word for word in re.split(r"[\W_]+", stem.lower()) if word]
        while len(words) > 1 and (words[-1] in NOT_OF_A_TABLE_S_NAME or words[-1].isdigit()):
            words.pop()
        plural = words[-1] if words and words[-1].endswith("s") else "_".join(words)
        names.append(plural if plural and plural not in names else "_".join(words) or "table")
    return names
