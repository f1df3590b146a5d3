"""A use case's units and outcomes: every row becomes one of them, or is parked with a reason."""

import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilotage.data.outcomes import UNREAD, OutcomeColumns
from pilotage.data.source import TableSource
from pilotage.data.units import UnitColumns
from pilotage.domain.errors import SourceError
from pilotage.domain.unit import Outcome, Parked, Unit, text_key
from pilotage.ports import Source
from tests.real_data import real_data

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
UNITS = UnitColumns(table="leads.csv", key="lead_id", at="created_at")
OUTCOMES = OutcomeColumns(table="replies.csv", key="lead_id", at="replied_at")
REPLIES = "lead_id,replied_at,amount\n"

Open = Callable[..., TableSource]


@pytest.fixture
def opened(tmp_path: Path) -> Open:
    """Write two tables and open them as a source."""

    def from_text(
        leads: str,
        replies: str = REPLIES,
        *,
        units: UnitColumns = UNITS,
        outcomes: OutcomeColumns = OUTCOMES,
        zone: str = "UTC",
        now: datetime = NOW,
    ) -> TableSource:
        (tmp_path / units.table).write_text(leads, encoding="utf-8")
        (tmp_path / outcomes.table).write_text(replies, encoding="utf-8")
        return TableSource(
            units=replace(units, table=str(tmp_path / units.table)),
            outcomes=replace(outcomes, table=str(tmp_path / outcomes.table)),
            zone=zone,
            now=now,
        )

    return from_text


def _units(
    source: Source, *, since: datetime | None = None, until: datetime = NOW, batch: int = 1000
) -> tuple[list[Unit], list[Parked]]:
    batches = list(source.units(since=since, until=until, batch=batch))
    return [u for units, _ in batches for u in units], [p for _, parked in batches for p in parked]


def _outcomes(
    source: Source, *, since: datetime | None = None, until: datetime = NOW
) -> tuple[list[Outcome], list[Parked]]:
    batches = list(source.outcomes(since=since, until=until, batch=1000))
    return [o for out, _ in batches for o in out], [p for _, parked in batches for p in parked]


def test_a_row_becomes_a_unit(opened: Open):
    leads = (
        "lead_id,created_at,rep,region,origin,size,share,eu,note,first_seen\n"
        "007,2026-09-01T08:30:00Z,r1,01,web,12,0.5,true,Zu\u0308rich,2026-08-31\n"
    )
    columns = replace(UNITS, cluster="rep", strata=("region", "origin"), segment="origin")
    [unit], parked = _units(opened(leads, units=columns, zone="Europe/Zurich"))
    assert parked == []
    assert unit == Unit(
        key="007",
        at=datetime(2026, 9, 1, 8, 30, tzinfo=UTC),
        cluster="r1",
        stratum="01 / web",
        segment="web",
        attributes={
            "rep": "r1", "region": "01", "origin": "web", "size": 12, "share": 0.5, "eu": True,
            "note": "Zürich", "first_seen": datetime(2026, 8, 30, 22, tzinfo=UTC),
        },
    )  # fmt: skip


def test_only_the_named_attributes_are_read(opened: Open):
    columns = replace(UNITS, attributes=("size",))
    [unit], _ = _units(opened("lead_id,created_at,size,won\n1,2026-09-01,5,yes\n", units=columns))
    assert dict(unit.attributes) == {"size": 5}
    assert unit.cluster == "1"


def test_units_come_by_time_then_key_in_batches_of_the_size_asked_for(opened: Open):
    rows = "".join(f"{key},2026-09-0{1 + key % 3}\n" for key in range(9, 0, -1))
    source = opened("lead_id,created_at\n" + rows)
    batches = [units for units, _ in source.units(since=None, until=NOW, batch=4)]
    assert [len(units) for units in batches] == [4, 4, 1]
    order = [(unit.at, unit.key) for units in batches for unit in units]
    assert order == sorted(order)


