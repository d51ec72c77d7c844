"""Sources that begin and end on different days: every answer says what is known of what it asks, and no more.

The reference goes through the events: which sources ever brought such an event, on which days each was heard of, and
how long each is usually silent.
"""

import itertools
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, assume, given, note, settings
from hypothesis import strategies as st

from tests.answers.test_agreement import (
    DAY,
    STATES,
    answering,
    known_until,
    nothing,
    of_kind,
    own_grain,
    settled,
    too_early,
    windowed,
    windows,
)
from tests.metrics import reference
from tests.metrics.harness import same
from tests.metrics.reference import Group
from tests.metrics.world import Event, World
from tests.metrics.worlds import condition, field, worlds
from upshot.answers.metric_book import unsaved_view
from upshot.answers.questions import answer_grid, answer_series
from upshot.answers.study_inputs import daily_series, metric_input
from upshot.api.metrics import MetricQuery, MetricSeries, Point, RetentionQuery
from upshot.core.time import DayRange, Grain
from upshot.metrics.compile import SeriesQuery
from upshot.metrics.definition import Field, Filter, Metric, MetricType, Scope, Selection, Window

EXAMPLES = settings(
    max_examples=int(os.environ.get("AGREEMENT_EXAMPLES", "4")),
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
OF_PERSONS = (MetricType.ACTIVE, MetricType.STICKINESS, MetricType.CONVERSION, MetricType.RETENTION, *STATES)
TWO_THINGS = (MetricType.CONVERSION, MetricType.RETENTION)
FILTERS = (
    "$source = web",
    "$source != ios",
    "$source in (ios, tv)",
    "$event = buy",
    "$event starts with v",
    "plan = pro",
)


@dataclass(frozen=True)
class Known:
    """From when until when something is known, and whether all of its last day."""

    first: date
    last: date
    whole: bool = True

    def until(self, today: date) -> date:
        return min(self.last if self.whole else self.last - DAY, today - DAY)


@st.composite
def two_sources(draw: st.DrawFn) -> World:
    """A world in which one source or one name begins late or ends early."""
    world = draw(worlds(least=12))
    days = sorted(map(world.day, world.events))
    at = days[draw(st.integers(len(days) // 4, 3 * len(days) // 4))]
    late, by_name = draw(st.booleans()), draw(st.booleans())

    def cut(event: Event) -> bool:
        other = world.day(event) < at if late else world.day(event) > at
        return other and event.source == "ios"

    # An app that only sells, and a page that is only looked at.
    events = (replace(e, source="ios" if e.event == "buy" else "web") if by_name else e for e in world.events)
    kept = tuple(e for e in events if not cut(e))
    assume({e.source for e in kept} == {"web", "ios"})
    return replace(world, events=kept)


def known_of(metric: Metric, where: Iterable[Filter], group: Iterable[Filter], world: World, today: date) -> Known:
    """From when until when ``metric`` is known, with more filters, for a group of what units did first."""
    where, group = tuple(where), tuple(group)
    if metric.parts:
        return all_of([known_of(part, where, group, world, today) for part in metric.parts])
    began = metric.of or metric.selection
    found = [any_of(metric, began.narrowed((*where, *group)), world, today)]
    if metric.type in TWO_THINGS:
        found.append(any_of(metric, metric.selection.narrowed(where), world, today))
    return all_of(found)


def all_of(found: list[Known]) -> Known:
    last = min(each.last for each in found)
    return Known(max(each.first for each in found), last, all(each.whole for each in found if each.last == last))


def any_of(metric: Metric, selection: Selection, world: World, today: date) -> Known:
    asked = [each for each in selection.where if each.field.scope is Scope.COLUMN]
    of_persons = metric.type in OF_PERSONS and metric.unit in ("person", "device")
    sources = {
        e.source
        for e in world.events
        if (not selection.events or e.event in selection.events)
        and not (of_persons and e.distinct_id is None)
        and all(world.meets(e, each, metric.unit) for each in asked)
    }
    every = {e.source for e in world.events}
    if not sources or sources == every:
        return whole_world(world, today)
    found = [of_source(source, world, today) for source in sources]
    last = max(each.last for each in found)
    return Known(min(each.first for each in found), last, all(each.whole for each in found if each.last == last))


def whole_world(world: World, today: date) -> Known:
    days = sorted(map(world.day, world.events))
    return Known(days[0], days[-1], days[-1] >= today or known_until(world, date.max) == days[-1])


def of_source(source: str, world: World, today: date) -> Known:
    own = replace(world, events=tuple(e for e in world.events if e.source == source))
    days = sorted(set(map(world.day, own.events)))
    newest = max(map(world.day, world.events))
    if days[-1] >= min(newest, today):
        return whole_world(own, today)
    near = days[-29:]
    gaps = sorted(((b - a).days for a, b in itertools.pairwise(near)), reverse=True)
    silence = gaps[len(gaps) // 10] if len(gaps) >= 3 else 1
    reach = min(days[-1] + DAY * (silence - 1), newest)
    if reach == days[-1]:
        return Known(days[0], reach, known_until(own, date.max) == reach)
    others = {e.source for e in world.events} - {source}
    whole = reach < newest or all(of_source(other, world, today).whole for other in others)
    return Known(days[0], reach, whole)


def group_filters(breakdown: tuple[Field, ...], group: Group) -> list[Filter]:
    named = zip(breakdown, group, strict=False)
    return [
        condition(f'{f.text} = "{v}"'.replace('say "hi"', 'say ""hi""')) for f, v in named if f.scope is Scope.COLUMN
    ]


@pytest.mark.parametrize("shape", MetricType)
@EXAMPLES
@given(data=st.data())
def test_every_group_and_every_filter_knows_its_own_days(
    tmp_path: Path, shape: MetricType, data: st.DataObject
) -> None:
    world, metric = data.draw(two_sources()), data.draw(of_kind(shape))
    grain = data.draw(st.sampled_from((Grain.DAY, Grain.WEEK)))
    last = max(map(world.day, world.events))
    today = last + DAY * data.draw(st.sampled_from((0, 1, 30)))
    window = data.draw(windows(world))
    texts = data.draw(st.sampled_from(((), ("$source",), ("$event",), ("plan",))))
    where = data.draw(st.sampled_from(((), *((text,) for text in FILTERS))))
    breakdown, filters = tuple(map(field, texts)), tuple(map(condition, where))
    query = MetricQuery(metric.name, window.start, window.last, grain, breakdown=texts, where=where)
    with answering(tmp_path, world, today, metric) as answers:
        found = answer_series(answers, metric, unsaved_view(metric), query)
    note(f"{metric.name}, {window}, {grain}, today {today}: {found}")
    step = steps_of(metric, grain)
    expected = reference.series(metric, SeriesQuery(window, step, breakdown, filters), world)
    for point in found.points:
        known = known_of(metric, filters, group_filters(breakdown, point.group), world, today)
        days = DayRange(point.period, step.next(point.period))
        check_point(metric, point, days, window, known, today)
        told = expected.get((point.period, point.group))
        if point.value is not None:
            assert same(point.value, told[0] if told else nothing(metric))
    for total in found.totals:
        known = known_of(metric, filters, group_filters(breakdown, total.group), world, today)
        check_total(metric, total, window, known, today, world, SeriesQuery(window, None, breakdown, filters))
    known = known_of(metric, filters, (), world, today)
    if found.total is not None:
        check_total(metric, found.total, window, known, today, world, SeriesQuery(window, None, (), filters))
    check_headline(metric, found, known, today, world, filters)


def steps_of(metric: Metric, grain: Grain) -> Grain:
    fixed = windowed(metric) is not None or any(m.type is MetricType.RETENTION for m in (metric, *metric.parts))
    return max((grain, own_grain(metric)), key=list(Grain).index) if fixed else grain


def begun(day: date, known: Known, today: date) -> bool:
    """Whether something can be said of what begins with a day: of today too, where the data reach to yesterday."""
    return day <= known.last or day == today == known.last + DAY


def check_point(metric: Metric, point: Point, days: DayRange, window: DayRange, known: Known, today: date) -> None:
    said = begun(days.start, known, today) and days.end > known.first and not too_early(metric, days, known.first)
    if not said:
        assert (point.value, point.complete) == (None, False)
    back = 27 if any(windowed(part) is Window.ROLLING_28_DAYS for part in (metric, *metric.parts)) else 0
    over = window.start <= days.start and days.end <= window.end
    covered = days.start - DAY * back >= known.first and settled(metric, days, known.until(today))
    if not back:
        assert point.complete == (said and over and covered), (known, days)
    assert point.complete <= (said and over and covered)
    assert point.complete or point.note


def check_total(
    metric: Metric, total: Point, window: DayRange, known: Known, today: date, world: World, query: SeriesQuery
) -> None:
    assert total.complete <= (window.start >= known.first and settled(metric, window, known.until(today)))
    if not begun(window.start, known, today) or window.end <= known.first or too_early(metric, window, known.first):
        assert total.value is None
    if total.value is None:
        return
    until = known.until(today)
    ripe = [day for day in window.periods(Grain.DAY) if settled(metric, DayRange.of(day, day), until)]
    if metric.type in TWO_THINGS and ripe:
        query = SeriesQuery(DayRange.of(window.start, max(ripe)), None, query.breakdown, query.where)
    told = reference.series(metric, query, world).get((window.start, total.group))
    assert same(total.value, told[0] if told else nothing(metric)), known


def check_headline(
    metric: Metric, found: MetricSeries, known: Known, today: date, world: World, where: tuple[Filter, ...]
) -> None:
    """The number of a card, which stands for whole days only."""
    shown = found.headline
    if not shown.complete:
        assert shown.note
        assert shown.before is None
        return
    days = DayRange.of(shown.first, shown.last)
    assert known.first <= days.start
    assert settled(metric, days, known.until(today))
    told = reference.series(metric, SeriesQuery(days, None, (), where), world).get((days.start, ()))
    assert same(shown.value, told[0] if told else nothing(metric))


@EXAMPLES
@given(data=st.data())
def test_grids_have_no_cells_after_the_end_of_what_they_ask(tmp_path: Path, data: st.DataObject) -> None:
    world = data.draw(two_sources())
    metric = data.draw(st.one_of(of_kind(MetricType.RETENTION), of_kind(MetricType.ACTIVE)))
    where = data.draw(st.sampled_from(((), *((text,) for text in FILTERS))))
    window, grain = data.draw(windows(world)), data.draw(st.sampled_from((Grain.DAY, Grain.WEEK)))
    last = max(map(world.day, world.events))
    today = last + DAY * data.draw(st.sampled_from((0, 1, 30)))
    with answering(tmp_path, world, today, metric) as answers:
        query = RetentionQuery(metric.name, window.start, window.last, grain, 5, where=where)
        found = answer_grid(answers, metric, unsaved_view(metric), query)
    known = known_of(metric, map(condition, where), (), world, today)
    for cell in found.cells:
        start, end = found.grain.nth(cell.cohort, cell.offset), found.grain.nth(cell.cohort, cell.offset_last + 1)
        assert begun(start, known, today)
        assert end > known.first
        covered = start >= known.first and end - timedelta(days=1) <= known.until(today)
        assert cell.complete == (covered and window.start <= cell.cohort and end <= window.end)


@pytest.mark.parametrize("shape", MetricType)
@EXAMPLES
@given(data=st.data())
def test_a_study_reads_no_day_that_its_metrics_sources_do_not_know(
    tmp_path: Path, shape: MetricType, data: st.DataObject
) -> None:
    world, metric = data.draw(two_sources()), data.draw(of_kind(shape))
    last = max(map(world.day, world.events))
    today, days = last + DAY * data.draw(st.sampled_from((0, 1, 30))), data.draw(windows(world))
    with answering(tmp_path, world, today, metric) as answers:
        if metric_input(answers, metric.name, None, None).no_daily:
            return
        series = daily_series(answers, metric.name, days)
    known = known_of(metric, (), (), world, today)
    if series is not None:
        assert settled(metric, DayRange.of(series.first_day, series.last_day), known.until(today))
        assert series.first_day >= known.first
