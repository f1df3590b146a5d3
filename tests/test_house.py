"""House rules that no linter knows. The floor plan itself is in pyproject.toml (import-linter)."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "src/pilotage").rglob("*.py"))
HEADS = {"domain", "spec", "governance", "experiments", "value", "portfolio", "change"}
"""The rooms that decide: pure functions of values. `now` and `rng` come in as arguments."""

IMPURE = re.compile(
    r"""
    datetime\.(datetime|date)\.(now|utcnow|today)   # the clock
    | (time|random|secrets|os|logging)\..+          # the clock, chance, the machine
    | uuid\.uuid[14]
    | numpy\.random\.(?!Generator|PCG64|SeedSequence|default_rng).+  # chance with a hidden state
    | open | print | input                          # the world
    """,
    re.VERBOSE,
)
SEEDED = {"numpy.random.default_rng", "numpy.random.PCG64", "numpy.random.SeedSequence"}
"""Pure when they are given a seed, not when they draw one from the machine."""

SUPPRESSION = re.compile(r"#\s*(noqa|type:\s*ignore|pyright:|pragma:|codespell:|ruff:)(?P<rest>.*)")
VAGUE = {"util", "utils", "helper", "helpers", "common", "misc", "base", "manager", "service"}


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _full_names(tree: ast.Module) -> dict[str, str]:
    """Map every imported name to what it stands for: `np` to `numpy`."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                names[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def impure_calls(source: str) -> Iterator[str]:
    """Find calls whose answer depends on the clock, on chance or on the machine."""
    tree = ast.parse(source)
    full_names = _full_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            first, dot, rest = ast.unparse(node.func).partition(".")
            called = full_names.get(first, first) + dot + rest
            unseeded = called in SEEDED and not node.args and not node.keywords
            if unseeded or IMPURE.fullmatch(called):
                yield f"line {node.lineno}: {called}"


@pytest.mark.parametrize("path", [path for path in SOURCES if HEADS & set(path.parts)], ids=_name)
def test_a_head_asks_neither_clock_nor_chance_nor_the_machine(path: Path):
    assert list(impure_calls(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import UTC, datetime\ndatetime.now(UTC)",
        "import datetime as dt\ndt.date.today()",
        "from time import perf_counter as clock\nclock()",
        "import random\nrandom.random()",
        "import numpy as np\nnp.random.normal(size=3)",
        "import numpy as np\nnp.random.default_rng()",
        "from numpy.random import default_rng\ndefault_rng()",
        "open('spec.yaml')",
    ],
)
def test_the_guard_of_the_heads_sees_through_other_names(source: str):
    assert list(impure_calls(source))


@pytest.mark.parametrize(
    "source",
    [
        "import numpy as np\nnp.random.default_rng(7).normal()",
        "from datetime import datetime\ndatetime.fromisoformat('2026-09-01')",
        "def ruling(now): return now.date()",
        "rng.random()",
    ],
)
def test_the_guard_of_the_heads_lets_pure_calls_pass(source: str):
    assert list(impure_calls(source)) == []


@pytest.mark.parametrize("path", [*SOURCES, *sorted((ROOT / "tests").rglob("*.py"))], ids=_name)
def test_every_suppression_gives_its_reason(path: Path):
    bare = [
        f"line {number}: {line.strip()}"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if (found := SUPPRESSION.search(line)) and " - " not in found["rest"]
    ]
    assert bare == [], "write the reason after it: `# noqa: CODE - reason`"


def test_no_file_is_named_after_nothing_in_particular():
    assert [_name(path) for path in SOURCES if path.stem in VAGUE] == []
