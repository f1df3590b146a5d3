"""Leakage: a column that alone tells the outcome was filled after the outcome."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from pilotage.ai.columns import Cells, Column, Kind
from pilotage.ai.examples import Example, Split
from pilotage.ai.scores import Flags, Floats, auc
from pilotage.domain.finding import Finding, Severity

Groups = NDArray[np.intp]

LEAK_AUC = 0.98
"""No honest column of a sales process separates this well."""
GROUPS = 20
"""A number is cut into so many groups, so that a lump in the middle is seen too."""


def leaks(split: Split, columns: Sequence[Column]) -> Iterator[tuple[Column, Finding]]:
    """Yield the columns that alone separate the judge slice, each with what to do about it."""
    known, judge = split.known, split.judge
    before = _happened(known)
    after = _happened(judge)
    for column in columns:
        old, new = _cells(known, column), _cells(judge, column)
        separates = _separation(old, before, new, after)
        if separates > LEAK_AUC:
            yield column, _finding(column, separates, len(judge))


def _separation(old: Cells, before: Flags, new: Cells, after: Flags) -> float:
    old_group, new_group = _groups(old, new)
    found = np.bincount(old_group, weights=before, minlength=new_group.max(initial=0) + 1)
    units = np.bincount(old_group, minlength=len(found))
    rate = (found + before.mean()) / (units + 1)
    separates = [auc(rate[new_group], after)]
    if new.dtype != np.object_:
        values = _as_numbers(new)
        values[np.isnan(values)] = -np.inf
        raw = auc(values, after)
        separates += [raw, 1 - raw]
    return max(separates)


def _groups(old: Cells, new: Cells) -> tuple[Groups, Groups]:
    if old.dtype == np.object_:
        code = {value: index for index, value in enumerate(dict.fromkeys([*old, *new]))}
        return np.array([code[value] for value in old]), np.array([code[value] for value in new])
    numbers = _as_numbers(old)
    present = numbers[~np.isnan(numbers)]
    cuts = np.quantile(present, np.linspace(0, 1, GROUPS + 1)) if len(present) else present
    return _group(numbers, np.unique(cuts)), _group(_as_numbers(new), np.unique(cuts))


def _group(numbers: Floats, cuts: Floats) -> Groups:
    missing = len(cuts) + 1
    return np.where(np.isnan(numbers), missing, np.searchsorted(cuts, numbers))


def _as_numbers(cells: Cells) -> Floats:
    if cells.dtype.kind == "M":
        numbers = cells.astype("datetime64[us]").astype(np.float64)
        return np.where(np.isnat(cells), np.nan, numbers)
    return cells.astype(np.float64)


def _cells(examples: Sequence[Example], column: Column) -> Cells:
    return column.cells([example.unit for example in examples])


def _happened(examples: Sequence[Example]) -> Flags:
    return np.array([example.happened for example in examples], dtype=np.bool_)


def _finding(column: Column, separates: float, n: int) -> Finding:
    kind = "The time" if column.kind is Kind.INSTANT else "The column"
    return Finding(
        code="leakage",
        severity=Severity.BLOCKS,
        detail=f"{kind} `{column.name}` alone tells the outcome of the newest {n:,} units "
        f"(AUC {separates:.3f}, limit {LEAK_AUC}): it was probably filled after the outcome. "
        "It was left out.",
        fix=f"take `{column.name}` out of `decide.columns`, or show in its history that it is "
        "filled before the decision",
    )
