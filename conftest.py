"""Runs the examples of README.md, docs and docstrings as tests.

Pages run in an empty folder of their own, block by block:

    python    runs; `>>>` examples are compared
    console   `$ pilotage ...` is typed, and what it prints is compared; `...` stands for anything
    yaml      is written to the file that its first line names: `# acme/use_cases/leads.yaml`
"""

import os
import shlex
import shutil
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from difflib import ndiff
from doctest import ELLIPSIS
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from sybil import Example, Sybil
from sybil.evaluators.doctest import NUMBER, OutputChecker
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser, SkipParser
from sybil.parsers.rest import DocTestParser
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from pilotage.cli import main

FLAGS = ELLIPSIS | NUMBER
"""`...` stands for anything; a number is compared to the digits that the example shows."""

HERE = "page_folder"
"""Under this name a page's examples find their folder."""


def typed(words: list[str]) -> str:
    """Type a command; return what it prints, and where it fails what it complains of."""
    out, err = StringIO(), StringIO()
    code: object = 0
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main(words)
        except SystemExit as exited:
            code = exited.code
    return out.getvalue() + (err.getvalue() if code else "")


def run_console(example: Example) -> str | None:
    """Type the commands of a block one after the other; return the first difference."""
    for command in str(example.parsed).split("$ ")[1:]:
        line, _, wanted = command.partition("\n")
        program, *words = shlex.split(line)
        if program != "pilotage":
            return f"{program}: a console block types `pilotage` only; write Python for the rest."
        got = typed(words)
        if not OutputChecker().check_output(wanted.rstrip() + "\n", got.rstrip() + "\n", FLAGS):
            lines = ndiff(wanted.splitlines(), got.splitlines())
            return "\n".join([f"$ {line}", *lines])
    return None


def write_yaml(example: Example) -> str | None:
    """Write a block to the file that its first line names; a block without one is not executed."""
    text = str(example.parsed)
    first = text.partition("\n")[0].removeprefix("# ")
    if text.startswith("# ") and first.endswith(".yaml") and " " not in first:
        file = example.namespace[HERE] / first
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return None


def open_page(namespace: dict[str, Any]) -> None:
    """Give a page an empty folder, and keys of its own."""
    namespace[HERE] = folder = Path(tempfile.mkdtemp(prefix="pilotage-page-"))
    namespace["came_from"] = Path.cwd()
    os.environ["PILOTAGE_KEYS"] = str(folder / "keys")
    os.chdir(folder)


def close_page(namespace: dict[str, Any]) -> None:
    """Leave the page's folder and remove it."""
    os.chdir(namespace["came_from"])
    del os.environ["PILOTAGE_KEYS"]
    shutil.rmtree(namespace[HERE])


pages = Sybil(
    parsers=[
        SkipParser(),
        PythonCodeBlockParser(doctest_optionflags=FLAGS),
        CodeBlockParser("console", run_console),
        CodeBlockParser("yaml", write_yaml),
    ],
    patterns=["*.md"],
    setup=open_page,
    teardown=close_page,
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
