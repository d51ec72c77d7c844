"""What metrics answer: series and cohort grids."""

from dataclasses import replace
from datetime import date
from typing import Literal

import msgspec

from upshot.answers.answering import Answering
from upshot.answers.asked import Answer, Asked
from upshot.answers.extent import IN_PART, NO_DATA, Extent, extent_of
from upshot.answers.fields import read_fields, read_filters
from upshot.answers.headlines import headline
from upshot.answers.intervals import method_of
from upshot.answers.left_out import left_out, notes_on_values
from upshot.answers.metric_book import view_of
from upshot.answers.periods import NO_PARTNER, compared, paired, unpaired
from upshot.answers.unseen import notes_on_filters
from upshot.api.explore import ExploreRetention, ExploreSeries
from upshot.api.metrics import (
    MetricQuery,
    MetricSeries,
    MetricView,
    Point,
    RetentionCell,
    RetentionGrid,
    RetentionQuery,
)
from upshot.core.errors import InvalidInput
from upshot.core.time import DayRange, Grain, aware_instant
from upshot.engines.values import QueryResult
from upshot.metrics.compile.query import RetentionQuery as Cohorts
from upshot.metrics.definition import Metric
from upshot.metrics.kinds import KINDS, RetentionKind
from upshot.metrics.ripening import AT_ONCE, NOTHING_BEFORE

__all__ = ["answer_grid", "answer_series", "retention", "series", "window_of"]

_MOST_POINTS = 20_000
_MOST_PERIODS = 400
_MOST_GROUPS = 1_000


def series(resources: Answering, request: MetricQuery) -> MetricSeries:
    """A saved metric over time, with what it is compared with.

    Raises:
        NotFound: There is no such metric, or no event bears a property that is asked for.
        InvalidInput: The question is not written as one.
    """
    metric, version = resources.metrics.get(request.name)
    return answer_series(resources, metric, view_of(metric, version), request)


def answer_series(
    resources: Answering, metric: Metric, view: MetricView, request: MetricQuery | ExploreSeries
) -> MetricSeries:
    """A metric over time, saved or not; ``view`` is how people see it."""
    if not 1 <= request.limit <= _MOST_GROUPS:
        raise InvalidInput(f"{request.limit} groups cannot be shown.", hint=f"Ask for 1 to {_MOST_GROUPS}.")
    where = read_filters(resources, request.where)
    asked = Asked(
        resources,
        metric,
        read_fields(resources, request.breakdown),
        where,
        request.grain,
        extent_of(resources, metric, where),
        method_of(metric, request.grain) if request.intervals else "",
    )
    window = window_of(request.first, request.last, request.grain)
    now = asked.points(window, request.limit)
    then = None
    if request.compare != "none":
        then = _beside(asked, window, request.compare, now, request.limit)
    without = left_out(resources, metric, window, asked.where)
    return MetricSeries(
        metric=view,
        grain=now.prepared.grain or request.grain,
        points=now.points,
        previous=() if then is None else then.points,
        headline=headline(
            asked, window, request.compare, year=isinstance(request, MetricQuery) and request.year, found=now
        ),
        total=now.total,
        totals=now.totals,
        previous_total=None if then is None else then.total,
        sql=now.prepared.sql,
        route=now.prepared.route,
        elapsed_ms=now.elapsed_ms + (0.0 if then is None else then.elapsed_ms),
        time_zone=resources.zone.key,
        currency=resources.currency,
        data_from=asked.extent.first,
        data_until=None if asked.extent.last_at is None else aware_instant(asked.extent.last_at),
        notes=(
            *now.prepared.notes,
            *_notes_on_leap_days(asked, window, request.compare),
            *notes_on_filters(resources, asked.where),
            *notes_on_values(without),
        ),
        truncated_groups=now.truncated,
        interval=asked.interval,
        left_out=without,
    )


def retention(resources: Answering, request: RetentionQuery) -> RetentionGrid:
    """A saved metric's cohort grid.

    Raises:
        NotFound: There is no such metric, or no event bears a property that is asked for.
        InvalidInput: The metric has no grid, or the question is not written as one.
    """
    metric, version = resources.metrics.get(request.name)
    return answer_grid(resources, metric, view_of(metric, version), request)


