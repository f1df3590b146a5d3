"""The review for machines."""

import json
from dataclasses import replace

from pilotage.report import render_json
from tests.report import examples


def test_it_comes_back_from_json_as_it_went():
    record = render_json(examples.programme())
    assert json.loads(json.dumps(record, allow_nan=False)) == record


def test_it_has_the_documented_keys():
    record = json.loads(json.dumps(render_json(examples.programme(examples.scaling()))))
    assert set(record) == {
        "schema", "simulated", "programme", "month", "reviews", "checkpoint", "next_command",
        "money",
    }  # fmt: skip
    (review,) = record["reviews"]
    assert set(review) == {
        "simulated", "use_case", "title", "owner", "mode", "month", "metric", "ruling", "effect",
        "relative", "money", "cohorts", "pending", "figures", "findings", "spec_hash", "evidence",
        "truth",
    }  # fmt: skip
    assert record["schema"] == "pilotage.review/1"
    assert record["simulated"] is True
    assert review["month"] == "2026-10"
    assert review["ruling"]["verdict"] == "scale"
    assert review["effect"]["estimate"] == 0.018
    assert review["money"]["low"] == {"amount": "26998.10", "currency": "USD"}
    assert review["figures"][1]["origin"] == "approved"
    assert review["cohorts"][1] == {
        "month": "2026-05",
        "truth": 0.0055,
        "effect": {**review["cohorts"][1]["effect"], "estimate": 0.0042, "kind": "absolute"},
    }


def test_a_number_without_a_limit_or_a_value_is_null():
    review = examples.scaling()
    assert review.effect is not None
    odd = replace(review.effect, high=float("inf"), p_value=float("nan"), estimate=-0.0)
    record = json.loads(
        json.dumps(render_json(examples.programme(replace(review, effect=odd))), allow_nan=False)
    )
    effect = record["reviews"][0]["effect"]
    assert (effect["high"], effect["p_value"], str(effect["estimate"])) == (None, None, "0.0")


def test_the_same_review_gives_the_same_bytes():
    first, again = (json.dumps(render_json(examples.programme())) for _ in range(2))
    assert first == again
