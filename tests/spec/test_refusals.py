"""What is refused, and how a person learns where and why."""

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pilotage.domain.errors import SpecError
from pilotage.spec.known_keys import keys_at
from pilotage.spec.loading import load_programme, load_use_case
from pilotage.spec.problem import Path
from pilotage.spec.reading import Plain, read_yaml
from pilotage.spec.scalars import UNDECIDED
from pilotage.spec.use_case import UseCase
from tests.spec.written import FULL, PROGRAMME, SHORT


def refusal(text: str | bytes) -> SpecError:
    with pytest.raises(SpecError) as caught:
        load_use_case(text, file="leads.yaml")
    return caught.value


def changed(written: str, instead: str, *, text: str = SHORT) -> str:
    assert written in text
    return text.replace(written, instead)


@pytest.mark.parametrize("title", ["Use AI across sales", "Score leads"])
def test_ambition_is_refused_for_what_is_missing_not_for_its_words(title: str) -> None:
    error = refusal(f"title: {title}")
    for key in ("process", "outcome", "data", "owner"):
        assert f"`{key}` is missing" in error.message
    assert load_use_case(f"{SHORT}title: {title}\n", file="leads.yaml").title == title


@pytest.mark.parametrize(
    ("line", "instead", "key", "why"),
    [
        ("unit: lead, ", "", "process.unit", "nothing to count"),
        (", volume_per_month: 3000", "", "process.volume_per_month", "when an effect would show"),
        ("  kind: proportion\n", "", "outcome.kind", "no type"),
        ("  metric: reply_rate\n", "", "outcome.metric", "exactly one typed outcome"),
        ("  value: {amount: 1500, currency: USD, basis: gross_margin}\n", "", "outcome.value",
         "money"),
        ("key: lead_id, at: created_at", "at: created_at", "data.units.key", "key of a table"),
        ("volume_per_month: 3000", "volume_per_month: 0", "process.volume_per_month",
         "more than nothing"),
        ("volume_per_month: 3000", "volume_per_month: many", "process.volume_per_month",
         "a number"),
        ("volume_per_month: 3000", "volume_per_month: true", "process.volume_per_month",
         "a number"),
        ("volume_per_month: 3000", "volume_per_month: 1e400", "process.volume_per_month",
         "no such quantity"),
        ("unit: lead,", "unit: 7,", "process.unit", "is 7; it is text"),
        ("amount: 1500", "amount: -3", "outcome.value.amount", "more than nothing"),
        ("currency: USD", "currency: dollars", "outcome.value.currency", "three capital letters"),
        ("basis: gross_margin", "basis: gross-margen", "outcome.value.basis", "gross_margin"),
        ("use_case: inbound-leads", "use_case: inbound|leads", "use_case", "decision's key"),
        ("use_case: inbound-leads", "use_case: Inbound Leads", "use_case", "inbound-leads"),
        ("owner: vp-sales", "owner:", "owner", "is empty"),
        ("owner: vp-sales", 'owner: "  "', "owner", "a name has letters"),
        ("owner: vp-sales", "owner: [a, b]", "owner", "it is text"),
    ],
)  # fmt: skip
def test_what_cannot_be_measured_is_refused_by_name(
    line: str, instead: str, key: str, why: str
) -> None:
    error = refusal(changed(line, instead))
    assert f"`{key}` " in error.message
    assert why in str(error)


@pytest.mark.parametrize("kind", ["ratio", "duration", "recall"])
def test_a_known_kind_that_is_not_measured_yet_is_refused_by_name(kind: str) -> None:
    error = refusal(changed("kind: proportion", f"kind: {kind}"))
    assert error.message == (
        f"leads.yaml:6: `outcome.kind` is {kind}; this version measures proportion and mean only."
    )
    assert "proportion" in error.fix


def test_several_outcomes_are_refused() -> None:
    error = refusal("outcome: [{metric: a, kind: mean}, {metric: b, kind: mean}]")
    assert "exactly one typed outcome" in error.message


