"""What comes of each unit, given what was delivered and when: potential outcomes.

Every unit has one draw, used with and without the AI (common random numbers), so the true
effect is known unit by unit and not only on average.
"""

from dataclasses import dataclass

import numpy as np

from pilotage.sandbox.arrivals import (
    ACTING_SHARE,
    REPS,
    Arrivals,
    Bools,
    Floats,
    Integers,
    Seconds,
)
from pilotage.sandbox.world import Motion, Scenario, World

NEVER = np.iinfo(np.int64).max
"""An instant that does not come."""

CALL_LIFT = {Motion.LEADS: 0.06, Motion.RENEWALS: 0.10}
"""Displacement: what being called in time adds to any unit's chance, in points.

The same for every unit, so that the order of the calls cannot change the total. Random
scores then show about +40 % among leads, as rules.md (Interference) reports.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What stood in the tool for the units of one month; one element a unit.

    Args:
        at: when the first field was written; `NEVER` where nothing was.
        order: the number delivered, lowest first; infinite where there was none.
    """

    at: Seconds
    order: Floats

    @classmethod
    def nothing(cls, n: int) -> "Shown":
        """Nothing was delivered."""
        return cls(at=np.full(n, NEVER, dtype=np.int64), order=np.full(n, np.inf))

    @classmethod
    def everything(cls, arrivals: Arrivals) -> "Shown":
        """Full use: every unit has its delivery before its rep looks."""
        return cls(at=arrivals.at, order=np.full(len(arrivals.at), np.inf))


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """Whether and when the outcome came; one element a unit."""

    happened: Bools
    at: Seconds


def outcomes(world: World, arrivals: Arrivals, shown: Shown) -> Came:
    """Return what came of each unit."""
    if world.scenario(arrivals.motion) is Scenario.DISPLACEMENT:
        return _displaced(arrivals, shown)
    return _effective(world, arrivals, shown)


def unit_effects(world: World, arrivals: Arrivals) -> Integers:
    """Return y1 - y0 of each unit: everybody treated against nobody.

    Displacement has none: where everybody is moved ahead, nobody is.
    """
    if world.scenario(arrivals.motion) is Scenario.DISPLACEMENT:
        return np.zeros(len(arrivals.at), dtype=np.int64)
    with_ai = outcomes(world, arrivals, Shown.everything(arrivals)).happened
    without = outcomes(world, arrivals, Shown.nothing(len(arrivals.at))).happened
    return with_ai.astype(np.int64) - without


def _effective(world: World, arrivals: Arrivals, shown: Shown) -> Came:
    """A delivery acts on its own unit only, from the moment it stands in the tool."""
    a = arrivals
    effect = world.effect(a.motion, a.month) / ACTING_SHARE
    room = a.chance if a.motion is Motion.LEADS else 1.0 - a.chance
    chance = np.clip(a.chance + effect * room, 0.0, 1.0)
    acted = a.acts & (shown.at < a.deadline)
    begun = np.where(acted, np.maximum(a.worked, shown.at), a.worked)
    on_its_own = _paced(a.worked, a)
    without, with_ai = a.draw < a.chance, acted & (a.draw < chance)
    kept = without & (with_ai | ~acted | (shown.at > on_its_own))
    return Came(
        happened=kept | (with_ai & ~without),
        at=np.where(kept, on_its_own, _paced(begun, a)),
    )


def _displaced(arrivals: Arrivals, shown: Shown) -> Came:
    """Each rep calls half of a round's units; a delivery only moves one ahead of the others."""
    a = arrivals
    return Came(happened=a.draw < displaced_chance(a, shown), at=_paced(a.worked, a))


def displaced_chance(arrivals: Arrivals, shown: Shown) -> Floats:
    """Return each unit's chance in its rep's queue; their sum is the same in any order."""
    a = arrivals
    lift = CALL_LIFT[a.motion]
    ahead = a.acts & (shown.at <= a.worked)
    _, group = np.unique(a.worked * REPS[a.motion] + a.rep, return_inverse=True)
    order = np.lexsort((a.pace, np.where(ahead, shown.order, np.inf), ~ahead, group))
    sizes = np.bincount(group)
    calls = sizes // 2
    place = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    called = np.empty(len(order), dtype=np.bool_)
    called[order] = place < calls[group[order]]
    usual = np.clip(a.chance, lift / 2, 1.0 - lift)
    return usual + lift * (called - (calls / sizes)[group])


def _paced(begun: Seconds, arrivals: Arrivals) -> Seconds:
    return begun + (arrivals.pace * (arrivals.deadline - begun)).astype(np.int64)
