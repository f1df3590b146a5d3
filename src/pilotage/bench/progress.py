"""How far a bench has come, on stderr, for anything that takes longer than two seconds."""

import sys
from time import monotonic

QUIET_SECONDS = 2.0
BETWEEN_LINES_SECONDS = 5.0
"""Where lines cannot be written over each other."""


class Progress:
    """One line on a terminal, a line now and then elsewhere."""

    def __init__(self) -> None:
        self._start = monotonic()
        self._last = 0.0

    def say(self, words: str) -> None:
        """Show how far it has come."""
        now, live = monotonic(), sys.stderr.isatty()
        waited = now - self._last > (0.1 if live else BETWEEN_LINES_SECONDS)
        if now - self._start < QUIET_SECONDS or not waited:
            return
        self._last = now
        sys.stderr.write(f"\r\033[K{words}" if live else f"{words}\n")
        sys.stderr.flush()

    def done(self) -> None:
        """Clear the line."""
        if self._last and sys.stderr.isatty():
            sys.stderr.write("\r\033[K")
