"""Answers about metrics as charts: pages, commands and notebooks draw the same one."""

from collections.abc import Sequence
from datetime import date
from typing import Literal, cast

import msgspec

from upshot.api.metrics import MetricQuery, MetricSeries, Point, RetentionCell, RetentionGrid
from upshot.charts import (
    Axis,
    Band,
    ChartPoint,
    GridCell,
    Line,
    Option,
    captioned,
    line_chart,
    period_label,
    range_label,
    retention_chart,
)
from upshot.charts.chart import Chart
from upshot.core.money import currency
from upshot.core.time import DayRange, Grain
from upshot.core.units import format_value
from upshot.metrics.kinds import LEAST_SIZE

__all__ = [
    "COMPARED",
    "OF",
    "SMALL_GROUP",
    "Words",
    "beside_note",
    "cell_text",
    "chart_points",
    "grid_option",
    "grid_picture",
    "group_lines",
    "group_name",
    "open_note",
    "series_lines",
    "series_picture",
    "size_text",
]

COMPARED = {"previous": "Days before", "year": "Year before", "none": "Before"}
_FORMATS = ("count", "money", "percent", "duration", "number")
_WITHOUT_CENTS_FROM = 100_000
_LINES = 8
_NOTHING = "(none)"
OF = "Of"
"""Head of the column that says of how many a share or mean is."""
SMALL_GROUP = f"small group: fewer than {LEAST_SIZE}"
_ROW_HEIGHT, _AROUND_ROWS = 34, 130


class Words(msgspec.Struct, frozen=True):
    """How values of one metric are written."""

    form: str
    currency: str

    @classmethod
    def of(cls, series: MetricSeries) -> "Words":
        """Those of the series' metric."""
        return cls(series.metric.format, series.currency)

    @property
    def axis(self) -> Axis:
        """The same for a chart's axis."""
        # membership is checked, which the type checker cannot follow
        kind = cast("Literal['count', 'money', 'percent', 'duration', 'number']", self.form)
        return Axis(kind if self.form in _FORMATS else "number", currency(self.currency).sign)

    def write(self, value: float | None) -> str:
        """One value; a dash for none."""
        return format_value(value, self.form, self.currency)

    def brief(self, value: float | None) -> str:
        """One value where there is little room: large amounts of money without their cents."""
        if value is not None and self.form == "money" and abs(value) >= _WITHOUT_CENTS_FROM:
            return f"{'−' if value < 0 else ''}{self.axis.sign}{abs(value):,.0f}"
        return self.write(value)


def chart_points(points: Sequence[Point], grain: Grain, words: Words) -> tuple[ChartPoint, ...]:
    """Points of a series as a chart takes them."""
    return tuple(
        ChartPoint(
            period=point.period,
            value=point.value,
            text=words.write(point.value),
            title=period_label(point.period, grain),
            complete=point.complete,
            note=point.note,
        )
        for point in points
    )


def open_note(point: Point | ChartPoint) -> str:
    """Why a period is not complete; empty where it is."""
    return "" if point.complete else point.note or "incomplete"


def beside_note(point: Point | ChartPoint, before: Point | None, compare: str) -> str:
    """Why a period or the one beside it is not complete: what a row says of both; empty where they are."""
    then = "" if before is None else open_note(before)
    return "; ".join(filter(None, (open_note(point), then and f"{COMPARED[compare].lower()}: {then}")))


def series_lines(series: MetricSeries, compare: str, *, grouped: bool) -> list[Line]:
    """The lines of a series: one and what it is compared with, or, where it is ``grouped``, one for each group."""
    words, grain = Words.of(series), series.grain
    if grouped:
        return group_lines(series, words)
    now = Line(series.metric.title, chart_points(series.points, grain, words), _band(series))
    if not any(p.value is not None for p in series.previous):
        return [now]
    before = tuple(
        msgspec.structs.replace(
            point,
            title=period_label(series.points[at].period, grain) if at < len(series.points) else point.title,
            note=", ".join(filter(None, (period_label(point.period, grain), open_note(series.previous[at])))),
        )
        for at, point in enumerate(chart_points(series.previous, grain, words))
    )
    return [now, Line(COMPARED[compare], before[: len(series.points)], before=True)]


def _band(series: MetricSeries) -> Band | None:
    """The interval around the points, where any has one."""
    if not series.interval or all(p.low is None for p in series.points):
        return None
    lows, highs = tuple(p.low for p in series.points), tuple(p.high for p in series.points)
    return Band(lows, highs, f"{series.level:.0%} interval")


def group_name(group: tuple[str | None, ...]) -> str:
    """A group of a breakdown in words."""
    return " · ".join(_NOTHING if part is None else part for part in group)


def size_text(point: Point) -> str:
    """Of how many a share or mean is; empty where it is none."""
    return "" if point.denominator is None else f"{point.denominator:,.0f}"


def group_lines(series: MetricSeries, words: Words) -> list[Line]:
    """A line for each of the largest groups, eight at most, all over the same periods."""
    grain = series.grain
    periods = list(dict.fromkeys(sorted(p.period for p in series.points)))
    by_group: dict[tuple[str | None, ...], dict[date, Point]] = {}
    for point in series.points:
        by_group.setdefault(point.group, {})[point.period] = point
    order = [p.group for p in series.totals if p.group in by_group] or list(by_group)
    lines: list[Line] = []
    for group in order[:_LINES]:
        there = by_group[group]
        made = [chart_points((there[d],), grain, words)[0] if d in there else _gap(d, grain) for d in periods]
        lines.append(Line(group_name(group), tuple(made)))
    return lines


def _gap(period: date, grain: Grain) -> ChartPoint:
    return ChartPoint(period, None, "", period_label(period, grain))


def series_picture(series: MetricSeries, asked: MetricQuery) -> Chart:
    """The chart of the answer to ``asked``, with its title, window, filters and legend inside."""
    grouped = bool(asked.breakdown)
    lines = series_lines(series, asked.compare, grouped=grouped)
    option = line_chart(lines, series.grain, Words.of(series).axis)
    window = f"by {series.grain}, {range_label(asked.first, asked.last)}"
    return Chart(
        captioned(option, series.metric.title, "  ·  ".join((window, *asked.where))),
        title=f"{series.metric.title} {window}",
    )


def cell_text(cell: RetentionCell) -> str:
    """The share that came back, in words."""
    if cell.share is None:
        return "–"
    return f"{cell.share:.1%}" if 0 < cell.share < 1 else f"{cell.share:.0%}"


def grid_option(grid: RetentionGrid) -> Option:
    """The grid as a chart."""
    cells = [
        GridCell(
            cohort=period_label(cell.cohort, grid.grain),
            offset=cell.offset,
            offset_last=cell.offset_last,
            share=cell.share,
            text=cell_text(cell),
            complete=cell.complete,
            note=cell.note,
        )
        for cell in sorted(grid.cells, key=lambda c: (c.cohort, c.offset))
    ]
    return retention_chart(cells, grid.grain.capitalize())


def grid_picture(grid: RetentionGrid, window: DayRange) -> Chart:
    """The grid with its title and window inside, as high as its cohorts need."""
    words = range_label(window.start, window.last)
    cohorts = len({cell.cohort for cell in grid.cells})
    return Chart(
        captioned(grid_option(grid), grid.metric.title, words),
        title=f"{grid.metric.title} by {grid.grain}, {words}",
        height=_AROUND_ROWS + _ROW_HEIGHT * cohorts,
    )
