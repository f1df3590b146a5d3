"""The bytes of an entry: one line of JSON that any machine writes the same."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal

import orjson

from pilotage.domain.entry import Fact
from pilotage.domain.errors import LedgerError

_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z


def canonical(body: Mapping[str, Fact]) -> bytes:
    """Return an entry as one line of JSON: sorted ASCII keys, no floats, instants in UTC.

    Decimals become text, without exponent; tuples become lists.

    Raises:
        LedgerError: a float, a number that is not finite, an instant without a time zone, bytes,
            a key that is not ASCII, or anything else that machines write differently.

    >>> canonical({"seq": 7, "kind": "decision", "confidence": Decimal("0.90")})
    b'{"confidence":"0.90","kind":"decision","seq":7}'
    >>> canonical({"score": 0.9})
    Traceback (most recent call last):
    pilotage.domain.errors.LedgerError: `score` is 0.9, a float: its text differs between machines.
      fix: write it as Decimal, or as an integer of a smaller unit
    """
    plain = _is_plain(body)
    try:
        line = orjson.dumps(body if plain else _mapping(body, ""), _decimal, _OPTIONS)
    except (TypeError, RecursionError) as error:
        raise LedgerError(
            f"The entry cannot be written as JSON: {error}.",
            fix="keep to text, integers of 64 bits, decimals, instants, lists and mappings",
        ) from error
    if plain and not line.isascii():
        _require_ascii(body, "")
    return line


def _is_plain(body: Mapping[str, Fact]) -> bool:
    """Tell whether orjson writes the values our way as they are, as it does most. Hot."""
    kind = type(body)
    return kind is dict and _PLAIN.issuperset(map(type, body.values()))


_PLAIN = frozenset((str, int, bool, type(None)))


def _mapping(values: Mapping[str, Fact], where: str) -> dict[str, Fact]:
    _require_ascii(values, where)
    return {key: _value(value, f"{where}{key}") for key, value in values.items()}


def _require_ascii(keys: Iterable[str], where: str) -> None:
    for key in keys:
        if type(key) is not str or not key.isascii():
            raise LedgerError(
                f"`{where}{key}` is no ASCII key: programs sort others differently.",
                fix="name the key in plain letters, digits and underscores",
            )


def _value(value: Fact, where: str) -> Fact:
    """Return one value as orjson writes it our way, or say where it stands and why it cannot."""
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, datetime) and value.utcoffset() is not None:
        return value.astimezone(UTC)
    if isinstance(value, Decimal) and value.is_finite():
        return value
    if isinstance(value, Mapping):
        return _mapping(value, f"{where}.")
    if isinstance(value, list | tuple):
        return [_value(inner, f"{where}[{place}]") for place, inner in enumerate(value)]
    raise _refusal(value, where)


def _refusal(value: object, where: str) -> LedgerError:
    why = f"of type {type(value).__name__}"
    fix = "keep to text, integers, decimals, instants, lists and mappings"
    match value:
        case float():
            why = "a float: its text differs between machines"
            fix = "write it as Decimal, or as an integer of a smaller unit"
        case Decimal():
            why, fix = "not a finite number", "leave the key out, and say why in another"
        case datetime():
            why, fix = "an instant without a time zone", "give it in UTC: tzinfo=UTC"
        case _:
            pass
    return LedgerError(f"`{where}` is {value!r}, {why}.", fix=fix)


def _decimal(value: Decimal) -> str:
    return format(value, "f")
