"""CSV files as a tool: what a crash, a disk or a person does to them."""

import csv
from hashlib import sha256
from pathlib import Path

import pytest

from pilotage.delivery.csv_folder import CsvFolder
from pilotage.domain.decision import Delivery
from pilotage.domain.errors import DeliveryError


def delivery(record: str, value: str) -> Delivery:
    key = sha256(record.encode()).hexdigest()
    return Delivery(key=key, tool="crm", object="lead", record=record, field="why", value=value)


SENT = [
    delivery("1", "plain"),
    delivery("2", 'a "quoted", word'),
    delivery("3", "two\r\nlines, and\na third"),
    delivery("4", '"'),
    delivery("5", "Zürich\n\n"),
]


def content(folder: Path) -> list[list[str]]:
    with (folder / "lead.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_a_file_cut_at_any_byte_is_mended_and_made_whole(tmp_path: Path):
    CsvFolder(folder=tmp_path).deliver(SENT)
    file = tmp_path / "lead.csv"
    whole, expected = file.read_bytes(), content(tmp_path)
    for cut in range(len(whole)):
        file.write_bytes(whole[:cut])
        CsvFolder(folder=tmp_path).deliver(SENT)
        assert content(tmp_path) == expected, f"cut at byte {cut}"


def test_a_file_that_a_person_saved_with_other_line_ends_is_kept(tmp_path: Path):
    CsvFolder(folder=tmp_path).deliver(SENT[:2])
    file = tmp_path / "lead.csv"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\r\n", b"\n") + b"\n")
    before = file.read_bytes()
    CsvFolder(folder=tmp_path).deliver(SENT[:3])
    after = file.read_bytes()
    assert after.startswith(before)
    assert [after.count(item.key.encode()) for item in SENT[:3]] == [1, 1, 1]


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_that_a_spreadsheet_would_run_is_text(tmp_path: Path, begins: str):
    CsvFolder(folder=tmp_path).deliver([delivery("1", f"{begins}HYPERLINK(1)")])
    assert content(tmp_path)[1][3] == f"'{begins}HYPERLINK(1)"


@pytest.mark.parametrize("value", ["-3.5", "+7", "-1e-3", "a=b", "", "referral"])
def test_a_number_or_plain_text_stays_as_it_is(tmp_path: Path, value: str):
    CsvFolder(folder=tmp_path).deliver([delivery("1", value)])
    assert content(tmp_path)[1][3] == value


def test_rows_of_somebody_else_stay_as_they_are(tmp_path: Path):
    CsvFolder(folder=tmp_path).deliver(SENT[:2])
    with (tmp_path / "lead.csv").open("a", newline="") as file:
        file.write('mine,9,note,"by ""hand"""\r\n')
    CsvFolder(folder=tmp_path).deliver(SENT)
    assert content(tmp_path)[3] == ["mine", "9", "note", 'by "hand"']
    assert len(content(tmp_path)) == 1 + len(SENT) + 1


@pytest.mark.parametrize("head", [b"id;name", b"key;record;field;value", b"key,record,field"])
def test_a_file_that_is_not_ours_is_refused_and_not_touched(tmp_path: Path, head: bytes):
    file = tmp_path / "lead.csv"
    file.write_bytes(head + b"\r\n1;Ann\r\n")
    with pytest.raises(DeliveryError, match="is no file of ours; it begins with") as caught:
        CsvFolder(folder=tmp_path).deliver(SENT)
    assert "move the file away" in caught.value.fix
    assert file.read_bytes() == head + b"\r\n1;Ann\r\n"


@pytest.mark.parametrize("where", range(3))
def test_a_quote_that_a_person_left_open_costs_no_row(tmp_path: Path, where: int):
    CsvFolder(folder=tmp_path).deliver(SENT)
    file = tmp_path / "lead.csv"
    record = SENT[where].record.encode()
    file.write_bytes(file.read_bytes().replace(b"," + record + b",", b"," + record + b'",'))
    before = file.read_bytes()
    more = [*SENT, delivery("6", "new")]
    CsvFolder(folder=tmp_path).deliver(more)
    assert file.read_bytes() == before + f"{more[-1].key},6,why,new\r\n".encode()


def test_a_folder_that_is_a_file_is_an_error_with_a_fix(tmp_path: Path):
    (tmp_path / "crm").write_text("not a folder")
    with pytest.raises(DeliveryError, match="cannot be written") as caught:
        CsvFolder(folder=tmp_path / "crm").deliver(SENT)
    assert "run the same command again" in caught.value.fix


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk always full")
def test_a_full_disk_loses_no_delivery(tmp_path: Path):
    channel = CsvFolder(folder=tmp_path)
    channel.deliver(SENT[:2])
    file, kept = tmp_path / "lead.csv", tmp_path / "kept.csv"
    file.rename(kept)
    file.symlink_to("/dev/full")
    with pytest.raises(DeliveryError, match="No space left on device"):
        channel.deliver(SENT)
    file.unlink()
    kept.rename(file)
    channel.deliver(SENT)
    assert [row[1] for row in content(tmp_path)[1:]] == ["1", "2", "3", "4", "5"]
