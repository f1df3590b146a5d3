"""A use case's units and outcomes, read from the customer's tables in time order.

Every row that is read becomes a unit (or outcome) or is parked with a reason; none is lost.
Rows without a time between 1970 and now belong to no window: they come with every read, the same
each time. Two rows for one unit are parked unless they are identical. Two outcomes of one unit are
both kept: their amounts add up. An outcome's date without a time means that whole day.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from pilotage.data.contract import Contract
from pilotage.data.outcomes import OutcomeColumns, OutcomeTable
from pilotage.data.rows import Window
from pilotage.data.units import UnitColumns, UnitTable
from pilotage.domain.census import Census
from pilotage.domain.unit import Outcome, Parked, Unit


class TableSource:
    """Units and outcomes of one use case; implements `ports.Source`.

    Args:
        zone: the programme's; a time without a zone is what its clocks showed.
        now: the real one, UTC; later rows are parked as `in-the-future`.
        contract: the customer's data contract, whose rules each row must keep.

    Raises:
        SourceError: a table or column is missing or cannot be right.
    """

    def __init__(
        self,
        *,
        units: UnitColumns,
        outcomes: OutcomeColumns,
        zone: str,
        now: datetime,
        contract: Contract | None = None,
    ) -> None:
        self._now = now
        self._units = UnitTable(units, zone=zone, now=now, contract=contract)
        self._outcomes = OutcomeTable(
            outcomes, begun=self._units.begun, zone=zone, now=now, contract=contract
        )

    def units(
        self, *, since: datetime | None, until: datetime, batch: int
    ) -> Iterator[tuple[Sequence[Unit], Sequence[Parked]]]:
        """Yield units that came into being in [since, until), by time and key."""
        return self._units.read(Window(since=since, until=until, now=self._now), batch=batch)

    def count_units_before(self, at: datetime) -> int:
        """Count the units that came into being before an instant."""
        return self._units.count_before(at)

    def census(self) -> tuple[Census, Census]:
        """Count all rows of the units' table and of the outcomes', and what is wrong with them."""
        return self._units.census(), self._outcomes.census()

    def outcomes(
        self, *, since: datetime | None, until: datetime, batch: int
    ) -> Iterator[tuple[Sequence[Outcome], Sequence[Parked]]]:
        """Yield outcomes that happened in [since, until), by time and key."""
        return self._outcomes.read(Window(since=since, until=until, now=self._now), batch=batch)

    def recorded_from(self) -> datetime | None:
        """Return when the first outcome of the table happened; None for an empty one."""
        return self._outcomes.recorded_from()

    def complete_until(self) -> datetime | None:
        """Return the instant up to which every outcome is known to have arrived."""
        return self._outcomes.complete_until()
