"""A first look at a table."""

from datetime import UTC, datetime
from pathlib import Path

from pilotage.data.profile import profile
from pilotage.data.tables import open_table
from pilotage.spec.profile import ColumnProfile, ColumnType
from tests.real_data import real_data


def test_columns_are_counted(tmp_path: Path):
    path = tmp_path / "leads.csv"
    path.write_text(
        "lead_id,created_at,size,share,eu,note\n"
        "a,2026-09-01T10:00:00Z,1,0.5,true,x\nb,2026-09-02T10:00:00Z,2,0.5,false,\n",
        encoding="utf-8",
    )
    found = profile(open_table(str(path)))
    assert found.name == "leads"
    assert [(c.name, c.type.value, c.distinct, c.null_share) for c in found.columns] == [
        ("lead_id", "text", 2, 0),
        ("created_at", "time", 2, 0),
        ("size", "whole", 2, 0),
        ("share", "number", 1, 0),
        ("eu", "boolean", 2, 0),
        ("note", "text", 1, 0.5),
    ]
    assert found.columns[1].earliest == datetime(2026, 9, 1, 10, tzinfo=UTC)
    assert found.columns[1].latest == datetime(2026, 9, 2, 10, tzinfo=UTC)


def test_a_table_without_rows_has_columns_without_values(tmp_path: Path):
    path = tmp_path / "leads.csv"
    path.write_text("lead_id,created_at\n", encoding="utf-8")
    assert profile(open_table(str(path))).columns[0] == ColumnProfile(
        name="lead_id", type=ColumnType.TEXT, rows=0, distinct=0, null_share=0.0
    )


def test_the_key_of_the_olist_leads_is_found():
    leads = real_data("olist_funnel/olist_marketing_qualified_leads_dataset.csv")
    columns = profile(open_table(str(leads))).columns
    assert [column.name for column in columns if column.may_be_key] == ["mql_id"]
    assert {column.name: column.distinct for column in columns}["landing_page_id"] == 495
