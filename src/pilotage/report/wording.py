"""Figures and verdicts as people read them: honest digits, units, words beside every sign."""

import math
import re
from dataclasses import dataclass

from pilotage.domain.decision import Mode
from pilotage.domain.effect import Effect, EffectKind, Origin
from pilotage.domain.finding import Severity
from pilotage.domain.money import MoneyRange
from pilotage.domain.month import Month
from pilotage.domain.review import Better, Metric, MetricKind, ProgrammeReview, Review
from pilotage.domain.verdict import Verdict

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip
"""Ours, since the standard library's follow the machine's locale and bytes must not."""

DIGIT_WORTH = 8
"""The last digit shown is worth at most an eighth of the interval's half-width."""

FINEST = -6
"""No figure of ours is known to more than six decimals."""

COARSEST = 15
"""Rounding beyond what a float holds overflows."""

SHARES = (MetricKind.PROPORTION, MetricKind.RECALL)

SEVERITIES = {
    Severity.BLOCKS: "Blocks the verdict",
    Severity.WARNING: "Warning",
    Severity.INFO: "For information",
}

MODES = {
    Mode.LIVE: "live",
    Mode.SHADOW: "shadow: decides, delivers nothing",
    Mode.REPLAY: "replay of history: never counts as live evidence",
}

