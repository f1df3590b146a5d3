"""Stand-ins that tests hand in; the product's own `MemoryChannel` is the fake of a channel."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from pilotage.domain.census import Census
from pilotage.domain.decision import Proposal
from pilotage.domain.unit import Outcome, Parked, Unit


@dataclass(slots=True, kw_only=True)
class Clock:
    """A clock that stands still until it is told to go on."""

    now: datetime = datetime(2026, 9, 1, 8, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Go on."""
        self.now += timedelta(seconds=seconds)


@dataclass(slots=True, kw_only=True)
class ListSource:
    """Units and outcomes from lists, in the order given; implements `ports.Source`.

    Args:
        refused: rows that come with the first batch of units.
    """

    held: Sequence[Unit] = ()
    refused: Sequence[Parked] = ()
    happened: Sequence[Outcome] = ()
    complete: datetime | None = None

    def units(
        self, *, since: datetime | None, until: datetime, batch: int
    ) -> Iterator[tuple[Sequence[Unit], Sequence[Parked]]]:
        """Yield the units of [since, until)."""
        found = [item for item in self.held if (not since or item.at >= since) and item.at < until]
        for start in range(0, len(found), batch):
            yield found[start : start + batch], () if start else self.refused

    def outcomes(
        self, *, since: datetime | None, until: datetime, batch: int
    ) -> Iterator[tuple[Sequence[Outcome], Sequence[Parked]]]:
        """Yield the outcomes of [since, until)."""
        found = [
            item for item in self.happened if (not since or item.at >= since) and item.at < until
        ]
        for start in range(0, len(found), batch):
            yield found[start : start + batch], ()

    def census(self) -> tuple[Census, Census]:
        """Count the lists; nothing in them is refused."""
        units = Census(table="units", rows=len(self.held), refusals=())
        return units, Census(table="outcomes", rows=len(self.happened), refusals=())

    def recorded_from(self) -> datetime | None:
        """Return when the first of the outcomes happened."""
        return min((item.at for item in self.happened), default=None)

    def complete_until(self) -> datetime | None:
        """Return what the test says."""
        return self.complete


@dataclass(slots=True, kw_only=True)
class ConstantPredictor:
    """Proposes the same for every unit; implements `ports.Predictor`."""

    proposal: Proposal
    name: str = "rules"
    version: str = "0" * 64
    asked: list[str] = field(default_factory=list[str])

    def propose(self, units: Sequence[Unit]) -> Sequence[Proposal]:
        """Return it once a unit."""
        self.asked += [item.key for item in units]
        return [self.proposal] * len(units)
