"""The bytes of an entry: the same on every machine, or refused."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from types import MappingProxyType
from typing import cast
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.domain.entry import EntryKind, Fact
from pilotage.domain.errors import LedgerError
from pilotage.governance.canonical import canonical

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.text(st.characters(codec="utf-8"))
    | st.sampled_from(EntryKind)
)
keys = st.text(st.characters(codec="ascii"))
facts = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=10,
)


def as_facts(body: object) -> Mapping[str, Fact]:
    return cast("Mapping[str, Fact]", body)


@given(st.dictionaries(keys, facts))
def test_the_bytes_are_those_of_any_other_json_writer(body: dict[str, Fact]):
    written = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    line = canonical(body)
    assert json.loads(line) == json.loads(written)
    assert list(json.loads(line)) == sorted(body)
    assert b"\n" not in line
    assert canonical(json.loads(line)) == line


def test_every_kind_of_fact_has_one_text():
    body: dict[str, Fact] = {
        "seq": 7,
        "kind": EntryKind.DECISION,
        "as_of": NOON,
        "recorded_at": NOON.replace(microsecond=1200),
        "facts": {"b": [True, None, Decimal("1E+3")], "a": ("Zürich", Decimal("-0.10"))},
    }
    assert canonical(body).decode() == (
        '{"as_of":"2026-11-23T12:00:00Z",'
        '"facts":{"a":["Zürich","-0.10"],"b":[true,null,"1000"]},'
        '"kind":"decision",'
        '"recorded_at":"2026-11-23T12:00:00.001200Z",'
        '"seq":7}'
    )


@pytest.mark.parametrize(
    "instant",
    [
        NOON.astimezone(ZoneInfo("America/New_York")),
        NOON.astimezone(timezone(timedelta(hours=5, minutes=45))),
        NOON.astimezone(ZoneInfo("UTC")),
    ],
)
def test_an_instant_is_the_same_whatever_clock_it_was_read_from(instant: datetime):
    assert canonical({"at": instant}) == canonical({"at": NOON})
    share = Decimal("0.50")
    inner: dict[str, Fact] = {"at": instant, "share": share}
    assert canonical({"in": [inner]}) == canonical({"in": [{"at": NOON, "share": share}]})


def test_a_mapping_of_any_kind_is_written_as_one():
    body: dict[str, Fact] = {"b": 1, "a": MappingProxyType({"d": 1, "c": [2]})}
    assert canonical(MappingProxyType(body)) == b'{"a":{"c":[2],"d":1},"b":1}'


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"score": 0.5}, "`score` is 0.5, a float"),
        ({"score": float("nan")}, "`score` is nan, a float"),
        ({"score": float("inf")}, "`score` is inf, a float"),
        ({"facts": {"scores": [1, 0.5]}}, "`facts.scores[1]` is 0.5, a float"),
        ({"facts": ({"score": 0.5},)}, "`facts[0].score` is 0.5, a float"),
        ({"share": Decimal("NaN")}, "`share` is Decimal('NaN'), not a finite number"),
        ({"share": Decimal("-Infinity")}, "`share` is Decimal('-Infinity'), not a finite number"),
        ({"at": datetime(2026, 11, 23)}, "an instant without a time zone"),  # noqa: DTZ001 - refused
        ({"on": date(2026, 11, 23)}, "of type date"),
        ({"raw": b"bytes"}, "`raw` is b'bytes', of type bytes"),
        ({"some": {1, 2}}, "of type set"),
        ({"thing": object()}, "of type object"),
        ({"größe": 1}, "`größe` is no ASCII key"),
        ({"facts": {"größe": 1}}, "`facts.größe` is no ASCII key"),
        ({1: 1}, "str"),
        ({"facts": {None: 1}}, "`facts.None` is no ASCII key"),
        ({EntryKind.SPEC: 1}, "str"),
        ({EntryKind.SPEC: 1, "größe": 2}, "str"),
        ({"n": 2**64}, "64-bit"),
        ({"n": -(2**63) - 1}, "64-bit"),
        ({"text": "\ud800"}, "surrogates"),
    ],
)
def test_what_machines_write_differently_is_refused_with_its_place(body: object, where: str):
    with pytest.raises(LedgerError) as refused:
        canonical(as_facts(body))
    assert where in refused.value.message
    assert refused.value.fix


def test_a_body_that_never_ends_is_refused():
    body: dict[str, Fact] = {}
    body["self"] = body
    with pytest.raises(LedgerError):
        canonical(body)
    deep: Fact = 1
    for _ in range(2_000):
        deep = [deep]
    with pytest.raises(LedgerError):
        canonical({"deep": deep})
