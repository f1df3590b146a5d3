"""A tally: what a pass did, counted."""

from collections.abc import Callable
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Counts that add up over the batches of a pass.

    >>> Tally(decided=2, treated=1) + Tally(decided=3)
    Tally(read=0, decided=5, treated=1, waiting=0, delivered=0, dead=0, closed=0, corrected=0, \
parked=0)
    """

    read: int = 0
    """Units of the source that were looked at, decided before or not."""
    decided: int = 0
    treated: int = 0
    waiting: int = 0
    """Proposals put before a person."""
    delivered: int = 0
    dead: int = 0
    """Deliveries that a tool refused for good."""
    closed: int = 0
    """Units whose outcome window closed."""
    corrected: int = 0
    """Outcomes that rows arriving late have changed."""
    parked: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            **{
                item.name: getattr(self, item.name) + getattr(other, item.name)
                for item in fields(self)
            }
        )


Watch = Callable[[Tally], None]
"""Told after every batch how far a pass has come."""
