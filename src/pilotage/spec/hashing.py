"""What changed: the hash of what an author set, and of what a running experiment rests on.

The two follow different rules. The hash of a spec, which people sign, leaves out what its author
left out: a default that a later release changes is not a changed spec. An experiment is what is
measured, whoever said it: its part is taken with its defaults filled in, so that writing one out
changes nothing, and a later release whose default differs is refused until the old value is
written out. Where both rules speak, the second wins: a window that grew by itself would measure
something else under the same name.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import tzinfo
from typing import cast

from pydantic.main import IncEx

from pilotage.spec.scalars import Declared
from pilotage.spec.use_case import UseCase

_FIXED: IncEx = {
    "process": {"unit", "shared_capacity"},
    "outcome": {"metric", "kind", "better", "window", "minimum_effect", "baseline"},
    "data": {
        "units": {"table", "key", "at", "segment"},
        "outcomes": {"table", "key", "at", "value"},
    },
    "decide": {"every", "candidates", "bar", "columns", "rules", "otherwise"},
    "experiment": {"holdout", "strata", "looks", "months", "start"},
}
"""Named one by one, so that a key of a later release is in it only when it is put here."""

_VALUE: IncEx = {
    "outcome": {
        "metric": True,
        "kind": True,
        "value": {"amount", "currency", "basis", "pnl_line", "source"},
    },
}
"""`approved_by` is left out: naming the approver afterwards does not undo the approval."""


def authored(use_case: UseCase) -> str:
    """Return the keys that the author set, as one line of canonical JSON."""
    return _canonical(use_case)


def spec_hash(use_case: UseCase) -> str:
    """Return sha256, in hexadecimal, of `authored`."""
    return _sha256(use_case)


def value_hash(use_case: UseCase) -> str:
    """Return sha256 over what finance approves: the money, and the metric it is the money of."""
    return _sha256(use_case, part=_VALUE)


def fixed(use_case: UseCase, *, zone: tzinfo) -> dict[str, str]:
    """Return what may not change while an experiment runs, by dotted key, as JSON.

    It is what decides which units and outcomes count and in which month, the arms, the looks,
    and how the model came about, which is frozen with the baseline. Not among it is
    `data.outcomes.complete_until`, which moves on as outcomes arrive.

    Args:
        zone: of the programme's business calendar.
    """
    said = use_case.model_dump(mode="json", include=_FIXED, by_alias=True, exclude_none=True)
    resolved = {
        **dict(_leaves(said)),
        "data.outcomes.where": use_case.data.outcomes.conditions,
        "experiment.assign_by": use_case.assign_column,
        "timezone": str(zone),
    }
    return {key: _json(value) for key, value in sorted(resolved.items())}


def experiment_hash(part: Mapping[str, str]) -> str:
    """Return sha256, in hexadecimal, of what `fixed` returns."""
    return hashlib.sha256(_json(dict(part)).encode("ascii")).hexdigest()


def _leaves(tree: Mapping[str, object], *, above: str = "") -> Iterator[tuple[str, object]]:
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(cast("dict[str, object]", value), above=f"{above}{name}.")
        else:
            yield above + name, value


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def _sha256(declared: Declared, *, part: IncEx | None = None) -> str:
    return hashlib.sha256(_canonical(declared, part=part).encode("ascii")).hexdigest()


def _canonical(declared: Declared, *, part: IncEx | None = None) -> str:
    said = declared.model_dump(
        mode="json",
        include=part,
        by_alias=True,
        exclude_unset=True,
        exclude_none=True,
    )
    return _json(said)
