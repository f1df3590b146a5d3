"""What changed: the hash of what an author set, and of the part that an experiment rests on.

A key that the author left out is not in the hash: a default that a later release changes is
not a changed spec.
"""

import hashlib
import json

from pydantic.main import IncEx

from pilotage.spec.scalars import Declared
from pilotage.spec.use_case import UseCase

_EXPERIMENT: IncEx = {
    "experiment": True,
    "process": {"unit", "shared_capacity"},
    "outcome": {"metric", "kind", "better", "window", "minimum_effect"},
    "data": {"units": {"key"}},
    "decide": {"every"},
}

_EXPERIMENT_WHERE: IncEx = {**_EXPERIMENT, "data": {"units": {"key"}, "outcomes": {"where"}}}

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


def experiment_hash(use_case: UseCase) -> str:
    """Return sha256 over the keys that, once changed, make another experiment.

    They are `experiment`, what the outcome is (metric, kind, better, window, minimum effect,
    the rows that are one), the unit and its key, how often it is decided, and whether capacity
    is shared.
    """
    part = _EXPERIMENT if use_case.data.outcomes.where is None else _EXPERIMENT_WHERE
    return _sha256(use_case, part=part)


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
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
