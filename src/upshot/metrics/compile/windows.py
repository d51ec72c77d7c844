"""Which windows a metric counts in, and how they fill the periods of a question."""

from collections import Counter
from datetime import date

import ibis

from upshot.core.time import DayRange, Grain
from upshot.metrics.compile.calendar import Column, days_between, period_start
from upshot.metrics.definition import Metric, Shape, Window

__all__ = [
    "WINDOWS",
    "cut",
    "days_in_window",
    "each",
    "last_days",
    "least_grain",
    "longer",
    "period_days",
    "period_of",
    "stick_window",
    "windows_in_periods",
]

WINDOWS = {Window.DAY: Grain.DAY, Window.WEEK: Grain.WEEK, Window.MONTH: Grain.MONTH}
_ORDER = list(Grain)


def least_grain(metric: Metric) -> Grain:
    """The shortest grain in which the metric has a meaning."""
    match metric.type:
        case Shape.ACTIVE:
            return WINDOWS.get(metric.window, Grain.DAY)
        case Shape.STICKINESS if metric.window is not Window.ROLLING_28_DAYS:
            return stick_window(metric)
        case Shape.RETENTION:
            return metric.period
        case Shape.RATIO:
            parts = [least_grain(part) for part in (metric.numerator, metric.denominator) if part]
            return max(parts, key=_ORDER.index, default=Grain.DAY)
        case _:
            return Grain.DAY


def stick_window(metric: Metric) -> Grain:
    """The calendar period whose active units are the denominator of stickiness."""
    return Grain.WEEK if metric.window is Window.WEEK else Grain.MONTH


def longer(asked: Grain | None, least: Grain) -> Grain | None:
    """The grain that answers a question: the one asked for, unless the metric needs a longer one."""
    return None if asked is None else max(asked, least, key=_ORDER.index)


def period_of(day: Column, grain: Grain | None, days: DayRange) -> Column:
    """The first day of the period of ``day``; without a grain, of the days asked about."""
    return ibis.date(days.start) if grain is None else period_start(day, grain)


def period_days(grain: Grain | None, days: DayRange) -> dict[date, int]:
    """How many days of ``days`` each period holds, by the period's first day."""
    if grain is None:
        return {days.start: days.days}
    return {start: (min(grain.next(start), days.end) - max(start, days.start)).days for start in days.periods(grain)}


def windows_in_periods(window: Grain, grain: Grain | None, days: DayRange) -> dict[date, int]:
    """How many windows begin in each period; the first window begins where the days asked about do."""
    if window is Grain.DAY:
        return period_days(grain, days)
    starts = [max(start, days.start) for start in days.periods(window)]
    return dict(Counter(days.start if grain is None else grain.floor(start) for start in starts))


def last_days(grain: Grain | None, days: DayRange) -> list[date]:
    """The last day of each period, or of what the days asked about hold of it."""
    if grain is None:
        return [days.last]
    return [DayRange(days.start, min(grain.next(start), days.end)).last for start in days.periods(grain)]


def cut(window: Column, days: DayRange) -> Column:
    """The first day of a window, but not before the days asked about."""
    return ibis.greatest(window, ibis.date(days.start))


def days_in_window(window: Column, grain: Grain, days: DayRange) -> Column:
    """How many of the days asked about a week or month holds."""
    step = ibis.interval(days=7) if grain is Grain.WEEK else ibis.interval(months=1)
    end = ibis.least((window + step).cast("timestamp").cast("date"), ibis.date(days.end))
    return days_between(cut(window, days), end)


def each(counts: dict[date, int], period: Column) -> Column:
    """The number that belongs to a period."""
    if len(set(counts.values())) == 1:
        return ibis.literal(float(next(iter(counts.values()))))
    most = max(Counter(counts.values()).items(), key=lambda pair: pair[1])[0]
    odd = [(period == ibis.date(start), float(n)) for start, n in counts.items() if n != most]
    return ibis.cases(*odd, else_=float(most))