@settings(deadline=None, max_examples=30)
@given(days=st.lists(st.integers(1, 5), max_size=8), tidy=st.booleans(), timeless=st.booleans())
def test_units_come_in_the_same_order_however_their_table_is_sorted(
    *, days: list[int], tidy: bool, timeless: bool
):
    keyed = [(day, f"{i}") for i, day in enumerate(days)]
    rows = "".join(f"{key},2026-09-0{day}\n" for day, key in (sorted(keyed) if tidy else keyed))
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (
            ("leads.csv", "lead_id,created_at\n" + rows + "late,\n" * timeless),
            ("replies.csv", REPLIES),
        ):
            (Path(folder) / name).write_text(text)
        source = TableSource(
            units=replace(UNITS, table=f"{folder}/leads.csv"),
            outcomes=replace(OUTCOMES, table=f"{folder}/replies.csv"),
            zone="UTC",
            now=NOW,
        )
        units, parked = _units(source, batch=3)
    assert [(unit.at.day, unit.key) for unit in units] == sorted(keyed)
    assert [row.key for row in parked] == ["late"] * timeless


@pytest.mark.parametrize(
    ("said", "zone", "means"),
    [
        ("2026-09-01", "UTC", datetime(2026, 9, 1, tzinfo=UTC)),
        ("2026-09-01", "America/Sao_Paulo", datetime(2026, 9, 1, 3, tzinfo=UTC)),
        ("2026-09-01 10:00", "Europe/Berlin", datetime(2026, 9, 1, 8, tzinfo=UTC)),
        ("2026-12-01 10:00:00", "Europe/Berlin", None),
        ("2026-01-15 10:00:00.5", "Europe/Berlin", datetime(2026, 1, 15, 9, 0, 0, 500_000, UTC)),
        ("2026-09-01T10:00:00Z", "Europe/Berlin", datetime(2026, 9, 1, 10, tzinfo=UTC)),
        ("2026-09-01T10:00Z", "Europe/Berlin", datetime(2026, 9, 1, 10, tzinfo=UTC)),
        ("2026-09-01T10:00:00+05:30", "Europe/Berlin", datetime(2026, 9, 1, 4, 30, tzinfo=UTC)),
        ("2026-09-01 10:00:00-0300", "Europe/Berlin", datetime(2026, 9, 1, 13, tzinfo=UTC)),
        (" 2026/9/1 ", "UTC", datetime(2026, 9, 1, tzinfo=UTC)),
    ],
)
def test_a_time_without_a_zone_is_the_programmes(
    opened: Open, said: str, zone: str, means: datetime | None
):
    units, parked = _units(opened(f"lead_id,created_at\n1,{said}\n", zone=zone))
    assert [unit.at for unit in units] == ([means] if means else [])
    assert [row.reason for row in parked] == ([] if means else ["in-the-future"])


@pytest.mark.parametrize(
    ("row", "reason", "detail"),
    [
        (",2026-09-01,r1,1.5", "missing-key", "'lead_id' is empty"),
        ('"  ",2026-09-01,r1,1.5', "missing-key", "'lead_id' is empty"),
        ("12.0,2026-09-01,r1,1.5", "float-key", "12.0"),
        ("1.2E+11,2026-09-01,r1,1.5", "float-key", "1.2E+11"),
        ("a,,r1,1.5", "missing-time", "'created_at' is empty"),
        ("a,01/09/2026,r1,1.5", "bad-time", "01/09/2026"),
        ("a,2026-02-30,r1,1.5", "bad-time", "2026-02-30"),
        ("a,yesterday,r1,1.5", "bad-time", "yesterday"),
        ("a,infinity,r1,1.5", "bad-time", "infinity"),
        ("a,45000,r1,1.5", "bad-time", "45000"),
        ("a,1900-01-01,r1,1.5", "before-1970", "1900-01-01"),
        ("a,2027-09-01,r1,1.5", "in-the-future", "2027-09-01"),
        ("a,99999-01-01,r1,1.5", "bad-time", "99999-01-01"),
        ("a,2026-09-01,,1.5", "missing-cluster", "'rep' is empty"),
        ("a,2026-09-01,r1,NaN", "not-finite", "'size' is no finite number: nan"),
        ("a,2026-09-01,r1,-inf", "not-finite", "'size' is no finite number: -inf"),
    ],
)
def test_a_row_that_cannot_be_a_unit_is_parked_with_its_reason_and_value(
    opened: Open, row: str, reason: str, detail: str
):
    source = opened(
        f"lead_id,created_at,rep,size\nok,2026-09-01,r1,1.5\n{row}\n",
        units=replace(UNITS, cluster="rep"),
    )
    units, [parked] = _units(source)
    assert [unit.key for unit in units] == ["ok"]
    assert parked.reason == reason
    assert detail in parked.detail
    assert parked.table.endswith("leads.csv")
    assert parked.key == (text_key(row.split(",", maxsplit=1)[0].strip('"')) or "")


