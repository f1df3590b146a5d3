"""Money as a type, and ranges of it."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from pilotage.domain.effect import Origin

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in one currency, in cents.

    >>> Money.of(1234.5, "USD") + Money.of(0.5, "USD")
    Money(amount=Decimal('1235.00'), currency='USD')
    >>> print(Money.of(-1234567, "EUR"))
    -EUR 1,234,567
    """

    amount: Decimal
    currency: str

    @classmethod
    def of(cls, amount: float | Decimal, currency: str) -> "Money":
        """Round to cents, half to even."""
        return cls(Decimal(str(amount)).quantize(CENT, ROUND_HALF_EVEN), currency)

    def __add__(self, other: "Money") -> "Money":
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not add")
        return Money(self.amount + other.amount, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return self + -other

    def __str__(self) -> str:
        sign = "-" if self.amount < 0 else ""
        return f"{sign}{self.currency} {abs(self.amount):,.0f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyRange:
    """Money with its interval and where its unit value comes from."""

    estimate: Money
    low: Money
    high: Money
    origin: Origin
