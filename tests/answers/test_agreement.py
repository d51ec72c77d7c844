"""Every kind of metric, over small worlds that end in the middle of things: all answers say what a slow reference says.

The reference knows of no table of kinds: whether a unit's time is over it finds out by asking, day by day, whether
something that happened later could still count.
"""

import csv
import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from tests.metrics import reference
from tests.metrics.harness import fill, same
from tests.metrics.reference import Group
from tests.metrics.world import World
from tests.metrics.worlds import METRICS, worlds
from upshot.answers.answering import Answering
from upshot.answers.csv_files import grid_csv, series_csv
from upshot.answers.metric_book import unsaved_view
from upshot.answers.questions import answer_grid, answer_series
from upshot.answers.study_inputs import daily_series, metric_input
from upshot.api.metrics import Headline, MetricQuery, MetricSeries, RetentionGrid, RetentionQuery
from upshot.catalog.catalog import Catalog
from upshot.core.time import DayRange, Grain
from upshot.metrics.compile import RetentionQuery as Cohorts
from upshot.metrics.compile import SeriesQuery
from upshot.metrics.definition import Metric, MetricType, RetentionKind, Window
from upshot.metrics.text import metric_to_yaml

DAY = timedelta(days=1)
EXAMPLES = settings(
    max_examples=int(os.environ.get("AGREEMENT_EXAMPLES", "4")),
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
STATES = (MetricType.LIFECYCLE, MetricType.QUICK_RATIO)
ANYTIME = 60
"""Days after a unit began on which something might happen that counts; the longest time given is 20 days."""


@contextmanager
def answering(folder: Path, world: World, today: date, metric: Metric) -> Iterator[Answering]:
    """Answers of one metric about a world as of noon of a day."""
    noon = datetime(today.year, today.month, today.day, 12, tzinfo=world.zone).astimezone(UTC)
    with tempfile.TemporaryDirectory(dir=folder) as own, fill(Path(own), world, (metric,)) as store:
        catalog = Catalog.in_folder(Path(own))
        try:
            every = [metric, *metric.parts]
            catalog.metrics.add([(m.name, m.hash, metric_to_yaml(m)) for m in every], source="", by="test")
            yield Answering.over(store, catalog, "EUR", lambda: noon)
        finally:
            catalog.close()


def known_until(world: World, today: date) -> date:
    """The last day that is over and that the data cover: their last day unless they end early in it."""
    ends: dict[date, timedelta] = {}
    for e in world.events:
        day = world.day(e)
        ends[day] = max(ends.get(day, timedelta(0)), e.at - DayRange.of(day, day).instants(world.zone)[0])
    last = max(ends)
    others = sorted(end for day, end in ends.items() if last - 28 * DAY <= day < last)
    early = len(others) >= 3 and ends[last] + timedelta(hours=1) < others[len(others) // 10]
    return min(last - DAY if early else last, today - DAY)


def can_change(metric: Metric, day: date, known: date) -> bool:
    """Whether anything that happens after ``known`` could still count for a unit that began on ``day``."""
    return _final_with(metric.name, day) > known


@cache
def _final_with(metric: str, day: date) -> date:
    """The last day on which something can count for a unit that began on ``day``."""
    return max(later for k in range(ANYTIME) if _counts(METRICS[metric], day, later := day + DAY * k))


def _counts(metric: Metric, day: date, later: date) -> bool:
    if metric.type in (MetricType.CONVERSION, MetricType.FUNNEL):
        if metric.within_days is not None:
            return (later - day).days <= metric.within_days
        # somebody may have begun in the last instant of the day
        return timedelta(days=(later - day).days - 1) < timedelta(seconds=metric.within_seconds)
    if metric.type is MetricType.RETENTION:
        first, last = reference._brackets(metric, metric.after)[metric.after]
        offset = reference._offset(metric.period.floor(day), later, metric.period)
        # Of unbounded retention everything later counts, and always will: it is taken as it is when its period is over.
        return offset <= first if metric.kind is RetentionKind.UNBOUNDED else offset <= last
    return any(_counts(part, day, later) for part in metric.operands) or later <= day


def over(metric: Metric, days: DayRange, world: World) -> float | None:
    """The reference's number over days as a whole."""
    found = reference.series(metric, SeriesQuery(days, None), world).get((days.start, ()))
    return found[0] if found else nothing(metric)


def nothing(metric: Metric) -> float | None:
    if metric.formula is not None:
        parts = reference.plain_parts(metric)
        return reference.nested(metric, {key: nothing(part) for key, part in parts.items()})
    zero = (MetricType.COUNT, MetricType.SUM, MetricType.DISTINCT, MetricType.ACTIVE, MetricType.LIFECYCLE)
    return 0.0 if metric.type in zero else None


def settled(metric: Metric, days: DayRange, known: date) -> bool:
    return not any(day > known or can_change(metric, day, known) for day in days.periods(Grain.DAY))


def of_kind(shape: MetricType) -> st.SearchStrategy[Metric]:
    return st.sampled_from([metric for metric in METRICS.values() if metric.type is shape])


@st.composite
def windows(draw: st.DrawFn, world: World) -> DayRange:
    """Days around some event."""
    near = world.day(draw(st.sampled_from(world.events)))
    first = near + DAY * draw(st.integers(-25, 5))
    return DayRange(first, first + DAY * draw(st.integers(1, 60)))


def windowed(metric: Metric) -> Window | None:
    """The longest window of the metric or its parts; None for none but the day's and the question's."""
    kinds = (MetricType.ACTIVE, MetricType.STICKINESS, *STATES)
    found = {part.window for part in (metric, *metric.parts) if part.type in kinds}
    return next((w for w in (Window.MONTH, Window.WEEK, Window.ROLLING_28_DAYS) if w in found), None)


@pytest.mark.parametrize("shape", MetricType)
@EXAMPLES
@given(data=st.data())
def test_points_totals_headlines_and_files_agree_with_the_reference(
    tmp_path: Path, shape: MetricType, data: st.DataObject
) -> None:
    world = data.draw(worlds(least=8))
    metric, ranges = data.draw(of_kind(shape)), data.draw(st.lists(windows(world), min_size=4, max_size=4))
    grain = data.draw(st.sampled_from((Grain.DAY, Grain.WEEK, Grain.MONTH)))
    last = max(map(world.day, world.events))
    today = last + DAY * data.draw(st.sampled_from((0, 0, 1, 2, 30)))
    compare: Literal["previous", "year"] = data.draw(st.sampled_from(("previous", "year")))
    known = known_until(world, today)
    with answering(tmp_path, world, today, metric) as answers:
        for window in ranges:
            query = MetricQuery(metric.name, window.start, window.last, grain, compare=compare)
            found = answer_series(answers, metric, unsaved_view(metric), query)
            note(f"{metric.name}, {window}, {grain}, known until {known}: {found}")
            _check_points(metric, window, grain, found, world, known)
            _check_total(metric, window, found, world, known)
            _check_headline(metric, window, found.headline, world, known)
            rows = list(csv.DictReader(io.StringIO(series_csv(found, ()))))
            assert [(row["period"], row["value"], row["complete"]) for row in rows] == [
                (str(p.period), "" if p.value is None else str(p.value), str(p.complete).lower()) for p in found.points
            ]


def _check_points(
    metric: Metric, window: DayRange, grain: Grain, found: MetricSeries, world: World, known: date
) -> None:
    steps = [b.period - a.period for a, b in zip(found.points, found.points[1:], strict=False)]
    asked = grain if windowed(metric) is None and metric.type is not MetricType.RETENTION else None
    whole = [
        g for g in Grain if all(g.next(p.period) == p.period + s for p, s in zip(found.points, steps, strict=False))
    ]
    step = asked or max((grain, own_grain(metric)), key=list(Grain).index)
    assert not steps or step in whole
    expected = reference.series(metric, SeriesQuery(window, step), world)
    first = min(map(world.day, world.events))
    for point in found.points:
        days = DayRange(point.period, step.next(point.period))
        told = expected.get((point.period, ()))
        if point.value is not None:
            assert same(point.value, told[0] if told else nothing(metric))
        if too_early(metric, days, first):
            assert (point.value, point.complete) == (None, False)
        if point.complete:
            assert window.start <= days.start
            assert days.end <= window.end
            assert days.start >= first
            assert settled(metric, days, known)
        else:
            assert point.note


def too_early(metric: Metric, days: DayRange, first: date) -> bool:
    """Whether who was there before is asked of days that the data do not hold; ``days`` are a period or any others."""
    if metric.type not in STATES:
        return any(too_early(part, days, first) for part in metric.parts)
    if metric.window is Window.PERIOD:
        return days.period_before().start < first
    grain = Grain(str(metric.window))
    yesterday = grain.floor(days.start) - DAY
    return grain.floor(yesterday) < first


def own_grain(metric: Metric) -> Grain:
    if metric.type is MetricType.RETENTION:
        return metric.period
    own = windowed(metric)
    return {Window.MONTH: Grain.MONTH, Window.WEEK: Grain.WEEK}.get(own, Grain.DAY) if own else Grain.DAY


def _check_total(metric: Metric, window: DayRange, found: MetricSeries, world: World, known: date) -> None:
    total = found.total
    assert total is not None
    assert total.complete <= settled(metric, window, known)
    if too_early(metric, window, min(map(world.day, world.events))):
        assert total.value is None
    if total.value is None:
        return
    ripe = [day for day in window.periods(Grain.DAY) if day <= known and not can_change(metric, day, known)]
    ripens = metric.type in (MetricType.CONVERSION, MetricType.FUNNEL, MetricType.RETENTION)
    days = DayRange.of(window.start, max(ripe)) if ripens and ripe else window
    assert same(total.value, over(metric, days, world))


def _check_headline(metric: Metric, window: DayRange, found: Headline, world: World, known: date) -> None:
    days = DayRange.of(found.first, found.last)
    if too_early(metric, days, min(map(world.day, world.events))):
        assert (found.value, found.complete) == (None, False)
    if not found.complete:
        assert found.note
        assert found.before is None
        return
    assert settled(metric, days, known)
    assert same(found.value, over(metric, days, world))
    match windowed(metric):
        case Window.MONTH | Window.WEEK as length:
            grain = Grain(str(length))
            assert days.start == grain.floor(days.start)
            assert days.end == grain.next(days.start)
            assert grain.next(days.end) > min(window.last, known) + DAY
        case Window.ROLLING_28_DAYS:
            assert days == DayRange.of(min(window.last, known) - 27 * DAY, min(window.last, known))
        case _:
            assert days.last <= window.last
    if found.before is not None:
        before = DayRange.of(found.before.first, found.before.last)
        assert before.end <= days.start
        assert before.start >= min(map(world.day, world.events))
        assert same(found.before.value, over(metric, before, world))
        if found.before.value:
            assert found.value is not None
            wanted = (found.value - found.before.value) / abs(found.before.value)
            assert found.before.change == pytest.approx(wanted)


@EXAMPLES
@given(data=st.data())
def test_grids_agree_with_the_reference_and_know_their_cohorts(tmp_path: Path, data: st.DataObject) -> None:
    world = data.draw(worlds(least=8))
    ranges = data.draw(st.lists(windows(world), min_size=4, max_size=4))
    metric = data.draw(st.one_of(of_kind(MetricType.RETENTION), of_kind(MetricType.ACTIVE), of_kind(MetricType.COUNT)))
    grain, periods = data.draw(st.sampled_from((Grain.DAY, Grain.WEEK))), data.draw(st.integers(0, 6))
    last = max(map(world.day, world.events))
    today = last + DAY * data.draw(st.sampled_from((0, 1, 30)))
    known = known_until(world, today)
    with answering(tmp_path, world, today, metric) as answers:
        for window in ranges:
            query = RetentionQuery(metric.name, window.start, window.last, grain, periods)
            found = answer_grid(answers, metric, unsaved_view(metric), query)
            _check_grid(found, reference.retention(metric, Cohorts(window, grain, periods), world), window, known)


def _check_grid(
    found: RetentionGrid, expected: dict[tuple[date, int, Group], tuple[int, int, int]], window: DayRange, known: date
) -> None:
    for cell in found.cells:
        units, size, to = expected[cell.cohort, cell.offset, ()]
        assert (cell.units, cell.size, cell.offset_last) == (units, size, to)
        end = cell.cohort
        for _ in range(to + 1):
            end = found.grain.next(end)
        if cell.complete:
            assert end - DAY <= known
            assert window.start <= cell.cohort
            assert end <= window.end
        else:
            assert cell.note
    lines = list(csv.DictReader(io.StringIO(grid_csv(found))))
    assert sorted((r["cohort"], int(r["offset"]), int(r["size"]), r["complete"], r["note"]) for r in lines) == sorted(
        (str(c.cohort), c.offset, c.size, str(c.complete).lower(), c.note) for c in found.cells
    )
    assert {row["grain"] for row in lines} <= {str(found.grain)}


@pytest.mark.parametrize("shape", MetricType)
@EXAMPLES
@given(data=st.data())
def test_what_a_study_reads_is_final_and_the_references(tmp_path: Path, shape: MetricType, data: st.DataObject) -> None:
    world, metric = data.draw(worlds(least=8)), data.draw(of_kind(shape))
    days = data.draw(windows(world))
    last = max(map(world.day, world.events))
    today = last + DAY * data.draw(st.sampled_from((0, 1, 30)))
    known = known_until(world, today)
    with answering(tmp_path, world, today, metric) as answers:
        told = metric_input(answers, metric.name, None, None)
        series = daily_series(answers, metric.name, days)
    if windowed(metric) is not None or metric.kind is RetentionKind.UNBOUNDED:
        assert told.no_daily
    if told.no_daily or series is None:
        return
    expected = reference.series(metric, SeriesQuery(days, Grain.DAY), world)
    for at, value in enumerate(series.values):
        day = series.first_day + DAY * at
        assert settled(metric, DayRange.of(day, day), known)
        if value is not None:
            numbers = expected.get((day, ()))
            assert same(value, numbers[0] if numbers else nothing(metric))