def test_the_first_of_identical_rows_is_used_and_contradicting_rows_are_all_parked(opened: Open):
    leads = (
        "lead_id,created_at,size\n"
        "a,2026-09-01,5\na,2026-09-01,5\na,2026-09-01,5\n"
        "b,2026-09-01,5\nb,2026-09-01,6\n"
        "c,2026-09-01,5\nc,2026-09-02,5\n"
        "d,2026-09-01,\nd,2026-09-01,\n"
    )
    units, parked = _units(opened(leads))
    assert [unit.key for unit in units] == ["a", "d"]
    assert Counter((row.key, row.reason) for row in parked) == {
        ("a", "duplicate-row"): 2,
        ("b", "duplicate-key"): 2,
        ("c", "duplicate-key"): 2,
        ("d", "duplicate-row"): 1,
    }


def test_two_spellings_of_one_key_are_one_unit(opened: Open):
    units, parked = _units(
        opened("lead_id,created_at\nZu\u0308rich,2026-09-01\nZ\u00fcrich ,2026-09-01\n")
    )
    assert [unit.key for unit in units] == ["Z\u00fcrich"]
    assert [row.reason for row in parked] == ["duplicate-row"]


def test_a_row_parked_for_its_own_fault_does_not_spoil_its_namesake(opened: Open):
    units, parked = _units(opened("lead_id,created_at\na,2026-09-01\na,soon\n"))
    assert ([unit.key for unit in units], [row.reason for row in parked]) == (["a"], ["bad-time"])


def test_numbering_with_points_is_no_damaged_integer(opened: Open):
    units, parked = _units(opened("lead_id,created_at\n1.0,2026-09-01\n1.1,2026-09-01\n"))
    assert ([unit.key for unit in units], parked) == (["1.0", "1.1"], [])


def test_a_column_of_nothing_but_damaged_integers_is_refused(opened: Open):
    with pytest.raises(SourceError, match=r"every key in 'lead_id' looks like 12\.0"):
        opened("lead_id,created_at\n12.0,2026-09-01\n13.0,2026-09-01\n,2026-09-01\n")


def test_a_window_reads_what_came_in_it_and_rows_of_no_time_that_can_be(opened: Open):
    source = opened(
        "lead_id,created_at\na,2026-08-31\nb,2026-09-01\nc,2026-09-30\nd,2026-10-01\ne,?\n"
        "f,2027-01-01\ng,1960-01-01\n"
    )
    impossible = [("g", "before-1970"), ("f", "in-the-future"), ("e", "bad-time")]
    september, october = datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC)
    units, parked = _units(source, since=september, until=october)
    assert [unit.key for unit in units] == ["b", "c"]
    assert [(row.key, row.reason) for row in parked] == impossible
    units, parked = _units(source, since=october)
    assert [unit.key for unit in units] == ["d"]
    assert [(row.key, row.reason) for row in parked] == impossible
    assert source.count_units_before(october) == 3


def test_outcomes_of_times_that_cannot_be_come_with_every_window_and_later_history_does_not(
    opened: Open,
):
    source = opened(
        "lead_id,created_at\na,2026-08-31\n",
        REPLIES
        + "a,1950-01-01,1\na,2026-08-31,1\na,2026-09-02,1\na,2026-10-02,1\na,2033-01-01,1\n",
    )
    september, october = datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC)
    outcomes, parked = _outcomes(source, since=september, until=october)
    assert [outcome.at.day for outcome in outcomes] == [2]
    assert [row.reason for row in parked] == ["before-1970", "in-the-future"]


def test_in_a_replay_a_later_contradiction_has_not_happened_yet(opened: Open):
    source = opened("lead_id,created_at,size\na,2026-08-31,5\na,2026-10-01,6\n")
    units, parked = _units(source, until=datetime(2026, 9, 1, tzinfo=UTC))
    assert ([unit.key for unit in units], parked) == (["a"], [])
    units, parked = _units(source, since=datetime(2026, 9, 1, tzinfo=UTC))
    assert (units, [row.reason for row in parked]) == ([], ["duplicate-key"])


KEYS = st.one_of(st.sampled_from(["", "a", "b", " b", "7", "7.0", "7.5"]), st.text(max_size=3))
TIMES = st.sampled_from(["", "?", "2026-09-01", "2026-09-02T00:00Z", "1969-12-31", "2030-01-01"])
NUMBERS = st.one_of(st.none(), st.floats(width=32))


