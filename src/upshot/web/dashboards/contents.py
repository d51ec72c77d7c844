"""What a tile shows, from one question to the workspace: the same for the page, for a file and for a picture."""

from urllib.parse import urlencode

import msgspec

from upshot.answers.left_out import told
from upshot.answers.pictures import (
    COMPARED,
    OF,
    SMALL_GROUP,
    beside_note,
    group_lines,
    group_name,
    series_lines,
    size_text,
)
from upshot.api.metrics import METRIC_QUERY, MetricQuery, MetricSeries, MetricView, Point
from upshot.catalog.kinds.dashboard import Dashboard, Show, Tile, TileType
from upshot.charts import Bar, Option, Sparkline, bar_chart, line_chart, period_label, range_label, sparkline
from upshot.core.errors import InvalidInput
from upshot.core.time import DayRange, Grain
from upshot.web.figures import Change, Words, change_of, chart_points, headline_note
from upshot.web.page import Page
from upshot.web.retention.view import GridView, read_grid
from upshot.web.window import View

__all__ = ["Content", "Row", "read_content", "tile_metric", "tile_title", "tile_url", "tile_where"]

_GROUPS = 20
_BARS = 10
_COHORT_GRAINS = (Grain.DAY, Grain.WEEK, Grain.MONTH)
_COHORT_DAYS = ((14, Grain.DAY), (120, Grain.WEEK))
_MOST_COHORTS = 14


class Row(msgspec.Struct, frozen=True):
    """One line of a table: its name, a value for each column, what is odd about it."""

    name: str
    values: tuple[str, ...]
    note: str = ""


class Content(msgspec.Struct, frozen=True):
    """A tile that was answered.

    Attributes:
        tile: Which.
        title: As it is shown.
        about: Days, step and filters, in words.
        series: The answer, unless it is a grid or a text.
        grid: The cohort grid.
        option: The chart.
        names: Of its coloured lines.
        compared: What they are compared with; empty for nothing.
        value: The number in words, with ``change``.
        note: What is said below the number, chart or table.
        columns: Of the table, after the first; ``rows`` are its lines.
    """

    tile: Tile
    title: str
    about: str = ""
    series: MetricSeries | None = None
    grid: GridView | None = None
    option: Option | None = None
    names: tuple[str, ...] = ()
    compared: str = ""
    value: str = ""
    change: Change | None = None
    note: str = ""
    spark: Sparkline = Sparkline("", "")
    first_column: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()


def tile_where(board: Dashboard, tile: Tile, view: View) -> tuple[str, ...]:
    """Every filter that holds for a tile: the dashboard's, the address's, its own; each once."""
    return tuple(dict.fromkeys((*board.where, *view.where, *tile.where)))


def tile_metric(page: Page, tile: Tile) -> MetricView | None:
    """The metric of a tile; None for a text, and where the metric is no more."""
    return next((metric for metric in page.metrics if metric.name == tile.metric), None)


def tile_title(page: Page, tile: Tile) -> str:
    """Its own title, or its metric's."""
    metric = tile_metric(page, tile)
    own = tile.title or (metric.title if metric else tile.metric)
    return f"{own} by {tile.breakdown}" if tile.breakdown and not tile.title else own


def tile_url(board: Dashboard, tile: Tile, view: View) -> str:
    """The page that shows the same question alone; empty for a text."""
    if tile.type is TileType.TEXT:
        return ""
    alone = View(
        path=f"/metrics/{tile.metric}",
        first=view.first,
        last=view.last,
        grain=view.grain,
        preset=view.preset,
        by=tile.by or view.by,
        compare=view.compare,
        breakdown=tile.breakdown,
        where=tile_where(board, tile, view),
    )
    if tile.show is Show.COHORTS:
        grid = alone.url("/retention", by=tile.by or "", breakdown="", compare="previous")
        return f"{grid}{'&' if '?' in grid else '?'}{urlencode({'metric': tile.metric})}"
    return alone.url()


