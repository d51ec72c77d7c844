"""What metrics answer: series and cohort grids."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import msgspec

from upshot.answers.answering import Answering
from upshot.answers.compiled import Prepared
from upshot.answers.fields import read_fields, read_filters
from upshot.answers.intervals import (
    Bounds,
    Found,
    Group,
    Method,
    Numbers,
    bounded,
    delta_bounds,
    method_of,
    wilson_bounds,
)
from upshot.answers.left_out import notes_on_values
from upshot.answers.metric_book import view_of
from upshot.answers.periods import NO_DATA, Extent, compared, periods_of
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
from upshot.engines.store import QueryResult
from upshot.metrics.compile.query import RetentionQuery as Cohorts
from upshot.metrics.compile.query import SeriesQuery
from upshot.metrics.definition import Field, Filter, Metric, Shape

__all__ = ["answer_grid", "answer_series", "extent_of", "retention", "series", "window_of"]

_MOST_POINTS = 20_000
_MOST_PERIODS = 400
_SECONDS_A_DAY = 86_400
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
    asked = _Asked(
        resources,
        metric,
        read_fields(resources, request.breakdown),
        read_filters(resources, request.where),
        request.grain,
        extent_of(resources, ripening_days=-(-metric.within_seconds // _SECONDS_A_DAY)),
        method_of(metric, request.grain) if request.intervals else "",
    )
    window = window_of(request.first, request.last, request.grain)
    now = asked.points(window, request.limit)
    before = None if request.compare == "none" else compared(window, request.grain, request.compare)
    then = None if before is None else asked.points(before, request.limit, only=now.groups)
    info = resources.held()
    return MetricSeries(
        metric=view,
        points=now.points,
        previous=() if then is None else then.points,
        total=now.total,
        totals=now.totals,
        previous_total=None if then is None else then.total,
        sql=now.prepared.sql,
        route=now.prepared.route,
        elapsed_ms=now.elapsed_ms + (0.0 if then is None else then.elapsed_ms),
        time_zone=resources.zone.key,
        currency=resources.currency,
        data_from=asked.extent.first,
        data_until=None if info.last_event_at is None else aware_instant(info.last_event_at),
        notes=(
            *now.prepared.notes,
            *notes_on_filters(resources, asked.where),
            *notes_on_values(resources, metric, window, asked.where),
        ),
        truncated_groups=now.truncated,
        interval=asked.interval,
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
    if metric.type not in (Shape.RETENTION, Shape.ACTIVE, Shape.COUNT):
        raise InvalidInput(
            f"{metric.name} is a {metric.type}; it says nothing about coming back.",
            hint="Ask a retention metric, or one that counts activity.",
        )
    if not 0 <= request.periods <= _MOST_PERIODS:
        raise InvalidInput(f"{request.periods} periods cannot be shown.", hint=f"Ask for 0 to {_MOST_PERIODS}.")
    where = read_filters(resources, request.where)
    window = window_of(request.first, request.last, request.grain)
    prepared, answer = resources.compiled.retention(
        resources.store, metric, Cohorts(window, request.grain, request.periods, (), where)
    )
    extent = extent_of(resources)
    cells = _cells(answer, request.grain, extent)
    cut = request.grain.floor(extent.first) if extent.first else None
    return RetentionGrid(
        metric=view,
        grain=request.grain,
        cells=cells,
        cut_off_left=tuple(sorted({c.cohort for c in cells if c.cohort == cut})),
        sql=prepared.sql,
        route=prepared.route,
        elapsed_ms=answer.elapsed_ms,
        notes=(*prepared.notes, *notes_on_filters(resources, where)),
    )


@dataclass(frozen=True, slots=True)
class _Answer:
    points: tuple[Point, ...]
    groups: tuple[Group, ...]
    total: Point | None
    totals: tuple[Point, ...]
    truncated: int
    prepared: Prepared
    elapsed_ms: float


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question but for its window."""

    resources: Answering
    metric: Metric
    breakdown: tuple[Field, ...]
    where: tuple[Filter, ...]
    grain: Grain
    extent: Extent
    interval: Method = ""

    def points(self, window: DayRange, limit: int, only: tuple[Group, ...] | None = None) -> _Answer:
        """The series over ``window``, of the ``limit`` largest groups or of ``only`` those."""
        query = SeriesQuery(window, self.grain, self.breakdown, self.where)
        prepared, answer = self._run(query)
        found = _by_group(prepared, answer, len(self.breakdown))
        bounds = self._bounds(query, found)
        if prepared.additive:
            totals, total, elapsed = *self._added(window, found, prepared.absent), 0.0
        else:
            totals, elapsed = self._totals(window, self.breakdown)
            total, more = self._totals(window, ()) if self.breakdown else (totals, 0.0)
            elapsed += more
        ranked = sorted(totals, key=_rank) if self.breakdown else [Point(window.start, None, complete=False)]
        groups = only if only is not None else tuple(point.group for point in ranked[:limit])
        periods = periods_of(window, prepared.grain or self.grain)
        by_group = {point.group: point for point in totals}
        return _Answer(
            points=tuple(
                bounded(
                    self._point(found.get((group, start)), start, end, group, window, prepared.absent),
                    bounds.get((group, start)),
                )
                for group in groups
                for start, end in periods
            ),
            groups=groups,
            total=total[0] if total else None,
            totals=tuple(by_group[g] for g in groups if g in by_group) if self.breakdown else (),
            truncated=max(len(ranked) - len(groups), 0) if self.breakdown else 0,
            prepared=prepared,
            elapsed_ms=answer.elapsed_ms + elapsed,
        )

    def _run(self, query: SeriesQuery) -> tuple[Prepared, QueryResult]:
        return self.resources.compiled.series(self.resources.store, self.metric, query)

    def _bounds(self, query: SeriesQuery, found: Found) -> Bounds:
        match self.interval:
            case "":
                return {}
            case "wilson":
                return wilson_bounds(found)
            case "delta":
                made = self.resources.compiled.moments(self.resources.store, self.metric, query)
                return {} if made is None else delta_bounds(made[1], len(query.breakdown), found)

    def _added(
        self, window: DayRange, found: Found, absent: float | None
    ) -> tuple[tuple[Point, ...], tuple[Point, ...]]:
        """Totals by group, and the total, of values that add up."""
        parts: dict[Group, list[float]] = {}
        for (group, _), (value, _, _) in found.items():
            parts.setdefault(group, []).append(value or 0.0)
        note = self.extent.note(window.start, window.end, window)

        def point(group: Group, values: list[float]) -> Point:
            value = math.fsum(values) if values else absent
            return Point(window.start, None if note in NO_DATA else value, not note, group, note=note)

        everything = [value for values in parts.values() for value in values]
        return tuple(point(group, values) for group, values in parts.items()), (point((), everything),)

    def _totals(self, window: DayRange, breakdown: tuple[Field, ...]) -> tuple[tuple[Point, ...], float]:
        query = SeriesQuery(window, None, breakdown, self.where)
        prepared, answer = self._run(query)
        found = _by_group(prepared, answer, len(breakdown))
        bounds = self._bounds(query, found)
        note = self.extent.note(window.start, window.end, window)
        points = tuple(
            bounded(Point(window.start, value, not note, group, top, bottom, note), bounds.get((group, start)))
            for (group, start), (value, top, bottom) in found.items()
        )
        if not points and not breakdown:
            points = (Point(window.start, prepared.absent, not note, note=note),)
        if note in NO_DATA:
            points = tuple(Point(window.start, None, complete=False, group=p.group, note=note) for p in points)
        return points, answer.elapsed_ms

    def _point(
        self,
        found: Numbers | None,
        start: date,
        end: date,
        group: Group,
        window: DayRange,
        absent: float | None,
    ) -> Point:
        note = self.extent.note(start, end, window)
        if found is None:
            return Point(start, None if note in NO_DATA else absent, not note, group, note=note)
        value, top, bottom = found
        return Point(start, value, not note, group, top, bottom, note)


