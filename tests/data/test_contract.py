"""A data contract (ODCS v3): what each row must keep, and what is left to others."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pilotage.data.contract import load_contract
from pilotage.data.source import OutcomeColumns, TableSource, UnitColumns
from pilotage.data.tables import open_table
from pilotage.domain.errors import PilotageError, SourceError, SpecError
from pilotage.domain.finding import Severity

NOW = datetime(2026, 11, 23, tzinfo=UTC)
HEAD = "apiVersion: v3.1.0\nkind: DataContract\nid: leads\nversion: 1.0.0\nstatus: active\n"


def _contract(folder: Path, properties: str) -> Path:
    path = folder / "leads.odcs.yaml"
    lines = "".join(f"      {line}\n" for line in properties.strip("\n").splitlines())
    path.write_text(f"{HEAD}schema:\n  - name: leads\n    properties:\n{lines}", encoding="utf-8")
    return path


def _parked(folder: Path, properties: str, rows: str) -> list[tuple[str, str, str]]:
    leads = folder / "leads.csv"
    leads.write_text("lead_id,created_at,size,note,since\n" + rows, encoding="utf-8")
    source = TableSource(
        units=UnitColumns(table=str(leads), key="lead_id", at="created_at"),
        outcomes=OutcomeColumns(table=str(leads), key="lead_id", at="created_at"),
        zone="UTC",
        now=NOW,
        contract=load_contract(_contract(folder, properties)),
    )
    read = list(source.units(since=None, until=NOW, batch=100))
    units = sum(len(found) for found, _ in read)
    parked = [row for _, found in read for row in found]
    assert units + len(parked) == rows.count("\n")
    return [(row.key, row.reason, row.detail) for row in parked]


@pytest.mark.parametrize(
    ("properties", "bad", "reason", "detail"),
    [
        ("- {name: note, required: true}", "5,,2026-01-01", "required", "'note' is empty: empty"),
        ("- {name: note, unique: true}", "5,fine,2026-01-01", "unique", "'note' occurs more than"),
        ("- {name: note, logicalType: integer}", "5,5.5,", "type", "'note' is no integer: 5.5"),
        ("- {name: since, logicalType: date}", "5,x,soon", "type", "'since' is no date: soon"),
        (
            "- {name: size, logicalType: integer, logicalTypeOptions: {minimum: 0}}",
            "-3,x,",
            "minimum",
            "'size' is below 0: -3",
        ),
        (
            "- {name: size, logicalType: number, logicalTypeOptions: {exclusiveMaximum: 100}}",
            "100,x,",
            "exclusive-maximum",
            "'size' is not below 100: 100",
        ),
        (
            "- {name: size, logicalType: number, logicalTypeOptions: {multipleOf: 0.5}}",
            "0.3,x,",
            "multiple-of",
            "'size' is no multiple of 0.5: 0.3",
        ),
        (
            "- {name: since, logicalType: date, logicalTypeOptions: {minimum: 2020-01-01}}",
            "5,x,2019-12-31",
            "minimum",
            "'since' is below 2020-01-01: 2019-12-31",
        ),
        (
            "- {name: note, logicalTypeOptions: {maxLength: 4}}",
            "5,too long,",
            "max-length",
            "'note' is longer than 4: too long",
        ),
        (
            "- {name: note, logicalTypeOptions: {pattern: '^(fine|5)$'}}",
            "5,bad,",
            "pattern",
            "'note' does not match ^(fine|5)$: bad",
        ),
        (
            "- {name: note, enum: [{value: fine}, {value: 5}]}",
            "5,bad,",
            "valid-values",
            "'note' is none of fine, 5: bad",
        ),
        (
            (
                "- name: note\n  quality: [{metric: invalidValues, mustBe: 0, "
                "arguments: {validValues: [fine, 5]}}]"
            ),
            "5,bad,",
            "valid-values",
            "'note' is none of fine, 5: bad",
        ),
        (
            "- name: since\n  quality: [{metric: nullValues, mustBe: 0}]",
            "5,x,",
            "required",
            "'since' is empty: empty",
        ),
    ],
)
def test_a_row_that_breaks_a_rule_is_parked_with_its_value(
    tmp_path: Path, properties: str, bad: str, reason: str, detail: str
):
    good = "fine" if reason != "type" or "note" not in properties else "5"
    rows = f"a,2026-09-01,2.0,{good},2026-01-01\nb,2026-09-01,{bad}\n"
    parked = _parked(tmp_path, properties, rows)
    both = {"a", "b"} if reason == "unique" else {"b"}
    assert {(key, why) for key, why, _ in parked} == {(key, f"contract:{reason}") for key in both}
    assert all(detail in said for _, _, said in parked)


def test_a_unique_key_leaves_identical_rows_to_the_source(tmp_path: Path):
    rows = "a,2026-09-01,1,x,\na,2026-09-01,1,x,\n"
    [(key, reason, _)] = _parked(tmp_path, "- {name: lead_id, unique: true, required: true}", rows)
    assert (key, reason) == ("a", "duplicate-row")


def test_what_no_single_row_can_be_asked_is_reported_as_not_enforced(tmp_path: Path):
    leads = tmp_path / "leads.csv"
    leads.write_text("lead_id,note\n1,x\n", encoding="utf-8")
    contract = load_contract(
        _contract(
            tmp_path,
            "- name: note\n  logicalTypeOptions: {format: email}\n  quality:\n"
            "    - {type: text, name: verified, description: by the system}\n"
            "    - {metric: nullValues, mustBeLessThan: 1, unit: percent}",
        )
    )
    table = open_table(str(leads))
    assert contract.rules(table) == ()
    findings = contract.findings(table)
    assert [finding.severity for finding in findings] == [Severity.INFO] * 3
    assert {finding.code for finding in findings} == {"contract-rule-not-enforced"}
    for word in ("'format'", "'verified'", "'nullValues'"):
        assert any(word in finding.detail for finding in findings)


def test_a_promised_column_that_is_missing_is_an_error(tmp_path: Path):
    with pytest.raises(SourceError, match="there is no column 'notes'"):
        _parked(tmp_path, "- {name: notes, required: true}", "a,2026-09-01,1,x,\n")


def test_the_physical_name_stands_for_the_column(tmp_path: Path):
    rows = "a,2026-09-01,1,,\n"
    [(_, reason, _)] = _parked(
        tmp_path, "- {name: remark, physicalName: note, required: true}", rows
    )
    assert reason == "contract:required"


@pytest.mark.parametrize(
    ("properties", "says"),
    [
        ("- {name: note, logicalTypeOptions: {pattern: '(?=x)'}}", "no regular expression"),
        ("- {name: size, logicalType: integer, logicalTypeOptions: {minimum: small}}", "minimum"),
        ("- {name: size, required: perhaps}", "schema.0.properties.0.required"),
    ],
)
def test_a_contract_that_cannot_be_meant_is_refused(tmp_path: Path, properties: str, says: str):
    with pytest.raises(SpecError, match=says):
        _parked(tmp_path, properties, "a,2026-09-01,1,x,\n")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "cannot be read"),
        ("kind: DataContract\napiVersion: v2.2.0\n", "apiVersion"),
        ("kind: Recipe\napiVersion: v3.0.2\n", "kind"),
        ("- a list\n", "leads.odcs.yaml"),
        ("kind: [\n", "leads.odcs.yaml"),
    ],
)
def test_a_file_that_is_no_contract_is_refused_with_a_fix(
    tmp_path: Path, text: str | None, says: str
):
    path = tmp_path / "leads.odcs.yaml"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(PilotageError, match=says) as caught:
        load_contract(path)
    assert caught.value.fix