def test_a_share_typed_as_a_percentage_gets_its_fix() -> None:
    error = refusal(SHORT + "experiment: {holdout: 20}\n")
    assert error.message.endswith("`experiment.holdout` is 20; it is a share between 0 and 1.")
    assert error.fix == "write 0.2 for 20 %"


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ("experiment: {holdout: 0}", "nothing to compare"),
        ("experiment: {holdout: 1.0}", "nothing to compare"),
        ("experiment: {months: 2.5}", "whole number"),
        ("experiment: {months: 0}", "more than nothing"),
        ("experiment: {start: 2026-13-01}", "no day"),
        ("experiment: {start: 20000}", "no day"),
        ("experiment: {looks: weekly}", "known are monthly"),
        ("experiment: {strata: origin}", "it is a list"),
        ("oversight: {automatic_from: 0.6, ask_from: 0.8}", "asks from 0.8"),
        ("decide: {every: month, candidates: [rules, tabular]}", "what was not known then"),
        ("decide: {candidates: []}", "holds nothing"),
        ("decide: {rules: [{when: {a: {below: 1, at_least: 2}}, probability: 0, reason: r}]}",
         "holds no number"),
        ("decide: {rules: [{when: {a: {}}, probability: 0, reason: r}]}", "no bound"),
        ("decide: {rules: [{when: {a: [[]]}, probability: 0, reason: r}]}", "no value of a cell"),
        ("deliver: [{tool: crm, object: lead, fields: {ai: ranks}}]", "write rank"),
        ("budget: 500000", "keys of its own"),
        ("budget: {currency: USD, data: -5}", "cannot be negative"),
        ("governance: {affects_workers: perhaps}", "true or false"),
        ("sponsor: &me cro\ntitle: *me", "anchor"),
        ("sponsor: !!str cro", "tag"),
        ("sponsor: 007", "in quotes"),
        ("owner: cro", "stands here and on line 2"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_right_is_refused_with_the_reason(lines: str, why: str) -> None:
    error = refusal(f"{SHORT}{lines}\n")
    assert why in str(error)
    assert "leads.yaml:11" in error.message or "leads.yaml:12" in error.message


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("window: 1 month", "months differ in length"),
        ("window: 14", "span of time"),
        ("window: 0 days", "a span is above 0"),
        ("window: 2 months", "number of hours"),
        ("minimum_effect: {relative: 0.1, absolute: 0.1}", "not both"),
        ("minimum_effect: {}", "not both"),
        ("minimum_effect: 0.15", "keys of its own"),
        ("minimum_effect: {relative: -0.1}", "more than nothing"),
        ("baseline: {from: 2026-06, until: 2026-01}", "before it begins"),
        ("baseline: {from: 2026-13, until: 2027-01}", "no month"),
    ],
)
def test_an_outcome_that_cannot_be_right_is_refused(line: str, why: str) -> None:
    assert why in str(refusal(changed("  kind: proportion\n", f"  kind: proportion\n  {line}\n")))


def test_a_mean_without_a_column_is_refused() -> None:
    error = refusal(changed("kind: proportion", "kind: mean"))
    assert error.message.startswith("leads.yaml:10: `data.outcomes.value` is missing")


@pytest.mark.parametrize("arms", ["", "experiment: {assign_by: lead}", "experiment: {months: 6}"])
def test_shared_capacity_with_arms_by_unit_is_refused_with_the_reason(arms: str) -> None:
    text = changed("volume_per_month: 3000", "volume_per_month: 3000, shared_capacity: true")
    error = refusal(f"{text}{arms}\n")
    assert "`experiment.assign_by` draws arms lead by lead" in error.message
    assert "displacement would read as lift" in error.message
    assert load_use_case(f"{text}experiment: {{assign_by: rep}}", file="x").assign_column == "rep"


TO_CRM = "{tool: crm, object: lead, fields: {rank: rank}}"


def test_a_field_that_two_entries_would_write_is_refused() -> None:
    error = refusal(
        f"{SHORT}deliver:\n- {TO_CRM}\n- {TO_CRM.replace('rank: rank', 'rank: score')}\n"
    )
    assert error.message.startswith("leads.yaml:13: `deliver[1].fields.rank` is written already")
    assert "name of its own" in error.fix
    for other in (("rank: rank", "score: score"), ("lead", "deal"), ("crm", "mail")):
        load_use_case(f"{SHORT}deliver: [{TO_CRM}, {TO_CRM.replace(*other)}]\n", file="leads.yaml")


def test_all_problems_of_a_file_come_together_in_its_order() -> None:
    text = changed("kind: proportion", "kind: recall").replace("owner: vp-sales", "ovner: vp-sales")
    error = refusal(text + "oversight: {sample: 5}\n")
    lines = [line for line in error.message.splitlines() if line.startswith("  leads.yaml")]
    assert [line.split(":")[1] for line in lines] == ["2", "6", "11"]
    assert error.fix == "write owner"
    assert error.message.count("fix:") == 3


def test_every_open_choice_is_named_at_once_and_nothing_else() -> None:
    text = changed("owner: vp-sales", "owner: DECIDE").replace("amount: 1500", "amount: DECIDE")
    error = refusal(text + "experiment: {strata: [DECIDE], start: DECIDE}\n")
    named = ("owner", "outcome.value.amount", "experiment.strata[0]", "experiment.start")
    assert error.message.startswith(f"leads.yaml: {len(named)} things to mend")
    for key in named:
        assert f"`{key}` is still {UNDECIDED}" in error.message


