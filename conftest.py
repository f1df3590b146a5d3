"""Runs the examples of README.md, docs and docstrings as tests."""

from doctest import ELLIPSIS

import pytest
from sybil import Sybil
from sybil.evaluators.doctest import NUMBER
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser
from sybil.parsers.rest import DocTestParser
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

FLAGS = ELLIPSIS | NUMBER
"""`...` stands for anything; a number is compared to the digits that the example shows."""

pages = Sybil(
    parsers=[SkipParser(), PythonCodeBlockParser(doctest_optionflags=FLAGS)],
    patterns=["*.md"],
)
docstrings = Sybil(parsers=[DocTestParser(FLAGS)], path="src", patterns=["*.py"])

pytest_collect_file = (pages + docstrings).pytest()


class PagesTogether(LoadScopeScheduling):
    """Spreads tests over workers one by one, but keeps the examples of a file on one worker.

    The later examples of a page use names of the earlier ones.
    """

    def _split_scope(self, nodeid: str) -> str:
        file, _, example = nodeid.partition("::line:")
        return file if example else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> PagesTogether:
    """Tell pytest-xdist, where it runs."""
    return PagesTogether(config, log)
