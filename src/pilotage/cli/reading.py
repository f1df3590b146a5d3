"""Reading the tables that use cases name, and all that is wrong with them."""

from collections.abc import Mapping
from dataclasses import dataclass

from pilotage.data.tables import open_table
from pilotage.domain.errors import SourceError
from pilotage.opening import Opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """The columns of the tables that use cases name, and the tables that cannot be read."""

    columns: Mapping[str, tuple[str, ...]]
    errors: Mapping[str, SourceError]


def read_tables(opened: Opened) -> Tables:
    """Open every declared table that a use case names."""
    columns: dict[str, tuple[str, ...]] = {}
    errors: dict[str, SourceError] = {}
    named = [
        table
        for spec in opened.specs.values()
        for table in (spec.data.units.table, spec.data.outcomes.table)
    ]
    for table in dict.fromkeys(named):
        if table not in opened.programme.sources:
            continue
        try:
            found = open_table(opened.location(table, asked_by=table))
            columns[table] = tuple(found.rows.columns)
        except SourceError as error:
            errors[table] = error
    return Tables(columns=columns, errors=errors)
