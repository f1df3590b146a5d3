"""Runs the examples of README.md, docs and docstrings as tests."""

from doctest import ELLIPSIS

import pytest
from sybil import Sybil
from sybil.evaluators.doctest import NUMBER
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser
from sybil.parsers.rest import DocTestParser

FLAGS = ELLIPSIS | NUMBER
"""`...` stands for anything; a number is compared to the digits that the example shows."""

pages = Sybil(
    parsers=[SkipParser(), PythonCodeBlockParser(doctest_optionflags=FLAGS)],
    patterns=["*.md"],
)
docstrings = Sybil(parsers=[DocTestParser(FLAGS)], path="src", patterns=["*.py"])

pytest_collect_file = (pages + docstrings).pytest()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the examples of one file on one worker: the later ones use names of the earlier."""
    for item in items:
        if not isinstance(item, pytest.Function):
            item.add_marker(pytest.mark.xdist_group(item.path.name))
