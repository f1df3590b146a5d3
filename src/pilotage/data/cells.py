"""What a cell says, as expressions of the engine: a key, an instant, a label, an attribute."""

import ibis.expr.datatypes as dt

from pilotage.data.engine import Cell, ibis
from pilotage.data.tables import CustomerTable
from pilotage.domain.errors import SourceError

WHITESPACE = "".join(chr(point) for point in range(0x3001) if chr(point).isspace())
"""What `str.strip` takes off, for the engine's trim, which knows blanks only."""
PADDED = r"^[\s\x0b\x1c-\x1f\x{85}\pZ]|[\s\x0b\x1c-\x1f\x{85}\pZ]$"
"""The engine's trim of so many characters is slow: twenty times the test for whether it must."""

ISO = r"^\d{4}[-/]\d{1,2}[-/]\d{1,2}([T ]|$)"
"""Year first. Day-first and month-first dates look alike, so neither is guessed at."""
ZONED = r":\d\d.*([Zz]|[+-]\d\d|[A-Za-z])"
"""A time of day with Z, an offset or a zone's name behind it."""
NO_SECONDS = r"([T ]\d\d:\d\d)([Zz+-])"
"""ISO 8601 allows them to be left out; the engine does not where a zone follows."""

INTEGER_LIKE_FLOAT = r"-?\d+\.0+|\d(\.\d+)?E\+\d+"
"""What a spreadsheet or a data frame makes of an integer key: 12.0, 1.2E+11."""
DECIMAL = r"-?\d+\.\d*[1-9]\d*"

UTC = dt.Timestamp(timezone="UTC")


@ibis.udf.scalar.builtin
def nfc_normalize(text: str) -> str:  # pyright: ignore[reportReturnType] - the engine has the body
    """Return the text with composed characters (Unicode NFC)."""


@ibis.udf.scalar.builtin(name="trim")
def trimmed_of(text: str, characters: str) -> str:  # pyright: ignore[reportReturnType] - as above
    """Return the text without these characters at either end."""


@ibis.udf.scalar.builtin(name="timezone")
def instant_of(zone: str, local: dt.timestamp) -> UTC:  # pyright: ignore - as above
    """Return the instant at which clocks in `zone` show `local`."""


@ibis.udf.scalar.builtin(name="timezone")
def clock_of(zone: str, instant: UTC) -> dt.timestamp:  # pyright: ignore - as above
    """Return what clocks in `zone` show at `instant`."""


@ibis.udf.scalar.builtin(name="hash")
def fingerprint(row) -> dt.uint64:  # noqa: ANN001 - any row # pyright: ignore - as above
    """Return 64 bits that differ between different rows."""


def stripped(text: Cell) -> Cell:
    """Return text as `str.strip` leaves it."""
    return ibis.ifelse(text.re_search(PADDED), trimmed_of(text, WHITESPACE), text)


def label(column: Cell) -> Cell:
    """Return trimmed NFC text; null for empty: a group, a cluster, a key."""
    text: Cell = nfc_normalize(stripped(column.cast("string")))
    return text.nullif("")


def key(table: CustomerTable, name: str) -> Cell:
    """Return a key as `domain.unit.text_key` has it.

    Raises:
        SourceError: the column holds floats, or anything but text and whole numbers.
    """
    table.require([name])
    kind = table.rows[name].type()
    whole = kind.is_decimal() and kind.scale == 0
    if not (kind.is_string() or kind.is_integer() or kind.is_uuid() or whole):
        raise SourceError(
            f"{table.location}: key column {name!r} is of type {kind}; a key is text or a whole "
            "number, because 7.0 and 7 would be two units in one system and one in another.",
            fix=f"export {name!r} as text, or name another column as key",
        )
    return label(table.rows[name])


def float_like(text: Cell) -> Cell:
    """Return whether a key looks like an integer that went through a spreadsheet: 12.0."""
    return text.re_search(f"^({INTEGER_LIKE_FLOAT})$")


def instant(table: CustomerTable, name: str, zone: str) -> Cell:
    """Return the instant in UTC, without zone; null where it cannot be read.

    Times without a zone are what clocks in `zone` showed. Text must be ISO 8601, year first.

    Raises:
        SourceError: the column is neither a time, a date nor text.
    """
    table.require([name])
    column = table.rows[name]
    kind = column.type()
    if kind.is_timestamp() and kind.timezone:
        return clock_of("UTC", column.cast(UTC))
    if kind.is_timestamp() or kind.is_date():
        return clock_of("UTC", instant_of(zone, column.cast("timestamp")))
    if not kind.is_string():
        raise SourceError(
            f"{table.location}: time column {name!r} is of type {kind}.",
            fix="export it as a date, a timestamp, or ISO text such as 2026-09-01T08:30:00Z",
        )
    text: Cell = stripped(column)
    read = ibis.ifelse(
        text.re_search(ZONED),
        text.re_replace(NO_SECONDS, r"\1:00\2").try_cast(UTC),
        instant_of(zone, text.try_cast("timestamp")),
    )
    return clock_of("UTC", ibis.ifelse(text.re_search(ISO), read, ibis.null(UTC)))


ONLY_DATE = 10
"""Characters of the longest date; one with a time of day has more."""


def happened(table: CustomerTable, name: str, zone: str) -> Cell:
    """Return the latest instant, in UTC, that a time may mean: of a mere date, its day's last.

    What happened on the day a unit came happened to it, even where nobody wrote down the hour.

    Raises:
        SourceError: as `instant`.
    """
    begun, column = instant(table, name, zone), table.rows[name]
    if column.type().is_timestamp():
        return begun
    day: Cell = clock_of(zone, instant_of("UTC", begun)).truncate("D")
    next_day: Cell = clock_of("UTC", instant_of(zone, day + ibis.interval(days=1)))
    end: Cell = next_day - ibis.interval(microseconds=1)
    if column.type().is_date():
        return end
    return ibis.ifelse(stripped(column).length() <= ONLY_DATE, end, begun)


def attribute(table: CustomerTable, name: str, zone: str) -> Cell:
    """Return a column as a domain `Value`: text in NFC, int, float, bool, instant."""
    column = table.rows[name]
    kind = column.type()
    if kind.is_boolean() or (kind.is_integer() and kind.nbytes <= 8):  # noqa: PLR2004 - int64
        return column
    if kind.is_floating() or kind.is_decimal() or kind.is_integer():
        return column.cast("float64")
    if kind.is_timestamp() or kind.is_date():
        return instant(table, name, zone)
    return nfc_normalize(column.cast("string"))


def number(column: Cell) -> Cell:
    """Return a float; null where text is no number."""
    if column.type().is_string():
        return stripped(column).try_cast("float64")
    return column.cast("float64")


def not_finite(column: Cell) -> Cell:
    """Return whether a float is NaN or infinite."""
    return column.isnan() | column.isinf()
