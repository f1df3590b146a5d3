"""Does a use case fit its programme and its tables?"""

from collections.abc import Collection, Mapping

import pytest

from pilotage.domain.finding import Finding, Severity
from pilotage.spec.checks import check_against
from pilotage.spec.loading import load_programme, load_use_case
from tests.spec.written import FULL, SHORT

PROGRAMME = """\
programme: revenue
currency: EUR
sources: {leads: leads.csv, replies: replies.csv, renewals: renewals.csv, signed: signed.csv}
tools: {crm: {kind: csv, folder: outbox}}
people: {ann: {roles: [head-of-success, cro, vp-sales]}}
"""

COLUMNS: Mapping[str, Collection[str]] = {
    "leads": {"lead_id", "created_at", "origin"},
    "replies": {"lead_id", "replied_at"},
    "renewals": {"renewal_id", "due_at", "csm_id", "region", "seats", "logins", "trial"},
    "signed": {"renewal_id", "signed_at", "share_kept"},
}


def findings(
    text: str,
    *,
    programme: str = PROGRAMME,
    columns: Mapping[str, Collection[str]] = COLUMNS,
) -> dict[str, Finding]:
    found = check_against(
        load_use_case(text, file="use_case.yaml"),
        load_programme(programme, file="pilotage.yaml"),
        columns,
    )
    return {finding.code: finding for finding in found}


KEPT = "declared-not-evaluated"


def test_a_full_declaration_over_its_tables_has_no_finding_but_what_is_kept_only() -> None:
    assert set(findings(FULL)) == {KEPT}


def test_what_is_declared_and_not_evaluated_yet_is_said_by_its_key() -> None:
    found = findings(FULL)[KEPT]
    assert found.severity is Severity.INFO
    for key in ("outcome.guardrails", "outcome.leading", "data.critical", "governance.regions"):
        assert f"`{key}`" in found.detail
    assert "declared, not evaluated yet" in found.detail
    regions = findings(SHORT + "governance: {regions: [EU]}\n")[KEPT]
    assert regions.detail.startswith("`governance.regions`: declared")
    assert KEPT not in findings(SHORT)


def test_a_limit_that_leaves_nobody_out_is_said() -> None:
    low = findings(SHORT + "oversight: {ask_from: 0.35}\n")["nobody-left-out"]
    assert low.severity is Severity.INFO
    assert "0.35" in low.detail
    assert "nobody-left-out" not in findings(SHORT + "oversight: {ask_from: 0.6}\n")


@pytest.mark.parametrize(
    ("written", "instead", "code", "detail", "fix"),
    [
        ("table: renewals", "table: renewal", "table-not-declared", "renewal", "write renewals"),
        ("table: signed", "table: contracts", "table-not-declared", "contracts", "sources"),
        ("key: renewal_id, at: due_at", "key: id, at: due_at", "unit-without-key",
         "The unit renewal has no key", "data.units.key"),
        ("at: due_at", "at: due", "column-not-there", "due (`data.units.at`)", "write due_at"),
        ("owner: csm_id", "owner: csm", "column-not-there", "data.units.owner", "write csm_id"),
        ("segment: region", "segment: area", "column-not-there", "data.units.segment", "one of"),
        ("assign_by: csm_id", "assign_by: team", "column-not-there", "experiment.assign_by", ""),
        ("strata: [region]", "strata: [regions]", "column-not-there", "strata", "write region"),
        ("columns: [region,", "columns: [regions,", "column-not-there", "decide.columns", "region"),
        ("{logins: 0}", "{login: 0}", "column-not-there", "decide.rules[1].when", "write logins"),
        ("value: share_kept", "value: kept", "column-not-there", "outcomes.value", "share_kept"),
        ("at: signed_at", "at: signed", "column-not-there", "outcomes.at", "write signed_at"),
        ("2026-10-31", "loaded_at", "column-not-there", "outcomes.complete_until", ""),
        ("tool: crm", "tool: desk", "tool-not-declared", "desk", "under tools"),
    ],
)  # fmt: skip
def test_what_does_not_fit_blocks_and_says_what_to_write(
    written: str, instead: str, code: str, detail: str, fix: str
) -> None:
    assert written in FULL
    found = findings(FULL.replace(written, instead))
    assert list(found) == [code, KEPT]
    assert found[code].severity is Severity.BLOCKS
    assert detail in found[code].detail
    assert fix in found[code].fix


def test_a_table_whose_columns_nobody_could_read_blocks() -> None:
    found = findings(FULL, columns={"renewals": COLUMNS["renewals"]})
    assert "signed" in found["table-not-read"].detail


def test_a_rule_over_the_outcome_s_own_column_blocks() -> None:
    one_table = (
        FULL.replace("table: signed", "table: renewals")
        .replace("at: signed_at, value: share_kept", "at: seats, value: logins")
    )  # fmt: skip
    found = findings(one_table)
    assert list(found) == ["column-known-afterwards", KEPT]
    assert "logins and seats" in found["column-known-afterwards"].detail


def test_what_a_person_should_know_is_a_warning() -> None:
    found = findings(SHORT, programme=PROGRAMME.replace(", vp-sales", ""))
    assert {code: finding.severity for code, finding in found.items()} == dict.fromkeys(
        ("role-without-person", "no-rules", "outcomes-never-complete", "several-currencies"),
        Severity.WARNING,
    )
    assert "vp-sales" in found["role-without-person"].fix
    assert "counts in EUR, this use case in USD" in found["several-currencies"].detail
