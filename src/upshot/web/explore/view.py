"""What Explore shows: charts, tables and grids, laid out."""

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from upshot.answers.periods import NO_PARTNER
from upshot.answers.pictures import SMALL_GROUP, beside_note, group_lines, group_name, series_lines, size_text
from upshot.api.explore import Distribution
from upshot.api.metrics import MetricSeries, Point
from upshot.charts import Column, Mark, Option, histogram_chart, line_chart
from upshot.charts.line import Line
from upshot.core.errors import UserError
from upshot.core.time import Grain
from upshot.core.units import counted, format_value
from upshot.web.explore.answers import Answered, ask_distribution, ask_series
from upshot.web.explore.state import Question
from upshot.web.figures import Change, Words, change, change_of, dotted_notes, headline_days
from upshot.web.metric.view import TableRow, group_filter
from upshot.web.page import Page

__all__ = ["Breakdown", "Panel", "Row", "Spread", "read_breakdown", "read_spread", "read_trends"]

Writer: TypeAlias = Callable[[float | None], str]
_MOST_ROWS = 100
_TYPICAL = {0.5: "Median", 0.95: "95% below"}


class Panel(msgspec.Struct, frozen=True):
    """A chart with the words around it and the same numbers as a table."""

    title: str
    json: str
    option: Option
    names: tuple[str, ...]
    colours: tuple[int, ...]
    label: str
    grain: Grain
    compared: str
    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]
    total: str = ""
    change: Change | None = None
    total_note: str = ""
    notes: tuple[str, ...] = ()


class Row(msgspec.Struct, frozen=True):
    """A group over the whole window: a value for each thing, the first one's change and share of the largest."""

    name: str
    values: tuple[str, ...]
    change: Change | None
    share: float
    filter_url: str
    size: str = ""
    note: str = ""


