"""A progress line, for whatever takes longer than two seconds."""

import io
import time
from contextlib import redirect_stderr

import pytest

from pilotage.cli import progress
from pilotage.cli.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let two seconds pass quickly."""
    monkeypatch.setattr(progress, "QUIET_SECONDS", 0.01)


def wait_for(stream: io.StringIO) -> str:
    patience = time.monotonic() + 10
    while not stream.getvalue() and time.monotonic() < patience:
        time.sleep(0.005)
    return stream.getvalue()


def test_what_takes_long_is_said_although_nothing_new_is(monkeypatch: pytest.MonkeyPatch):
    soon(monkeypatch)
    with redirect_stderr(io.StringIO()) as stream, Progress() as line:
        line.say("counting")
        assert wait_for(stream) == "counting\n"


def test_what_is_quick_says_nothing():
    with redirect_stderr(io.StringIO()) as stream, Progress() as line:
        line.say("counting")
    assert stream.getvalue() == ""


def test_where_lines_cannot_be_written_over_they_come_now_and_then(monkeypatch: pytest.MonkeyPatch):
    soon(monkeypatch)
    with redirect_stderr(io.StringIO()) as stream, Progress() as line:
        line.say("0")
        wait_for(stream)
        for n in range(1, 1_000):
            line.say(str(n))
    assert stream.getvalue() == "0\n"


def test_on_a_terminal_the_line_is_cleared_in_the_end(monkeypatch: pytest.MonkeyPatch):
    soon(monkeypatch)
    with redirect_stderr(Terminal()) as stream:
        with Progress() as line:
            line.say("counting")
            wait_for(stream)
        assert stream.getvalue() == "\r\033[Kcounting\r\033[K"
