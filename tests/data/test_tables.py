"""Opening the customer's tables, and what is said when one cannot be read."""

import gzip
import sqlite3
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from pilotage.data.databases import without_password
from pilotage.data.engine import collect
from pilotage.data.tables import open_table
from pilotage.domain.errors import SourceError
from tests.rights import RIGHTS_MATTER

READ = """
import sys
from pilotage.data.tables import open_table
from pilotage.domain.errors import SourceError
try:
    open_table(sys.argv[1])
except SourceError as error:
    print(error)
"""


def _write(path: Path, content: str | bytes) -> str:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def _parquet(path: Path, query: str = "SELECT range AS lead_id FROM range(1000)") -> str:
    duckdb.sql(query).write_parquet(str(path))
    return str(path)


def test_a_key_column_keeps_its_leading_zeros(tmp_path: Path):
    table = open_table(
        _write(tmp_path / "leads.csv", "lead_id,size\n007,12\n008,\n"), text=["lead_id"]
    )
    assert collect(table.rows) == [
        {"lead_id": "007", "size": 12},
        {"lead_id": "008", "size": None},
    ]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_headers(tmp_path: Path, mark: str):
    text = f'lead_id{mark}note\n1{mark}"a{mark} b; c, d"\n'
    table = open_table(_write(tmp_path / "leads.csv", text))
    assert collect(table.rows) == [{"lead_id": 1, "note": f"a{mark} b; c, d"}]


def test_a_compressed_file_and_a_file_with_a_byte_order_mark_are_read(tmp_path: Path):
    text = "\ufefflead_id,size\n007,1\n"
    packed = _write(tmp_path / "leads.csv.gz", gzip.compress(text.encode()))
    for location in (packed, _write(tmp_path / "leads.csv", text)):
        assert open_table(location, text=["lead_id"]).rows.columns == ("lead_id", "size")


def test_a_path_with_a_star_or_a_bracket_is_one_file(tmp_path: Path):
    _write(tmp_path / "leads1.csv", "lead_id\n1\n2\n")
    odd = open_table(_write(tmp_path / "leads[1].csv", "lead_id\n3\n"))
    star = open_table(_write(tmp_path / "le*ds.csv", "lead_id\n4\n"))
    assert [collect(table.rows) for table in (odd, star)] == [[{"lead_id": 3}], [{"lead_id": 4}]]


def test_a_header_alone_is_a_table_without_rows(tmp_path: Path):
    table = open_table(_write(tmp_path / "leads.csv", "lead_id,created_at\n"), text=["lead_id"])
    assert collect(table.rows.aggregate(n=table.rows.count())) == [{"n": 0}]


def test_a_value_beyond_the_first_rows_does_not_surprise_the_reader(tmp_path: Path):
    numbers = "".join(f"{i},{i}\n" for i in range(60_000))
    table = open_table(_write(tmp_path / "leads.csv", f"lead_id,size\n{numbers}x,many\n"))
    assert collect(table.rows.filter(table.rows["size"] == "many")) == [
        {"lead_id": "x", "size": "many"}
    ]


def test_dates_written_day_first_stay_text(tmp_path: Path):
    table = open_table(_write(tmp_path / "leads.csv", "id,born,seen\n1,13/02/2018,2018-02-13\n"))
    assert str(table.rows["born"].type()) == "string"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("missing.csv", None, "there is no such file"),
        ("empty.csv", b"", "the file is empty (0 bytes)"),
        ("leads.xlsx", b"PK", "files that end in .xlsx are not read"),
        (
            "leads.parquet",
            b"lead_id\n1\n2\n3\n",
            "this is not a Parquet file; it begins with b'lead'",
        ),
        (
            "leads.csv",
            "lead_id,city\n1,Bonn\n2,Zürich\n".encode("latin-1"),
            "line 3 is not UTF-8: byte 0xfc at offset 23",
        ),
        ("leads.csv", "lead_id,city\n1,Bonn\n".encode("utf-16"), "the file is UTF-16, not UTF-8"),
        ("leads.csv", b"lead_id,city\n1,Bonn\n2\n", "line 3 has 1 values, the header has 2"),
        ("leads.csv", b"lead_id,city\n1,Bonn, Rhine\n", "line 2 has 3 values, the header has 2"),
        ("leads.csv", b'lead_id,city\n1,"Bonn\n2,Rome\n', "unexpected end of data"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_what_and_fix(
    tmp_path: Path, name: str, content: bytes | None, says: str
):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError) as caught:
        open_table(str(path))
    assert str(path) in caught.value.message
    assert says in caught.value.message
    assert caught.value.fix


def test_a_folder_is_no_table(tmp_path: Path):
    with pytest.raises(SourceError, match="this is a folder, not a table"):
        open_table(str(tmp_path))


def test_a_misspelt_file_finds_its_neighbour(tmp_path: Path):
    _write(tmp_path / "leads.csv", "lead_id\n1\n")
    with pytest.raises(SourceError) as caught:
        open_table(str(tmp_path / "laeds.csv"))
    assert caught.value.fix == f"did you mean {tmp_path / 'leads.csv'}?"


@pytest.mark.parametrize("keep", [0.5, 0.99])
def test_a_parquet_file_that_was_cut_off_says_so(tmp_path: Path, keep: float):
    path = Path(_parquet(tmp_path / "leads.parquet"))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * keep)])
    with pytest.raises(SourceError, match="the Parquet file is cut off"):
        open_table(str(path))