@settings(max_examples=40)
@given(rows=st.lists(st.tuples(KEYS, TIMES, NUMBERS), min_size=1, max_size=12))
def test_rows_read_are_units_plus_parked_whatever_the_table_holds(
    rows: list[tuple[str, str, float | None]],
):
    with tempfile.TemporaryDirectory() as folder:
        table = str(Path(folder) / "leads.parquet")
        database = duckdb.connect()
        database.execute("CREATE TABLE t (lead_id TEXT, created_at TEXT, size DOUBLE)")
        database.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
        database.table("t").write_parquet(table)
        try:
            source = TableSource(
                units=replace(UNITS, table=table),
                outcomes=OutcomeColumns(table=table, key="lead_id", at="created_at", value="size"),
                zone="UTC",
                now=NOW,
            )
        except SourceError as error:
            assert "looks like" in error.message  # noqa: PT017 - refused as a whole, or read
            return
        units, parked = _units(source)
        outcomes, refused = _outcomes(source)
    assert len(units) + len(parked) == len(rows)
    assert len(outcomes) + len(refused) == len(rows)
    keys = [unit.key for unit in units]
    assert len(keys) == len(set(keys))
    assert set(keys) <= {text_key(row[0]) for row in rows}


def test_an_outcome_is_an_instant_and_a_value(opened: Open):
    replies = (
        REPLIES + "b,2026-09-03T00:30Z,7.5\na,2026-09-02T10:00:00Z,1\na,2026-09-02T11:00:00Z,2\n"
    )
    outcomes, parked = _outcomes(
        opened("lead_id,created_at\n", replies, outcomes=replace(OUTCOMES, value="amount"))
    )
    assert parked == []
    assert [(o.key, o.at.hour, o.value) for o in outcomes] == [
        ("a", 10, 1.0), ("a", 11, 2.0), ("b", 0, 7.5)
    ]  # fmt: skip


def last_of(day: date, zone: str) -> datetime:
    """The day's last microsecond on clocks of the zone."""
    midnight = datetime.combine(day + timedelta(days=1), time(), tzinfo=ZoneInfo(zone))
    return midnight.astimezone(UTC) - timedelta(microseconds=1)


@settings(max_examples=25)
@given(
    days=st.lists(st.dates(date(2015, 1, 1), date(2026, 11, 22)), min_size=1, max_size=8),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu"]),
    said=st.sampled_from(["text", "date", "slashes"]),
)
def test_a_date_without_a_time_may_mean_any_time_of_its_day(days: list[date], zone: str, said: str):
    with tempfile.TemporaryDirectory() as folder:
        table = str(Path(folder) / "replies.parquet")
        database = duckdb.connect()
        kind = "DATE" if said == "date" else "TEXT"
        database.execute(f"CREATE TABLE t (lead_id TEXT, replied_at {kind}, created_at TEXT)")
        shown = "%Y/%m/%d" if said == "slashes" else "%Y-%m-%d"
        rows = [(str(i), day.strftime(shown), "2015-01-01") for i, day in enumerate(days)]
        database.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
        database.table("t").write_parquet(table)
        source = TableSource(
            units=replace(UNITS, table=table),
            outcomes=replace(OUTCOMES, table=table),
            zone=zone,
            now=NOW,
        )
        outcomes, parked = _outcomes(source)
        complete_until = source.complete_until()
    assert parked == []
    assert {o.key: o.at for o in outcomes} == {str(i): last_of(d, zone) for i, d in enumerate(days)}
    assert complete_until == last_of(max(days) - timedelta(days=1), zone) + timedelta(
        microseconds=1
    )