def answer_grid(
    resources: Answering, metric: Metric, view: MetricView, request: RetentionQuery | ExploreRetention
) -> RetentionGrid:
    """A cohort grid of a metric, saved or not."""
    if not metric.is_a.grid:
        able = ", ".join(word for word, kind in KINDS.items() if kind.grid)
        raise InvalidInput(
            f"{metric.name} is a {metric.type}; it says nothing about coming back.",
            hint=f"Ask a metric of one of the types {able}.",
        )
    if not 0 <= request.periods <= _MOST_PERIODS:
        raise InvalidInput(f"{request.periods} periods cannot be shown.", hint=f"Ask for 0 to {_MOST_PERIODS}.")
    where = read_filters(resources, request.where)
    grain, remarks = request.grain, tuple[str, ...]()
    if metric.kind is RetentionKind.BRACKET and metric.period is not grain:
        grain, remarks = metric.period, (f"Its brackets are of {metric.period}s, and so are its cohorts.",)
    window = window_of(request.first, request.last, grain)
    prepared, answer = resources.compiled.retention(
        resources.store, metric, Cohorts(window, grain, request.periods, (), where)
    )
    extent = replace(extent_of(resources, metric, where), ripening=AT_ONCE, lookback=NOTHING_BEFORE)
    cells = _cells(answer, grain, extent, window)
    cut = grain.floor(extent.first) if extent.first else None
    return RetentionGrid(
        metric=view,
        grain=grain,
        cells=cells,
        cut_off_left=tuple(sorted({c.cohort for c in cells if c.cohort == cut})),
        sql=prepared.sql,
        route=prepared.route,
        elapsed_ms=answer.elapsed_ms,
        notes=(*prepared.notes, *remarks, *notes_on_filters(resources, where)),
    )


def _beside(asked: Asked, window: DayRange, with_: Literal["previous", "year"], now: Answer, limit: int) -> Answer:
    """What stands beside the points of a window: as many as there are, in their order."""
    grain = now.prepared.grain or asked.grain
    then = asked.points(compared(window, grain, with_), limit, only=now.groups)
    by_place = {(point.group, point.period): point for point in then.points}
    partners = dict(zip(window.periods(grain), paired(window, grain, with_), strict=False))

    def partner(point: Point) -> Point:
        day = partners.get(point.period)
        found = None if day is None else by_place.get((point.group, day))
        return found or Point(day or point.period, None, complete=False, group=point.group, note=NO_PARTNER)

    points = tuple(partner(point) for point in now.points)
    total = then.total
    if asked.metric.additive and total is not None and total.value is not None and with_ == "year":
        alone = [day for day in unpaired(compared(window, grain, with_), grain) if grain is Grain.DAY]
        left_out = sum(asked.value(DayRange.of(day, day)) or 0.0 for day in alone)
        total = msgspec.structs.replace(total, value=total.value - left_out)
    return replace(then, points=points, total=total)


def _notes_on_leap_days(asked: Asked, window: DayRange, with_: str) -> tuple[str, ...]:
    if with_ != "year" or not asked.metric.additive:
        return ()
    found = (*unpaired(compared(window, asked.grain, "year"), asked.grain), *unpaired(window, asked.grain))
    return tuple(f"{day} has no day of its date a year apart, and is left out of the change." for day in found)


def window_of(first: date, last: date, grain: Grain) -> DayRange:
    """The days asked about.

    Raises:
        InvalidInput: The last is before the first, they are of other centuries, or there are too many for the grain.
    """
    window = DayRange.asked(first, last)
    length = (grain.next(grain.floor(first)) - grain.floor(first)).days
    if window.days / length > _MOST_POINTS:
        raise InvalidInput(
            f"A {grain} is too fine for {window.days} days.", hint="Ask for a shorter window or longer periods."
        )
    return window


def _cells(answer: QueryResult, grain: Grain, extent: Extent, window: DayRange) -> tuple[RetentionCell, ...]:
    at = {name: i for i, name in enumerate(answer.columns)}
    cells = []
    for row in answer.rows:
        cohort = msgspec.convert(row[at["cohort"]], date)
        offset, last, units, size = (
            msgspec.convert(row[at[name]], int) for name in ("offset", "offset_last", "units", "size")
        )
        start, end = grain.nth(cohort, offset), grain.nth(cohort, last + 1)
        note = extent.note(start, end, DayRange(start, end))
        if note in NO_DATA:
            continue
        # A cohort holds those who joined in the window, and what they did after it is not counted.
        if not note and (cohort < window.start or end > window.end):
            note = IN_PART
        share = units / size if size else None
        cells.append(RetentionCell(cohort, offset, last, units, share, not note, size, note))
    return tuple(cells)
