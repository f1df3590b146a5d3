r"""Open a customer's table: a CSV, TSV or Parquet file, or a table of a database, read only.

>>> from pathlib import Path; from tempfile import mkdtemp
>>> leads = Path(mkdtemp()) / "leads.csv"
>>> _ = leads.write_text("lead_id,size\n007,12\n")
>>> table = open_table(str(leads), text=["lead_id"])
>>> table.rows.columns, str(table.rows.lead_id.type())
(('lead_id', 'size'), 'string')
"""

import difflib
import hashlib
from collections.abc import Collection, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pilotage.data import databases
from pilotage.data.csv_file import broken_line, csv_source, no_column, one_file
from pilotage.data.engine import Rows, engine, execute
from pilotage.domain.errors import SourceError

PARQUET_MAGIC = b"PAR1"
SUFFIXES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet", ".pq")


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerTable:
    """A table of the customer's, opened for reading.

    Args:
        location: path or URL as the customer wrote it, without a password.
        rows: the Ibis table.
    """

    location: str
    rows: Rows

    @property
    def name(self) -> str:
        """What the table is called: the file without its ending, or the table of a database."""
        return (
            self.location.rpartition("#")[2]
            if "#" in self.location
            else (Path(self.location).name.partition(".")[0])
        )

    def require(self, columns: Collection[str]) -> None:
        """Raise SourceError for a column that the table does not have, naming the nearest."""
        for column in columns:
            if column not in self.rows.columns:
                raise no_column(self.location, column, self.rows.columns)


def open_table(location: str, *, text: Collection[str] = ()) -> CustomerTable:
    """Open a table.

    Args:
        location: path of a CSV, TSV (also .gz) or Parquet file, or `duckdb:///file#table`,
            `sqlite:///file#table`, `postgresql://host/database#table`.
        text: columns of a CSV whose values stay as written: keys, times, groups. "007" stays.

    Raises:
        SourceError: the file or table is missing, unreadable or not what it says it is, or a
            column of `text` does not exist.
    """
    if databases.is_url(location):
        shown = databases.without_password(location)
        with readable(shown):
            table = CustomerTable(location=shown, rows=databases.open_url(location))
    else:
        table = _open_file(Path(location), text)
    table.require(text)
    return table


@contextmanager
def readable(location: str) -> Generator[None]:
    """Turn what the engine says of a table into a SourceError that names it."""
    try:
        yield
    except duckdb.Error as error:
        raise _explained(location, error) from error


def _open_file(path: Path, text: Collection[str]) -> CustomerTable:
    _require_file(path)
    name = f"file_{hashlib.sha256(repr((str(path), sorted(text))).encode()).hexdigest()[:16]}"
    suffix = "".join(path.suffixes[-2:] if path.suffix == ".gz" else path.suffixes[-1:]).lower()
    if suffix not in SUFFIXES:
        raise SourceError(
            f"{path}: files that end in {suffix or 'nothing'} are not read.",
            fix=f"export the table as one of: {', '.join(SUFFIXES)}",
        )
    with readable(str(path)):
        if suffix in {".parquet", ".pq"}:
            _require_parquet(path)
            source = f"read_parquet({one_file(path)})"
        else:
            source = csv_source(path, text)
        execute(f'CREATE OR REPLACE VIEW "{name}" AS SELECT * FROM {source}')  # noqa: S608 - DuckDB binds no parameters in a view; both parts are quoted above
        return CustomerTable(location=str(path), rows=engine().table(name))


def _require_file(path: Path) -> None:
    try:
        with path.open("rb") as file:
            if file.read(1):
                return
    except FileNotFoundError:
        raise SourceError(f"{path}: there is no such file.", fix=_nearest_file(path)) from None
    except IsADirectoryError:
        raise SourceError(
            f"{path}: this is a folder, not a table.", fix="name one file in it"
        ) from None
    except PermissionError:
        raise SourceError(
            f"{path}: this account may not read the file.",
            fix=f"ask its owner for the right to read it: chmod a+r {path}",
        ) from None
    except OSError as error:
        raise SourceError(
            f"{path}: cannot be read: {error.strerror}.", fix="check the disk or network drive"
        ) from error
    raise SourceError(f"{path}: the file is empty (0 bytes).", fix="export the table again")


def _nearest_file(path: Path) -> str:
    try:
        there = [entry.name for entry in path.parent.iterdir() if entry.is_file()]
    except OSError:
        return f"check the path: {path.parent} cannot be listed either"
    near = difflib.get_close_matches(path.name, there, n=1)
    return f"did you mean {path.with_name(near[0])}?" if near else "check the path"


def _require_parquet(path: Path) -> None:
    with path.open("rb") as file:
        first = file.read(4)
        file.seek(max(0, path.stat().st_size - 4))
        last = file.read(4)
    if first != PARQUET_MAGIC:
        raise SourceError(
            f"{path}: this is not a Parquet file; it begins with {first!r}.",
            fix="export the table as Parquet, or rename the file to what it is, such as .csv",
        )
    if last != PARQUET_MAGIC or path.stat().st_size < 12:  # noqa: PLR2004 - two magics and a length
        raise SourceError(
            f"{path}: the Parquet file is cut off: its end is missing.",
            fix="copy or export it again, and compare the sizes",
        )


def _explained(location: str, error: duckdb.Error) -> SourceError:
    """Say where a file is broken; the engine's own words only where we find nothing."""
    if isinstance(error, duckdb.OutOfMemoryException):
        return SourceError(
            f"{location}: the table does not fit: {error}", fix="free disk space for sorting"
        )
    path = Path(location)
    broken = path.is_file() and "parquet" not in path.suffix and broken_line(path)
    if broken:
        return broken
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return SourceError(
        f"{location}: the table cannot be read: {' '.join(lines[:4])}",
        fix="mend the row or file named above, or export the table again",
    )
