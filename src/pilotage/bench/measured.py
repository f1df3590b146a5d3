"""A measured figure beside its limit, and the machine it was measured on."""

import os
import platform
import sqlite3
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter

Json = str | int | float | bool | None | list["Json"] | Mapping[str, "Json"]

GIGABYTE = 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What a figure has to reach.

    Args:
        at_least: or more; None where smaller is better.
        at_most: or less.
    """

    at_least: float | None = None
    at_most: float | None = None

    def met(self, value: float) -> bool:
        """Tell whether a figure reaches it.

        >>> Goal(at_least=10_000).met(12_000), Goal(at_most=2.5).met(2.6)
        (True, False)
        """
        low = self.at_least is None or value >= self.at_least
        return low and (self.at_most is None or value <= self.at_most)

    def __str__(self) -> str:
        if self.at_least is not None:
            return f">= {_text(self.at_least)}"
        return f"<= {_text(self.at_most or 0.0)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One figure.

    Args:
        what: was measured.
        unit: of the figure, such as `units/s`.
        values: one a repetition; the figure is their median.
        spread: low and high end; the smallest and largest value when left out.
        goal: what the figure has to reach; None for one that only stands beside.
        judged: the value that is held against the goal; the median when left out.
    """

    what: str
    unit: str
    values: tuple[float, ...]
    spread: tuple[float, float] | None = None
    goal: Goal | None = None
    judged: float | None = None

    @property
    def median(self) -> float:
        """The figure."""
        return statistics.median(self.values)

    @property
    def ends(self) -> tuple[float, float] | None:
        """Low and high end; None for a figure measured once."""
        if self.spread is None and len(self.values) > 1:
            return min(self.values), max(self.values)
        return self.spread

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None without a goal."""
        judged = self.median if self.judged is None else self.judged
        return self.goal.met(judged) if self.goal else None

    def row(self) -> str:
        """Return the figure as a row of a Markdown table."""
        ends = " to ".join(map(_text, self.ends)) if self.ends else ""
        said = {True: "yes", False: "NO", None: ""}[self.met]
        cells = (self.what, f"{_text(self.median)} {self.unit}", ends, str(self.goal or ""), said)
        return f"| {' | '.join(cells)} |"

    def facts(self) -> dict[str, Json]:
        """Return the figure for machines."""
        return {
            "what": self.what,
            "unit": self.unit,
            "median": self.median,
            "values": list(self.values),
            "spread": list(self.ends) if self.ends else None,
            "goal": str(self.goal) if self.goal else None,
            "met": self.met,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one bench found.

    Args:
        command: that measures it again.
        notes: what a reader must know of the figures.
    """

    command: str
    measured: Sequence[Measured]
    notes: Sequence[str] = ()

    def in_words(self) -> str:
        """Return the figures as the table that docs/bench.md shows."""
        head = ("| what | median | range | goal | met |", "|---|---|---|---|---|")
        rows = [figure.row() for figure in self.measured]
        said = f"`{self.command}`, {_today()}, {machine()}"
        return "\n".join([said, "", *head, *rows, *(["", *self.notes] if self.notes else [])])

    def facts(self) -> dict[str, Json]:
        """Return the figures for machines."""
        return {
            "command": self.command,
            "date": _today(),
            "machine": machine(),
            "measured": [figure.facts() for figure in self.measured],
            "notes": list(self.notes),
        }


def machine() -> str:
    """Say how large this machine is, and how busy; never what it is called."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIGABYTE
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GB, load {os.getloadavg()[0]:.1f}, Python"
        f" {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )


def seconds(work: Callable[[], object]) -> float:
    """Return how long a piece of work takes, by the clock on the wall."""
    start = perf_counter()
    work()
    return perf_counter() - start


def _today() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}"


def _text(value: float) -> str:
    """Write a figure with about three digits.

    >>> _text(12345.6), _text(2.345), _text(0.0123), _text(3)
    ('12,346', '2.35', '0.0123', '3')
    """
    if value == int(value) or abs(value) >= 100:  # noqa: PLR2004 - three digits
        return f"{value:,.0f}"
    return f"{value:.3g}"
