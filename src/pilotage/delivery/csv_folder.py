"""CSV files that stand in for a tool: one file an object, one row a delivery."""

import csv
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from pilotage.domain.decision import Delivery, DeliveryState, Receipt
from pilotage.domain.errors import DeliveryError

HEADER = b"key,record,field,value\r\n"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
KEY_DIGITS = 64
KEY = re.compile(rb"[0-9a-f]{%d}," % KEY_DIGITS)
"""At the start of a line it begins a row of ours, whatever a person did to the lines before."""


@dataclass(slots=True, kw_only=True)
class CsvFolder:
    """Appends to `FOLDER/OBJECT.csv`; whoever reads it takes the last value of a field.

    The keys in a file are read once, so that a delivery whose receipt was lost is not written
    again; a line that a crash cut in half is taken off first.
    """

    folder: Path
    reaches_people: bool = False
    _keys: dict[Path, set[str]] = field(default_factory=dict[Path, set[str]])

    def deliver(self, deliveries: Sequence[Delivery]) -> Sequence[Receipt]:
        """Append what is not there yet, and have it on disk before a receipt is given.

        Raises:
            DeliveryError: the folder or a file cannot be written.
        """
        by_object: dict[str, list[Delivery]] = {}
        for item in deliveries:
            by_object.setdefault(item.object, []).append(item)
        try:
            for name, items in by_object.items():
                self._append(self.folder / f"{name}.csv", items)
        except OSError as error:
            raise DeliveryError(
                f"{error.filename or self.folder}: cannot be written ({error.strerror}).",
                fix="make the folder writable, or free some space, and run the same command again",
            ) from error
        return [Receipt(key=item.key, state=DeliveryState.DELIVERED) for item in deliveries]

    def _append(self, path: Path, items: Sequence[Delivery]) -> None:
        known = self._known(path)
        fresh = {item.key: item for item in items if item.key not in known}
        if not fresh:
            return
        del self._keys[path]  # unless all goes through, what did is read anew
        with path.open("a", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerows((i.key, i.record, i.field, _inert(i.value)) for i in fresh.values())
            file.flush()
            os.fsync(file.fileno())
        known.update(fresh)
        self._keys[path] = known

    def _known(self, path: Path) -> set[str]:
        if path not in self._keys:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._keys[path] = _mended(path)
        return self._keys[path]


FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would run; reasons quote what strangers typed."""


def _inert(value: str) -> str:
    """Return a value as text that no spreadsheet runs; numbers stay numbers.

    A `record` stays as it is: the tool finds its row by that very text, and the same text stands
    in the customer's own table already. A key such as `+49 171 5550199` must not change.

    >>> _inert("=HYPERLINK(1)"), _inert("-3.5"), _inert("referral")
    ("'=HYPERLINK(1)", '-3.5', 'referral')
    """
    if not value.startswith(FORMULA):
        return value
    try:
        float(value)
    except ValueError:
        return f"'{value}"
    return value


def _mended(path: Path) -> set[str]:
    """Return the keys in a file, once what a crash left of its last row is cut off."""
    with path.open("a+b") as file:
        file.seek(0)
        head = file.readline()
        if HEADER.startswith(head) and head != HEADER:  # new, or cut within its first line
            file.truncate(0)
            file.write(HEADER)
            _keep_name(path)
            return set()
        if head.removeprefix(BYTE_ORDER_MARK).rstrip() != HEADER.rstrip():
            raise DeliveryError(
                f"{path}: is no file of ours; it begins with {head[:40]!r}.",
                fix=f"move the file away, or let it begin with {HEADER.decode().rstrip()}",
            )
        rows = _rows(file)
        last, start = rows.popitem()
        file.seek(start)
        whole = start + _whole(file.read())
        if whole > start:
            rows[last] = start
        file.truncate(whole)
        return set(rows)


def _rows(file: BinaryIO) -> dict[str, int]:
    """Return where the row of each key begins; the header's end stands for no key."""
    place = file.tell()
    rows = {"": place}
    for line in file:
        if KEY.match(line):
            rows[line[:KEY_DIGITS].decode()] = place
        place += len(line)
    return rows


def _whole(rest: bytes) -> int:
    """Return how many of the bytes are whole rows; a quoted value may hold line ends."""
    whole = place = 0
    quoted = False
    for line in rest.splitlines(keepends=True):
        place += len(line)
        quoted ^= line.count(b'"') % 2 == 1
        if line.endswith(b"\n") and not quoted:
            whole = place
    return whole


def _keep_name(path: Path) -> None:
    """Have a new file's name on disk; its content alone would be lost with the power."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
