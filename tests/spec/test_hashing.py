"""What is in the hash of a spec, and what is not."""

import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.spec.hashing import experiment_hash, spec_hash, value_hash
from pilotage.spec.loading import load_use_case
from pilotage.spec.reading import Plain, read_yaml
from pilotage.spec.use_case import Experiment, UseCase
from tests.spec.written import FULL, SHORT


def loaded(text: str) -> UseCase:
    return load_use_case(text, file="use_case.yaml")


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
    assert experiment_hash(other) == experiment_hash(BEFORE)


def test_comments_and_spelling_of_the_same_value_are_not_in_the_hash() -> None:
    other = "# why\n" + FULL.replace("3 weeks", '"21 days"  # three').replace("12000.50", "12000.5")
    assert spec_hash(loaded(other)) == spec_hash(loaded(FULL))


def test_the_default_of_a_later_release_is_not_a_changed_spec() -> None:
    class LaterUseCase(UseCase):
        experiment: Experiment = Experiment(holdout=0.3, months=12)
        sponsor: str | None = "board"

    later = LaterUseCase.model_validate(read_yaml(SHORT, file="short").top)
    assert later.experiment.holdout == 0.3
    assert spec_hash(later) == spec_hash(loaded(SHORT))
    assert experiment_hash(later) == experiment_hash(loaded(SHORT))


@pytest.mark.parametrize(
    ("written", "instead", "another_experiment"),
    [
        ("owner: head-of-success", "owner: cro", False),
        ("volume_per_month: 800", "volume_per_month: 900", False),
        ("sample: 0.1", "sample: 0.2", False),
        ("otherwise: 0.1", "otherwise: 0.2", False),
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
    assert (experiment_hash(before) != experiment_hash(after)) is another_experiment


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
    assert experiment_hash(loaded(won)) != experiment_hash(loaded(lost))
