"""An objective's metric, collected for measuring: one series where a window's value follows from it, windows otherwise.

How many different people were active over 28 days, or which share of them converted, does not follow from how many were
on each day; such metrics are asked window by window. A window of conversions ends so many days earlier as people are
given to convert.
"""

from collections.abc import Iterable
from datetime import date, timedelta

from upshot.answers.answering import Answering
from upshot.answers.questions import series
from upshot.api.metrics import MetricQuery, Point
from upshot.catalog.kinds import Objective
from upshot.core.time import Grain
from upshot.metrics.definition import Metric, RetentionKind, Shape, Window
from upshot.objectives.steps import Collected, Combine, Step, blocks, without_gaps

__all__ = ["collect"]

_WEEK = 7
_MOST_WEEKS = 26
_MOST_WINDOWS = 10
_LONGEST_DAYS = 1_500
_SECONDS_A_DAY = 86_400
_PARTS = (Shape.COUNT, Shape.SUM)


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
    combine = _combine(metric)
    today = resources.today()
    if combine is None:
        return _by_windows(resources, objective, metric, windows)
    late = _ripening_days(metric)
    first = min(objective.starts - timedelta(days=objective.baseline_days), today - timedelta(days=_WEEK * _MOST_WEEKS))
    first = max(first, today - timedelta(days=_LONGEST_DAYS)) - timedelta(days=late + _step_days(metric))
    points = _points(resources, objective, first, today)
    begun = resources.held().first_event_at
    steps = tuple(_steps(metric, points, today, None if begun is None else resources.local_day(begun)))
    gaps: tuple[date, ...] = ()
    if combine is Combine.SUM:
        steps, gaps = without_gaps(steps)
    last = max((step.known_on for step in steps), default=None)
    block = max(_WEEK, _step_days(metric))
    found = () if last is None else blocks(steps, last, block, _MOST_WEEKS, combine)
    scale = objective.window_days / block if combine is Combine.SUM else 1.0
    return Collected(steps, combine, None, last, tuple(b.value * scale for b in found), block, gaps)


def _combine(metric: Metric) -> Combine | None:
    """How steps make a window's value; None where they do not."""
    match metric.type:
        case Shape.COUNT | Shape.SUM:
            return Combine.SUM
        case Shape.MEAN | Shape.RETENTION:
            return Combine.POOL
        case Shape.STICKINESS:
            return Combine.MEAN
        case Shape.ACTIVE:
            return None if metric.window is Window.PERIOD else Combine.MEAN
        case Shape.RATIO:
            parts = (metric.numerator, metric.denominator)
            return Combine.POOL if all(part is not None and part.type in _PARTS for part in parts) else None
        case Shape.DISTINCT | Shape.CONVERSION:
            return None


def _step_days(metric: Metric) -> int:
    """How many days a step of its daily series stands for."""
    if metric.type is Shape.RETENTION:
        return _length(metric.period)
    if metric.type in (Shape.ACTIVE, Shape.STICKINESS):
        return {Window.WEEK: 7, Window.MONTH: 31}.get(metric.window, 1)
    return 1


def _length(grain: Grain) -> int:
    return {Grain.DAY: 1, Grain.WEEK: 7, Grain.MONTH: 31, Grain.QUARTER: 92, Grain.YEAR: 366}[grain]


def _ripening_days(metric: Metric) -> int:
    """How many days after a step its value is final."""
    if metric.type is Shape.CONVERSION:
        return -(-metric.within_seconds // _SECONDS_A_DAY)
    if metric.type is Shape.RETENTION:
        return _periods_after(metric) * _length(metric.period)
    return 0


def _periods_after(metric: Metric) -> int:
    return metric.brackets[metric.after] if metric.kind is RetentionKind.BRACKET else metric.after


def _steps(metric: Metric, points: tuple[Point, ...], today: date, begun: date | None) -> Iterable[Step]:
    """The points whose values are final, each on the day from which it is.

    The cohort with which the data begin holds everybody who was there before, and says nothing of newcomers.
    """
    for start, end, point in _with_ends(metric, points):
        if point.value is None or not point.complete:
            continue
        known_on = end - timedelta(days=1)
        if metric.type is Shape.RETENTION:
            if begun is not None and start <= begun:
                continue
            known_on = _after(metric.period, start, _periods_after(metric) + 1) - timedelta(days=1)
        if known_on < today:
            yield Step(known_on, (end - start).days, point.value, point.numerator, point.denominator)


def _with_ends(metric: Metric, points: tuple[Point, ...]) -> Iterable[tuple[date, date, Point]]:
    """Each point with its first day and the day after its last."""
    grain = Grain.DAY
    if metric.type is Shape.RETENTION:
        grain = metric.period
    elif metric.type in (Shape.ACTIVE, Shape.STICKINESS):
        grain = {Window.WEEK: Grain.WEEK, Window.MONTH: Grain.MONTH}.get(metric.window, Grain.DAY)
    for point in points:
        yield point.period, grain.next(point.period), point


def _after(grain: Grain, start: date, count: int) -> date:
    for _ in range(count):
        start = grain.next(start)
    return start


def _points(resources: Answering, objective: Objective, first: date, last: date) -> tuple[Point, ...]:
    asked = MetricQuery(objective.metric, first, last, Grain.DAY, where=objective.where)
    return series(resources, asked).points


def _by_windows(
    resources: Answering, objective: Objective, metric: Metric, windows: Iterable[tuple[date, date]]
) -> Collected:
    data_until = resources.held().last_event_at
    yesterday = resources.today() - timedelta(days=1)
    last = None if data_until is None else min(resources.local_day(data_until), yesterday)
    late = timedelta(days=_ripening_days(metric))
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
