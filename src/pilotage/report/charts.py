"""Charts as server-rendered SVG: no script, no style of their own, words for who cannot see them.

Colours come from the page's style sheet by class, so that dark mode and print follow.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from pilotage.domain.effect import Effect
from pilotage.domain.month import Month
from pilotage.domain.review import CohortEffect, Review
from pilotage.domain.verdict import Verdict
from pilotage.report.wording import (
    MONTHS,
    Scale,
    change,
    metric_name,
    month_name,
    number,
    scale,
    typeset,
)

TICKS = 5
"""About as many lines as a reader can take in beside the data."""

CHARACTER = 7.2
"""Width of a digit at the charts' text size, so that labels find room."""


ASIDE = 11
"""How far a known truth stands beside the estimate, so that neither hides the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Where values and cohorts lie on the drawing, in SVG units."""

    width: float
    height: float
    left: float
    right: float
    low: float
    high: float
    cohorts: int
    top: float = 26.0
    bottom: float = 42.0

    def x(self, index: int) -> float:
        """Return the middle of a cohort's column."""
        return self.left + (index + 0.5) * (self.right - self.left) / max(1, self.cohorts)

    def y(self, value: float) -> float:
        """Return the height of a value; what lies outside, or has no limit, ends at the rim."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.height - self.bottom - share * (self.height - self.bottom - self.top)


def cohort_chart(review: Review, *, name: str, width: int, height: int = 300) -> Markup:
    """Draw the effect of each closed cohort with its interval against zero and the lines given.

    Args:
        name: unique in the page; the ids of title and description are made of it.
        width: of the drawing, in CSS pixels at which its text has the page's size.
    """
    own = _own_scale(review)
    ticks = _ticks([value * own.times for value in _values(review)])
    exponent = min(0, math.floor(math.log10(ticks[1] - ticks[0])))
    labels = [typeset(number(tick, exponent=exponent, signed=True)) for tick in ticks]
    frame = Frame(
        width=width,
        height=height,
        left=max(map(len, labels)) * CHARACTER + 14,
        right=width - 8,
        low=ticks[0] / own.times,
        high=ticks[-1] / own.times,
        cohorts=len(review.cohorts),
    )
    unit = (own.before or own.after).strip() or metric_name(review.metric)
    parts = [
        _text(unit, x=0, y=12, anchor="start"),
        *_grid(ticks, labels, frame, times=own.times),
        *_lines(review, frame),
        *_month_labels([cohort.month for cohort in review.cohorts], frame),
        *(_cohort(cohort, frame, frame.x(i)) for i, cohort in enumerate(review.cohorts)),
        *_truths(review, frame),
    ]
    return Markup(
        '<svg class="chart" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img"'
        ' aria-labelledby="{name}-title {name}-desc">'
        '<title id="{name}-title">{title}</title><desc id="{name}-desc">{desc}</desc>{parts}</svg>'
    ).format(
        w=width, h=height, name=name, title=_title(review), desc=describe(review),
        parts=Markup("").join(parts),
    )  # fmt: skip


def describe(review: Review) -> str:
    """Say in a sentence a month what the chart shows."""
    told = [
        f"{month_name(cohort.month)}: "
        + (str(change(cohort.effect, review.metric)) if cohort.effect else "nothing to compare")
        for cohort in review.cohorts
    ]
    return typeset("; ".join(told) + ".")


def swatch(kind: str) -> Markup:
    """Draw the legend's sample of a mark: estimate, zero, minimum, breakeven or truth."""
    line = Markup('<line class="{}" x1="1" x2="25" y1="8" y2="8"/>').format(kind)
    marks = {
        "estimate": Markup('<path class="bar" d="M13 1V15M9 1H17M9 15H17"/>') + _dot(13, 8),
        "truth": line + _diamond(13, 8),
    }
    return Markup('<svg class="swatch" viewBox="0 0 26 16" aria-hidden="true">{}</svg>').format(
        marks.get(kind, line)
    )


def verdict_icon(verdict: Verdict) -> Markup:
    """Draw a verdict's own shape: arrow up, pause, exclamation in a triangle, square."""
    shapes = {
        Verdict.SCALE: "M8 1 15 9H11V15H5V9H1Z",
        Verdict.HOLD: "M2 1H6.5V15H2ZM9.5 1H14V15H9.5Z",
        Verdict.REPAIR: "M8 0 16 15H0ZM7.1 5V10H8.9V5ZM7.1 11.2V13H8.9V11.2Z",
        Verdict.STOP: "M1.5 1.5H14.5V14.5H1.5Z",
    }
    return Markup(
        '<svg class="icon" viewBox="0 0 16 16" aria-hidden="true">'
        '<path fill-rule="evenodd" d="{}"/></svg>'
    ).format(shapes[verdict])