def read_content(page: Page, board: Dashboard, tile: Tile, view: View) -> Content:
    """Ask what the tile asks.

    Raises:
        UserError: It cannot be answered.
    """
    title = tile_title(page, tile)
    if tile.type is TileType.TEXT:
        return Content(tile, title)
    where = tile_where(board, tile, view)
    if tile.show is Show.COHORTS:
        return _cohorts(page, tile, title, view, where)
    query = MetricQuery(
        name=tile.metric,
        first=view.first,
        last=view.last,
        grain=tile.by or view.grain,
        breakdown=(tile.breakdown,) if tile.breakdown else (),
        where=where,
        compare="none" if tile.breakdown else view.compare,
        limit=_GROUPS,
    )
    series = page.ask(METRIC_QUERY, query)
    about = "  ·  ".join((f"by {series.grain}, {view.words}", *where))
    match tile.type:
        case TileType.NUMBER:
            return _number(tile, title, "  ·  ".join((view.words, *where)), series, view)
        case TileType.TABLE:
            return _table(tile, title, about, series, view)
        case _:
            return _chart(tile, title, about, series, view)


def _number(tile: Tile, title: str, about: str, series: MetricSeries, view: View) -> Content:
    words = Words.of(series)
    return Content(
        tile,
        title,
        about,
        series=series,
        value=words.brief(series.headline.value),
        change=change_of(series.metric, series.headline.before, words),
        note=headline_note(series, view.first, view.last),
        spark=sparkline(chart_points(series.points, series.grain, words)),
    )


def _chart(tile: Tile, title: str, about: str, series: MetricSeries, view: View) -> Content:
    words = Words.of(series)
    if tile.show is Show.GROUPS:
        bars = [Bar(group_name(p.group), p.value, words.brief(p.value)) for p in series.totals[:_BARS]]
        option = bar_chart(bars, words.axis, series.metric.title)
        note = told(series.left_out)
        return Content(tile, title, about, series=series, option=option, names=(series.metric.title,), note=note)
    lines = series_lines(series, view.compare, grouped=bool(tile.breakdown))
    return Content(
        tile,
        title,
        about,
        series=series,
        option=line_chart(lines, series.grain, words.axis),
        names=tuple(line.name for line in lines if not line.before),
        compared=next((line.name for line in lines if line.before), ""),
        note=told(series.left_out),
    )


def _table(tile: Tile, title: str, about: str, series: MetricSeries, view: View) -> Content:
    words, note = Words.of(series), told(series.left_out)
    if tile.show is Show.GROUPS:
        sized = any(p.denominator is not None for p in series.totals)
        rows = tuple(
            Row(
                group_name(p.group),
                (words.write(p.value), *((size_text(p),) if sized else ())),
                SMALL_GROUP if p.small else "",
            )
            for p in series.totals
        )
        columns = (series.metric.title, *((OF,) if sized else ()))
        return Content(
            tile, title, about, series=series, first_column=tile.breakdown, columns=columns, rows=rows, note=note
        )
    if tile.breakdown:
        lines = group_lines(series, words)
        periods = zip(*(line.points for line in lines), strict=True) if lines else iter(())
        rows = tuple(
            Row(p[0].title, tuple(x.text or "–" for x in p), "" if p[0].complete else "incomplete") for p in periods
        )
        columns = tuple(line.name for line in lines)
    else:
        before = series.previous
        rows = tuple(
            _period(point, at, before, series.grain, words, view.compare) for at, point in enumerate(series.points)
        )
        columns = (series.metric.title, COMPARED[view.compare]) if before else (series.metric.title,)
    newest_first = tuple(reversed(rows))
    return Content(
        tile, title, about, series=series, first_column="Period", columns=columns, rows=newest_first, note=note
    )


def _period(point: Point, at: int, before: tuple[Point, ...], grain: Grain, words: Words, compare: str) -> Row:
    then = (words.write(before[at].value) if at < len(before) else "",) if before else ()
    note = beside_note(point, before[at] if at < len(before) else None, compare)
    return Row(period_label(point.period, grain), (words.write(point.value), *then), note)


def _cohorts(page: Page, tile: Tile, title: str, view: View, where: tuple[str, ...]) -> Content:
    grain = tile.by or _cohort_grain(view)
    if grain not in _COHORT_GRAINS:
        raise InvalidInput(f"Cohorts cannot go by {grain}.", hint="Choose day, week or month as the tile's step.")
    starts = list(DayRange.of(view.first, view.last).periods(grain))[-_MOST_COHORTS:]
    first = starts[0]
    grid = read_grid(page, tile.metric, first, view.last, grain, len(starts), where)
    about = "  ·  ".join((f"cohorts by {grain}, {range_label(first, view.last)}", *where))
    return Content(tile, title, about, grid=grid)


def _cohort_grain(view: View) -> Grain:
    return next((grain for most, grain in _COHORT_DAYS if view.days.days <= most), Grain.MONTH)
