"""The monthly review as people and programs read it: terminal, one HTML file, JSON.

A door: it shows what the heads decided and decides nothing. The same review gives the same bytes.
"""

from pilotage.report.as_json import render_json
from pilotage.report.page import render_page
from pilotage.report.terminal import render_terminal

__all__ = ["render_json", "render_page", "render_terminal"]
