"""What a retention grid shows."""

from datetime import date

import msgspec

from upshot.answers.pictures import cell_text
from upshot.answers.pictures import grid_option as drawn_grid
from upshot.api.metrics import METRIC_RETENTION, RetentionCell, RetentionGrid, RetentionQuery
from upshot.charts import Option, offset_label, period_label
from upshot.core.time import Grain
from upshot.web.page import Page

__all__ = ["CellView", "GridView", "RowView", "grid_option", "laid_out", "read_grid"]

_HEAT_STEPS = 9
_HEAT_BEND = 0.7
"""Below 1: small shares, where most cells are, get more of the scale."""


class CellView(msgspec.Struct, frozen=True):
    """One cell in words: ``heat`` from 0 (nobody) to 9 (all); ``note`` says why it is not complete."""

    text: str
    units: int
    heat: int
    complete: bool
    note: str


class RowView(msgspec.Struct, frozen=True):
    """One cohort in short words and in full.

    ``cells`` has a place for each column, null where its period has not begun.
    """

    cohort: str
    full: str
    size: int
    cells: tuple[CellView | None, ...]
    cut_off: bool


class GridView(msgspec.Struct, frozen=True):
    """A grid with its columns, as many periods later as ``offsets`` say, and rows."""

    grid: RetentionGrid
    offsets: tuple[str, ...]
    rows: tuple[RowView, ...]

    @property
    def short_unit(self) -> str:
        """The letter before a column's number."""
        return self.grid.grain[0].upper()

    @property
    def unit(self) -> str:
        """The word before a column's number."""
        return self.grid.grain.capitalize()


def read_grid(  # the six things that make up the question
    page: Page, name: str, first: date, last: date, grain: Grain, periods: int, where: tuple[str, ...] = ()
) -> GridView:
    """Ask for a grid of whole cohorts, from the one that holds ``first`` on, and lay it out."""
    query = RetentionQuery(name, grain.floor(first), last, grain=grain, periods=periods, where=where)
    return laid_out(page.ask(METRIC_RETENTION, query))


def laid_out(grid: RetentionGrid) -> GridView:
    """An answer with its rows and columns."""
    brackets = {cell.offset: cell.offset_last for cell in grid.cells}
    offsets = sorted(brackets)
    by_cohort: dict[date, dict[int, RetentionCell]] = {}
    for cell in grid.cells:
        by_cohort.setdefault(cell.cohort, {})[cell.offset] = cell
    rows = tuple(
        RowView(
            cohort=period_label(cohort, grid.grain, short=True),
            full=period_label(cohort, grid.grain),
            size=next(iter(there.values())).size,
            cells=tuple(_cell(there[offset]) if offset in there else None for offset in offsets),
            cut_off=cohort in grid.cut_off_left,
        )
        for cohort, there in sorted(by_cohort.items())
    )
    return GridView(grid, tuple(offset_label(offset, brackets[offset]) for offset in offsets), rows)


def _cell(cell: RetentionCell) -> CellView:
    heat = 0 if not cell.share else min(1 + int(cell.share**_HEAT_BEND * _HEAT_STEPS), _HEAT_STEPS)
    return CellView(cell_text(cell), cell.units, heat, cell.complete, cell.note)


def grid_option(view: GridView) -> Option:
    """The grid as a chart."""
    return drawn_grid(view.grid)
