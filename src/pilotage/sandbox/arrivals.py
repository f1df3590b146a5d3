"""The units of one month, with what nobody at the company can see: their chances and their luck."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from pilotage.domain.month import Month
from pilotage.sandbox.world import Motion, World

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Integers = NDArray[np.int64]
Seconds = NDArray[np.int64]
"""Instants, in seconds since 1970 UTC."""

HOUR = 3600
DAY = 24 * HOUR

WINDOW_DAYS = {Motion.LEADS: 14, Motion.RENEWALS: 28}
"""28 days and not 30: the window of one month's units has closed by the end of the next."""

ACTING_SHARE = 0.8
"""Mean share of the deliveries that a rep acts on; reps differ by a tenth to each side."""

REPS = {Motion.LEADS: 24, Motion.RENEWALS: 30}


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """The units of one month in the order they came; one element a unit.

    Args:
        at: when the unit came into being.
        worked: when its rep takes it up; nothing comes of a unit before.
        deadline: when its outcome window closes.
        rep: number of the rep whose unit it is.
        chance: of the outcome where nothing is delivered, 0..1.
        draw: the unit's luck, uniform: the outcome comes where it lies below the chance.
        acts: whether the rep would act on a delivery.
        pace: 0..1, how late in the window the outcome comes, and the place in the queue.
        lines: the unit's row in the company's export, without line end.
    """

    motion: Motion
    month: Month
    keys: tuple[str, ...]
    at: Seconds
    worked: Seconds
    deadline: Seconds
    rep: Integers
    chance: Floats
    draw: Floats
    acts: Bools
    pace: Floats
    lines: tuple[str, ...]


def stream(world: World, name: int, *numbers: int) -> np.random.Generator:
    """Return a stream of chance of its own, so that one draw more here moves nothing there."""
    return np.random.default_rng([world.seed, name, *numbers])


def ordinal(month: Month) -> int:
    """Return the month's number on one line of time."""
    return month.year * 12 + month.number


def instants(moments: tuple[datetime, ...]) -> Seconds:
    """Return instants as seconds."""
    return np.array([int(moment.timestamp()) for moment in moments], dtype=np.int64)


def as_texts(seconds: Seconds) -> list[str]:
    """Write instants as the company's exports do.

    >>> as_texts(np.array([0]))
    ['1970-01-01T00:00:00Z']
    """
    stamps = np.datetime_as_string(seconds.astype("datetime64[s]"))
    return [f"{stamp}Z" for stamp in stamps.tolist()]


def as_instant(seconds: int) -> datetime:
    """Return seconds as an instant in UTC."""
    return datetime.fromtimestamp(seconds, tz=UTC)


def spread_over(month: Month, *, n: int, rng: np.random.Generator) -> Seconds:
    """Return n instants within a month, in order."""
    start, end = instants((month.start(), month.end()))
    return np.sort(rng.integers(start, end, size=n))


def working_times(world: World, motion: Motion, month: Month, at: Seconds) -> tuple[Seconds, ...]:
    """Return when each unit is taken up, and when its outcome window closes.

    Before the start people take units up as they come. A unit that waits for its round for
    more than eight days has its window from the round on, where the arm is drawn; any other
    has the window from its own beginning, which lies within the first.
    """
    window = WINDOW_DAYS[motion] * DAY
    if month < world.start:
        worked = at
    else:
        rounds = instants(world.rounds(month))
        worked = rounds[np.searchsorted(rounds, at)]
    begun = np.where(worked - at <= 8 * DAY, at, worked)
    return worked + 2 * HOUR, begun + window - HOUR


def sigmoid(logit: Floats) -> Floats:
    """Return log-odds as a probability."""
    return 1.0 / (1.0 + np.exp(-logit))


def luck(world: World, motion: Motion, month: Month, rep: Integers) -> tuple[Floats, Bools, Floats]:
    """Draw what fate holds for each unit: its draw, whether the rep acts, its pace."""
    name = 20 + list(Motion).index(motion)
    habit = np.linspace(ACTING_SHARE - 0.1, ACTING_SHARE + 0.1, REPS[motion])
    rng = stream(world, name, ordinal(month))
    n = len(rep)
    return rng.random(n), rng.random(n) < habit[rep], rng.beta(1.2, 3.0, n)


def rep_skill(world: World, motion: Motion) -> Floats:
    """Return how far each rep's outcomes lie off the company's, in log-odds."""
    rng = stream(world, 30 + list(Motion).index(motion))
    return rng.normal(0.0, 0.1, REPS[motion])