def test_a_date_of_today_is_no_fault_and_is_read_when_the_day_is_over(opened: Open):
    replies = REPLIES + "a,2026-11-22,1\nb,2026-11-23,1\nc,2026-11-24,1\n"
    outcomes, parked = _outcomes(opened("lead_id,created_at\n", replies))
    assert ([o.key for o in outcomes], [p.key for p in parked]) == (["a"], ["c"])
    tomorrow = NOW + timedelta(days=1)
    later = opened("lead_id,created_at\n", replies, now=tomorrow)
    outcomes, parked = _outcomes(later, until=tomorrow)
    assert ([o.key for o in outcomes], parked) == (["a", "b"], [])


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",2026-09-01,1", "missing-key"),
        ("a,,1", "missing-time"),
        ("a,tomorrow,1", "bad-time"),
        ("a,1899-12-31,1", "before-1970"),
        ("a,2030-01-01,1", "in-the-future"),
        ("a,2026-09-01,", "missing-value"),
        ("a,2026-09-01,a lot", "bad-value"),
        ("a,2026-09-01,nan", "not-finite"),
    ],
)
def test_a_row_that_cannot_be_an_outcome_is_parked(opened: Open, row: str, reason: str):
    replies = REPLIES + "ok,2026-09-01,1\n" + row + "\n"
    outcomes, [parked] = _outcomes(
        opened("lead_id,created_at\n", replies, outcomes=replace(OUTCOMES, value="amount"))
    )
    assert [outcome.key for outcome in outcomes] == ["ok"]
    assert parked.reason == reason


def test_for_a_proportion_a_row_counts_one_whatever_else_it_holds(opened: Open):
    [outcome], _ = _outcomes(opened("lead_id,created_at\n", REPLIES + "a,2026-09-01,\n"))
    assert outcome.value == 1.0


@pytest.mark.parametrize(
    ("declared", "instant"),
    [
        (None, datetime(2026, 9, 2, tzinfo=UTC)),
        ("loaded_at", datetime(2026, 9, 5, tzinfo=UTC)),
        (date(2026, 10, 1), datetime(2026, 9, 30, 22, tzinfo=UTC)),
        (datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC)),
        (date(2027, 1, 1), NOW),
    ],
)
def test_outcomes_are_complete_until_the_column_the_day_or_the_newest_outcome(
    opened: Open, declared: str | date | None, instant: datetime
):
    replies = (
        "lead_id,replied_at,loaded_at\na,2026-09-01T00:00Z,2026-09-05T00:00Z\n"
        "b,2026-09-02T00:00Z,\nc,2030-01-01,x\n"
    )
    columns = replace(OUTCOMES, complete_until=declared)
    source = opened("lead_id,created_at\n", replies, outcomes=columns, zone="Europe/Berlin")
    assert source.complete_until() == instant


def test_an_outcome_that_came_before_its_unit_is_parked_unless_it_was_on_that_day(opened: Open):
    source = opened(
        "lead_id,created_at\na,2026-09-02T08:00Z\nb,2026-09-02T08:00Z\n",
        REPLIES + "a,2026-09-01T08:00Z,1\na,2026-09-02,1\nb,2026-09-02T07:00Z,1\nx,2026-09-01,1\n",
    )
    outcomes, parked = _outcomes(source)
    assert sorted((outcome.key, outcome.known) for outcome in outcomes) == [
        ("a", True),
        ("x", False),
    ]
    assert [(row.key, row.reason) for row in parked] == [
        ("a", "before-assignment"),
        ("b", "before-assignment"),
    ]


def test_a_census_counts_what_is_wrong_in_all_rows_whatever_their_time(opened: Open):
    source = opened(
        "lead_id,created_at\na,2026-09-01\nb,2031-01-01\nc,2031-01-02\nd,1960-01-01\n",
        REPLIES + 'a,2026-09-02,"1,002.23"\na,2026-09-03,\na,2026-08-30,5\nx,2026-09-02,5\n'
        "a,2026-09-02,5\n",
        outcomes=replace(OUTCOMES, value="amount"),
    )
    units, outcomes = source.census()
    assert (units.rows, outcomes.rows) == (4, 5)
    assert [(one.reason, one.n) for one in units.refusals] == [
        ("in-the-future", 2),
        ("before-1970", 1),
    ]
    assert (units.refusals[0].key, units.refusals[0].example) == (
        "b",
        "'created_at' is later than the moment it was read: 2031-01-01",
    )
    assert {one.reason for one in outcomes.refusals} == {
        "bad-value",
        "missing-value",
        "before-assignment",
        "unknown-unit",
    }
    assert outcomes.refused(UNREAD) == 2


