"""`pilotage check`: rows that a run would park are named before it, whatever their time."""

import csv
from pathlib import Path

import pytest

from tests.cli.acme import pilotage
from tests.cli.exports import DEALS_HEADER, LEADS_HEADER, decided, exported, write
from tests.cli.test_check import check, findings


@pytest.fixture
def drafted(tmp_path: Path) -> Path:
    """A programme drafted from two exports, completed."""
    leads, deals = exported(tmp_path)
    folder = tmp_path / "acme"
    pilotage("init", str(folder), "--from", leads, "--outcomes", deals, "--name", "calls")
    decided(folder / "use_cases/calls.yaml")
    return folder


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


def test_units_of_the_future_and_of_before_1970_are_named_and_parked(drafted: Path):
    leads = drafted.parent / "leads.csv"
    future = [[f"F{i}", "2031-05-01", "web", "small"] for i in range(200)]
    past = [[f"P{i}", "1960-05-01", "web", "small"] for i in range(300)]
    write(leads, LEADS_HEADER, [*rows(leads), *future, *past])
    found = findings(check(drafted, "--json"))
    assert "200 of the 1,400 rows" in found["units-in-the-future"]["detail"]
    assert "2031-05-01" in found["units-in-the-future"]["detail"]
    assert "300 of the 1,400 rows" in found["units-before-1970"]["detail"]
    ran = pilotage("run", "-p", str(drafted), "--json").json["calls"]
    assert isinstance(ran, dict)
    assert ran["parked"] == 500
    assert ran["read"] + ran["before_start"] == 900


def test_outcomes_of_no_unit_and_of_before_their_unit_are_counted(drafted: Path):
    deals = drafted.parent / "deals.csv"
    held = rows(deals)
    early = [[deal, lead, "2025-06-30"] for deal, lead, _ in held[1::4]]
    nobody = [[deal, "X" + lead, at] for deal, lead, at in held[::4]]
    write(deals, DEALS_HEADER, [*held[2::4], *held[3::4], *early, *nobody])
    found = findings(check(drafted, "--json"))
    assert f"{len(nobody)} of the {len(held)} rows" in found["outcomes-unknown-unit"]["detail"]
    assert f"{len(early)} of the {len(held)} rows" in found["outcomes-before-assignment"]["detail"]


@pytest.mark.parametrize(("name", "header"), [("leads", LEADS_HEADER), ("deals", DEALS_HEADER)])
def test_a_table_without_rows_is_named(drafted: Path, name: str, header: list[str]):
    write(drafted.parent / f"{name}.csv", header, [])
    said = findings(check(drafted, "--json"))["cannot-run"]["detail"]
    assert f"{name}.csv: the table has 0 rows" in said
    ran = pilotage("run", "-p", str(drafted))
    assert ran.code == 1
    assert f"{name}.csv: the table has 0 rows" in ran.err