def window_of(first: date, last: date, grain: Grain) -> DayRange:
    """The days asked about.

    Raises:
        InvalidInput: There is none, or there are too many for the grain.
    """
    window = DayRange.of(first, last)
    if not window.days:
        raise InvalidInput("The window holds no day.", hint="Name its first and its last day; both are counted.")
    length = (grain.next(grain.floor(first)) - grain.floor(first)).days
    if window.days / length > _MOST_POINTS:
        raise InvalidInput(
            f"A {grain} is too fine for {window.days} days.", hint="Ask for a shorter window or longer periods."
        )
    return window


def extent_of(resources: Answering, *, ripening_days: int = 0) -> Extent:
    """From when until when there are data."""
    info = resources.held()
    first, last = info.first_event_at, info.last_event_at
    return Extent(
        first=None if first is None else resources.local_day(first),
        last=None if last is None else resources.local_day(last),
        today=resources.today(),
        ripening_days=ripening_days,
    )


def _by_group(prepared: Prepared, answer: QueryResult, groups: int) -> Found:
    at = {name: answer.columns.index(name) for name in prepared.columns}
    keys = [at[f"group_{i}"] for i in range(groups)]
    found: Found = {}
    for row in answer.rows:
        group = tuple(None if row[k] is None else str(row[k]) for k in keys)
        period = row[at["period"]] if "period" in at else None
        start = period if isinstance(period, date) else None
        found[group, start] = (_number(row[at["value"]]), _of(row, at, "numerator"), _of(row, at, "denominator"))
    return found


def _of(row: Sequence[object], at: dict[str, int], name: str) -> float | None:
    return _number(row[at[name]]) if name in at else None


def _number(value: object) -> float | None:
    if value is None:
        return None
    number = msgspec.convert(value, float, strict=False)
    return number if math.isfinite(number) else None


def _rank(point: Point) -> tuple[bool, float, tuple[str, ...]]:
    return (point.value is None, -abs(point.value or 0.0), tuple(g or "" for g in point.group))


def _cells(answer: QueryResult, grain: Grain, extent: Extent) -> tuple[RetentionCell, ...]:
    at = {name: i for i, name in enumerate(answer.columns)}
    cells = []
    for row in answer.rows:
        cohort = msgspec.convert(row[at["cohort"]], date)
        offset, last, units, size = (
            msgspec.convert(row[at[name]], int) for name in ("offset", "offset_last", "units", "size")
        )
        start, end = _nth(grain, cohort, offset), _nth(grain, cohort, last + 1)
        note = extent.note(start, end, DayRange(start, end))
        if note in NO_DATA:
            continue
        cells.append(RetentionCell(cohort, offset, units, units / size if size else None, not note))
    return tuple(cells)


def _nth(grain: Grain, start: date, count: int) -> date:
    for _ in range(count):
        start = grain.next(start)
    return start
