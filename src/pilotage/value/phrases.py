"""Effects in words, as the reasons of a ruling use them: positive is better."""

from pilotage.domain.effect import Effect
from pilotage.domain.review import Metric, MetricKind

SHARES = (MetricKind.PROPORTION, MetricKind.RECALL)


def amount(value: float, metric: Metric) -> str:
    """Write a change in the metric's own unit.

    >>> from pilotage.domain.review import Better
    >>> rate = Metric(name="reply_rate", kind=MetricKind.PROPORTION, better=Better.HIGHER)
    >>> amount(0.018, rate)
    '1.8 points'
    """
    if metric.kind in SHARES:
        points = f"{value * 100:.3g}"
        return f"{points} point" if points == "1" else f"{points} points"
    return f"{value:.4g} {metric.unit}".rstrip()


def change(effect: Effect, metric: Metric) -> str:
    """Write an oriented effect with its interval.

    >>> from pilotage.domain.effect import EffectKind
    >>> from pilotage.domain.review import Better
    >>> rate = Metric(name="reply_rate", kind=MetricKind.PROPORTION, better=Better.HIGHER)
    >>> change(Effect(estimate=-0.01, low=-0.03, high=0.01, standard_error=0.01, p_value=0.3,
    ...               kind=EffectKind.ABSOLUTE, method="", n_treatment=8, n_holdout=2,
    ...               holdout_mean=0.12), rate)
    'reply_rate is worse by 1 point with the AI (95% interval: 3 points worse to 1 point better)'
    """
    low, high = (_side(end, metric) for end in (effect.low, effect.high))
    direction = "better" if effect.estimate >= 0 else "worse"
    return (
        f"{metric.name} is {direction} by {amount(abs(effect.estimate), metric)} with the AI"
        f" ({effect.level * 100:.4g}% interval: {low} to {high})"
    )


def _side(value: float, metric: Metric) -> str:
    return f"{amount(abs(value), metric)} {'better' if value >= 0 else 'worse'}"
