"""Dashboards and their tiles as files: CSV for programs, SVG, PNG and PDF for documents."""

from litestar import Response

from upshot.answers.csv_files import grid_csv, groups_csv, series_csv
from upshot.api.dashboards import DashboardView
from upshot.catalog.kinds.dashboard import COLUMNS, Dashboard, Show, Tile, TileType
from upshot.charts import Palette, captioned
from upshot.charts.chart import Chart
from upshot.charts.sheet import Cells, Figure, Panel, Prose, Sheet
from upshot.core.errors import InvalidInput, NotFound, UserError
from upshot.core.time import Grain
from upshot.web.dashboards.contents import Content, read_content, tile_title
from upshot.web.dashboards.markdown import plain_lines
from upshot.web.figures import Change
from upshot.web.metric.exports import download_headers
from upshot.web.page import Page
from upshot.web.retention.view import grid_option
from upshot.web.window import View

__all__ = ["WHOLE", "dashboard_file", "sheet", "tile_file"]

WHOLE = "dashboard"
_TYPES = {"svg": "image/svg+xml", "png": "image/png", "pdf": "application/pdf"}
_WIDTH, _MARGIN, _GAP, _ROW, _TOP = 1200, 24, 12, 76, 76
_ROW_HEIGHT, _AROUND_ROWS = 34, 130
_MOST_PIXELS = 16_000
"""The height of a sheet, beyond which no program opens its picture."""


def tile_file(page: Page, board: Dashboard, tile: Tile, view: View, file: str, palette: Palette) -> Response[bytes]:
    """One tile as ``data.csv`` or ``chart.svg``, ``.png``, ``.pdf``.

    Raises:
        NotFound: No file of that name.
        InvalidInput: The tile is a text, which is no data, or it has no chart.
    """
    base, _, ending = file.partition(".")
    if (base, ending) != ("data", "csv") and not (base == "chart" and ending in _TYPES):
        raise NotFound("file", file, ("data.csv", *(f"chart.{ending}" for ending in _TYPES)))
    if tile.type is TileType.TEXT:
        raise InvalidInput("A text is no data.", hint="Save the whole dashboard as a picture or as YAML.")
    content = read_content(page, board, tile, view)
    headers = download_headers(f"{board.name}_{tile.name}", view, ending, _grain(content))
    if ending == "csv":
        return Response(_csv(content).encode(), media_type="text/csv", headers=headers)
    return Response(_drawn(_picture(content), ending, palette), media_type=_TYPES[ending], headers=headers)


def _grain(content: Content) -> Grain | None:
    if content.grid is not None:
        return content.grid.grid.grain
    return content.series.grain if content.series is not None and content.tile.show is not Show.GROUPS else None


def dashboard_file(page: Page, stored: DashboardView, view: View, file: str, palette: Palette) -> Response[bytes]:
    """The whole dashboard as ``dashboard.svg``, ``.png`` or ``.pdf``.

    Raises:
        NotFound: No file of that name.
    """
    base, _, ending = file.partition(".")
    if base != WHOLE or ending not in _TYPES:
        raise NotFound("file", file, (f"{WHOLE}.{ending}" for ending in (*_TYPES, "yaml")))
    drawn = _drawn(sheet(page, stored.dashboard, view), ending, palette)
    headers = download_headers(stored.dashboard.name, view, ending, None)
    return Response(drawn, media_type=_TYPES[ending], headers=headers)


def sheet(page: Page, board: Dashboard, view: View) -> Sheet:
    """The dashboard as one picture; a tile that cannot be answered says so on it.

    Raises:
        InvalidInput: It is too high for a picture.
    """
    panels = tuple(_panel(page, board, tile, view) for tile in board.tiles)
    height = max((panel.y + panel.height for panel in panels), default=_TOP) + _MARGIN
    if height > _MOST_PIXELS:
        raise InvalidInput(
            f"The dashboard is {height:,} pixels high, too high for a picture.", hint="Save its tiles one by one."
        )
    said = "  ·  ".join((view.words, *board.where, *view.where, f"times in {page.zone.key}"))
    return Sheet(board.shown, said, _WIDTH, height, panels)


def _panel(page: Page, board: Dashboard, tile: Tile, view: View) -> Panel:
    x, y, width, height = tile.place
    column = (_WIDTH - 2 * _MARGIN + _GAP) / COLUMNS
    left = round(_MARGIN + x * column)
    box = (left, _TOP + y * _ROW, round(_MARGIN + (x + width) * column) - _GAP - left, height * _ROW - _GAP)
    if tile.type is TileType.TEXT:
        return Panel(*box, title=tile.title, prose=Prose(plain_lines(tile.text)))
    title = tile_title(page, tile)
    try:
        content = read_content(page, board, tile, view)
    except UserError as error:
        return Panel(*box, title=title, problem=f"{error.message} {error.hint}".strip())
    if content.grid is not None and not content.grid.rows:
        return Panel(*box, title=title, problem="Nobody came for the first time in these days.")
    if content.grid is not None:
        return Panel(*box, title=title, chart=grid_option(content.grid))
    if content.option is not None:
        return Panel(*box, title=title, chart=content.option, names=content.names)
    if tile.type is TileType.NUMBER:
        said, tone = _change(content.change)
        return Panel(*box, title=title, figure=Figure(content.value, said, tone, content.note, content.spark))
    rows = tuple((row.name, *row.values) for row in content.rows)
    return Panel(*box, title=title, cells=Cells((content.first_column, *content.columns), rows))


def _change(change: Change | None) -> tuple[str, str]:
    if change is None:
        return "", "muted"
    sign = {"▲": "+", "▼": "−", "=": ""}[change.arrow]
    return f"{sign}{change.text} from {change.before}", change.tone if change.tone != "plain" else "muted"


def _picture(content: Content) -> Chart:
    if content.grid is not None:
        option, high = grid_option(content.grid), _AROUND_ROWS + _ROW_HEIGHT * len(content.grid.rows)
        return Chart(captioned(option, content.title, content.about), title=content.title, height=high)
    if content.option is None:
        raise InvalidInput(f"{content.title} is no chart.", hint="Save it as CSV, or the whole dashboard as a picture.")
    return Chart(captioned(content.option, content.title, content.about), title=content.title)


def _drawn(picture: Chart | Sheet, ending: str, palette: Palette) -> bytes:
    match ending:
        case "svg":
            return picture.svg(palette).encode()
        case "png":
            return picture.png(palette)
        case _:
            return picture.pdf(palette)


def _csv(content: Content) -> str:
    if content.grid is not None:
        return grid_csv(content.grid.grid)
    if content.series is None:
        raise AssertionError("only a text has neither, and it is refused before")
    if content.tile.show is not Show.GROUPS:
        return series_csv(content.series, (content.tile.breakdown,) if content.tile.breakdown else ())
    return groups_csv(content.series, (content.tile.breakdown,))
