"""The single values that a declaration is written in: names, shares, amounts, spans, months."""

import math
import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    StringConstraints,
)
from pydantic_core import PydanticCustomError

from pilotage.domain.errors import PilotageError
from pilotage.domain.month import Month

UNDECIDED = "DECIDE"
"""What a draft writes where only a person can choose."""


class Declared(BaseModel):
    """A mapping that somebody wrote: frozen, and no key that we do not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def refused(
    detail: str, *, fix: str, at: tuple[str | int, ...] | None = None
) -> PydanticCustomError:
    """Return the error that loading prints as it stands.

    Args:
        detail: what is wrong, as a clause about the key ("is 1.2; it is a share").
        fix: the key or value to write.
        at: the path of the key below the mapping that is checked, where it is not the key itself.
    """
    return PydanticCustomError(
        "refused", "{detail}", {"detail": detail, "fix": fix, "at": list(at or ())}
    )


def _kebab(name: str) -> str:
    if "|" in name:
        raise refused(
            f"is {name!r}; `|` separates the parts of a decision's key.",
            fix=f"write {_as_kebab(name)}",
        )
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        raise refused(
            f"is {name!r}; names are small letters, digits and hyphens, such as inbound-leads.",
            fix=f"write {_as_kebab(name)}",
        )
    return name


def _as_kebab(name: str) -> str:
    return (
        re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-").lstrip("0123456789-") or "inbound-leads"
    )


def _currency(code: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}", code):
        raise refused(
            f"is {code!r}; a currency is three capital letters.", fix="write USD, EUR, GBP ..."
        )
    return code


_LARGEST = 10**15
"""More than any firm has of anything."""
_PERCENT = 100
_LEAST_PERCENT = 2
"""A smaller number than this was not meant as a percentage."""


def _share(value: float) -> float:
    if not 0 <= value <= 1:
        percent = value if _LEAST_PERCENT <= value <= _PERCENT else 20
        raise refused(
            f"is {value:g}; it is a share between 0 and 1.",
            fix=f"write {percent / _PERCENT:g} for {percent:g} %",
        )
    return value


def _inner_share(value: float) -> float:
    if _share(value) in {0, 1}:
        raise refused(
            f"is {value:g}; without units on both sides there is nothing to compare.",
            fix="write 0.2 for 20 %",
        )
    return value


_HOURS = {"hour": 1, "day": 24, "week": 168}


def _span(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        raise refused(f"is {value!r}; it is a span of time.", fix="write 14 days or 2 weeks")
    found = re.fullmatch(r"(\d{1,5}) *(hour|day|week)s?", value.strip())
    if found and not int(found[1]):
        raise refused(f"is {value!r}; a span is above 0.", fix="write 14 days or 2 weeks")
    if not found:
        raise refused(
            f"is {value!r}; a span is a number of hours, days or weeks (months differ in length).",
            fix="write 14 days or 2 weeks",
        )
    return timedelta(hours=int(found[1]) * _HOURS[found[2]])


def span_text(span: timedelta) -> str:
    """Write a span as its author would.

    >>> span_text(timedelta(days=14)), span_text(timedelta(hours=36)), span_text(timedelta(days=1))
    ('14 days', '36 hours', '1 day')
    """
    hours = round(span.total_seconds() / 3600)
    count, word = (hours // 24, "day") if hours % 24 == 0 else (hours, "hour")
    return f"{count} {word}" + ("" if count == 1 else "s")


def _month(value: object) -> object:
    if isinstance(value, Month):
        return value
    try:
        return Month.parse(str(value))
    except PilotageError as error:
        raise refused(f"is {value!r}, which is no month.", fix=error.fix) from error


def _day(value: object) -> object:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise refused(
            f"is {value!r}, which is no day.", fix="write YEAR-MONTH-DAY, such as 2026-09-01"
        ) from error


def _number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise refused(f"is {value!r}; it is a number.", fix="write digits, such as 1500 or 0.15")
    if abs(value) > _LARGEST or not math.isfinite(value):
        raise refused(f"is {value:g}; no such quantity exists.", fix="count the digits")
    return value


def _amount(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"\d{1,15}(\.\d{1,6})?", value):
        return Decimal(value)  # as the ledger keeps amounts
    return _number(value)


def _whole(value: object) -> object:
    if _number(value) != int(str(value).partition(".")[0]):
        raise refused(f"is {value!r}; it is a whole number.", fix="leave the decimals out")
    return value


def _above_zero(value: object) -> object:
    if isinstance(value, float | int | Decimal) and value <= 0:
        raise refused(f"is {value:g}; it must be more than nothing.", fix="write what you measured")
    return value


def _not_negative(value: object) -> object:
    if isinstance(value, float | int | Decimal) and value < 0:
        raise refused(f"is {value:g}; it cannot be negative.", fix="write 0 or more")
    return value


def _decimal_text(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


Name = Annotated[str, StringConstraints(pattern=r"\S", max_length=200)]
"""A table, a column, a metric, a role: as the customer calls it."""

KebabName = Annotated[str, AfterValidator(_kebab)]
"""A name that keys, salts and file names are made of."""

Currency = Annotated[str, AfterValidator(_currency)]
"""ISO 4217 code."""

Number = Annotated[float, BeforeValidator(_number)]
"""A finite number."""

Positive = Annotated[float, BeforeValidator(_number), AfterValidator(_above_zero)]
"""A finite number above 0."""

Months = Annotated[int, BeforeValidator(_whole), AfterValidator(_above_zero)]
"""A whole number of months, one at least."""

Share = Annotated[float, BeforeValidator(_number), AfterValidator(_share)]
"""0..1, ends included."""

InnerShare = Annotated[float, BeforeValidator(_number), AfterValidator(_inner_share)]
"""0..1, ends excluded."""

_Money = Annotated[
    Decimal, BeforeValidator(_amount), PlainSerializer(_decimal_text, when_used="json")
]

Amount = Annotated[_Money, AfterValidator(_not_negative)]
"""An amount of money, nothing or more."""

PositiveAmount = Annotated[_Money, AfterValidator(_above_zero)]
"""An amount of money above nothing."""

Span = Annotated[timedelta, BeforeValidator(_span), PlainSerializer(span_text, when_used="json")]
"""A span of time, written `14 days`, `2 weeks` or `36 hours`."""

Day = Annotated[date, BeforeValidator(_day)]
"""A day, written `2026-09-01`."""

CalendarMonth = Annotated[Month, BeforeValidator(_month), PlainSerializer(str, when_used="json")]
"""A month, written `2026-09`."""
