"""CSV files that stand in for a tool: one file an object, one row a delivery."""

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pilotage.domain.decision import Delivery, DeliveryState, Receipt
from pilotage.domain.errors import DeliveryError

COLUMNS = ("key", "record", "field", "value")


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
        fresh = [item for item in items if item.key not in known]
        if not fresh:
            return
        try:
            with path.open("a", encoding="utf-8", newline="") as file:
                rows = csv.writer(file)
                rows.writerows((item.key, item.record, item.field, item.value) for item in fresh)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            del self._keys[path]  # how much of it went through is read anew
            raise
        known.update(item.key for item in fresh)

    def _known(self, path: Path) -> set[str]:
        if path not in self._keys:
            self.folder.mkdir(parents=True, exist_ok=True)
            _mend(path)
            with path.open(encoding="utf-8", newline="") as file:
                self._keys[path] = {row[0] for row in csv.reader(file)}
        return self._keys[path]


def _mend(path: Path) -> None:
    """Make the file with its header, or cut off what a crash left of its last row."""
    with path.open("a+b") as file:
        size = file.seek(0, os.SEEK_END)
        if not size:
            file.write((",".join(COLUMNS) + "\r\n").encode())
            return
        whole = 0
        file.seek(0)
        quoted = False
        for line in file:
            quoted ^= line.count(b'"') % 2 == 1
            if line.endswith(b"\r\n") and not quoted:
                whole = file.tell()
        if whole < size:
            file.truncate(whole)
