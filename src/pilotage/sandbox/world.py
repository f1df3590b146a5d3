"""Which world is simulated: the seed, the months, and what the AI truly does in each motion."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from pilotage.domain.errors import PilotageError
from pilotage.domain.month import Month


class Motion(StrEnum):
    """The two B2B motions the company runs (playbook P1.4), named as their use cases."""

    LEADS = "inbound-lead-qualification"
    RENEWALS = "renewal-risk-flagging"

    @classmethod
    def named(cls, use_case: str) -> "Motion":
        """Read the name of a use case; refuse one that the company does not have."""
        if use_case not in tuple(cls):
            raise PilotageError(
                f"the simulated company has no use case {use_case!r}.",
                fix=f"write one of {', '.join(cls)}",
            )
        return cls(use_case)


class Scenario(StrEnum):
    """What the AI truly does to outcomes, at full use."""

    NONE = "none"
    HARMFUL = "harmful"
    IMMEDIATE = "immediate"
    SLOW_BLOOM = "slow-bloom"
    """Nothing in month 1, 30 % in month 4: it learns from production data (playbook D5.3)."""
    DISPLACEMENT = "displacement"
    """Treated units are called first and others wait: lift in the arms, none in the total."""


EFFECT_BY_MONTH: Mapping[Scenario, tuple[float, ...]] = MappingProxyType(
    {
        Scenario.NONE: (0.0,),
        Scenario.HARMFUL: (-0.20,),
        Scenario.IMMEDIATE: (0.20,),
        Scenario.SLOW_BLOOM: (0.0, 0.08, 0.19, 0.30, 0.32, 0.34, 0.35),
        Scenario.DISPLACEMENT: (0.0,),
    }
)
"""Planted effect at full use in live month 1, 2, ...; the last one stays.

Of leads it is the relative change of the reply rate; of renewals the share of the lost
renewals that is saved (lost on top, where negative).
"""

START = Month(2026, 1)
"""The first live month, where nobody names another."""

HISTORY_MONTHS = 6
"""Months before the start: base rates without any AI, to take the baseline and to learn from."""

NAMED: Mapping[str, tuple[Scenario, Scenario]] = MappingProxyType(
    {
        "demo": (Scenario.IMMEDIATE, Scenario.NONE),
        "nothing-works": (Scenario.NONE, Scenario.NONE),
        "harmful": (Scenario.HARMFUL, Scenario.HARMFUL),
        "slow-bloom": (Scenario.SLOW_BLOOM, Scenario.NONE),
        "zero-sum": (Scenario.DISPLACEMENT, Scenario.DISPLACEMENT),
    }
)
"""Worlds with a name: the scenario of leads, then of renewals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A simulated company; the same world always gives the same bytes.

    Args:
        seed: of all chance, 0 or more.
        leads: what the AI does for inbound leads.
        renewals: what it does for renewals at risk.
        start: the first live month; six months of history lie before it.
        months: live months.
        rounds_a_month: how often people take up what has arrived. 1: at the end of each
            month, what one pass a month fits. 4: weekly, for passes at `Company.rounds`.

    >>> World(seed=1).effect(Motion.LEADS, Month(2026, 5))
    0.2
    """

    seed: int
    leads: Scenario = Scenario.IMMEDIATE
    renewals: Scenario = Scenario.NONE
    start: Month = START
    months: int = 12
    rounds_a_month: int = 1

    def __post_init__(self) -> None:
        """Refuse a world that cannot be generated."""
        for name, value, least in (
            ("seed", self.seed, 0),
            ("months", self.months, 1),
            ("rounds_a_month", self.rounds_a_month, 1),
        ):
            if value < least:
                raise PilotageError(
                    f"the world's `{name}` is {value}; the least is {least}.",
                    fix=f"write {name}={least} or more",
                )

    @classmethod
    def named(cls, name: str, *, seed: int) -> "World":
        """Return one of the worlds with a name, such as `demo` or `zero-sum`."""
        if name not in NAMED:
            raise PilotageError(f"no world is called {name!r}.", fix=f"write {', '.join(NAMED)}")
        leads, renewals = NAMED[name]
        return cls(seed=seed, leads=leads, renewals=renewals)

    @property
    def history(self) -> tuple[Month, ...]:
        """The months before the start, oldest first."""
        return tuple(self.start.plus(-k) for k in range(HISTORY_MONTHS, 0, -1))

    @property
    def live(self) -> tuple[Month, ...]:
        """The months with the AI, oldest first."""
        return tuple(self.start.plus(k) for k in range(self.months))

    def scenario(self, motion: Motion) -> Scenario:
        """Return what the AI does in a motion."""
        return self.leads if motion is Motion.LEADS else self.renewals

    def effect(self, motion: Motion, month: Month) -> float:
        """Return the planted effect at full use in a month; 0 before the start."""
        elapsed = month.minus(self.start)
        if elapsed < 0:
            return 0.0
        ramp = EFFECT_BY_MONTH[self.scenario(motion)]
        return ramp[min(elapsed, len(ramp) - 1)]

    def rounds(self, month: Month) -> tuple[datetime, ...]:
        """Return when people take up what has arrived: the last falls in the month's last second.

        >>> [str(at) for at in World(seed=1).rounds(Month(2026, 1))]
        ['2026-01-31 23:59:59+00:00']
        """
        start, length = month.start(), month.end() - month.start()
        return tuple(
            (start + length * (k + 1) / self.rounds_a_month).replace(microsecond=0)
            - timedelta(seconds=1)
            for k in range(self.rounds_a_month)
        )
