"""What the page of a metric shows."""

import msgspec

from upshot.charts import Option, line_chart, period_label
from upshot.core.time import Grain
from upshot.web.figures import Change, Words, change
from upshot.web.page import Page
from upshot.web.window import View
from upshot.workspace.messages import (
    METRIC_QUERY,
    MetricQuery,
    MetricSeries,
    Point,
)
from upshot.workspace.pictures import COMPARED, group_lines, group_name, series_lines

__all__ = [
    "GroupRow",
    "MetricPage",
    "SeriesChart",
    "TableRow",
    "ask_series",
    "group_filter",
    "read_metric",
    "series_chart",
]


class SeriesChart(msgspec.Struct, frozen=True):
    """A chart with the words around it: ``option`` as JSON, ``names`` of its coloured lines, ``label`` for readers."""

    series: MetricSeries
    option: Option
    json: str
    names: tuple[str, ...]
    label: str
    compared: str


class TableRow(msgspec.Struct, frozen=True):
    """One period of the table: a value for each column."""

    period: str
    values: tuple[str, ...]
    note: str


class GroupRow(msgspec.Struct, frozen=True):
    """One group of a breakdown over the whole window; ``share`` of the largest, in [0, 1]."""

    name: str
    value: str
    share: float
    filter_url: str


class MetricPage(msgspec.Struct, frozen=True):
    """The page. ``total`` is the window's value in words, with its change."""

    chart: SeriesChart
    total: str
    total_note: str
    change: Change | None
    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]
    groups: tuple[GroupRow, ...]
    notes: tuple[str, ...]


def ask_series(page: Page, name: str, view: View) -> MetricSeries:
    """The series that the address asks for."""
    query = MetricQuery(
        name=name,
        first=view.first,
        last=view.last,
        grain=view.grain,
        breakdown=(view.breakdown,) if view.breakdown else (),
        where=view.where,
        compare=view.compare if not view.breakdown else "none",
    )
    return page.ask(METRIC_QUERY, query)


def read_metric(page: Page, name: str, view: View) -> MetricPage:
    """Ask for the series and lay it out."""
    series = ask_series(page, name, view)
    words = Words.of(series)
    chart = series_chart(series, view)
    columns, rows = _table(series, view, words)
    return MetricPage(
        chart=chart,
        total=words.write(series.total.value) if series.total else "",
        total_note=_total_note(series.total),
        change=change(series.metric, series.total, series.previous_total, words),
        columns=columns,
        rows=rows,
        groups=_groups(series, view, words),
        notes=(*series.notes, *_cut_note(series), *_incomplete_note(series, view.grain)),
    )


def series_chart(series: MetricSeries, view: View) -> SeriesChart:
    """The chart of a series: one line and what it is compared with, or a line for each group."""
    words = Words.of(series)
    lines = series_lines(series, view.grain, view.compare, grouped=bool(view.breakdown))
    option = line_chart(lines, view.grain, words.axis)
    names = tuple(line.name for line in lines if not line.before)
    return SeriesChart(
        series=series,
        option=option,
        json=msgspec.json.encode(option).decode(),
        names=names,
        label=f"{series.metric.title} by {view.grain}, {view.words}",
        compared=next((line.name for line in lines if line.before), ""),
    )


def _table(series: MetricSeries, view: View, words: Words) -> tuple[tuple[str, ...], tuple[TableRow, ...]]:
    if view.breakdown:
        lines = group_lines(series, view.grain, words)
        columns = tuple(line.name for line in lines)
        periods = zip(*(line.points for line in lines), strict=True) if lines else iter(())
        rows = [(p[0].title, tuple(x.text or "–" for x in p), "" if p[0].complete else "incomplete") for p in periods]
        return columns, tuple(TableRow(*row) for row in rows)
    compared = bool(series.previous)
    before = [words.write(p.value) for p in series.previous] + [""] * len(series.points)
    made = tuple(
        TableRow(
            period_label(p.period, view.grain),
            (words.write(p.value), before[at]) if compared else (words.write(p.value),),
            "; ".join(part for part in ("" if p.complete else "incomplete", p.note) if part),
        )
        for at, p in enumerate(series.points)
    )
    return (series.metric.title, COMPARED[view.compare]) if compared else (series.metric.title,), made


def _groups(series: MetricSeries, view: View, words: Words) -> tuple[GroupRow, ...]:
    most = max((abs(p.value) for p in series.totals if p.value is not None), default=0.0)
    return tuple(
        GroupRow(
            name=group_name(point.group),
            value=words.write(point.value),
            share=abs(point.value) / most if point.value is not None and most else 0.0,
            filter_url=view.url(where=(*view.where, group_filter(view.breakdown, point.group[0])), breakdown=""),
        )
        for point in series.totals
        if point.group
    )


def group_filter(breakdown: str, value: str | None) -> str:
    """The filter that leaves one group of a breakdown."""
    if value is None:
        return f"{breakdown} is null"
    return f'{breakdown} = "{value.replace(chr(34), chr(34) * 2)}"'


def _total_note(total: Point | None) -> str:
    if total is None:
        return ""
    return total.note or ("" if total.complete else "not over")


def _cut_note(series: MetricSeries) -> tuple[str, ...]:
    if not series.truncated_groups:
        return ()
    return (f"{series.truncated_groups:,} smaller groups are not shown.",)


def _incomplete_note(series: MetricSeries, grain: Grain) -> tuple[str, ...]:
    open_periods = sorted({p.period for p in series.points if not p.complete})
    if not open_periods:
        return ()
    named = ", ".join(period_label(p, grain, short=True) for p in open_periods[:3])
    more = f" and {len(open_periods) - 3} more" if len(open_periods) > 3 else ""
    verb = "is" if len(open_periods) == 1 else "are"
    return (f"{named}{more} {verb} not covered whole by the data, and drawn dotted.",)
