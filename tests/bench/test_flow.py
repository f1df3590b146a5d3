"""The flow bench: road and raw peer write the same, and what differs is found out."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pilotage import flow, followup
from pilotage.bench.flow import bench_flow, bench_memory, in_a_process, raw_peer
from pilotage.bench.one_pass import PASS, Pass, peak_bytes, take
from pilotage.bench.raw_inserts import read_back, require_same
from pilotage.bench.synthetic import RECORD, open_synthetic, write_programme
from pilotage.domain.errors import PilotageError, StoreError

UNITS = 250


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_programme(tmp_path, units=UNITS, record=RECORD)
    return tmp_path


@pytest.fixture
def taken(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Pass:
    """A pass in several batches."""
    monkeypatch.setattr(flow, "BATCH", 100)
    monkeypatch.setattr(followup, "BATCH", 100)
    return take(open_synthetic(folder))


def dump(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as connection:
        return list(connection.iterdump())


def databases(folder: Path) -> dict[Path, Path]:
    record, tool = folder / ".pilotage" / "record.sqlite", folder / "crm.sqlite"
    return {record: folder / "raw-record.sqlite", tool: folder / "raw-crm.sqlite"}


def test_the_raw_peer_ends_up_with_exactly_the_rows_of_the_road(folder: Path, taken: Pass):
    raw_peer(folder, taken)
    for road, raw in databases(folder).items():
        assert dump(raw) == dump(road)


def test_the_peer_counts_the_rows_that_it_compared(folder: Path, taken: Pass):
    raw = raw_peer(folder, taken)
    inserts = [line for each in databases(folder) for line in dump(each) if "INSERT INTO" in line]
    assert raw.rows == len(inserts)


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM outcome WHERE rowid = 7",
        "UPDATE entry SET body = x'00' WHERE seq = 9",
        "UPDATE decision SET score = score + 1e-15 WHERE rowid = 3",
        "INSERT INTO suppression VALUES ('nobody')",
        "DROP INDEX decision_by_month",
    ],
)
def test_a_peer_that_is_not_the_same_is_refused(folder: Path, taken: Pass, damage: str):
    raw_peer(folder, taken)
    road, raw = next(iter(databases(folder).items()))
    with closing(sqlite3.connect(raw)) as connection, connection:
        connection.execute(damage)
    with pytest.raises(StoreError, match="is not the road's"):
        require_same(road, raw)


def test_each_transaction_of_the_peer_holds_what_the_roads_transaction_held(taken: Pass):
    watched = taken.watched
    assert watched
    writes = read_back(watched.begun, watched.commits)
    assert len(writes) == len(watched.commits)
    decided = [len(one.rows["decision"]) for one in writes if "decision" in one.rows]
    assert decided == [100, 100, 50]
    for one in writes:  # a decision, its sealed key and its entries are written together
        assert len(one.rows.get("decision", ())) == len(one.rows.get("vault", ()))
        assert len(one.entries) >= len(one.rows.get("outcome", ()))
    assert [len(one.rows["outcome"]) for one in writes if "outcome" in one.rows] == [100, 100, 50]
    before_outcomes = writes[: taken.sent]
    assert not any("outcome" in one.rows for one in before_outcomes)


def test_every_unit_is_decided_delivered_and_closed_once(folder: Path, taken: Pass):
    assert (taken.tally.decided, taken.tally.closed) == (UNITS, UNITS)
    assert 0.7 * UNITS < taken.tally.treated < 0.9 * UNITS
    assert taken.tally.delivered == 2 * (taken.tally.treated - taken.tally.waiting)
    with closing(sqlite3.connect(folder / "crm.sqlite")) as connection:
        (shown,) = connection.execute("SELECT count(*) FROM lead").fetchone()
    assert shown == taken.tally.delivered


def test_a_pass_survives_its_way_between_processes(taken: Pass):
    assert PASS.validate_json(PASS.dump_json(taken)) == taken
    assert 0 < taken.peak_bytes <= peak_bytes()


def test_the_same_seed_gives_the_same_leads_and_another_gives_others(tmp_path: Path):
    written: list[bytes] = []
    for name, seed in (("one", 1), ("same", 1), ("other", 2)):
        write_programme(tmp_path / name, units=100, record=RECORD, seed=seed)
        leads, replies = tmp_path / name / "leads.csv", tmp_path / name / "replies.csv"
        written.append(leads.read_bytes() + replies.read_bytes())
    assert written[0] == written[1] != written[2]


def test_the_report_holds_road_and_raw_limit_side_by_side():
    figures = {
        one.what: one for one in bench_flow(units=100, database="sqlite", repeats=1).measured
    }
    road, raw = figures["the whole road"], figures["raw limit: the same rows by sqlite3 alone"]
    times = figures["the whole road, times the raw limit"]
    assert times.median == pytest.approx(raw.median / road.median)


def test_a_pass_that_fails_ends_the_bench(folder: Path):
    (folder / "leads.csv").unlink()
    with pytest.raises(PilotageError, match="a pass ended with code 1"):
        in_a_process(folder)


def test_memory_is_of_ten_times_the_units_beside_once():
    figures = [one for one in bench_memory(units=100, database="sqlite").measured if one.goal]
    assert [one.what for one in figures] == ["ten times the units"]
    assert 0.5 < figures[0].median < 2


def test_postgresql_takes_the_road_in_a_database_of_its_own(postgres_url: str):
    report = bench_flow(units=100, database=postgres_url, repeats=1)
    assert report.measured[0].median > 0
    assert postgres_url not in report.in_words()
    assert "not measured on PostgreSQL" in report.in_words()
