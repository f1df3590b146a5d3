"""What pydantic found, in words a sales leader understands, each with its fix."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from pydantic_core import ErrorDetails

from pilotage.spec.known_keys import meant
from pilotage.spec.reading import Plain

Words = tuple[str, str]
"""A clause about the value, and the fix."""

NEEDED: Mapping[str, Words] = MappingProxyType(
    {
        "use_case": (
            "is missing; it is the name that keys and files carry.",
            "write use_case: inbound-lead-qualification",
        ),
        "owner": ("is missing; one role answers for the verdict.", "write owner: vp-sales"),
        "process": (
            "is missing; first the unit of work and its volume, then a model.",
            "write process: {unit: lead, volume_per_month: 3000}",
        ),
        "process.unit": (
            "is missing; without a unit of work there is nothing to count.",
            "name one piece of work, such as unit: lead",
        ),
        "process.volume_per_month": (
            "is missing; without it nobody can say when an effect would show.",
            "write how many units a month brings, such as volume_per_month: 3000",
        ),
        "outcome": (
            "is missing; a use case has one typed outcome, and its value.",
            "write outcome: {metric: reply_rate, kind: proportion, value: ...}",
        ),
        "outcome.metric": (
            "is missing; a use case has exactly one typed outcome.",
            "name it, such as metric: reply_rate",
        ),
        "outcome.kind": (
            "is missing; the outcome has no type.",
            "write kind: proportion (did it happen?) or kind: mean (how much?)",
        ),
        "outcome.value": (
            "is missing; without it no effect becomes money.",
            "write value: {amount: 1500, currency: USD, basis: gross_margin}",
        ),
        "data": (
            "is missing; the unit must be the key of a table.",
            "write data: {units: {table: leads, key: lead_id, at: created_at}, outcomes: ...}",
        ),
        "data.units": (
            "is missing; the unit must be the key of a table.",
            "write units: {table: leads, key: lead_id, at: created_at}",
        ),
        "data.units.key": (
            "is missing; the unit must be the key of a table.",
            "name the column that tells one unit from another, such as key: lead_id",
        ),
        "data.outcomes": (
            "is missing; the outcome is read from a table.",
            "write outcomes: {table: replies, key: lead_id, at: replied_at}",
        ),
        "programme": (
            "is missing; it is the programme's name.",
            "write programme: sales-2026",
        ),
    }
)
"""Why a key is needed, where it is not plain (playbook P1.1, P1.3)."""

ONE_OUTCOME: Words = (
    "lists several; a use case has exactly one typed outcome.",
    "keep the one that the verdict is about; the others may stand under outcome.leading",
)


def words(error: ErrorDetails, *, key: str, value: Plain) -> Words:
    """Say what is wrong with the value of a key.

    Args:
        error: what pydantic found.
        key: the path with dots, without positions in lists.
        value: what the file holds there.
    """
    kind = error["type"]
    if value is None and kind not in {"refused", "missing"}:
        return "is empty.", NEEDED.get(key, ("", "write a value, or leave the key out"))[1]
    if key == "outcome" and isinstance(value, list):
        return ONE_OUTCOME
    return _WORDING.get(kind, _other)(error, key, value)


def _refused(error: ErrorDetails, _key: str, _value: Plain) -> Words:
    context = error.get("ctx", {})
    return str(context["detail"]), str(context["fix"])


def _missing(_error: ErrorDetails, key: str, _value: Plain) -> Words:
    return NEEDED.get(key) or ("is missing.", f"write {key.rpartition('.')[2]}: and its value")


def _keys_wanted(_error: ErrorDetails, key: str, value: Plain) -> Words:
    fix = NEEDED.get(key, ("", "write `key: value` lines below it"))[1]
    return f"is {shown(value)}; it has keys of its own.", fix


def _list_wanted(_error: ErrorDetails, _key: str, value: Plain) -> Words:
    fix = "write a list in brackets" if isinstance(value, dict) else f"write [{shown(value)}]"
    return f"is {shown(value)}; it is a list.", fix


def _kind_wanted(_error: ErrorDetails, _key: str, _value: Plain) -> Words:
    return "has no kind that we know.", "write kind: csv or kind: table"


def _text_wanted(_error: ErrorDetails, _key: str, value: Plain) -> Words:
    quoted = f'write it in quotes: "{shown(value)}"'
    fix = "write text" if isinstance(value, list | dict) else quoted
    return f"is {shown(value)}; it is text.", fix


def _choice(error: ErrorDetails, _key: str, value: Plain) -> Words:
    expected = str(error.get("ctx", {})["expected"])
    choices = expected.replace(" or ", ", ").replace("'", "").split(", ")
    nearest = meant(str(value), known=choices)
    fix = f"write {nearest}" if nearest else f"write one of {', '.join(choices)}"
    return f"is {shown(value)}; known are {', '.join(choices)}.", fix


def _other(error: ErrorDetails, _key: str, value: Plain) -> Words:
    clause, fix = _SIMPLE.get(error["type"], (f"{error['msg']}.", "write another value"))
    return f"is {shown(value)}; {clause}", fix


_WORDING: Mapping[str, Callable[[ErrorDetails, str, Plain], Words]] = MappingProxyType(
    {
        "refused": _refused,
        "missing": _missing,
        "enum": _choice,
        "literal_error": _choice,
        "model_type": _keys_wanted,
        "model_attributes_type": _keys_wanted,
        "mapping_type": _keys_wanted,
        "dict_type": _keys_wanted,
        "tuple_type": _list_wanted,
        "union_tag_not_found": _kind_wanted,
        "union_tag_invalid": _kind_wanted,
        "string_type": _text_wanted,
    }
)

_SIMPLE: Mapping[str, Words] = MappingProxyType(
    {
        "bool_type": ("it is true or false.", "write true or false"),
        "bool_parsing": ("it is true or false.", "write true or false"),
        "string_pattern_mismatch": ("a name has letters.", "write a name"),
        "string_too_long": ("it is longer than 200 letters.", "write a shorter name"),
        "string_unicode": ("it holds half a character.", "write the character itself"),
        "too_short": ("it holds nothing.", "write one at least, or leave the key out"),
    }
)


def shown(value: Plain) -> str:
    """Show a value in an error, shortened, and lists and mappings by their name.

    >>> shown("x" * 70)[-3:], shown([1, 2]), shown(True)
    ('...', 'a list', 'true')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a mapping"
    text = str(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


_SHOWN = 60
