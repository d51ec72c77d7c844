"""Which windows a metric counts in, and how they fill the periods of a question."""

from collections import Counter
from datetime import date

import ibis
from ibis.expr.types import Table

from upshot.core.time import DayRange, Grain
from upshot.metrics.compile.calendar import Column, days_between, period_start

__all__ = [
    "days_in_window",
    "each",
    "in_periods",
    "last_days",
    "period_days",
    "period_of",
    "windows_in_periods",
]


def period_of(day: Column, grain: Grain | None, days: DayRange) -> Column:
    """The first day of the period of ``day``; without a grain, of the days asked about."""
    return ibis.date(days.start) if grain is None else period_start(day, grain)


def period_days(grain: Grain | None, days: DayRange) -> dict[date, int]:
    """How many days of ``days`` each period holds, by the period's first day."""
    if grain is None:
        return {days.start: days.days}
    return {start: (min(grain.next(start), days.end) - max(start, days.start)).days for start in days.periods(grain)}


def windows_in_periods(window: Grain, grain: Grain | None, days: DayRange) -> dict[date, int]:
    """How many whole windows lie in each period that has any; one across a period's end lies in none.

    What is asked by the windows themselves gets each, cut or not, as its own period.
    """
    if window is Grain.DAY:
        return period_days(grain, days)
    if window is grain:
        return dict.fromkeys(days.periods(window), 1)
    return dict(Counter(days.start if grain is None else grain.floor(start) for start in _whole(window, grain, days)))


def in_periods(rows: Table, window: Grain, grain: Grain | None, days: DayRange) -> Table:
    """Rows of those windows, by their column ``window``."""
    if window in (Grain.DAY, grain):
        return rows
    return rows.filter(rows.window.isin([ibis.date(start) for start in _whole(window, grain, days)]))


def _whole(window: Grain, grain: Grain | None, days: DayRange) -> list[date]:
    def inside(start: date) -> bool:
        end = window.next(start)
        return days.start <= start and end <= days.end and (grain is None or end <= grain.next(grain.floor(start)))

    return [start for start in days.periods(window) if inside(start)]


def last_days(grain: Grain | None, days: DayRange) -> list[date]:
    """The last day of each period, or of what the days asked about hold of it."""
    if grain is None:
        return [days.last]
    return [DayRange(days.start, min(grain.next(start), days.end)).last for start in days.periods(grain)]


def days_in_window(window: Column, grain: Grain, days: DayRange) -> Column:
    """How many of the days asked about a week or month holds."""
    step = ibis.interval(days=7) if grain is Grain.WEEK else ibis.interval(months=1)
    end = ibis.least((window + step).cast("timestamp").cast("date"), ibis.date(days.end))
    return days_between(ibis.greatest(window, ibis.date(days.start)), end)


def each(counts: dict[date, int], period: Column) -> Column:
    """The number that belongs to a period; 1 where none has any."""
    if not counts:
        return ibis.literal(1.0)
    if len(set(counts.values())) == 1:
        return ibis.literal(float(next(iter(counts.values()))))
    most = max(Counter(counts.values()).items(), key=lambda pair: pair[1])[0]
    odd = [(period == ibis.date(start), float(n)) for start, n in counts.items() if n != most]
    return ibis.cases(*odd, else_=float(most))
