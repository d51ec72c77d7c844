"""A dashboard as its page shows it: its state, its tiles, and which of them have changed."""

import hashlib
import time

import msgspec
from markupsafe import Markup

from upshot.api.dashboards import DASHBOARD_SHOW, DashboardName, DashboardView
from upshot.api.operation import Permission
from upshot.catalog.kinds.dashboard import Dashboard, Tile, TileType
from upshot.charts import day_label
from upshot.core.errors import UserError
from upshot.web.dashboards.contents import read_content, tile_title, tile_url
from upshot.web.dashboards.markdown import safe_html
from upshot.web.page import Page, fragment
from upshot.web.window import Usual, View

__all__ = [
    "BUDGET_SECONDS",
    "Board",
    "TileView",
    "board_url",
    "changed_words",
    "may_edit",
    "read_board",
    "read_state",
    "read_tile",
    "usual_of",
]

BUDGET_SECONDS = 0.5
"""How long a page waits for its tiles; those that are not answered by then are fetched one by one."""
_DIGEST = 12


class TileView(msgspec.Struct, frozen=True):
    """A tile as it is shown; ``digest`` changes when what it shows does. ``html`` is empty while it is being asked."""

    tile: Tile
    number: int
    title: str
    url: str
    html: str
    digest: str

    @property
    def body(self) -> Markup:
        """What it shows."""
        return Markup(self.html)  # noqa: S704  # made by a template, which escapes

    @property
    def places(self) -> str:
        """Classes that put it into the grid."""
        x, y, width, height = self.tile.place
        return f"x{x} y{y} w{width} h{height}"


class Board(msgspec.Struct, frozen=True):
    """A dashboard with its tiles, in reading order."""

    stored: DashboardView
    view: View
    tiles: tuple[TileView, ...]

    @property
    def dashboard(self) -> Dashboard:
        """The declaration."""
        return self.stored.dashboard

    @property
    def url(self) -> str:
        """Its address without a state."""
        return board_url(self.dashboard.name)

    @property
    def rows(self) -> int:
        """How many rows its grid has."""
        return max((tile.tile.place[1] + tile.tile.place[3] for tile in self.tiles), default=0)


def board_url(name: str) -> str:
    """The address of a dashboard."""
    return f"/dashboards/{name}"


def usual_of(board: Dashboard) -> Usual:
    """What a dashboard shows where its address says nothing."""
    days = (board.first_day, board.last_day) if board.first_day and board.last_day else None
    return Usual(preset=board.range, by=board.by or "", compare=board.compare, days=days)


def read_state(page: Page, name: str) -> tuple[DashboardView, View]:
    """The dashboard and the state that the address names.

    Raises:
        NotFound: There is none of that name.
    """
    stored = page.caller.call(DASHBOARD_SHOW, DashboardName(name))
    return stored, page.view(usual_of(stored.dashboard), board_url(name))


def read_board(page: Page, name: str, budget_seconds: float | None = None) -> Board:
    """The dashboard with as many of its tiles as can be answered in the time; a tile that fails says so itself."""
    stored, view = read_state(page, name)
    until = time.monotonic() + (BUDGET_SECONDS if budget_seconds is None else budget_seconds)
    tiles = tuple(
        read_tile(page, stored, tile, view, number, ask=time.monotonic() < until)
        for number, tile in enumerate(stored.dashboard.tiles, 1)
    )
    return Board(stored, view, tiles)


def read_tile(page: Page, stored: DashboardView, tile: Tile, view: View, number: int, *, ask: bool = True) -> TileView:
    """One tile, answered; or, where it is not to be asked now, waiting."""
    board = stored.dashboard
    html = _html(page, stored, tile, view, number) if ask or tile.type is TileType.TEXT else ""
    digest = hashlib.sha256(html.encode()).hexdigest()[:_DIGEST] if html else ""
    return TileView(tile, number, tile_title(page, tile), tile_url(board, tile, view), html, digest)


def changed_words(page: Page, stored: DashboardView) -> str:
    """When and by whom it was last changed."""
    day = stored.changed_at.astimezone(page.zone).date()
    when = "today" if day == page.today else day_label(day)
    return f"{when} by {stored.changed_by}"


def may_edit(page: Page, stored: DashboardView) -> bool:
    """Whether who asks may change the dashboard in the page."""
    return page.may(Permission.WRITE) and not stored.managed


def _html(page: Page, stored: DashboardView, tile: Tile, view: View, number: int) -> str:
    board = stored.dashboard
    try:
        content = read_content(page, board, tile, view)
    except UserError as error:
        return fragment(
            "dashboards/problem.html", error=error, editable=may_edit(page, stored), stored=stored, tile=tile
        )
    text = safe_html(tile.text) if tile.type is TileType.TEXT else ""
    option = msgspec.json.encode(content.option).decode() if content.option else ""
    return fragment("dashboards/content.html", content=content, text=text, option=option, number=number)
