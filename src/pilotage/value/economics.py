"""Economics: what an effect is worth a month, and which effect pays the running cost."""

from dataclasses import dataclass
from decimal import Decimal

from pilotage.domain.effect import Effect, EffectKind, Origin
from pilotage.domain.errors import SpecError
from pilotage.domain.money import Money, MoneyRange
from pilotage.domain.review import Better
from pilotage.value.orient import oriented
from pilotage.value.quantise import quantise, quantised


@dataclass(frozen=True, slots=True, kw_only=True)
class Economics:
    """What turns an effect into money.

    Args:
        value: of one more unit of outcome, positive.
        origin: of that value: declared, or approved by finance.
        units_per_month: treated at full use.
        run_cost_per_month: of the AI in use.
        cashable_share: of the value that reaches the P&L line, 0..1.
    """

    value: Money
    origin: Origin
    units_per_month: float
    run_cost_per_month: Money
    cashable_share: float = 1.0


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


def breakeven(
    *,
    run_cost_per_month: Money,
    value: Money,
    units_per_month: float,
    cashable_share: float = 1.0,
) -> float:
    """Return the absolute effect that pays the running cost, as a positive number.

    Args:
        run_cost_per_month: of the AI in use.
        value: of one more unit of outcome.
        units_per_month: treated at full use.
        cashable_share: of the value that reaches the P&L line.

    Raises:
        SpecError: when nothing could pay for it.

    >>> breakeven(run_cost_per_month=Money.of(9000, "USD"), value=Money.of(1500, "USD"),
    ...           units_per_month=3000)
    0.002
    """
    _same_currency(value, run_cost_per_month)
    if not (value.amount > 0 and units_per_month > 0 and cashable_share > 0):
        raise SpecError(
            f"no effect pays {run_cost_per_month} a month: a unit of outcome is worth {value},"
            f" {units_per_month:g} units a month, {cashable_share:.0%} of it cashable.",
            fix="write `outcome.value.amount` and `process.volume_per_month` above 0",
        )
    per_effect = float(value.amount) * units_per_month * cashable_share
    return quantise(float(run_cost_per_month.amount) / per_effect)


def _net(effect: float, economics: Economics) -> Money:
    units = Decimal(str(effect)) * Decimal(str(economics.units_per_month))
    cashable = units * economics.value.amount * Decimal(str(economics.cashable_share))
    return Money.of(cashable, economics.value.currency) - economics.run_cost_per_month


def _same_currency(value: Money, cost: Money) -> None:
    if value.currency != cost.currency:
        raise SpecError(
            f"the value is in {value.currency} and the running cost in {cost.currency}.",
            fix="write `outcome.value` and `budget` in one currency",
        )
