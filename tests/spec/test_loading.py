"""What loads, as what, and which defaults were filled in."""

import json
from copy import deepcopy
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.domain.decision import Mode
from pilotage.domain.effect import EffectKind, Origin
from pilotage.domain.errors import SpecError
from pilotage.domain.month import Month
from pilotage.domain.review import MetricKind
from pilotage.spec.decide import Bounds
from pilotage.spec.defaults import defaults
from pilotage.spec.loading import load_programme, load_use_case
from pilotage.spec.outcome import BaselineMonths
from pilotage.spec.programme import CsvTool, TableTool
from pilotage.spec.reading import Plain, read_yaml
from pilotage.spec.use_case import Experiment, UseCase
from tests.spec.written import FULL, PROGRAMME, SHORT

DESIGN = Path(__file__).parents[3] / "shared" / "design" / "example.yaml"


def loaded(text: str) -> UseCase:
    return load_use_case(text, file="use_case.yaml")


def tree(text: str) -> dict[str, Plain]:
    return read_yaml(text, file="use_case.yaml").top


def test_ten_lines_are_a_use_case() -> None:
    use_case = loaded(SHORT)
    assert use_case.title == "Inbound leads"
    assert use_case.assigns_units
    assert use_case.assign_column == "lead_id"
    assert use_case.outcome.minimum_effect.kind is EffectKind.RELATIVE
    assert use_case.outcome.minimum_effect.absolute_at(0.12) == pytest.approx(0.018)


def test_every_key_arrives_typed() -> None:
    use_case = loaded(FULL)
    assert use_case.outcome.window == timedelta(days=21)
    assert use_case.outcome.kind is MetricKind.MEAN
    assert use_case.outcome.value.amount == Decimal("12000.5")
    assert use_case.outcome.minimum_effect.absolute_at(0.5) == 0.02
    assert use_case.outcome.guardrails[0].must_not_worsen_by.relative == 0.05
    baseline = use_case.outcome.baseline
    assert baseline is not None
    assert (baseline.from_, baseline.until) == (Month(2026, 1), Month(2026, 6))
    assert use_case.data.outcomes.complete_until_date == date(2026, 10, 31)
    assert use_case.experiment.start == date(2026, 11, 1)
    assert use_case.assign_column == "csm_id"
    assert use_case.decide.columns == ("region", "seats", "logins")
    assert not use_case.decide.bar.lower_bound


def test_norway_stays_norway_and_a_yes_stays_a_yes() -> None:
    use_case = loaded(FULL)
    assert use_case.governance.regions == ("EU", "NO")
    when = use_case.decide.rules[0].when
    assert when == {
        "region": ("NO", "SE"),
        "seats": Bounds(at_least=50, below=500),
        "trial": "yes",
    }
    assert loaded(FULL.replace("trial: yes", "trial: true")).decide.rules[0].when["trial"] is True


@pytest.mark.skipif(not DESIGN.exists(), reason="the shared design is not beside this checkout")
def test_the_shared_example_loads_unchanged() -> None:
    use_case = load_use_case(DESIGN.read_bytes(), file=DESIGN.name)
    assert use_case.use_case == "inbound-lead-qualification"
    assert use_case.outcome.value.approved_by == "finance"
    assert use_case.assigns_units


def test_a_programme_arrives_typed() -> None:
    programme = load_programme(PROGRAMME, file="pilotage.yaml")
    assert programme.mode is Mode.LIVE
    assert programme.tools == {
        "crm": CsvTool(kind="csv", folder="outbox"),
        "deals": TableTool(kind="table", url="postgresql://crm@db/crm"),
    }
    assert programme.people["ann"].roles == ("cro", "finance")
    assert programme.source("leads", data_folder="/data/july") == "/data/july/leads.csv"
    assert programme.zone.key == "Europe/Paris"


def test_a_programme_needs_its_name_only() -> None:
    programme = load_programme("programme: sales", file="pilotage.yaml")
    assert (programme.mode, programme.timezone) == (Mode.SHADOW, "UTC")
    assert programme.record == "sqlite:///.pilotage/record.sqlite"