def test_without_outcomes_nothing_is_known_to_be_complete(opened: Open):
    assert opened("lead_id,created_at\n").complete_until() is None


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("SELECT 7.0::DOUBLE AS lead_id, DATE '2026-09-01' AS created_at", "'lead_id' is of type"),
        ("SELECT 7.5::DECIMAL(4,1) AS lead_id, now() AS created_at", "'lead_id' is of type"),
        ("SELECT 7 AS lead_id, 20260901 AS created_at", "'created_at' is of type int32"),
        ("SELECT 7 AS id, 20260901 AS created_at", "there is no column 'lead_id'"),
    ],
)
def test_a_table_whose_shape_cannot_be_right_is_refused(tmp_path: Path, query: str, says: str):
    table = str(tmp_path / "leads.parquet")
    duckdb.sql(query).write_parquet(table)
    outcomes = OutcomeColumns(table=table, key="lead_id", at="created_at")
    with pytest.raises(SourceError, match=says):
        TableSource(units=replace(UNITS, table=table), outcomes=outcomes, zone="UTC", now=NOW)


def test_parquet_types_become_python_values(tmp_path: Path):
    table = str(tmp_path / "leads.parquet")
    duckdb.sql(
        "SELECT 7::BIGINT AS lead_id, TIMESTAMPTZ '2026-09-01 10:00:00+02' AS created_at, "
        "1.50::DECIMAL(6,2) AS price, 3::UTINYINT AS small, ['a'] AS tags, NULL::DOUBLE AS gap, "
        "TIME '10:00' AS clock, TIMESTAMP '2026-09-01 10:00' AS naive"
    ).write_parquet(table)
    source = TableSource(
        units=replace(UNITS, table=table, attributes=None),
        outcomes=OutcomeColumns(table=table, key="small", at="created_at", value="price"),
        zone="Europe/Berlin",
        now=NOW,
    )
    [unit], _ = _units(source)
    assert (unit.key, unit.at) == ("7", datetime(2026, 9, 1, 8, tzinfo=UTC))
    assert dict(unit.attributes) == {
        "price": 1.5, "small": 3, "tags": "[a]", "gap": None, "clock": "10:00:00",
        "naive": datetime(2026, 9, 1, 8, tzinfo=UTC),
    }  # fmt: skip
    [outcome], _ = _outcomes(source)
    assert (outcome.key, outcome.value) == ("3", 1.5)


def test_two_readers_at_one_time_do_not_disturb_each_other(opened: Open):
    rows = "".join(f"{i:05d},2026-09-01\n" for i in range(20_000))
    source = opened("lead_id,created_at\n" + rows)
    left = source.units(since=None, until=NOW, batch=500)
    right = source.units(since=None, until=NOW, batch=500)
    for (units, _), (others, _) in zip(left, right, strict=True):
        assert units == others
        assert source.complete_until() is None


def test_the_olist_funnel_is_read_whole():
    folder = real_data("olist_funnel")
    source = TableSource(
        units=UnitColumns(
            table=str(folder / "olist_marketing_qualified_leads_dataset.csv"),
            key="mql_id",
            at="first_contact_date",
            segment="origin",
        ),
        outcomes=OutcomeColumns(
            table=str(folder / "olist_closed_deals_dataset.csv"), key="mql_id", at="won_date"
        ),
        zone="America/Sao_Paulo",
        now=NOW,
    )
    leads, parked = _units(source)
    deals, refused = _outcomes(source)
    assert (len(leads), parked) == (8_000, [])
    assert [row.reason for row in refused] == ["before-assignment"]
    assert (len(deals) + len(refused)) / len(leads) == 0.10525  # as published: 842 deals
    contacted = {lead.key: lead.at for lead in leads}
    assert all(deal.at >= contacted[deal.key] for deal in deals)
    assert len({deal.key for deal in deals}) == len(deals)
    assert source.complete_until() == datetime(2018, 11, 14, 20, 4, 19, tzinfo=UTC)


def test_only_rows_that_hold_what_the_spec_says_are_outcomes(opened: Open):
    """Upper and lower case are the same; a row that does not count is not parked either."""
    deals = (
        "lead_id,replied_at,stage\n"
        "1,2026-09-02,Won\n"
        "2,2026-09-03,Lost\n"
        "3,2026-09-04,won \n"
        "4,,Engaging\n"
        "5,2026-10-01,Lost\n"
    )
    source = opened("lead_id,created_at\n1,2026-09-01\n", deals, outcomes=replace(
        OUTCOMES, where={"stage": "WON"}
    ))  # fmt: skip
    happened, parked = _outcomes(source)
    assert [item.key for item in happened] == ["1", "3"]
    assert parked == []
    assert source.complete_until() == datetime(2026, 9, 4, tzinfo=UTC)
