"""A CSV file: its dialect, its types, and where it is broken."""

import csv
import difflib
import gzip
import io
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, cast

from pilotage.data.engine import execute
from pilotage.domain.errors import SourceError

DELIMITERS = ",;\t|"
ISO_DATES = ("%Y-%m-%d", "%Y/%m/%d", None)
SNIFFED_BYTES = 8 * 2**20
"""The engine's sniffer holds what it reads; of a larger file it sees the first rows only."""
SNIFFED_ROWS = 50_000
WIDER = {"BIGINT": "DOUBLE", "DATE": "TIMESTAMP"}
"""What holds a value that some row of its column does not fit; else it is text."""
DAY = r"\d{4}[-/]\d{1,2}[-/]\d{1,2}"
WRITTEN = {
    "BIGINT": r"[+-]?\d+",
    "BOOLEAN": "(?i)(true|false|t|f|yes|no|y|n)",
    "DATE": DAY,
    "TIMESTAMP": rf"{DAY}([ T]\d{{1,2}}:\d{{2}}(:\d{{2}}(\.\d+)?)?)?",
}
"""How they look: the engine's cast rounds 8.5, cuts a time of day, drops a zone, reads 1 as yes."""


def csv_source(path: Path, text: Collection[str]) -> str:
    """Return the call that reads the file, its dialect and types settled over all of its rows."""
    options = (
        f"delim={_quoted(delimiter(path))}, quote='\"', escape='\"', comment='', "
        "header=true, skip=0"
    )
    small = path.stat().st_size <= SNIFFED_BYTES
    [(columns, date_format, timestamp_format)] = execute(
        f"SELECT Columns, DateFormat, TimestampFormat FROM sniff_csv({one_file(path)}, "  # noqa: S608 - the path is quoted, the rest is ours
        f"sample_size={-1 if small else SNIFFED_ROWS}, {options})"
    )
    names = [column["name"] for column in columns]
    for column in text:
        if column not in names:
            raise no_column(str(path), column, names)
    foreign = date_format not in ISO_DATES or timestamp_format is not None
    types = {
        column["name"]: "VARCHAR"
        if column["name"] in text or (foreign and column["type"].startswith(("DATE", "TIMESTAMP")))
        else column["type"]
        for column in columns
    }
    if not small:
        types = _settled(path, types, options)
    return _call(path, types, options)


def _call(path: Path, types: Mapping[str, str], options: str) -> str:
    listed = ", ".join(f"{_quoted(name)}: '{kind}'" for name, kind in types.items())
    return f"read_csv({one_file(path)}, auto_detect=false, {options}, columns={{{listed}}})"


def _settled(path: Path, types: Mapping[str, str], options: str) -> dict[str, str]:
    """Return the types that every row fits, one scan for each widening; memory stays as it is."""
    settled = dict(types)
    rows = _call(path, dict.fromkeys(types, "VARCHAR"), options)
    while narrow := [name for name, kind in settled.items() if kind != "VARCHAR"]:
        counted = ", ".join(_misfits(name, settled[name]) for name in narrow)
        [counts] = execute(f"SELECT {counted} FROM {rows}")  # noqa: S608 - names are quoted
        wrong = [name for name, count in zip(narrow, counts, strict=True) if count]
        if not wrong:
            break
        settled |= {name: WIDER.get(settled[name], "VARCHAR") for name in wrong}
    return settled


def _misfits(column: str, kind: str) -> str:
    """Return the count of values that are not of a type."""
    name = '"' + column.replace('"', '""') + '"'
    unlike = f"TRY_CAST({name} AS {kind}) IS NULL"
    if kind in WRITTEN:
        unlike += f" OR NOT regexp_full_match(trim({name}), '{WRITTEN[kind]}')"
    return f"count(*) FILTER (WHERE {name} IS NOT NULL AND ({unlike}))"


def delimiter(path: Path) -> str:
    """Return what the header is divided by; ragged rows below must not change it."""
    with _opened(path) as file:
        header = file.readline(1_000_000).decode("utf-8-sig", errors="replace")
    if ".tsv" in path.suffixes:
        return "\t"
    try:
        widths = {mark: sum(map(len, csv.reader([header], delimiter=mark))) for mark in DELIMITERS}
    except csv.Error as error:
        raise SourceError(
            f"{path}: the first line is no line of a CSV file in UTF-8 ({error}).",
            fix='save it as CSV in UTF-8, with usual line ends (Excel: "CSV UTF-8")',
        ) from error
    return max(widths, key=lambda mark: widths[mark])


def one_file(path: Path) -> str:
    """Return the path for the engine, which takes `*`, `?` and `[` for patterns of names."""
    return _quoted(re.sub(r"[*?[]", r"[\g<0>]", str(path)))


def _quoted(text: object) -> str:
    return "'" + str(text).replace("'", "''") + "'"


def no_column(location: str, column: str, columns: Sequence[str]) -> SourceError:
    """Return the error of a column that a table does not have, naming the nearest."""
    near = difflib.get_close_matches(column.casefold(), [name.casefold() for name in columns], n=1)
    nearest = [name for name in columns if name.casefold() in near][:1]
    return SourceError(
        f"{location}: there is no column {column!r}; there are: {', '.join(columns)}.",
        fix=f"did you mean {nearest[0]!r}?" if nearest else "name one of these columns",
    )


def broken_line(path: Path) -> SourceError | None:
    """Return the first line that is no UTF-8 or has more or fewer values than the header."""
    mark = delimiter(path)
    line = 1
    try:
        with _opened(path) as raw, io.TextIOWrapper(raw, "utf-8-sig", newline="") as file:
            rows = csv.reader(file, delimiter=mark, strict=True)
            width = len(next(rows))
            for row in rows:
                line = rows.line_num
                if row and len(row) != width:
                    return SourceError(
                        f"{path}: line {line} has {len(row)} values, the header has {width}.",
                        fix=f"put text that contains {mark!r} in double quotes, or mend the line",
                    )
    except UnicodeDecodeError:
        return _not_utf8(path)
    except csv.Error as error:
        return SourceError(
            f"{path}: line {line + 1}: {error}.", fix="close the double quotes of that line"
        )
    return None


def _not_utf8(path: Path) -> SourceError:
    convert = f"convert it: iconv -f {{}} -t UTF-8 {path.name} > utf8-{path.name}"
    offset = 0
    with _opened(path) as file:
        for number, line in enumerate(file, start=1):
            if number == 1 and line.startswith((b"\xff\xfe", b"\xfe\xff")):
                break
            try:
                line.decode()
            except UnicodeDecodeError as error:
                return SourceError(
                    f"{path}: line {number} is not UTF-8: byte 0x{line[error.start]:02x} at "
                    f"offset {offset + error.start} of the file.",
                    fix=convert.format("WINDOWS-1252"),
                )
            offset += len(line)
    return SourceError(f"{path}: the file is UTF-16, not UTF-8.", fix=convert.format("UTF-16"))


def _opened(path: Path) -> BinaryIO:
    return cast("BinaryIO", gzip.open(path)) if path.suffix == ".gz" else path.open("rb")