class Breakdown(msgspec.Struct, frozen=True):
    """Groups, the largest first; ``more`` smaller ones are not shown, and ``notes`` say what the answers tell."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    more: int
    notes: tuple[str, ...] = ()


class Spread(msgspec.Struct, frozen=True):
    """A distribution: its chart, the numbers that sum it up, and each step as a row."""

    answer: Distribution
    title: str
    json: str
    option: Option
    label: str
    facts: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, str, str], ...]


def read_trends(page: Page, question: Question) -> tuple[tuple[Panel, ...], tuple[Answered, ...]]:
    """Charts: things that are written alike share one, groups of a breakdown have one for each thing."""
    answered = ask_series(page, question, limit=8)
    good = [(one, one.series) for one in answered if one.series is not None]
    if question.breakdown or len(question.show) == 1:
        return tuple(_panel(question, one.title, [series], [0]) for one, series in good), answered
    by_axes: dict[tuple[str, Grain], list[tuple[int, MetricSeries]]] = {}
    for one, series in good:
        colour = question.show.index(one.thing.word) + 1
        by_axes.setdefault((series.metric.format, series.grain), []).append((colour, series))
    return tuple(
        _panel(question, " and ".join(s.metric.title for _, s in alike), [s for _, s in alike], [c for c, _ in alike])
        for alike in by_axes.values()
    ), answered


def _panel(question: Question, title: str, alike: list[MetricSeries], colours: list[int]) -> Panel:
    lines = _lines(question, alike, colours)
    words, grain = Words.of(alike[0]), alike[0].grain
    option = line_chart(lines, grain, words.axis)
    columns = tuple(line.name for line in lines)
    alone = alike[0] if len(alike) == 1 else None
    before = alone.previous if alone and not question.breakdown else ()
    periods = zip(*(line.points for line in lines), strict=True) if lines else iter(())
    rows = tuple(
        TableRow(
            points[0].title,
            tuple(p.text or "–" for p in points),
            beside_note(points[0], before[at] if at < len(before) else None, question.compare),
        )
        for at, points in enumerate(periods)
    )
    return Panel(
        title=title,
        json=msgspec.json.encode(option).decode(),
        option=option,
        names=tuple(line.name for line in lines if not line.before),
        colours=tuple(line.colour or at + 1 for at, line in enumerate(line for line in lines if not line.before)),
        label=f"{title} by {grain}, {question.words}",
        grain=grain,
        compared=next((line.name for line in lines if line.before), ""),
        columns=columns,
        rows=rows,
        total=words.write(alone.headline.value) if alone and alone.headline.value is not None else "",
        change=change_of(alone.metric, alone.headline.before, words) if alone else None,
        total_note=headline_days(alone, question.first, question.last) if alone else "",
        notes=tuple(dict.fromkeys(note for series in alike for note in _notes(series, question.compare))),
    )


def _lines(question: Question, alike: list[MetricSeries], colours: list[int]) -> list[Line]:
    first = alike[0]
    if question.breakdown:
        return group_lines(first, Words.of(first))
    if len(question.show) == 1:
        return series_lines(first, question.compare, grouped=False)
    return [
        msgspec.structs.replace(series_lines(series, "none", grouped=False)[0], colour=colour)
        for series, colour in zip(alike, colours, strict=True)
    ]


def _notes(series: MetricSeries, compare: str) -> tuple[str, ...]:
    hidden = series.truncated_groups
    cut = (f"{counted(hidden, 'smaller group is', 'smaller groups are')} not shown.",) if hidden else ()
    return (*series.notes, *cut, *dotted_notes(series, compare))


def read_breakdown(page: Page, question: Question) -> tuple[Breakdown, tuple[Answered, ...]]:
    """A row for each group of the first thing, with the values of all things."""
    answered = ask_series(page, question, limit=_MOST_ROWS)
    good = [one.series for one in answered if one.series is not None]
    if not good:
        return Breakdown((), (), 0), answered
    first, words = good[0], Words.of(good[0])
    most = max((abs(p.value) for p in first.totals if p.value is not None), default=0.0)
    by_group = [{p.group: p for p in series.totals} for series in good]
    before = _before(first)
    rows = tuple(
        Row(
            name=group_name(point.group),
            values=tuple(
                Words.of(series).write(found[point.group].value if point.group in found else None)
                for series, found in zip(good, by_group, strict=True)
            ),
            change=change(first.metric, point, before.get(point.group), words),
            share=abs(point.value) / most if point.value is not None and most else 0.0,
            filter_url=question.url(
                where=(*question.where, group_filter(question.breakdown, point.group[0])), breakdown="", tab="trends"
            ),
            size=size_text(point),
            note=SMALL_GROUP if point.small else "",
        )
        for point in first.totals
    )
    notes = tuple(dict.fromkeys(note for series in good for note in series.notes))
    return Breakdown(tuple(s.metric.title for s in good), rows, first.truncated_groups, notes), answered


def _before(series: MetricSeries) -> dict[tuple[str | None, ...], Point]:
    """What each group was before, where its points add up to that."""
    if not series.metric.additive:
        return {}
    parts: dict[tuple[str | None, ...], list[Point]] = {}
    for point in series.previous:
        if point.note != NO_PARTNER:
            parts.setdefault(point.group, []).append(point)
    return {
        group: Point(
            points[0].period, sum(p.value or 0.0 for p in points), all(p.complete for p in points), group=group
        )
        for group, points in parts.items()
    }


def read_spread(page: Page, question: Question) -> Spread | UserError:
    """How the first thing's values are spread."""
    try:
        found = ask_distribution(page, question)
    except UserError as error:
        return error
    form = found.metric.format

    def written(value: float | None) -> str:
        if value is not None and form in ("count", "number") and found.whole:
            return f"{value:,.0f}"
        return format_value(value, "number" if form == "count" else form, found.currency)

    counted = "events" if found.each == "event" else f"{found.metric.unit}s"
    columns, rows = [], []
    for step in found.steps:
        name, title = _step_words(step.low, step.high, written, whole=found.whole)
        share = f"{step.count / found.n:.1%}" if found.n else ""
        text = f"{step.count:,} {counted} · {share}"
        columns.append(Column(name, title, step.count, text, tail=step.low is None or step.high is None))
        rows.append((title, f"{step.count:,}", share))
    marks = [
        Mark(place, f"{word} {written(quantile.value)}")
        for quantile in found.quantiles
        if (word := _TYPICAL.get(quantile.share))
        for place in [_place(found, quantile.value)]
    ]
    option = histogram_chart(columns, marks)
    facts = [(f"Number of {counted}", f"{found.n:,}"), ("Mean", _mean(found, form))]
    facts += [(_share_words(q.share), written(q.value)) for q in found.quantiles]
    facts += [("Smallest", written(found.low)), ("Largest", written(found.high))]
    title = f"{found.metric.title}, by {'event' if found.each == 'event' else found.metric.unit}"
    label = f"How {title} is spread, {question.words}"
    json = msgspec.json.encode(option).decode()
    return Spread(found, title, json, option, label, tuple(facts), tuple(rows))


def _mean(found: Distribution, form: str) -> str:
    """The mean, with digits after the point also where all values are whole."""
    if found.mean is not None and form in ("count", "number"):
        return f"{found.mean:,.2f}"
    return format_value(found.mean, form, found.currency)


def _share_words(share: float) -> str:
    return "Median" if share == 0.5 else f"{share:.0%} lie below"


def _step_words(low: float | None, high: float | None, written: Writer, *, whole: bool) -> tuple[str, str]:
    if low is None:
        return "<", f"less than {written(high)}"
    if high is None:
        return f"{written(low)}+", f"{written(low)} and more"
    if whole and high - low == 1:
        return written(low), written(low)
    last = f"{written(high - 1)}" if whole else f"under {written(high)}"
    return written(low), f"{written(low)} to {last}"


def _place(found: Distribution, value: float) -> int:
    for at, step in enumerate(found.steps):
        if step.high is None or value < step.high:
            return at
    return max(len(found.steps) - 1, 0)
