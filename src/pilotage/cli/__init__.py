"""The command line: reads files, wires the parts, prints what a person decides on.

Commands are imported when they are called, so that `pilotage --help` answers at once.
"""

from pilotage.cli.main import main

__all__ = ["main"]
