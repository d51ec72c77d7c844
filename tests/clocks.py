"""Another time of day for an open workspace; callers that it gave before keep theirs."""

from dataclasses import replace
from datetime import datetime

from upshot.workspace.local import LocalWorkspace

__all__ = ["set_clock"]


def set_clock(opened: LocalWorkspace, now: datetime) -> None:
    """Have questions answered as of ``now``; what is declared meanwhile bears the real time."""
    answering = replace(opened.resources.answering, clock=lambda: now)
    opened.resources = replace(opened.resources, answering=answering)
