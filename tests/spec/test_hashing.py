"""What is in the hash of a spec, and what is not."""

import json
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.spec.hashing import experiment_hash, fixed, spec_hash, value_hash
from pilotage.spec.loading import load_use_case
from pilotage.spec.reading import Plain, read_yaml
from pilotage.spec.use_case import Experiment, UseCase
from tests.spec.written import FULL, SHORT


def loaded(text: str) -> UseCase:
    return load_use_case(text, file="use_case.yaml")


def experiment_of(use_case: UseCase, zone: str = "UTC") -> str:
    return experiment_hash(fixed(use_case, zone=ZoneInfo(zone)))


TREE = read_yaml(FULL, file="use_case.yaml").top
BEFORE = loaded(FULL)


def shuffled(value: Plain, random: Random) -> Plain:
    if isinstance(value, list):
        return [shuffled(item, random) for item in value]
    if not isinstance(value, dict):
        return value
    keys = random.sample(list(value), len(value))
    return {key: shuffled(value[key], random) for key in keys}


@given(st.randoms(use_true_random=False))
def test_the_order_of_keys_is_not_in_the_hash(random: Random) -> None:
    other = UseCase.model_validate(shuffled(TREE, random))
    assert spec_hash(other) == spec_hash(BEFORE)
    assert experiment_of(other) == experiment_of(BEFORE)


def test_comments_and_spelling_of_the_same_value_are_not_in_the_hash() -> None:
    other = "# why\n" + FULL.replace("3 weeks", '"21 days"  # three').replace("12000.50", "12000.5")
    assert spec_hash(loaded(other)) == spec_hash(loaded(FULL))


class LaterUseCase(UseCase):
    """A use case of a later release, with other defaults."""

    experiment: Experiment = Experiment(holdout=0.3, months=12)
    sponsor: str | None = "board"


def test_the_default_of_a_later_release_is_not_a_changed_spec() -> None:
    later = LaterUseCase.model_validate(read_yaml(SHORT, file="short").top)
    assert later.experiment.holdout == 0.3
    assert spec_hash(later) == spec_hash(loaded(SHORT))


def test_the_default_of_a_later_release_that_changes_what_is_measured_must_be_written_out() -> None:
    later = LaterUseCase.model_validate(read_yaml(SHORT, file="short").top)
    assert experiment_of(later) != experiment_of(loaded(SHORT))
    written_out = SHORT + "experiment: {holdout: 0.2, months: 6}\n"
    again = LaterUseCase.model_validate(read_yaml(written_out, file="short").top)
    assert experiment_of(again) == experiment_of(loaded(SHORT))


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ("", "experiment: {holdout: 0.2}\n"),
        ("", "experiment: {months: 6, looks: monthly}\n"),
        ("", "experiment: {assign_by: lead}\n"),
        ("", "experiment: {assign_by: lead_id, strata: []}\n"),
        ("", "decide: {every: once, candidates: [rules]}\n"),
        ("kind: proportion", "kind: proportion\n  better: higher\n  window: 30 days"),
        ("kind: proportion", "kind: proportion\n  minimum_effect: {relative: 0.15}"),
    ],
)
def test_writing_a_default_out_is_no_other_experiment(written: str, instead: str) -> None:
    text = SHORT.replace(written, instead) if written else SHORT + instead
    assert text != SHORT
    assert experiment_of(loaded(text)) == experiment_of(loaded(SHORT))


def test_months_of_another_calendar_make_another_experiment() -> None:
    assert experiment_of(BEFORE) != experiment_of(BEFORE, zone="Asia/Tokyo")


def test_what_is_fixed_is_told_key_by_key() -> None:
    before, after = (
        fixed(loaded(text), zone=ZoneInfo("UTC"))
        for text in (FULL, FULL.replace("window: 3 weeks", "window: 4 weeks"))
    )
    assert {key for key in before if before[key] != after[key]} == {"outcome.window"}


@pytest.mark.parametrize(
    ("written", "instead", "another_experiment"),
    [
        ("owner: head-of-success", "owner: cro", False),
        ("volume_per_month: 800", "volume_per_month: 900", False),
        ("sample: 0.1", "sample: 0.2", False),
        ("otherwise: 0.1", "otherwise: 0.2", True),
        ("holdout: 0.5", "holdout: 0.4", True),
        ("window: 3 weeks", "window: 4 weeks", True),
        ("{absolute: 0.02}", "{relative: 0.02}", True),
        ("every: month", "every: once", True),
        ("metric: renewed_share", "metric: kept_share", True),
        ("key: renewal_id, at: due_at", "key: contract_id, at: due_at", True),
        ("better: higher", "better: lower", True),
        ("months: 9", "months: 8", True),
    ],
)
def test_what_the_author_changes_is_in_the_hash(
    written: str,
    instead: str,
    another_experiment: bool,  # noqa: FBT001 - a column of the table above
) -> None:
    before, after = BEFORE, loaded(FULL.replace(written, instead))
    assert spec_hash(before) != spec_hash(after)
    assert (experiment_of(before) != experiment_of(after)) is another_experiment


@pytest.mark.parametrize("text", [SHORT, FULL])
def test_what_the_author_set_reads_back_from_canonical_text_with_the_same_hash(text: str) -> None:
    use_case = loaded(text)
    kept = use_case.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True)
    again = loaded(json.dumps(kept))
    assert again == use_case
    assert spec_hash(again) == spec_hash(use_case)


def test_naming_the_approver_afterwards_does_not_undo_what_finance_approved() -> None:
    approved = SHORT.replace("gross_margin}", "gross_margin, approved_by: finance}")
    assert value_hash(loaded(approved)) == value_hash(loaded(SHORT))


@pytest.mark.parametrize(
    ("written", "instead"),
    [("1500", "1501"), ("USD", "EUR"), ("gross_margin", "cost_out"), ("reply_rate", "open_rate")],
)
def test_an_approval_of_money_covers_its_amount_currency_basis_and_metric(
    written: str, instead: str
) -> None:
    assert value_hash(loaded(SHORT.replace(written, instead))) != value_hash(loaded(SHORT))


def test_other_rows_that_count_as_outcomes_make_another_experiment() -> None:
    won = SHORT.replace("at: replied_at}", "at: replied_at, where: {stage: Won}}")
    lost = won.replace("Won", "Lost")
    assert experiment_of(loaded(won)) != experiment_of(loaded(lost))
