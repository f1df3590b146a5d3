"""How far something has come, on stderr, for anything that takes longer than two seconds."""

import sys
from threading import Lock, Timer
from time import monotonic
from types import TracebackType
from typing import Self

QUIET_SECONDS = 2.0
"""What takes no longer needs no progress line."""

BETWEEN_LINES_SECONDS = 5.0
"""Between lines where they cannot be written over each other."""

BETWEEN_CHANGES_SECONDS = 0.1
"""Between two states of the one line of a terminal."""


class Progress:
    """One line on a terminal, a line now and then elsewhere; nothing in the first two seconds."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._words = ""
        self._quiet = True
        self._shown_at: float | None = None
        self._timer = Timer(QUIET_SECONDS, self._begin)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        self.clear()

    def say(self, words: str) -> None:
        """Say how far it has come."""
        with self._lock:
            self._words = words
            if not self._quiet:
                self._show()

    def clear(self) -> None:
        """Make room on the terminal for a line that stays."""
        with self._lock:
            if self._shown_at is not None and sys.stderr.isatty():
                _write("\r\033[K")

    def _begin(self) -> None:
        with self._lock:
            self._quiet = False
            if self._words:
                self._show()

    def _show(self) -> None:
        live, now = sys.stderr.isatty(), monotonic()
        pause = BETWEEN_CHANGES_SECONDS if live else BETWEEN_LINES_SECONDS
        if self._shown_at is not None and now - self._shown_at < pause:
            return
        self._shown_at = now
        _write(f"\r\033[K{self._words}" if live else f"{self._words}\n")


def _write(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
