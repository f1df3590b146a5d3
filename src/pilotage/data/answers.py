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
        missing: whether the cell is empty.
        word: whether it was yes or no in words.
        said: the cell as text.
    """

    value: Cell
    missing: Cell
    word: Cell
    said: Cell


def answer(table: CustomerTable, column: Cell, name: str) -> Answer:
    """Read a column as numbers.

    Raises:
        SourceError: its type cannot be one.
    """
    kind = column.type()
    said = column.cast("string")
    plain = ibis.literal(value=False)
    if kind.is_string():
        text = stripped(column).lower()
        word = text.isin([*YES, *NO])
        value = ibis.cases((text.isin(YES), 1.0), (text.isin(NO), 0.0), else_=number(column))
        return Answer(
            value=value,
            missing=(text == "").fill_null(ibis.literal(value=True)),
            word=word,
            said=said,
        )
    if kind.is_boolean():
        value = column.cast("int8").cast("float64")
    elif kind.is_numeric():
        value = column.cast("float64")
    else:
        raise SourceError(
            f"{table.location}: {name!r} is of type {kind}, no number and no yes or no.",
            fix="name a column of numbers, booleans, or yes and no",
        )
    return Answer(value=value, missing=column.isnull(), word=plain, said=said)
