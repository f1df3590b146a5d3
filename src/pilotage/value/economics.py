"""Economics: what an effect is worth a month, and which effect pays the running cost."""

from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal

from pilotage.domain.effect import Effect, EffectKind, Origin
from pilotage.domain.errors import SpecError
from pilotage.domain.money import Money, MoneyRange
from pilotage.domain.recorded import Recorded
from pilotage.domain.review import Better, Metric
from pilotage.spec.use_case import UseCase
from pilotage.value.orient import oriented, sign
from pilotage.value.quantise import quantise, quantised


@dataclass(frozen=True, slots=True, kw_only=True)
class Economics:
    """What turns an effect into money.

    Args:
        value: of one more unit of outcome, positive.
        origin: of that value: declared, or approved by finance.
        units_per_month: treated at full use.
        run_cost_per_month: of the AI in use.
    """

    value: Money
    origin: Origin
    units_per_month: float
    run_cost_per_month: Money


def economics_of(spec: UseCase, recorded: Recorded, *, zone: tzinfo) -> Economics:
    """Return what turns the effect into money: the value as declared, the units as they came.

    Args:
        zone: the programme's business calendar.
    """
    value, months = spec.outcome.value, recorded.covered_months(zone=zone)
    expected = recorded.registered.baseline.volume_per_month
    return Economics(
        value=Money.of(value.amount, value.currency),
        origin=Origin.APPROVED if recorded.approved else Origin.DECLARED,
        units_per_month=recorded.units / months if months else expected,
        run_cost_per_month=Money.of(
            spec.budget.run_per_month if spec.budget else 0, value.currency
        ),
    )


def metric_of(spec: UseCase, economics: Economics, *, minimum_effect: float) -> Metric:
    """Return the outcome with the lines it is read against, on its own scale and sign.

    Args:
        minimum_effect: the smallest change worth having, absolute and positive.
    """
    outcome = spec.outcome
    pays = breakeven(
        run_cost_per_month=economics.run_cost_per_month,
        value=economics.value,
        units_per_month=economics.units_per_month,
    )
    return Metric(
        name=outcome.metric,
        kind=outcome.kind,
        better=outcome.better,
        minimum_effect=sign(outcome.better) * minimum_effect,
        breakeven=sign(outcome.better) * pays,
    )


def worth_per_month(effect: Effect, economics: Economics, *, better: Better) -> MoneyRange:
    """Return what the effect is worth a month at full use, after running cost.

    The effect is that of being offered the treatment (intention to treat), so who ignores it
    is already counted. The interval is the effect's own; the unit value is taken as given.

    Raises:
        SpecError: for an effect that is not absolute, or amounts in two currencies.

    >>> effect = Effect(estimate=0.018, low=0.004, high=0.032, standard_error=0.007,
    ...                 p_value=0.01, kind=EffectKind.ABSOLUTE, method="", n_treatment=2400,
    ...                 n_holdout=600, holdout_mean=0.12)
    >>> usual = Economics(value=Money.of(1500, "USD"), origin=Origin.DECLARED,
    ...                   units_per_month=3000, run_cost_per_month=Money.of(9000, "USD"))
    >>> worth = worth_per_month(effect, usual, better=Better.HIGHER)
    >>> str(worth.estimate), str(worth.low), str(worth.high)
    ('USD 72,000', 'USD 9,000', 'USD 135,000')
    """
    if effect.kind is not EffectKind.ABSOLUTE:
        raise SpecError(
            f"the effect is {effect.kind}; money is a difference times units.",
            fix="pass the absolute effect; a relative one would inflate value tenfold",
        )
    _same_currency(economics.value, economics.run_cost_per_month)
    good = quantised(oriented(effect, better=better))
    return MoneyRange(
        estimate=_net(good.estimate, economics),
        low=_net(good.low, economics),
        high=_net(good.high, economics),
        origin=economics.origin,
    )


def breakeven(*, run_cost_per_month: Money, value: Money, units_per_month: float) -> float:
    """Return the absolute effect that pays the running cost, as a positive number.

    Args:
        run_cost_per_month: of the AI in use.
        value: of one more unit of outcome.
        units_per_month: treated at full use.

    Raises:
        SpecError: when nothing could pay for it.

    >>> breakeven(run_cost_per_month=Money.of(9000, "USD"), value=Money.of(1500, "USD"),
    ...           units_per_month=3000)
    0.002
    """
    _same_currency(value, run_cost_per_month)
    if not (value.amount > 0 and units_per_month > 0):
        raise SpecError(
            f"no effect pays {run_cost_per_month} a month: a unit of outcome is worth {value},"
            f" and there are {units_per_month:g} units a month.",
            fix="write `outcome.value.amount` and `process.volume_per_month` above 0",
        )
    per_effect = float(value.amount) * units_per_month
    return quantise(float(run_cost_per_month.amount) / per_effect)


def _net(effect: float, economics: Economics) -> Money:
    units = Decimal(str(effect)) * Decimal(str(economics.units_per_month))
    gross = units * economics.value.amount
    return Money.of(gross, economics.value.currency) - economics.run_cost_per_month


def _same_currency(value: Money, cost: Money) -> None:
    if value.currency != cost.currency:
        raise SpecError(
            f"the value is in {value.currency} and the running cost in {cost.currency}.",
            fix="write `outcome.value` and `budget` in one currency",
        )
