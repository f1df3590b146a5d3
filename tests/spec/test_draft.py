"""Drafts: what the tables show is filled in, what only a person knows is not."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.domain.errors import SpecError
from pilotage.spec.checks import check_against
from pilotage.spec.draft import Found, draft_programme, draft_use_case, quoted
from pilotage.spec.loading import load_programme, load_use_case
from pilotage.spec.profile import ColumnProfile, ColumnType, TableProfile
from pilotage.spec.reading import read_yaml
from pilotage.spec.start import STARTING_SOURCES, starting_use_case

ANSWERS = {
    "  shared_capacity: ": "false",
    "owner: ": "vp-sales",
    "  minimum_effect: ": "{relative: 0.15}",
    "    amount: ": "1500",
    "    currency: ": "USD",
    "    basis: ": "gross_margin",
    "    complete_until: ": "2018-11-14",
    "  volume_per_month: ": "3000",
    "amount: ": "1500",
}
"""What a person writes in place of DECIDE."""


def column(
    name: str, kind: ColumnType, *, distinct: int = 800, null_share: float = 0.0
) -> ColumnProfile:
    day = datetime(2018, 11, 14, tzinfo=UTC) if kind is ColumnType.TIME else None
    return ColumnProfile(
        name=name, type=kind, rows=800, distinct=distinct, null_share=null_share,
        earliest=day, latest=day,
    )  # fmt: skip


LEADS = TableProfile(
    name="leads",
    path="data/leads.csv",
    columns=(
        column("mql_id", ColumnType.TEXT),
        column("first_contact_date", ColumnType.TIME),
        column("landing_page_id", ColumnType.TEXT, distinct=495),
        column("origin", ColumnType.TEXT, distinct=10),
    ),
)
DEALS = TableProfile(
    name="deals",
    path="data/deals.csv",
    columns=(
        column("mql_id", ColumnType.TEXT),
        column("seller_id", ColumnType.TEXT),
        column("won_date", ColumnType.TIME),
        column("declared_monthly_revenue", ColumnType.NUMBER, distinct=27),
    ),
)


def draft(units: TableProfile = LEADS, outcomes: TableProfile = DEALS) -> str:
    return draft_use_case(
        name="inbound-leads",
        units=units,
        outcomes=outcomes,
        found=Found(volume_per_month=666.7, base_rate=0.105),
    )


def decided(text: str) -> str:
    for start, answer in ANSWERS.items():
        text = text.replace(f"{start}DECIDE", f"{start}{answer}")
    return text


def test_the_tables_fill_in_what_they_show() -> None:
    use_case = load_use_case(decided(draft()), file="inbound-leads.yaml")
    units, outcomes = use_case.data.units, use_case.data.outcomes
    assert (use_case.process.unit, use_case.process.volume_per_month) == ("lead", 666.7)
    assert (units.table, units.key, units.at) == ("leads", "mql_id", "first_contact_date")
    assert (outcomes.table, outcomes.key, outcomes.at) == ("deals", "mql_id", "won_date")
    assert use_case.outcome.metric == "deal_rate"


def test_what_only_a_person_knows_is_refused_by_name_until_decided() -> None:
    with pytest.raises(SpecError) as caught:
        load_use_case(draft(), file="inbound-leads.yaml")
    for key in ("owner", "process.shared_capacity", "outcome.minimum_effect",
                "outcome.value.amount", "outcome.value.currency", "outcome.value.basis",
                "data.outcomes.complete_until"):  # fmt: skip
        assert f"`{key}` is still DECIDE" in caught.value.message
    assert caught.value.message.startswith("inbound-leads.yaml: 7 things to mend")


def test_the_comments_give_the_figures_to_decide_with() -> None:
    text = draft()
    assert "moves the measured 10.5% to 12.1%" in text
    assert "the last stamp is 2018-11-14" in text
    assert "it could be origin" in text
    assert "or mean, with data.outcomes.value: declared_monthly_revenue" in text


def test_several_candidates_are_left_to_a_person_with_their_names() -> None:
    twice = replace(LEADS, columns=(*LEADS.columns, column("updated_at", ColumnType.TIME)))
    stranger = replace(DEALS, columns=(column("lead", ColumnType.TEXT), *DEALS.columns[1:]))
    text = draft(twice, stranger)
    assert "at: DECIDE  # when the unit came into being: first_contact_date, updated_at" in text
    assert "key: DECIDE  # holds the unit's key: lead, seller_id" in text


def test_a_time_that_is_sometimes_empty_gives_way_to_one_that_never_is() -> None:
    closing = column("closed_at", ColumnType.TIME, null_share=0.4)
    assert draft(replace(LEADS, columns=(closing, *LEADS.columns))).count("closed_at") == 0


def test_of_two_keys_the_one_that_the_outcomes_know_is_taken() -> None:
    numbered = replace(LEADS, columns=(column("row", ColumnType.WHOLE), *LEADS.columns))
    assert "key: mql_id" in draft(numbered)


def test_a_repeated_or_half_empty_column_is_no_key() -> None:
    assert not column("origin", ColumnType.TEXT, distinct=799).may_be_key
    assert not column("origin", ColumnType.TEXT, null_share=0.01).may_be_key
    assert not column("price", ColumnType.NUMBER).may_be_key
    assert column("id", ColumnType.WHOLE).may_be_key


def test_tables_without_a_usable_column_still_make_a_draft() -> None:
    bare = TableProfile(name="notes", path="notes.csv", columns=())
    text = draft(bare, bare)
    assert "key: DECIDE  # tells each row from every other: no column looks like it" in text


def test_the_drafted_programme_loads_and_fits_the_drafted_use_case() -> None:
    sources = {LEADS.name: LEADS.path, DEALS.name: "${data}/deals: 2018.csv"}
    programme = load_programme(
        draft_programme(name="sales", sources=sources, timezone="America/Sao_Paulo"),
        file="pilotage.yaml",
    )
    assert programme.sources == sources
    assert programme.timezone == "America/Sao_Paulo"
    use_case = load_use_case(decided(draft()), file="inbound-leads.yaml")
    columns = {t.name: {c.name for c in t.columns} for t in (LEADS, DEALS)}
    blocking = [f for f in check_against(use_case, programme, columns) if f.severity == "blocks"]
    assert blocking == []


def test_the_starting_point_loads_once_decided() -> None:
    use_case = load_use_case(decided(starting_use_case()), file="start.yaml")
    assert {use_case.data.units.table, use_case.data.outcomes.table} == set(STARTING_SOURCES)
    with pytest.raises(SpecError, match="is still DECIDE"):
        load_use_case(starting_use_case(), file="start.yaml")


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_any_column_s_name_is_read_back_as_it_was(name: str) -> None:
    text = f"{quoted(name)}: [{quoted(name)}]  # {quoted(name)}\nplain: {quoted(name)}"
    assert read_yaml(text, file="x").top == {name: [name], "plain": name}


@given(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=20).filter(
        lambda name: name.strip() and name != "DECIDE"
    )
)
def test_a_draft_over_any_names_loads_once_decided(name: str) -> None:
    units = TableProfile(
        name=name,
        path="units.csv",
        columns=(column(name, ColumnType.TEXT), column(f"{name} at", ColumnType.TIME)),
    )
    use_case = load_use_case(decided(draft(units, units)), file="x")
    assert (use_case.data.units.key, use_case.data.units.at) == (name, f"{name} at")


def test_what_the_rows_show_is_settled_in_the_draft() -> None:
    found = Found(
        volume_per_month=750,
        key="mql_id",
        held_in="mql_id",
        at="first_contact_date",
        happened_at="won_date",
        where={"deal stage": "Won"},
        states={"deal stage": ("Won", "Lost")},
        knowable=("origin",),
        start=date(2018, 4, 1),
    )
    text = draft_use_case(name="leads", units=LEADS, outcomes=LEADS, found=found)
    use_case = load_use_case(decided(text), file="x")
    assert use_case.outcome.metric == "won_rate"
    assert use_case.data.outcomes.where == {"deal stage": "Won"}
    assert use_case.data.outcomes.at == "won_date"
    assert use_case.decide.columns == ("origin",)
    assert use_case.experiment.start == date(2018, 4, 1)
    assert "deal stage is Won, Lost" in text


def test_states_without_a_good_end_are_left_to_a_person() -> None:
    found = Found(volume_per_month=750, states={"stage": ("open", "done")})
    text = draft_use_case(name="leads", units=LEADS, outcomes=LEADS, found=found)
    assert (
        "where: DECIDE  # which rows are an outcome, {column: value}: stage is open, done" in text
    )
