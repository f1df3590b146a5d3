"""A little of what real exports hold: rows that the road must park, and names spelled two ways."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from pilotage.sandbox.arrivals import DAY, HOUR, Arrivals, Integers, Seconds, as_texts
from pilotage.sandbox.names import decomposed
from pilotage.sandbox.world import Motion


@dataclass(frozen=True, slots=True, kw_only=True)
class Mess:
    """Bad rows a month, in one motion's tables; all but the names are added to the good ones.

    Args:
        duplicates: units whose row stands twice.
        missing_keys: rows of units without a key.
        future_dates: units that came into being ten years from now.
        decomposed_names: good rows whose company is written in NFD.
        unknown_units: outcomes of units that do not exist.
        early_outcomes: outcomes three days before their unit came into being; the unit has
            no other.
    """

    duplicates: int
    missing_keys: int
    future_dates: int
    decomposed_names: int
    unknown_units: int
    early_outcomes: int


MESS: Mapping[Motion, Mess] = MappingProxyType({
    Motion.LEADS: Mess(
        duplicates=2, missing_keys=1, future_dates=1, decomposed_names=3, unknown_units=1,
        early_outcomes=1,
    ),
    Motion.RENEWALS: Mess(
        duplicates=1, missing_keys=1, future_dates=1, decomposed_names=1, unknown_units=1,
        early_outcomes=1,
    ),
})  # fmt: skip
"""What each month holds, history included. Names in NFD of renewals stand in accounts.csv."""

TEN_YEARS = 3653 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Lines of an export in the order they appear in it; `published` says from when."""

    lines: tuple[str, ...]
    published: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class StrayOutcomes:
    """Outcomes that cannot be right: their keys, what they claim, and when they turn up."""

    keys: tuple[str, ...]
    at: Seconds
    published: Seconds


def unit_rows(arrivals: Arrivals) -> Rows:
    """Return the rows of the units' export, bad ones among them."""
    mess = MESS[arrivals.motion]
    lines = list(arrivals.lines)
    published = arrivals.at.tolist()
    created = as_texts(arrivals.at)
    spots = iter(_spots(arrivals, mess.duplicates + mess.missing_keys + mess.future_dates))
    later = as_texts(arrivals.at + TEN_YEARS)
    extra: list[tuple[int, str]] = []
    for _ in range(mess.duplicates):
        k = next(spots)
        extra.append((k, lines[k]))
    for _ in range(mess.missing_keys):
        k = next(spots)
        extra.append((k, lines[k].replace(arrivals.keys[k], "", 1)))
    for _ in range(mess.future_dates):
        k = next(spots)
        stray = _stray_key(arrivals, number=k, letter="F")
        line = lines[k].replace(arrivals.keys[k], stray, 1)
        extra.append((k, line.replace(created[k], later[k])))
    if arrivals.motion is Motion.LEADS:
        decompose_some(lines, n=mess.decomposed_names)
    for k, line in sorted(extra, reverse=True):
        lines.insert(k + 1, line)
        published.insert(k + 1, published[k])
    return Rows(lines=tuple(lines), published=np.array(published, dtype=np.int64))


def decompose_some(lines: list[str], *, n: int) -> None:
    """Write the first n lines that decomposing changes in NFD, in place."""
    accented = [k for k, line in enumerate(lines) if decomposed(line) != line]
    for k in accented[:n]:
        lines[k] = decomposed(lines[k])


def stray_outcomes(arrivals: Arrivals) -> StrayOutcomes:
    """Return the outcomes that cannot be right: of nobody, and before their unit."""
    mess = MESS[arrivals.motion]
    never = np.argsort(arrivals.chance - arrivals.draw)[: mess.early_outcomes]
    nobody: Integers = np.array(_spots(arrivals, mess.unknown_units), dtype=np.int64)
    keys = [_stray_key(arrivals, number=int(k), letter="X") for k in nobody]
    seen = np.concatenate([arrivals.at[nobody], arrivals.at[never]]) + HOUR
    claimed = np.concatenate([arrivals.at[nobody] + HOUR, arrivals.at[never] - 3 * DAY])
    return StrayOutcomes(
        keys=(*keys, *(arrivals.keys[int(k)] for k in never)), at=claimed, published=seen
    )


def _spots(arrivals: Arrivals, n: int) -> list[int]:
    """Return n places, evenly through the month."""
    return [len(arrivals.keys) * (2 * k + 1) // (2 * n) for k in range(n)]


def _stray_key(arrivals: Arrivals, *, number: int, letter: str) -> str:
    """Return a key in the usual form that no unit has."""
    return f"{arrivals.keys[0][:7]}{letter}{number:04d}"
