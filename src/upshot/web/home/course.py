"""What the overview says of the loop: are we on course, what did our work do, what waits for a decision."""

import msgspec

from upshot.api.ledger import LEDGER, LedgerQuery
from upshot.web.ledger.view import Entry, entries_of
from upshot.web.objectives.view import ObjectiveRow, read_objectives
from upshot.web.page import Page

__all__ = ["Course", "read_course"]

_WORK = 6
_OBJECTIVES = 8


class Course(msgspec.Struct, frozen=True):
    """The loop at a glance. ``more`` counts objectives that are left out."""

    objectives: tuple[ObjectiveRow, ...]
    more: int
    work: tuple[Entry, ...]
    decide: tuple[Entry, ...]

    @property
    def empty(self) -> bool:
        """Whether nobody has declared anything yet."""
        return not (self.objectives or self.work)


def read_course(page: Page) -> Course:
    """Objectives, the newest launches that say something, and those that wait for a decision."""
    objectives = read_objectives(page)
    ledger = page.ask(LEDGER, LedgerQuery())
    entries = entries_of(page, ledger, ledger.rows)
    launched = [entry for entry in entries if entry.row.launch]
    return Course(
        objectives=objectives[:_OBJECTIVES],
        more=max(len(objectives) - _OBJECTIVES, 0),
        work=tuple(launched[:_WORK]),
        decide=tuple(entry for entry in launched if entry.row.needs_decision),
    )
