"""What was just done to a dashboard, in words, and the version that undoes it.

The page that follows a change is told: ``done`` is a word of ``DONE``, ``undo`` a version.
"""

from collections.abc import Mapping

from litestar.response import Redirect

from upshot.api.dashboards import DashboardView
from upshot.web import notices
from upshot.web.page import Page

__all__ = ["DONE", "after", "said_of"]

DONE: Mapping[str, str] = {
    "made": "The dashboard is there.",
    "added": "Tile added.",
    "changed": "Tile changed.",
    "removed": "Tile removed.",
    "moved": "Tiles arranged.",
    "settings": "Dashboard changed.",
    "restored": "Undone.",
}


def after(url: str, done: str, version: int = 0) -> Redirect:
    """Send on to ``url``, told what was done; ``version`` is the one to go back to, 0 where there is none."""
    return notices.after(url, done=done, undo=str(version) if version else "")


def said_of(page: Page, stored: DashboardView) -> tuple[str, int]:
    """The words, and the version to go back to; 0 where it is no earlier one, or may not be gone back to."""
    words = DONE.get(page.told("done"), "")
    undo = page.told("undo")
    version = int(undo) if undo.isascii() and undo.isdigit() and len(undo) < 9 else 0
    return words, version if words and 0 < version < stored.version and not stored.managed else 0
