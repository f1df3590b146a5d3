"""Where each figure of a verdict comes from: measured, declared, approved or assumed."""

from pilotage.domain.decision import DeliveryState
from pilotage.domain.effect import Origin
from pilotage.domain.experiment import Baseline, Registered
from pilotage.domain.recorded import Recorded
from pilotage.domain.review import Figure, Metric
from pilotage.spec.use_case import UseCase
from pilotage.value.economics import Economics
from pilotage.value.phrases import SHARES, amount


def figures(
    spec: UseCase, recorded: Recorded, economics: Economics, *, metric: Metric
) -> tuple[Figure, ...]:
    """Return every figure that a verdict rests on, in the order people ask for them."""
    registered, delivered = recorded.registered, recorded.delivered
    typed = f"{spec.use_case}.yaml, by {spec.owner}"
    return (
        *_measured(spec, registered, economics, metric=metric),
        Figure(
            label="Decided by",
            value=registered.predictor,
            origin=Origin.MEASURED,
            source="the cheapest candidate that cleared the bar on the newest history",
        ),
        _value(spec, economics, typed=typed),
        Figure(
            label="Running cost a month",
            value=str(economics.run_cost_per_month),
            origin=Origin.DECLARED if spec.budget else Origin.ASSUMED,
            source=typed if spec.budget else "no budget is declared",
        ),
        Figure(
            label="Smallest effect worth having",
            value=amount(registered.minimum_effect, metric),
            origin=Origin.DECLARED,
            source=f"{typed}; registered {registered.started_at:%Y-%m-%d}",
        ),
        Figure(
            label="Reached the tool",
            value=f"{delivered[DeliveryState.DELIVERED]:,} deliveries;"
            f" {delivered[DeliveryState.WAITING]:,} more once people approve their proposals",
            origin=Origin.MEASURED,
            source="receipts of the tools",
        ),
    )


def _measured(
    spec: UseCase, registered: Registered, economics: Economics, *, metric: Metric
) -> tuple[Figure, ...]:
    months = registered.months_to_detect
    return (
        baseline_figure(registered.baseline, metric, frozen=True),
        volume_figure(spec, economics.units_per_month),
        Figure(
            label="Months until the smallest effect shows",
            value="never" if months is None else f"{months:.1f}",
            origin=Origin.MEASURED,
            source="from the baseline's spread and volume, and the holdout",
        ),
    )


def baseline_figure(baseline: Baseline, metric: Metric, *, frozen: bool) -> Figure:
    """Return what came of the units before the AI; `frozen` once an experiment rests on it."""
    share = metric.kind in SHARES
    mean = f"{baseline.mean:.1%}" if share else f"{baseline.mean:.4g} {metric.unit}".rstrip()
    return Figure(
        label=f"Baseline of {metric.name}",
        value=f"{mean} over {baseline.n:,} units",
        origin=Origin.MEASURED,
        source=f"{baseline.months[0].month} to {baseline.months[-1].month}"
        + (", frozen before the first decision" if frozen else ""),
    )


def volume_figure(spec: UseCase, units_per_month: float) -> Figure:
    """Return how many units come a month, beside what was declared."""
    return Figure(
        label="Units a month",
        value=f"{units_per_month:,.0f}",
        origin=Origin.MEASURED,
        source=f"{spec.process.volume_per_month:,.0f} were declared",
    )


def _value(spec: UseCase, economics: Economics, *, typed: str) -> Figure:
    value = spec.outcome.value
    if economics.origin is Origin.APPROVED:
        source = "signed by finance"
    else:
        source = f"{typed}: {value.source or 'no source given'}; not approved by finance"
    return Figure(
        label=f"Worth of one more ({spec.outcome.metric})",
        value=str(economics.value),
        origin=economics.origin,
        source=source,
    )
