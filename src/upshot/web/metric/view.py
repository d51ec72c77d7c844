"""What the page of a metric shows."""

from datetime import date

import msgspec

from upshot.answers.pictures import COMPARED, SMALL_GROUP, beside_note, group_lines, group_name, series_lines, size_text
from upshot.api.metrics import METRIC_QUERY, MetricQuery, MetricSeries, Point
from upshot.charts import Annotation, Option, line_chart, marked, period_label
from upshot.core.units import counted
from upshot.web.figures import Change, Words, change_of, dotted_notes, headline_days
from upshot.web.marks import Marks, annotations_of, marked_in
from upshot.web.page import Page
from upshot.web.window import View

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
    """One period of the table: a value for each column, and what happened in it."""

    period: str
    values: tuple[str, ...]
    note: str
    marks: str = ""


class GroupRow(msgspec.Struct, frozen=True):
    """One group of a breakdown over the whole window; ``share`` of the largest, in [0, 1]."""

    name: str
    value: str
    share: float
    filter_url: str
    interval: str = ""
    size: str = ""
    note: str = ""


class MetricPage(msgspec.Struct, frozen=True):
    """The page. ``total`` is the headline in words, with its change."""

    chart: SeriesChart
    total: str
    total_note: str
    change: Change | None
    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]
    groups: tuple[GroupRow, ...]
    notes: tuple[str, ...]
    marks: Marks
    total_interval: str


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
        intervals=True,
    )
    return page.ask(METRIC_QUERY, query)


def read_metric(page: Page, name: str, view: View) -> MetricPage:
    """Ask for the series and lay it out."""
    series = ask_series(page, name, view)
    words = Words.of(series)
    annotations = annotations_of(page, name)
    chart = series_chart(series, view, annotations)
    columns, rows = _table(series, view, words, annotations)
    return MetricPage(
        chart=chart,
        total=words.write(series.headline.value),
        total_note=headline_days(series, view.first, view.last),
        change=change_of(series.metric, series.headline.before, words),
        columns=columns,
        rows=rows,
        groups=_groups(series, view, words),
        notes=(*series.notes, *_interval_note(series), *_cut_note(series), *dotted_notes(series, view.compare)),
        marks=marked_in(annotations, series),
        total_interval=_interval(series.total, words)
        if series.total and series.total.value == series.headline.value
        else "",
    )


def series_chart(series: MetricSeries, view: View, annotations: tuple[Annotation, ...] = ()) -> SeriesChart:
    """The chart of a series: one line and what it is compared with, or a line for each group."""
    words = Words.of(series)
    lines = series_lines(series, view.compare, grouped=bool(view.breakdown))
    option = line_chart(lines, series.grain, words.axis, annotations)
    names = tuple(line.name for line in lines if not line.before)
    return SeriesChart(
        series=series,
        option=option,
        json=msgspec.json.encode(option).decode(),
        names=names,
        label=f"{series.metric.title} by {series.grain}, {view.words}",
        compared=next((line.name for line in lines if line.before), ""),
    )


def _table(
    series: MetricSeries, view: View, words: Words, annotations: tuple[Annotation, ...]
) -> tuple[tuple[str, ...], tuple[TableRow, ...]]:
    marks = _marks_by_period(series, annotations)
    if view.breakdown:
        lines = group_lines(series, words)
        periods = zip(*(line.points for line in lines), strict=True) if lines else iter(())
        return tuple(line.name for line in lines), tuple(
            TableRow(
                p[0].title,
                tuple(x.text or "–" for x in p),
                "" if p[0].complete else "incomplete",
                marks.get(p[0].period, ""),
            )
            for p in periods
        )
    before = [words.write(p.value) for p in series.previous] + [""] * len(series.points)
    columns = (series.metric.title, *((f"{series.level:.0%} interval",) if series.interval else ()))
    made = tuple(
        TableRow(
            period_label(p.period, series.grain),
            (
                words.write(p.value),
                *((_interval(p, words),) if series.interval else ()),
                *((before[at],) if series.previous else ()),
            ),
            beside_note(p, series.previous[at] if at < len(series.previous) else None, view.compare),
            marks.get(p.period, ""),
        )
        for at, p in enumerate(series.points)
    )
    return (*columns, COMPARED[view.compare]) if series.previous else columns, made


def _marks_by_period(series: MetricSeries, annotations: tuple[Annotation, ...]) -> dict[date, str]:
    """What happened in each period, in words."""
    periods = sorted({point.period for point in series.points})
    found: dict[date, list[str]] = {}
    for annotation in marked(annotations, periods, series.grain):
        period = max(start for start in periods if start <= annotation.day)
        found.setdefault(period, []).append(f"{annotation.kind}: {annotation.label}")
    return {period: "; ".join(labels) for period, labels in found.items()}


def _interval(point: Point | None, words: Words) -> str:
    if point is None or point.low is None or point.high is None:
        return ""
    return f"{words.write(point.low)} – {words.write(point.high)}"


def _interval_note(series: MetricSeries) -> tuple[str, ...]:
    """What the interval means; nothing where there is none."""
    sampled = f"for other {series.metric.unit}s of the same kind on the same days"
    match series.interval:
        case "wilson":
            how = f"Wilson's score interval: where the share would lie {sampled}"
        case "delta":
            how = f"the delta method over the known {series.metric.unit}s: where the number would lie {sampled}"
        case "":
            return ()
    return (f"The band is a {series.level:.0%} interval by {how}. It says nothing about what changed the number.",)


def _groups(series: MetricSeries, view: View, words: Words) -> tuple[GroupRow, ...]:
    most = max((abs(p.value) for p in series.totals if p.value is not None), default=0.0)
    return tuple(
        GroupRow(
            name=group_name(point.group),
            value=words.write(point.value),
            share=abs(point.value) / most if point.value is not None and most else 0.0,
            filter_url=view.url(where=(*view.where, group_filter(view.breakdown, point.group[0])), breakdown=""),
            interval=_interval(point, words),
            size=size_text(point),
            note=SMALL_GROUP if point.small else "",
        )
        for point in series.totals
        if point.group
    )


def group_filter(breakdown: str, value: str | None) -> str:
    """The filter that leaves one group of a breakdown."""
    if value is None:
        return f"{breakdown} is null"
    return f'{breakdown} = "{value.replace(chr(34), chr(34) * 2)}"'


def _cut_note(series: MetricSeries) -> tuple[str, ...]:
    if not series.truncated_groups:
        return ()
    return (f"{counted(series.truncated_groups, 'smaller group is', 'smaller groups are')} not shown.",)