def test_a_parquet_file_with_a_damaged_inside_says_that_it_cannot_be_read(tmp_path: Path):
    path = Path(_parquet(tmp_path / "leads.parquet"))
    whole = path.read_bytes()
    path.write_bytes(whole[:4] + bytes(len(whole) - 12) + whole[-8:])
    with pytest.raises(SourceError, match="the table cannot be read"):
        open_table(str(path))


def test_a_file_that_this_account_may_not_read_says_so(tmp_path: Path):
    path = Path(_write(tmp_path / "leads.csv", "lead_id\n1\n"))
    path.chmod(0)
    said = subprocess.run(  # noqa: S603 - our own program, as an account that may do little
        [*RIGHTS_MATTER, sys.executable, "-c", READ, str(path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    assert "this account may not read the file" in said
    assert "fix: ask its owner" in said


def test_a_missing_column_names_the_nearest_and_those_that_exist(tmp_path: Path):
    location = _write(tmp_path / "leads.csv", "lead_id,created_at\n1,2026-09-01\n")
    with pytest.raises(SourceError) as caught:
        open_table(location, text=["Lead_ID"])
    assert "there is no column 'Lead_ID'; there are: lead_id, created_at" in caught.value.message
    assert caught.value.fix == "did you mean 'lead_id'?"


def test_a_file_is_only_ever_read(tmp_path: Path):
    path = Path(_write(tmp_path / "leads.csv", "lead_id\n1\n"))
    before = (path.read_bytes(), path.stat().st_mtime_ns, sorted(tmp_path.iterdir()))
    collect(open_table(str(path)).rows)
    assert (path.read_bytes(), path.stat().st_mtime_ns, sorted(tmp_path.iterdir())) == before


def test_a_table_of_a_duckdb_file_is_attached_and_cannot_be_written(tmp_path: Path):
    path = tmp_path / "crm.duckdb"
    with duckdb.connect(str(path)) as database:
        database.execute("CREATE TABLE leads AS SELECT '007' AS lead_id")
    table = open_table(f"duckdb:///{path}#leads", text=["lead_id"])
    assert (table.name, collect(table.rows)) == ("leads", [{"lead_id": "007"}])
    with pytest.raises(SourceError, match="there is no table 'lead'; there are: leads"):
        open_table(f"duckdb:///{path}#lead")


def test_a_table_of_a_sqlite_file_keeps_text_and_numbers(tmp_path: Path):
    path = tmp_path / "crm.sqlite"
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE leads (lead_id TEXT, size INTEGER, at DATETIME, won BOOLEAN)")
    database.executemany(
        "INSERT INTO leads VALUES (?, ?, ?, ?)",
        [("007", 12, "2026-09-01 08:30:00.000000", 1), ("Zoë", None, None, 0)],
    )
    database.commit()
    database.close()
    rows = collect(open_table(f"sqlite:///{path}#leads").rows)
    assert [row["lead_id"] for row in rows] == ["007", "Zoë"]
    assert [row["size"] for row in rows] == [12, None]
    assert [row["won"] for row in rows] == [True, False]


def test_a_sqlite_cell_that_is_not_of_its_columns_type_names_the_column(tmp_path: Path):
    path = tmp_path / "crm.sqlite"
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE leads (lead_id TEXT, size INTEGER)")
    database.execute("INSERT INTO leads VALUES ('007', 'many')")
    database.commit()
    database.close()
    with pytest.raises(SourceError, match="column 'size' is declared int64"):
        open_table(f"sqlite:///{path}#leads")


def test_a_table_of_postgresql_is_read(postgres_url: str):
    psycopg = pytest.importorskip("psycopg")
    with psycopg.connect(postgres_url) as database:
        database.execute(
            "CREATE TABLE leads AS SELECT lpad(n::text, 3, '0') AS lead_id, "
            "timestamptz '2026-09-01 08:30+02' AS created_at, 'NaN'::float8 AS score "
            "FROM generate_series(1, 25000) AS n"
        )
    table = open_table(postgres_url + "#leads", text=["lead_id"])
    assert "://" in table.location
    [first] = collect(table.rows.filter(table.rows.lead_id == "007").select("lead_id", "score"))
    assert first["lead_id"] == "007"
    assert first["score"] != first["score"]
    assert collect(table.rows.aggregate(n=table.rows.count())) == [{"n": 25_000}]


@pytest.mark.parametrize(
    ("location", "says"),
    [
        ("mysql://ann:secret@db/sales#leads", "mysql is not read"),
        ("sqlite:///nowhere.db#leads", "there is no such file: nowhere.db"),
        ("postgresql://ann:secret@127.0.0.1:1/sales#leads", "the table cannot be read"),
        ("postgresql://ann:secret@127.0.0.1:1/sales", "the address names no table"),
        ("what://ever is:this", "this is no address"),
    ],
)
def test_a_database_that_cannot_be_read_is_named_without_its_password(location: str, says: str):
    with pytest.raises(SourceError, match=says) as caught:
        open_table(location)
    assert "secret" not in str(caught.value)


def test_a_missing_driver_is_said_with_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(SourceError, match="driver is not installed") as caught:
        open_table("postgresql://ann:secret@127.0.0.1:1/sales#leads")
    assert "psycopg[binary]" in caught.value.fix
    assert "secret" not in str(caught.value)


def test_passwords_are_not_shown():
    assert "secret" not in without_password("postgresql://ann:secret@db/sales#leads")
