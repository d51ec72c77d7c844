"""An objective's metric, collected for measuring: one series where a window's value follows from it, windows otherwise.

How many different people were active over 28 days, or which share of them converted, does not follow from how many were
on each day; such metrics are asked window by window. A window of conversions ends so many days earlier as people are
given to convert.
"""

from collections.abc import Iterable
from datetime import date, timedelta

from upshot.answers.answering import Answering
from upshot.answers.extent import extent_of
from upshot.answers.fields import read_filters
from upshot.answers.questions import series
from upshot.api.metrics import MetricQuery, Point
from upshot.catalog.kinds import Objective
from upshot.core.time import DayRange, Grain
from upshot.metrics.definition import Metric
from upshot.metrics.kinds import Combine, Ripens
from upshot.metrics.ripening import combination, least_grain, ripening
from upshot.objectives.steps import Collected, Step, blocks, without_gaps

__all__ = ["collect"]

_WEEK = 7
_MOST_WEEKS = 26
_MOST_WINDOWS = 10


def collect(
    resources: Answering, objective: Objective, metric: Metric, windows: Iterable[tuple[date, date]]
) -> Collected:
    """The series of an objective's metric, from before its baseline until now.

    Args:
        resources: The workspace.
        objective: Which.
        metric: Its metric.
        windows: First and last days of the windows that will be asked for, where they do not follow from steps.

    Raises:
        UserError: The metric cannot be asked so.
    """
    combine = combination(metric)
    if combine is Combine.NONE:
        return _by_windows(resources, objective, metric, windows)
    extent = extent_of(resources, metric, read_filters(resources, objective.where))
    if extent.first is None or extent.last is None:
        return Collected((), combine, None, None, (), _WEEK, ())
    asked = _days(objective, metric, extent.first, min(extent.last, extent.today))
    points = _points(resources, objective, asked) if asked.days else ()
    steps = tuple(_steps(metric, points, extent.today, extent.first))
    gaps: tuple[date, ...] = ()
    if combine is Combine.SUM:
        steps, gaps = without_gaps(steps)
    last = max((step.known_on for step in steps), default=None)
    block = max(_WEEK, least_grain(metric).days[2])
    found = () if last is None else blocks(steps, last, block, _MOST_WEEKS, combine)
    scale = objective.window_days / block if combine is Combine.SUM else 1.0
    return Collected(steps, combine, None, last, tuple(b.value * scale for b in found), block, gaps)


def _days(objective: Objective, metric: Metric, begun: date, last: date) -> DayRange:
    """The days of the data that it needs: its baseline's, its own, and those that a forecast goes on from."""
    late = timedelta(days=ripening(metric).most_days + least_grain(metric).days[2])
    last = min(last, objective.due + late)
    first = min(objective.starts - timedelta(days=objective.baseline_days), last - timedelta(weeks=_MOST_WEEKS))
    return DayRange.of(max(first - late, begun), last)


def _steps(metric: Metric, points: tuple[Point, ...], today: date, begun: date) -> Iterable[Step]:
    """The points whose values are final, each on the day from which it is.

    The cohort with which the data begin holds everybody who was there before, and says nothing of newcomers.
    """
    for start, end, point in _with_ends(metric, points):
        if point.value is None or not point.complete:
            continue
        if metric.is_a.ripens is Ripens.PERIODS and start <= begun:
            continue
        known_on = ripening(metric).end(end - timedelta(days=1))
        if known_on < today:
            yield Step(known_on, (end - start).days, point.value, point.numerator, point.denominator)


def _with_ends(metric: Metric, points: tuple[Point, ...]) -> Iterable[tuple[date, date, Point]]:
    """Each point with its first day and the day after its last."""
    grain = least_grain(metric)
    for point in points:
        yield point.period, grain.next(point.period), point


def _points(resources: Answering, objective: Objective, days: DayRange) -> tuple[Point, ...]:
    asked = MetricQuery(objective.metric, days.start, days.last, Grain.DAY, where=objective.where)
    return series(resources, asked).points


def _by_windows(
    resources: Answering, objective: Objective, metric: Metric, windows: Iterable[tuple[date, date]]
) -> Collected:
    known = extent_of(resources, metric, read_filters(resources, objective.where)).known
    last = None if known is None else min(known, objective.due)
    late = timedelta(days=ripening(metric).most_days)
    direct: dict[tuple[date, date], float | None] = {}
    found: list[float] = []
    if last is not None:
        for first, end in windows:
            direct[first, end] = _whole(resources, objective, first - late, end - late)
        for number in range(_MOST_WINDOWS):
            end = last - timedelta(days=objective.window_days * number)
            first = end - timedelta(days=objective.window_days - 1)
            if (first, end) not in direct:
                direct[first, end] = _whole(resources, objective, first - late, end - late)
            value = direct[first, end]
            if value is None:
                break
            found.append(value)
    return Collected((), Combine.MEAN, direct, last, tuple(reversed(found)), objective.window_days, ())


def _whole(resources: Answering, objective: Objective, first: date, last: date) -> float | None:
    """The metric over a window as a whole; None where the data do not cover it."""
    asked = MetricQuery(objective.metric, first, last, Grain.YEAR, where=objective.where)
    total = series(resources, asked).total
    return total.value if total is not None and total.complete else None
