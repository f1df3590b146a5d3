"""The ledger bench: the peer writes the same rows, and verifying does verify."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pilotage.bench import ledger
from pilotage.bench.ledger import append, bench_ledger, check, raw_appends, some_entries
from pilotage.domain.errors import LedgerError, StoreError
from pilotage.store.export import ENTRIES, Contents, export

N = 250


@pytest.fixture
def appended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ledger.Appended:
    monkeypatch.setattr(ledger, "BATCH", 100)
    return append(list(some_entries(N)), tmp_path)


def test_the_peer_inserts_the_same_ledger_batch_by_batch(appended: ledger.Appended):
    assert list(appended.sizes) == [100, 100, 50]
    assert raw_appends(appended) > 0  # and raises where a row differs


def test_a_peer_of_another_ledger_is_refused(appended: ledger.Appended):
    short = ledger.Appended(
        record=appended.record, path=appended.path, seconds=1.0, sizes=appended.sizes[:-1]
    )
    with pytest.raises(StoreError, match="is not the road's"):
        raw_appends(short)


def test_a_changed_entry_stops_the_bench(appended: ledger.Appended, tmp_path: Path):
    bundle = tmp_path / "bundle"
    export(appended.record, bundle, Contents(files={}), as_of=datetime.now(UTC))
    check(bundle)
    body = (bundle / ENTRIES).read_bytes()
    (bundle / ENTRIES).write_bytes(body.replace(b'"treatment"', b'"holdout"', 1))
    with pytest.raises(LedgerError, match="Changed: entry"):
        check(bundle)


def test_each_figure_stands_beside_its_limit():
    figures = {one.what: one.median for one in bench_ledger(entries=200, repeats=1).measured}
    append_rate, insert_rate, times, *_ = figures.values()
    assert times == pytest.approx(insert_rate / append_rate)
    assert len(figures) == 6
