"""Evidence: all that a monthly ruling is computed from."""

from dataclasses import dataclass, replace
from math import isclose

from pilotage.domain.decision import Mode
from pilotage.domain.effect import Effect, EffectKind
from pilotage.domain.errors import SpecError
from pilotage.domain.finding import Finding, Severity
from pilotage.domain.look import LookPlan
from pilotage.domain.month import Month
from pilotage.domain.review import Metric
from pilotage.domain.verdict import Conclusion
from pilotage.value.orient import oriented, oriented_metric
from pilotage.value.quantise import quantise, quantised


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of one use case at the review of one month.

    Args:
        month: the verdict is for.
        plan: of the looks, as registered before launch.
        forecast: the first month in which the minimum effect would show.
        metric: with the minimum effect and breakeven, absolute, signed like the effect.
        effect: over all closed cohorts, absolute; None while there is nothing to compare.
        at_boundary: the same, its interval at the certainty that the month's look asks for
            (1 - critical p); None in a month without a look, or where no interval is that sure.
        closed_cohorts: monthly cohorts whose outcome windows have closed.
        first_closing: the month in which the first cohort closes.
        findings: of the checks; those that block are ruled on.
        delivered_share: delivered of those routed for delivery, 0..1; None before any.
        mode: replay and shadow are no live evidence.
        interference: whether units compete for the same people and have their own arms.
        concluded: the first month of the same experiment that said scale or stop.
    """

    month: Month
    plan: LookPlan
    forecast: Month
    metric: Metric
    effect: Effect | None
    closed_cohorts: int
    first_closing: Month
    mode: Mode
    interference: bool
    at_boundary: Effect | None = None
    findings: tuple[Finding, ...] = ()
    delivered_share: float | None = None
    concluded: Conclusion | None = None

    def __post_init__(self) -> None:
        """Refuse an effect that lines or look cannot be compared with."""
        for effect in (self.effect, self.at_boundary):
            if effect and effect.kind is not EffectKind.ABSOLUTE:
                raise SpecError(
                    f"the effect is {effect.kind}; the lines it is held against are absolute.",
                    fix="pass the absolute effect",
                )
        critical, strict = self.plan.critical_p(self.month), self.at_boundary
        if strict and (critical is None or not isclose(strict.level, 1 - critical)):
            raise SpecError(
                f"the interval at the boundary is of level {strict.level:g}; the look of"
                f" {self.month} asks for p below {critical}.",
                fix="compute it at the level 1 - critical p; leave it out where there is no look",
            )

    @property
    def due(self) -> Month:
        """The month in which an answer is due: the final look, or the forecast if later."""
        return max(self.plan.final, self.forecast)

    @property
    def pays(self) -> float:
        """The effect above which it pays; prepared evidence only."""
        return self.metric.breakeven or 0.0

    @property
    def worthwhile(self) -> float:
        """The effect below which it is not worth having; prepared evidence only."""
        return max(self.pays, self.metric.minimum_effect or 0.0)

    @property
    def blocking(self) -> Finding | None:
        """The first finding that keeps the verdict from being given."""
        return next((f for f in self.findings if f.severity is Severity.BLOCKS), None)


def prepared(evidence: Evidence) -> Evidence:
    """Round every figure, and turn effect and lines so that positive is good."""
    metric, effect, strict = evidence.metric, evidence.effect, evidence.at_boundary
    turned = oriented_metric(metric)
    return replace(
        evidence,
        metric=replace(
            turned,
            minimum_effect=_rounded(turned.minimum_effect),
            breakeven=_rounded(turned.breakeven),
        ),
        effect=effect and quantised(oriented(effect, better=metric.better)),
        at_boundary=strict and quantised(oriented(strict, better=metric.better)),
        delivered_share=_rounded(evidence.delivered_share),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else quantise(value)
