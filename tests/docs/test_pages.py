"""The pages agree with the code: words, rules, kinds of entries, faults, links."""

import re
from enum import StrEnum
from itertools import chain
from pathlib import Path

import pytest
from click import Context

from pilotage.cli.main import COMMANDS, commands
from pilotage.domain.decision import Answer, Arm, DeliveryState, Mode, Route
from pilotage.domain.effect import Origin
from pilotage.domain.entry import EntryKind
from pilotage.domain.verdict import Verdict
from pilotage.governance.fault import Fault
from pilotage.spec.decide import Shown
from pilotage.value.gate import RULES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md")])
LINK = re.compile(r"\]\((?P<path>[^)#:]+)(?:#[^)]*)?\)")
OWN_WORDS = re.compile(r"\b(holdout|cohort|checkpoint|ledger|outcome|proposal|oversight|verdict)\b")
"""Words of ours and of the field that a newcomer may not know, as the commands' help uses them."""


def written(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


def headwords() -> list[str]:
    return re.findall(r"^\*\*(.+?)\*\*: ", written("glossary.md"), re.MULTILINE)


def table_of(page: str, heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its head."""
    section = written(page).partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_the_glossary_is_in_alphabetical_order_and_has_each_word_once():
    words = [word.casefold() for word in headwords()]
    assert words == sorted(set(words))


@pytest.mark.parametrize("choices", [Verdict, Mode, Arm, Route, Origin, Answer, DeliveryState])
def test_every_word_that_people_are_shown_is_in_the_glossary(choices: type[StrEnum]):
    assert {str(choice) for choice in choices} <= set(headwords())


def test_every_word_of_ours_in_the_commands_help_is_in_the_glossary():
    found = [commands.get_command(Context(commands), name) for name in COMMANDS]
    said = [text for _, text in COMMANDS.values()] + [each.help or "" for each in found if each]
    used = set(chain.from_iterable(OWN_WORDS.findall(line.lower()) for line in said))
    assert used
    assert used <= set(headwords())
    assert {str(shown) for shown in Shown if shown is not Shown.REASON} <= set(headwords())


def test_the_rules_of_the_gate_stand_in_order_on_their_page():
    rows = table_of("verdicts.md", "The rules, in order")
    assert [int(row[0]) for row in rows] == list(range(1, len(RULES) + 1))
    named = [quoted(row[1])[0] for row in rows]
    assert named == [ask.__name__.replace("_", "-") for ask in RULES]


def test_every_kind_of_entry_is_on_the_ledgers_page():
    now = {quoted(row[0])[0] for row in table_of("ledger.md", "What an entry holds")}
    assert now == {str(kind) for kind in EntryKind}


def test_every_fault_of_a_log_is_on_the_ledgers_page():
    rows = table_of("ledger.md", "What is detected, and by what")
    assert set(chain.from_iterable(quoted(row[2]) for row in rows)) - {"ledger show"} == {
        str(fault) for fault in Fault
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page: Path):
    paths = [found["path"] for found in LINK.finditer(page.read_text(encoding="utf-8"))]
    assert [path for path in paths if not (page.parent / path).exists()] == []
