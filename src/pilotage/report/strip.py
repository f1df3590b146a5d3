"""Intervals in text: one strip a monthly cohort, `|--o--|` around its estimate."""

import math
from collections.abc import Iterator
from textwrap import wrap

from pilotage.domain.effect import Effect
from pilotage.domain.review import CohortEffect, Review
from pilotage.report import wording

WIDTH = 38
"""Columns of a strip: what 100 leave beside the month and the figures."""

MARKS = {
    "o": "effect",
    "|--|": "its interval",
    ":": "no change",
    "m": "minimum effect",
    "b": "breakeven",
    "*": "known truth (simulated company)",
    "@": "effect and known truth at once",
}


def strips(review: Review, *, indent: int, columns: int) -> Iterator[str]:
    """Yield a line a closed cohort, then the legend of the marks that were used."""
    if not review.cohorts:
        return
    low, high = _reach(review)
    used: set[str] = set()
    for number, cohort in enumerate(review.cohorts):
        label = "Cohorts" if number == 0 else ""
        strip = _strip(cohort, review, low=low, high=high)
        used |= set(strip)
        yield from _beside(
            f"{label:{indent}}{cohort.month} {strip} ", _figures(cohort, review), columns=columns
        )
    legend = ", ".join(f"{mark} {words}" for mark, words in MARKS.items() if mark[0] in used)
    room = columns - indent - 8
    yield from (f"{'':{indent}}{'':8}{line}" for line in wrap(legend, room))


def _beside(strip: str, figures: str, *, columns: int) -> Iterator[str]:
    """Put figures beside their strip, or beneath it: a figure is never cut."""
    if len(strip) + len(figures) <= columns:
        yield strip + figures
        return
    yield strip
    yield figures.rjust(columns)


def _figures(cohort: CohortEffect, review: Review) -> str:
    if cohort.effect is None:
        return "nothing to compare"
    return str(wording.change(cohort.effect, review.metric))


def _reach(review: Review) -> tuple[float, float]:
    values = [0.0, review.metric.minimum_effect or 0.0, review.metric.breakeven or 0.0]
    for cohort in review.cohorts:
        values += [cohort.truth or 0.0]
        if cohort.effect:
            values += [cohort.effect.low, cohort.effect.estimate, cohort.effect.high]
    finite = [value for value in values if math.isfinite(value)]
    low, high = min(finite), max(finite)
    return (low, high) if high > low else (low - 1.0, high + 1.0)


def _strip(cohort: CohortEffect, review: Review, *, low: float, high: float) -> str:
    def column(value: float) -> int:
        share = (min(max(value, low), high) - low) / (high - low)
        return round(share * (WIDTH - 1))

    cells = [" "] * WIDTH
    if cohort.effect:
        _bar(cells, cohort.effect, column(cohort.effect.low), column(cohort.effect.high))
    lines = {"m": review.metric.minimum_effect, "b": review.metric.breakeven, ":": 0.0}
    for mark, value in lines.items():
        if value is not None:
            cells[column(value)] = mark
    if cohort.effect and math.isfinite(cohort.effect.estimate):
        cells[column(cohort.effect.estimate)] = "o"
    if cohort.truth is not None:
        known = column(cohort.truth)
        cells[known] = "@" if cells[known] == "o" else "*"
    return "".join(cells)


def _bar(cells: list[str], effect: Effect, low: int, high: int) -> None:
    """Draw the interval in place; an end without a limit has no stop."""
    cells[low : high + 1] = "-" * (high - low + 1)
    for end, column in ((effect.low, low), (effect.high, high)):
        if math.isfinite(end):
            cells[column] = "|"