def _own_scale(review: Review) -> Scale:
    kinds = [cohort.effect.kind for cohort in review.cohorts if cohort.effect]
    return scale(review.metric, kind=kinds[0]) if kinds else scale(review.metric)


def _title(review: Review) -> str:
    simulated = "Simulated company. " if review.simulated else ""
    return f"{simulated}Change of {metric_name(review.metric)} by monthly cohort"


def _values(review: Review) -> list[float]:
    metric = review.metric
    values = [0.0, metric.minimum_effect or 0.0, metric.breakeven or 0.0]
    for cohort in review.cohorts:
        effect = cohort.effect
        values += [effect.estimate, effect.low, effect.high] if effect else []
        values += [cohort.truth] if cohort.truth is not None else []
    return [value for value in values if math.isfinite(value)]


def _ticks(values: list[float]) -> list[float]:
    """Return round numbers that reach around all values."""
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    power = 10.0 ** math.floor(math.log10(span / TICKS))
    step = next(power * m for m in (1, 2, 5, 10) if span / (power * m) <= TICKS + 1)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [index * step for index in range(first, max(last, first + 1) + 1)]


def _grid(ticks: list[float], labels: list[str], frame: Frame, *, times: float) -> Iterator[Markup]:
    for tick, label in zip(ticks, labels, strict=True):
        y = frame.y(tick / times)
        yield _across("grid", y, frame)
        yield _text(label, x=frame.left - 8, y=y + 4, anchor="end")


def _across(kind: str, y: float, frame: Frame) -> Markup:
    return Markup('<line class="{}" x1="{}" x2="{}" y1="{y}" y2="{y}"/>').format(
        kind, _at(frame.left), _at(frame.right), y=_at(y)
    )


def _lines(review: Review, frame: Frame) -> list[Markup]:
    lines = {
        "zero": 0.0,
        "minimum": review.metric.minimum_effect,
        "breakeven": review.metric.breakeven,
    }
    return [
        _across(kind, frame.y(value), frame) for kind, value in lines.items() if value is not None
    ]


def _month_labels(months: list[Month], frame: Frame) -> list[Markup]:
    room = (frame.right - frame.left) / max(1, len(months))
    every = max(1, math.ceil(4 * CHARACTER / room))
    shown = [i for i in range(len(months)) if (len(months) - 1 - i) % every == 0]
    base = frame.height - frame.bottom
    labels = [
        _text(MONTHS[months[i].number - 1][:3], x=frame.x(i), y=base + 20, anchor="middle")
        for i in shown
    ]
    years = [
        _text(str(months[i].year), x=frame.x(i), y=base + 36, anchor="middle")
        for before, i in pairwise([None, *shown])
        if i is not None and (before is None or months[before].year != months[i].year)
    ]
    return labels + years


def _cohort(cohort: CohortEffect, frame: Frame, x: float) -> Markup:
    effect: Effect | None = cohort.effect
    if effect is None:
        return _text("not yet", x=x, y=frame.y(0) - 6, anchor="middle")
    low, high = frame.y(effect.low), frame.y(effect.high)
    caps = [
        f"M{_at(x - 5)} {_at(y)}H{_at(x + 5)}"
        for y, end in ((low, effect.low), (high, effect.high))
        if math.isfinite(end)
    ]
    bar = Markup('<path class="bar" d="M{x} {low}V{high}{caps}"/>').format(
        x=_at(x), low=_at(low), high=_at(high), caps="".join(caps)
    )
    return bar + _dot(x, frame.y(effect.estimate))


def _truths(review: Review, frame: Frame) -> list[Markup]:
    points = [
        (frame.x(i) + ASIDE, frame.y(cohort.truth))
        for i, cohort in enumerate(review.cohorts)
        if cohort.truth is not None
    ]
    if not points:
        return []
    way = "M" + "L".join(f"{_at(x)} {_at(y)}" for x, y in points)
    line = Markup('<path class="truth" d="{}"/>').format(way)
    return [line, *(_diamond(x, y) for x, y in points)]


def _dot(x: float, y: float) -> Markup:
    return Markup('<circle class="dot" cx="{}" cy="{}" r="4.5"/>').format(_at(x), _at(y))


def _diamond(x: float, y: float) -> Markup:
    return Markup('<path class="diamond" d="M{} {}l5 5-5 5-5-5z"/>').format(_at(x), _at(y - 5))


def _text(words: str, *, x: float, y: float, anchor: str) -> Markup:
    return Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>').format(
        _at(x), _at(y), anchor, words
    )


def _at(value: float) -> str:
    return f"{value:.1f}"