def test_a_byte_order_mark_does_no_harm() -> None:
    assert load_use_case(SHORT.encode("utf-8-sig"), file="use_case.yaml") == loaded(SHORT)


def optional_paths(full: dict[str, Plain]) -> list[tuple[str, ...]]:
    """List every key of the full declaration that its author may leave out."""
    short = tree(SHORT)

    def walk(value: Plain, needed: Plain, path: tuple[str, ...]) -> list[tuple[str, ...]]:
        if not isinstance(value, dict):
            return []
        known = needed if isinstance(needed, dict) else {}
        return [
            found
            for key, inner in value.items()
            for found in ([] if key in known else [(*path, key)])
            + (walk(inner, known[key], (*path, key)) if key in known else [])
        ]

    return [p for p in walk(full, short, ()) if p != ("data", "outcomes", "value")]


def without(full: dict[str, Plain], paths: set[tuple[str, ...]]) -> dict[str, Plain]:
    pruned = deepcopy(full)
    for path in paths:
        place = pruned
        for step in path[:-1]:
            place = cast("dict[str, Plain]", place[step])
        del place[path[-1]]
    return pruned


TREE = tree(FULL)
OPTIONAL = optional_paths(TREE)


@given(st.sets(st.sampled_from(OPTIONAL)))
def test_any_subset_of_the_optional_keys_loads(left_out: set[tuple[str, ...]]) -> None:
    if ("experiment",) in left_out:
        left_out |= {("process", "shared_capacity")}  # arms by rep are then not declared
    use_case = UseCase.model_validate(without(TREE, left_out))
    labels = {figure.label for figure in defaults(use_case)}
    assert all(figure.origin is Origin.ASSUMED for figure in defaults(use_case))
    assert labels.isdisjoint(
        ".".join(path) for path in OPTIONAL if path not in left_out and path != ("title",)
    )


def test_the_defaults_name_the_effect_that_nobody_typed() -> None:
    figures = {figure.label: figure.value for figure in defaults(loaded(SHORT))}
    assert figures["outcome.minimum_effect.relative"] == "0.15"
    assert figures["outcome.window"] == "30 days"
    assert figures["experiment.holdout"] == "0.2"
    assert figures["experiment.assign_by"] == "lead"
    assert figures["process.shared_capacity"] == "false"
    assert "owner" not in figures
    assert "data.units.segment" not in figures


def test_a_full_declaration_leaves_nothing_assumed() -> None:
    assert defaults(loaded(FULL)) == ()


def test_months_and_days_may_also_come_as_values() -> None:
    baseline = BaselineMonths.model_validate({"from": Month(2026, 1), "until": Month(2026, 6)})
    assert loaded(FULL).outcome.baseline == baseline
    assert Experiment(start=date(2026, 11, 1)).start == loaded(FULL).experiment.start


def test_a_use_case_cannot_be_changed_in_place() -> None:
    with pytest.raises(ValueError, match="frozen"):
        loaded(SHORT).owner = "nobody"


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
), st.sampled_from([*OPTIONAL, ("owner",), ("process",), ("outcome",), ("outcome", "kind"),
                    ("data", "units", "key"), ("use_case",), ("decide", "rules")]))  # fmt: skip
def test_whatever_stands_at_a_key_either_loads_or_is_refused_in_our_own_words(
    junk: object, path: tuple[str, ...]
) -> None:
    declared = deepcopy(TREE)
    place = declared
    for step in path[:-1]:
        place = cast("dict[str, Plain]", place[step])
    place[path[-1]] = cast("Plain", junk)
    refusal = refused(json.dumps(declared))
    if refusal is not None:
        assert "use_case.yaml" in refusal.message
        assert "Input should" not in refusal.message
        assert "write another value" not in str(refusal)  # the words of last resort


def refused(text: str) -> SpecError | None:
    try:
        loaded(text)
    except SpecError as error:
        return error
    return None
