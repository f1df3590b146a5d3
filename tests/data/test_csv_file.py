"""CSV files larger than what the engine's sniffer is shown: every row has a say in the types."""

from pathlib import Path

import pytest

from pilotage.data import csv_file
from pilotage.data.engine import collect
from pilotage.data.tables import open_table

ROWS = 3_000
LATE = ROWS - 1


@pytest.fixture(params=[10, 2_500], ids=["few rows sniffed", "most rows sniffed"])
def large(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Count every file as a large one."""
    monkeypatch.setattr(csv_file, "SNIFFED_BYTES", 0)
    monkeypatch.setattr(csv_file, "SNIFFED_ROWS", request.param)


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize(
    ("usual", "late", "kind"),
    [
        ("7", "8", "int64"),
        ("7", "8.5", "float64"),
        ("7", "eight", "string"),
        ("7.5", "n/a", "string"),
        ("true", "false", "boolean"),
        ("true", "perhaps", "string"),
        ("true", "1", "string"),
        ("2026-09-01", "2026-09-30", "date"),
        ("2026-09-01", "soon", "string"),
        ("2026-09-01", "2026-09-30 08:30:00", "timestamp(6)"),
        ("2026-09-01", "2026-09-30 08:30:00+02", "string"),
        ("2026-09-01 08:30:00", "2026-09-30T08:30:00Z", "string"),
        ("7", "", "int64"),
    ],
)
def test_a_late_row_decides_the_type_of_its_column(
    tmp_path: Path, usual: str, late: str, kind: str
):
    values = [usual] * LATE + [late]
    path = tmp_path / "leads.csv"
    path.write_text("\n".join(["lead_id,said", *(f"{n:04},{v}" for n, v in enumerate(values))]))
    rows = open_table(str(path), text=["lead_id"]).rows
    assert str(rows.said.type()) == kind
    [last] = collect(rows.filter(rows.lead_id == f"{LATE:04}").select("said"))
    assert (last["said"] is None) is (late == "")
    assert kind != "string" or last["said"] == late


@pytest.mark.usefixtures("large")
def test_a_large_file_is_read_as_a_small_one_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "leads.csv"
    lines = [f"{n:03},{n % 7},{n / 4},2026-09-{n % 28 + 1:02},yes" for n in range(ROWS)]
    path.write_text("\n".join(["lead_id,size,score,day,won", *lines]))
    seen = open_table(str(path), text=["lead_id"]).rows
    monkeypatch.setattr(csv_file, "SNIFFED_BYTES", 10**9)
    small = tmp_path / "small.csv"
    small.write_text(path.read_text())
    sniffed = open_table(str(small), text=["lead_id"]).rows
    assert seen.schema() == sniffed.schema()
    assert collect(seen.order_by("lead_id")) == collect(sniffed.order_by("lead_id"))
