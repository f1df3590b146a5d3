"""The review as plain text."""

import re
from dataclasses import replace

import click
import pytest

from pilotage.domain.review import Review
from pilotage.domain.verdict import Verdict
from pilotage.report import render_terminal
from tests.report import examples

ALL = [examples.scaling(), examples.holding(), examples.repairing(), examples.stopping()]


def one_line(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("review", ALL, ids=list(Verdict))
def test_every_verdict_shows_its_word_rule_reason_and_next_step(review: Review):
    text = one_line(render_terminal(examples.programme(review), colour=False))
    ruling = review.ruling
    assert f"] {ruling.verdict.upper()} {review.title}" in text
    assert f"{ruling.reason} (rule: {ruling.rule})" in text
    assert ruling.next_step in text


def test_no_line_is_longer_than_a_hundred_columns():
    long = replace(
        examples.scaling(),
        title="An honest title " * 20,
        owner="o" * 150,
        spec_hash="f" * 256,
        metric=replace(examples.repairing().metric, unit="person-hours a quarter " * 3),
    )
    programme = replace(
        examples.programme(long, examples.stopping()),
        programme="P" * 130,
        next_command="pilotage review --programme northwind " + "--use-case something " * 9,
    )
    for colour in (False, True):
        text = click.unstyle(render_terminal(programme, colour=colour))
        assert max(map(len, text.splitlines())) <= 100


def test_a_long_command_is_broken_where_the_shell_joins_it_again():
    command = "pilotage review " + "--use-case something " * 9
    programme = replace(examples.programme(), next_command=command)
    text = render_terminal(programme, colour=False)
    typed = text.split("Then, type\n")[1].replace(" \\\n", " ")
    assert typed.split() == command.split()


def test_colour_adds_nothing_but_colour():
    programme = examples.programme()
    plain = render_terminal(programme, colour=False)
    assert "\x1b" not in plain
    coloured = render_terminal(programme, colour=True)
    assert "\x1b[" in coloured
    assert click.unstyle(coloured) == plain


def test_what_could_move_the_cursor_is_taken_out_of_titles():
    review = replace(examples.stopping(), title="A\x1b[2Jtitle\r\nwith\u202e tricks")
    text = render_terminal(examples.programme(review), colour=False)
    assert not re.search("[\x1b\r\u202e]", text)
    assert "A [2Jtitle with tricks" in text


def test_figures_carry_interval_counts_method_and_standing():
    text = one_line(render_terminal(examples.programme(), colour=False))
    for part in (
        "reply rate +1.8 points [0.6, 3.0], +15% [5%, 25%] relative; 95% interval",
        "14,402 treated, 3,600 held out at 12.0%; randomised; difference in means (Welch)",
        "-USD 410 [-670, -150], no relative figure",
        "USD 6,000 [-3,000, 15,000] a month at full use, after running cost",
        "declared, unapproved until finance signs",
        "nothing to compare yet, 412 units wait for the outcome window to close",
        "Value of a reply: USD 1,500 gross margin [approved] finance model 2026-09",
        "Blocks the verdict: 164 treated and 41 held out",
        "To mend it: pilotage check rfp-response --arms",
    ):
        assert part in text


def test_a_simulated_company_is_the_first_thing_said():
    text = render_terminal(examples.programme(), colour=False)
    assert text.startswith("SIMULATED COMPANY")
    assert one_line(text).count(", simulated company") == 4
    real = render_terminal(examples.programme(examples.stopping()), colour=False)
    assert "simulated" not in real.lower()


def test_the_strip_of_a_cohort_shows_estimate_interval_and_zero_where_they_are():
    text = render_terminal(examples.programme(examples.stopping()), colour=False)
    rows = [line for line in text.splitlines() if re.search(r" 2026-0\d ", line)]
    strips = [re.sub(r"^.*2026-0\d (.{38}) .*$", r"\1", row) for row in rows]
    assert len(strips) == 2
    for strip in strips:
        assert strip.index("|") < strip.index("o") < strip.index(":")


def test_the_same_review_gives_the_same_text():
    first, again = (render_terminal(examples.programme(), colour=False) for _ in range(2))
    assert first == again
