"""Outcomes as numbers: a number, a boolean, yes and no, or text that is all numbers."""

from dataclasses import dataclass

from pilotage.data.cells import number, stripped
from pilotage.data.engine import Cell, ibis
from pilotage.data.tables import CustomerTable
from pilotage.domain.errors import SourceError

YES = ("yes", "y", "true", "t")
NO = ("no", "n", "false", "f")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a column says of each row.

    Args:
        value: a float; null where there is none, or none that can be read.
        unread: text that is no number; None where the column is of numbers.
        word: whether it was yes or no in words; None where the column is of numbers.
    """

    value: Cell
    unread: Cell | None = None
    word: Cell | None = None


def answer(table: CustomerTable, column: Cell, name: str) -> Answer:
    """Read a column as numbers.

    Raises:
        SourceError: its type cannot be one.
    """
    kind = column.type()
    if kind.is_string():
        text = stripped(column).lower()
        value = ibis.cases((text.isin(YES), 1.0), (text.isin(NO), 0.0), else_=number(column))
        unread = ibis.ifelse((text != "") & value.isnull(), column, ibis.null("string"))
        return Answer(value=value, unread=unread, word=text.isin([*YES, *NO]))
    if kind.is_boolean():
        return Answer(value=column.cast("int8").cast("float64"))
    if kind.is_numeric():
        return Answer(value=column.cast("float64"))
    raise SourceError(
        f"{table.location}: {name!r} is of type {kind}, no number and no yes or no.",
        fix="name a column of numbers, booleans, or yes and no",
    )
