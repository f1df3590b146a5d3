"""Business months: effects, cohorts and reviews are counted in them."""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Self

from pilotage.domain.errors import PilotageError


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month.

    >>> Month.parse("2018-11").plus(3)
    Month(year=2019, number=2)
    >>> str(Month(2018, 4)), Month(2019, 1).minus(Month(2018, 11))
    ('2018-04', 2)
    """

    year: int
    number: int
    """1 to 12."""

    def __post_init__(self) -> None:
        """Refuse a month that no calendar has."""
        if not (1 <= self.number <= 12 and 1 <= self.year <= 9999):  # noqa: PLR2004 - the calendar
            raise PilotageError(
                f"{self.year}-{self.number} is no month of the calendar.",
                fix="write YEAR-MONTH, such as 2026-09",
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `2026-09`."""
        year, dash, number = text.partition("-")
        if not (dash and year.isdecimal() and number.isdecimal()):
            raise PilotageError(f"{text!r} is no month.", fix="write YEAR-MONTH, such as 2026-09")
        return cls(int(year), int(number))

    @classmethod
    def of(cls, instant: datetime, *, zone: tzinfo = UTC) -> Self:
        """Return the month an instant falls in, on the programme's business calendar."""
        local = instant.astimezone(zone)
        return cls(local.year, local.month)

    def start(self, *, zone: tzinfo = UTC) -> datetime:
        """Return the first instant of the month, in UTC."""
        return datetime(self.year, self.number, 1, tzinfo=zone).astimezone(UTC)

    def end(self, *, zone: tzinfo = UTC) -> datetime:
        """Return the first instant after the month, in UTC."""
        return self.plus(1).start(zone=zone)

    def share_before(self, instant: datetime, *, zone: tzinfo = UTC) -> float:
        """Return the share of the month that lies before an instant of it.

        >>> Month(2026, 4).share_before(datetime(2026, 4, 16, tzinfo=UTC))
        0.5
        """
        start, end = self.start(zone=zone), self.end(zone=zone)
        return (instant - start) / (end - start)

    def plus(self, months: int) -> "Month":
        """Return the month so many months later (earlier when negative)."""
        years, index = divmod(self.number - 1 + months, 12)
        return Month(self.year + years, index + 1)

    def minus(self, other: "Month") -> int:
        """Return how many months `other` lies before this one."""
        return (self.year - other.year) * 12 + self.number - other.number

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"
