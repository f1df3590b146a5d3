"""The simulated company: it exports its tables month by month, and reacts to what it is given."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from pilotage.domain.errors import DeliveryError, PilotageError
from pilotage.domain.month import Month
from pilotage.sandbox import leads, renewals
from pilotage.sandbox.arrivals import DAY, Arrivals, Integers, as_instant, as_texts
from pilotage.sandbox.delivered import Delivered
from pilotage.sandbox.mess import MESS, Rows, decompose_some, stray_outcomes, unit_rows
from pilotage.sandbox.outcomes import NEVER, Shown, outcomes, unit_effects
from pilotage.sandbox.world import Motion, World

UNITS_FILE = {Motion.LEADS: "leads.csv", Motion.RENEWALS: "renewals.csv"}
UNITS_COLUMNS = {Motion.LEADS: leads.COLUMNS, Motion.RENEWALS: renewals.COLUMNS}
OUTCOMES_FILE = {Motion.LEADS: "replies.csv", Motion.RENEWALS: "renewed.csv"}
OUTCOMES_COLUMNS = {
    Motion.LEADS: ("lead_id", "replied_at", "loaded_at"),
    Motion.RENEWALS: ("renewal_id", "renewed_at", "loaded_at"),
}
ACCOUNTS_FILE = "accounts.csv"

MonthOfMotion = tuple[Motion, Month]


class Company:
    """A company that sells to companies, in a folder of CSV exports.

    Its tables are a pure function of the world, of the time, and of what was delivered: a
    second company on the same folder, told the same deliveries, goes on where the first stopped.

    Args:
        folder: where the exports go; made where it does not exist.
    """

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.folder = folder
        self._until = world.start.start()
        self._arrivals: dict[MonthOfMotion, Arrivals] = {}
        self._rows: dict[MonthOfMotion, Rows] = {}
        self._shown: dict[MonthOfMotion, Shown] = {}
        self._place: dict[str, tuple[MonthOfMotion, int]] = {}
        self._accounts: list[str] = []
        for month in (*world.history, *world.live):
            found, accounts = renewals.renewals(world, month)
            decomposing = list(accounts)
            decompose_some(decomposing, n=MESS[Motion.RENEWALS].decomposed_names)
            self._accounts += decomposing
            for arrivals in (leads.leads(world, month), found):
                self._take_in(arrivals)

    def open(self) -> None:
        """Write the history: six months, up to the start."""
        self.folder.mkdir(parents=True, exist_ok=True)
        header = ",".join(renewals.ACCOUNT_COLUMNS)
        _write(self.folder / ACCOUNTS_FILE, [header, *self._accounts])
        self._until = self.world.start.start()
        self._export()

    def advance(self, month: Month, *, until: datetime | None = None) -> None:
        """Let time pass to the end of a month, or to an instant in it, and export.

        After the world's last month nothing arrives any more; outcomes still come in.
        """
        if until is not None and not month.start() <= until <= month.end():
            raise PilotageError(
                f"{until.isoformat()} does not lie in {month}.",
                fix="give an instant of that month, such as one of Company.rounds(month)",
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        self._until = until or month.end()
        self._export()

    def now(self) -> datetime:
        """Return the last second that has passed in the company."""
        return self._until - timedelta(seconds=1)

    def rounds(self, month: Month) -> tuple[datetime, ...]:
        """Return when people take up what has arrived: an AI that comes later comes too late."""
        return self.world.rounds(month)

    def react(self, month: Month, delivered: Iterable[Delivered]) -> None:
        """Take note of what stands in people's tools; outcomes from now on follow from it.

        What was told before may be told again: the first writing of a record counts. What has
        no time of its own was written now; tell it before the next advance, or it came too late.

        Args:
            month: the one that has come; units of earlier months may be among the deliveries.
            delivered: fields written to leads and renewals, by their keys.
        """
        if month.start() >= self._until:
            raise PilotageError(
                f"nobody can react in {month}: the company is at {self._until.isoformat()}.",
                fix=f"call advance({month}) first",
            )
        for one in delivered:
            self._note(one)
        self._export_outcomes()

    def unit_effects(self, use_case: str, month: Month | None = None) -> dict[str, int]:
        """Return y1 - y0 of each live unit by its key: treated with everybody against nobody."""
        motion = Motion.named(use_case)
        live = self.world.live
        if month is not None and month not in live:
            raise PilotageError(
                f"no unit arrives in {month} that an AI could change.",
                fix=f"name a month from {live[0]} to {live[-1]}",
            )
        months = live if month is None else (month,)
        effects: dict[str, int] = {}
        for one in months:
            arrivals = self._arrivals[motion, one]
            values = unit_effects(self.world, arrivals).tolist()
            effects |= dict(zip(arrivals.keys, values, strict=True))
        return effects

    def truth(self, use_case: str, month: Month | None = None) -> float:
        """Return the true effect: the mean of y1 - y0 in a month, or over all live months."""
        effects = self.unit_effects(use_case, month)
        return sum(effects.values()) / len(effects)

    def _take_in(self, arrivals: Arrivals) -> None:
        where = (arrivals.motion, arrivals.month)
        self._arrivals[where] = arrivals
        self._rows[where] = unit_rows(arrivals)
        self._shown[where] = Shown.nothing(len(arrivals.keys))
        self._place |= {key: (where, k) for k, key in enumerate(arrivals.keys)}

    def _note(self, one: Delivered) -> None:
        if one.record not in self._place:
            raise DeliveryError(
                f"the simulated company has no lead and no renewal {one.record!r}.",
                fix="deliver to the unit's own key",
            )
        where, k = self._place[one.record]
        shown = self._shown[where]
        at = int((one.at or self._until).timestamp())
        number = _number(one.value)
        if shown.at[k] == NEVER or at < shown.at[k]:
            shown.at[k] = at
        if np.isinf(shown.order[k]) and number is not None:
            shown.order[k] = number

    def _export(self) -> None:
        until = int(self._until.timestamp())
        for motion, file in UNITS_FILE.items():
            lines = [",".join(UNITS_COLUMNS[motion])]
            for (whose, _), rows in self._rows.items():
                if whose is motion:
                    lines += rows.lines[: int(np.searchsorted(rows.published, until))]
            _write(self.folder / file, lines)
        self._export_outcomes()

    def _export_outcomes(self) -> None:
        """Write the outcomes as of last midnight: nightly, whole, stamped on every row."""
        night = (int(self._until.timestamp()) - 1) // DAY * DAY
        stamp = as_instant(night).strftime("%Y-%m-%dT%H:%M:%SZ")
        for motion, file in OUTCOMES_FILE.items():
            lines = [",".join(OUTCOMES_COLUMNS[motion])]
            for (whose, _), arrivals in self._arrivals.items():
                if whose is motion and int(arrivals.at[0]) < night:
                    lines += self._outcome_lines(arrivals, night=night, stamp=stamp)
            _write(self.folder / file, lines)

    def _outcome_lines(self, arrivals: Arrivals, *, night: int, stamp: str) -> list[str]:
        came = outcomes(self.world, arrivals, self._shown[arrivals.motion, arrivals.month])
        known = np.flatnonzero(came.happened & (came.at < night))
        known: Integers = known[np.argsort(came.at[known], kind="stable")]
        stray = stray_outcomes(arrivals)
        published: Integers = np.flatnonzero(stray.published < night)
        keys = _at_places(arrivals.keys, known) + _at_places(stray.keys, published)
        at = as_texts(np.concatenate([came.at[known], stray.at[published]]))
        return [f"{key},{moment},{stamp}" for key, moment in zip(keys, at, strict=True)]


def _at_places(keys: Sequence[str], places: Integers) -> list[str]:
    numbers: list[int] = places.tolist()
    return [keys[k] for k in numbers]


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _write(path: Path, lines: Sequence[str]) -> None:
    """Write a whole file or nothing: whoever reads meanwhile has the former one."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    fresh.replace(path)