def test_a_key_at_the_wrong_level_is_sent_home() -> None:
    assert refusal(SHORT + "holdout: 0.2\n").fix == "move it to experiment.holdout"


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("", 1, "empty"),
        ("# nothing yet\n", 1, "empty"),
        ("- a\n- b\n", 1, "no `key: value` lines"),
        ("just words\n", 1, "no `key: value` lines"),
        ("owner: a\nprocess:\n\tunit: lead\n", 3, "tab"),
        ("owner: a\nprocess: {unit: lead\n", 2, "is no YAML"),
        ("owner: a\ntitle: b: c\n", 2, "is no YAML"),
        ("owner: a\n---\nowner: b\n", 2, "is no YAML"),
        ("%YAML 1.1\n---\nowner: yes\n", 2, "version"),
        ("owner: " + "[" * 4000, 1, "nested deeper"),
        ("owner: a\n? [b]\n: c\n", 2, "a key that is no text"),
        ('owner: "\\Uffffffff"\n', 1, "does not exist"),
        ("owner: \x07\n", 1, "YAML forbids"),
        (b"owner: a\ntitle: \xe9t\xe9\n", 2, "UTF-8"),
        ("owner: a\n".encode("utf-16"), 1, "UTF-8"),
    ],
)
def test_a_file_that_is_no_declaration_is_refused_with_its_line(
    text: str | bytes, line: int, why: str
) -> None:
    error = refusal(text)
    assert f"leads.yaml:{line}:" in error.message
    assert why in error.message


@given(st.binary(max_size=60) | st.text(max_size=60))
def test_no_file_does_worse_than_a_refusal(text: str | bytes) -> None:
    assert refusal(text).fix


@pytest.mark.parametrize(
    ("written", "instead", "why"),
    [
        ("Europe/Paris", "Europe/Pariss", "no time-zone list"),
        ("timezone: Europe/Paris", "timezone: ../etc/passwd", "no time-zone list"),
        ("postgresql+psycopg", "mysql", "SQLite or PostgreSQL"),
        ("kind: csv", "kind: crm", "kind: csv or kind: table"),
        ("folder: outbox", "foldr: outbox", "write folder"),
        ("roles: [cro, finance]", "roles: cro", "write [cro]"),
        ("mode: live", "mode: lve", "write live"),
        ("revenue-2026", "Revenue 2026", "write revenue-2026"),
        ('sources: {leads: "${data}/leads.csv", replies: "${data}/replies.parquet"}',
         "sources: [leads]", "keys of its own"),
    ],
)  # fmt: skip
def test_a_programme_that_cannot_be_right_is_refused(written: str, instead: str, why: str) -> None:
    with pytest.raises(SpecError) as caught:
        load_programme(changed(written, instead, text=PROGRAMME), file="pilotage.yaml")
    assert why in str(caught.value)


def keys_in(value: Plain, path: Path = ()) -> list[tuple[Path, str]]:
    """List where each key stands whose spelling is ours."""
    if isinstance(value, list):
        return [found for n, inner in enumerate(value) for found in keys_in(inner, (*path, n))]
    if not isinstance(value, dict):
        return []
    own = [(path, key) for key in value if key in keys_at(UseCase, path)]
    return own + [f for key, inner in value.items() for f in keys_in(inner, (*path, key))]


FULL_TREE = read_yaml(FULL, file="full.yaml").top
PLACES = keys_in(FULL_TREE)
LETTERS = "abcdefghijklmnopqrstuvwxyz_"


@st.composite
def misspelt(draw: st.DrawFn) -> tuple[Path, str, str]:
    """Draw a known key and the same with one letter left out, added, replaced or swapped."""
    path, key = draw(st.sampled_from(PLACES))
    at = draw(st.integers(0, len(key) - 1))
    letter = draw(st.sampled_from(LETTERS))
    wrong = draw(
        st.sampled_from(
            [
                key[:at] + key[at + 1 :],
                key[:at] + letter + key[at:],
                key[:at] + letter + key[at + 1 :],
                key[:at] + key[at + 1 : at + 2] + key[at] + key[at + 2 :],
            ]
        )
    )
    return path, key, wrong


def renamed(value: Plain, path: Path, *, old: str, new: str) -> Plain:
    if not path:
        assert isinstance(value, dict)
        return {new if key == old else key: inner for key, inner in value.items()}
    step, *rest = path
    if isinstance(value, dict):
        return {
            key: renamed(inner, tuple(rest), old=old, new=new) if key == step else inner
            for key, inner in value.items()
        }
    assert isinstance(value, list)
    return [
        renamed(inner, tuple(rest), old=old, new=new) if n == step else inner
        for n, inner in enumerate(value)
    ]


@given(misspelt())
def test_one_letter_wrong_in_any_key_is_answered_with_the_right_key(
    case: tuple[Path, str, str],
) -> None:
    path, key, wrong = case
    assume(wrong not in keys_at(UseCase, path))
    error = refusal(json.dumps(renamed(FULL_TREE, path, old=key, new=wrong)))
    assert f"{wrong}` is no key here." in error.message
    assert f"fix: write {key}\n" in f"{error}\n"