ORIGINS = {
    Origin.MEASURED: "from evidence in the ledger",
    Origin.DECLARED: "somebody typed it",
    Origin.APPROVED: "declared, then approved with a signature",
    Origin.ASSUMED: "a default of ours",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """An estimate and its interval, as people read them."""

    estimate: str
    interval: str

    def __str__(self) -> str:
        return f"{self.estimate} {self.interval}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How a number of a metric is written: what it is multiplied by, and its unit."""

    times: float = 1.0
    before: str = ""
    after: str = ""
    tight: bool = False
    """Whether the unit goes with every end of an interval, as a percent sign does."""

    def write(self, value: float, *, exponent: int, signed: bool = True) -> str:
        """Write one value: `+1.8 points`, `-USD 120`, `+15%`."""
        sign, digits = _digits(value * self.times, exponent=exponent, signed=signed)
        return f"{sign}{self.before}{digits}{self.after}" if digits[0].isdigit() else digits

    def exponent(self, estimate: float, low: float, high: float) -> int:
        """Return the power of ten of the last digit worth showing."""
        ends = (estimate * self.times, low * self.times, high * self.times)
        exponent = min(_exponent(*ends), 0) if self.tight else _exponent(*ends)
        hidden = any(end and not _rounded(end, exponent) for end in ends[1:])
        return max(FINEST, exponent - 1) if hidden else exponent

    def read(self, estimate: float, low: float, high: float) -> Reading:
        """Write an estimate with its interval, all to the same digit."""
        exponent = self.exponent(estimate, low, high)
        ends = (number(end * self.times, exponent=exponent) for end in (low, high))
        unit = self.after if self.tight else ""
        written = (f"{end}{unit}" if end[-1].isdigit() else end for end in ends)
        return Reading(
            estimate=self.write(estimate, exponent=exponent), interval=f"[{', '.join(written)}]"
        )


PERCENT = Scale(times=100, after="%", tight=True)


def scale(metric: Metric, *, kind: EffectKind = EffectKind.ABSOLUTE) -> Scale:
    """Return how a change of the metric is written.

    >>> reply_rate = Metric(name="reply_rate", kind=MetricKind.PROPORTION, better=Better.HIGHER)
    >>> str(scale(reply_rate).read(0.018, 0.006, 0.030))
    '+1.8 points [0.6, 3.0]'
    >>> str(scale(reply_rate, kind=EffectKind.RELATIVE).read(0.152, 0.05, 0.256))
    '+15% [5%, 26%]'
    """
    if kind is EffectKind.RELATIVE:
        return PERCENT
    if metric.kind in SHARES:
        return Scale(times=100, after=" points")
    if re.fullmatch("[A-Z]{3}", metric.unit):
        return Scale(before=f"{metric.unit} ")
    return Scale(after=f" {metric.unit}" if metric.unit else "")


def level(effect: Effect, metric: Metric) -> str:
    """Write the mean that the effect is measured against, to the effect's own digit."""
    own = scale(metric)
    exponent = own.exponent(effect.estimate, effect.low, effect.high)
    if effect.kind is EffectKind.RELATIVE:
        exponent = _exponent(effect.holdout_mean * own.times, math.nan, math.nan)
    written = PERCENT if metric.kind in SHARES else own
    return written.write(effect.holdout_mean, exponent=min(exponent, 0), signed=False)


def change(effect: Effect, metric: Metric) -> Reading:
    """Write an effect with its interval, in the unit that its kind and metric call for."""
    return scale(metric, kind=effect.kind).read(effect.estimate, effect.low, effect.high)


def change_like(value: float, effect: Effect | None, metric: Metric) -> str:
    """Write a change, such as a known truth, to the digit of the effect it stands beside."""
    if effect is None:
        own = scale(metric)
        return own.write(value, exponent=_exponent(value * own.times, math.nan, math.nan))
    own = scale(metric, kind=effect.kind)
    return own.write(value, exponent=own.exponent(effect.estimate, effect.low, effect.high))


def money(amount: MoneyRange) -> Reading:
    """Write money with its interval, without digits that the interval cannot carry.

    >>> from pilotage.domain.money import Money
    >>> str(money(MoneyRange(estimate=Money.of(-3210.5, "USD"), low=Money.of(-9150, "USD"),
    ...                      high=Money.of(2730, "USD"), origin=Origin.DECLARED)))
    '-USD 3,200 [-9,200, 2,700]'
    """
    ends = [float(end.amount) for end in (amount.estimate, amount.low, amount.high)]
    own = Scale(before=f"{amount.estimate.currency} ")
    exponent = max(0, own.exponent(*ends))
    low, high = (number(end, exponent=exponent) for end in ends[1:])
    estimate = own.write(ends[0], exponent=exponent, signed=False)
    return Reading(estimate=estimate, interval=f"[{low}, {high}]")


def standing(origin: Origin) -> str:
    """Return whether finance stands behind money of this origin."""
    if origin is Origin.APPROVED:
        return "unit value approved by finance"
    return f"{origin}, unapproved until finance signs"


def interval_name(effect: Effect) -> str:
    """Return `95% interval`, or whatever its level is."""
    return f"{effect.level * 100:.4g}% interval"


def metric_name(metric: Metric) -> str:
    """Return `reply rate` for `reply_rate`."""
    return metric.name.replace("_", " ")


def direction(metric: Metric) -> str:
    """Return which way is good."""
    return "higher is better" if metric.better is Better.HIGHER else "lower is better"


def month_name(month: Month) -> str:
    """Return `September 2026`."""
    return f"{MONTHS[month.number - 1]} {month.year}"


def why_nothing_to_compare(review: Review) -> str:
    """Return why there is no effect yet."""
    if review.pending:
        wait = "unit waits" if review.pending == 1 else "units wait"
        return f"{review.pending:,} {wait} for the outcome window to close"
    if not review.cohorts:
        return "no monthly cohort has closed"
    return "no closed cohort has units in both arms"


def tally(programme: ProgrammeReview) -> dict[Verdict, int]:
    """Count use cases by verdict, every verdict named."""
    given = [review.ruling.verdict for review in programme.reviews]
    return {verdict: given.count(verdict) for verdict in Verdict}


def number(value: float, *, exponent: int, signed: bool = False) -> str:
    """Write a bare number to the digit of that power of ten; never NaN, never -0.0.

    >>> number(-0.04, exponent=-1), number(1234.5, exponent=2), number(float("nan"), exponent=0)
    ('0.0', '1,200', 'not known')
    """
    return "".join(_digits(value, exponent=exponent, signed=signed))


def typeset(figure: str) -> str:
    """Set the minus of a figure as a minus, as wide as its plus; terminals keep the hyphen."""
    return re.sub(r"(?<!\w)-(?=\w)", "\N{MINUS SIGN}", figure)


def _exponent(estimate: float, low: float, high: float) -> int:
    reaches = [abs(end - estimate) for end in (low, high) if math.isfinite(end - estimate)]
    half = sum(reaches) / len(reaches) if reaches else abs(estimate)
    if not (math.isfinite(half) and half > 0):
        return -1
    return min(COARSEST, max(FINEST, math.floor(math.log10(half / DIGIT_WORTH))))


def _rounded(value: float, exponent: int) -> float:
    return round(value, -exponent) if math.isfinite(value) else value


def _digits(value: float, *, exponent: int, signed: bool = False) -> tuple[str, str]:
    """Split a number into its sign and its digits; zero has no sign."""
    if math.isnan(value):
        return "", "not known"
    if math.isinf(value):
        return "", "no limit"
    rounded = _rounded(value, exponent)
    if rounded == 0:
        return "", f"{0:.{max(0, -exponent)}f}"
    sign = "-" if rounded < 0 else "+" if signed else ""
    return sign, f"{abs(rounded):,.{max(0, -exponent)}f}"
