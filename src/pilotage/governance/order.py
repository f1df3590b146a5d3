"""Where each line of a log stands: which entries were left out, doubled, moved or replaced.

Entries are numbered from 0, so a line says itself which entry it is. A line that is not the
expected entry is judged by the line after it: when that one continues as if nothing had
happened, this line stands in the expected entry's place; otherwise it is one too many, or
entries before it were left out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from pilotage.domain.finding import Finding
from pilotage.governance.fault import Fault

_T = TypeVar("_T")

MAX_LISTED = 100
"""Faults of one kind named one by one; a log altered throughout needs no longer list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Consecutive entries, and the line where they begin."""

    entries: range
    line: int

    def __str__(self) -> str:
        return named(self.entries)

    def without(self, gone: range) -> tuple["Run", ...]:
        """Return what is left when some entries are taken away."""
        before = range(self.entries.start, min(self.entries.stop, gone.start))
        after = range(max(self.entries.start, gone.stop), self.entries.stop)
        return tuple(Run(entries=rest, line=self.line) for rest in (before, after) if rest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """A line that stands in the place of one entry, and says it is another."""

    entry: int
    line: int
    says: int


def named(entries: range) -> str:
    """Name entries in words.

    >>> named(range(5, 6)), named(range(5, 8))
    ('entry 5', 'entries 5 to 7')
    """
    first, last = entries[0], entries[-1]
    return f"entry {first}" if first == last else f"entries {first} to {last}"


@dataclass(slots=True, kw_only=True)
class Order:
    """Follow a log line by line, by its entries' own numbers.

    Args:
        size: entries that the log should have; None when nobody knows.
        expected: the entry that should come next.
        lines: followed so far.

    >>> order = Order(size=4)
    >>> [order.place(0, following=2), order.place(2, following=3), order.place(3, last=True)]
    [True, True, True]
    >>> [finding.detail for finding in order.findings()]
    ['Left out before line 2: entry 1.']
    """

    size: int | None
    expected: int = 0
    lines: int = 0
    unlisted: int = 0
    left_out: list[Run] = field(default_factory=list[Run])
    too_many: list[Run] = field(default_factory=list[Run])
    unreadable: list[Run] = field(default_factory=list[Run])
    replaced: list[Replaced] = field(default_factory=list[Replaced])

    def follows(self, numbers: Sequence[int | None]) -> bool:
        """Take a batch of lines if each is the entry expected; otherwise take none of it."""
        end = self.expected + len(numbers)
        if numbers != list(range(self.expected, end)):
            return False
        self.expected = end
        self.lines += len(numbers)
        return True

    def place(
        self, number: int | None, *, following: int | None = None, last: bool = False
    ) -> bool:
        """Take one line; tell whether it is the entry it says it is.

        Args:
            number: the entry it says it is; None when it cannot be read.
            following: the same of the next line.
            last: there is no next line.
        """
        self.lines += 1
        if number is None:
            self._take_unreadable(following)
            return False
        if number == self.expected:
            self.expected += 1
            return True
        if last:
            following = self.size
        if self._is_one_too_many(number, following):
            self._add_too_many(number)
            return False
        if self._is_in_place(number, following):
            self._add(self.replaced, Replaced(entry=self.expected, line=self.lines, says=number))
            self.expected += 1
            return False
        self._add(self.left_out, Run(entries=range(self.expected, number), line=self.lines))
        self.expected = number + 1
        return True

    def _is_one_too_many(self, number: int, following: int | None) -> bool:
        if following == self.expected + 1:
            return False
        return number < self.expected or following == self.expected

    def _is_in_place(self, number: int, following: int | None) -> bool:
        if following is None:
            return self.size is not None and number >= self.size
        return following == self.expected + 1 or following <= number

    def _take_unreadable(self, following: int | None) -> None:
        """Take it for one entry, for several where the next line tells so, or for none."""
        stop = self.expected + 1
        if following is not None and self.expected <= following <= (self.size or following):
            stop = following
        self._add(self.unreadable, Run(entries=range(self.expected, stop), line=self.lines))
        self.expected = stop

    def _add_too_many(self, number: int) -> None:
        if self.too_many:
            run = self.too_many[-1]
            if (run.entries.stop, run.line + len(run.entries)) == (number, self.lines):
                self.too_many[-1] = Run(entries=range(run.entries.start, number + 1), line=run.line)
                return
        self._add(self.too_many, Run(entries=range(number, number + 1), line=self.lines))

    def _add(self, faults: list[_T], fault: _T) -> None:
        if len(faults) < MAX_LISTED:
            faults.append(fault)
        else:
            self.unlisted += 1

    def findings(self) -> Iterator[Finding]:
        """Say what is wrong with the order, once all lines are taken."""
        size = self.expected if self.size is None else self.size
        left_out, moved, doubled = self._sorted_out(size)
        for run in self.unreadable:
            stands = f", where {run} should stand" if run.entries else ""
            yield Fault.ENTRY_MALFORMED.finding(
                f"No entry on line {run.line}{stands}: an entry is one line of JSON with sorted "
                "keys and no floats, and has seq, kind, as_of and recorded_at."
            )
        for run in left_out:
            if run.line > self.lines:
                yield Fault.TRUNCATED.finding(f"Cut off at the end: {run}, of {size:,} signed.")
            else:
                yield Fault.ENTRY_DROPPED.finding(f"Left out before line {run.line}: {run}.")
        for run in doubled:
            yield Fault.ENTRY_DUPLICATED.finding(f"A second time, from line {run.line}: {run}.")
        for run in moved:
            yield Fault.ENTRY_MOVED.finding(f"Moved to line {run.line}: {run}.")
        yield from self._replacements()
        if self.unlisted:
            yield Fault.ENTRY_MOVED.finding(f"{self.unlisted:,} more lines are out of order.")
        if self.expected > size:
            beyond = named(range(size, self.expected))
            yield Fault.BEYOND_CHECKPOINT.finding(
                f"Beyond the {size:,} entries that the checkpoint signs: {beyond}."
            )

    def _sorted_out(self, size: int) -> tuple[list[Run], list[Run], list[Run]]:
        """Return the entries that are left out, moved and doubled.

        What is missing in one place and one too many in another has moved.
        """
        left_out = list(self.left_out)
        if self.expected < size:
            left_out.append(Run(entries=range(self.expected, size), line=self.lines + 1))
        moved: list[Run] = []
        doubled: list[Run] = []
        for run in self.too_many:
            if any(run.entries[0] in gap.entries for gap in left_out):
                moved.append(run)
                left_out = [rest for gap in left_out for rest in gap.without(run.entries)]
            else:
                doubled.append(run)
        return left_out, moved, doubled

    def _replacements(self) -> Iterator[Finding]:
        at = {one.entry: one for one in self.replaced}
        for one in self.replaced:
            other = at.get(one.says)
            if other is None or other.says != one.entry:
                yield Fault.ENTRY_CHANGED.finding(
                    f"Changed: entry {one.entry} (line {one.line}) says that it is entry "
                    f"{one.says}."
                )
            elif one.entry < other.entry:
                yield Fault.ENTRY_MOVED.finding(
                    f"Swapped: entries {one.entry} and {other.entry} (lines {one.line} and "
                    f"{other.line})."
                )
