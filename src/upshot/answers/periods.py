"""Which window a series is compared with, and which of its points belong together."""

from datetime import date, timedelta
from typing import Literal

from upshot.core.time import DayRange, Grain

__all__ = ["NO_PARTNER", "compared", "paired", "periods_of", "unpaired"]

NO_PARTNER = "no such day"
"""Note of the point beside a 29th of February, to which the year before has no day."""

_MONTHS_A_YEAR = 12
_WEEK_DAYS = 7
_WEEKS_A_YEAR = 52


def compared(window: DayRange, grain: Grain, with_: Literal["previous", "year"]) -> DayRange:
    """The window that ``window`` is compared with, aligned by periods of ``grain``.

    Days before are as many whole weeks back as the window needs, so that each stands beside the same weekday.

    >>> compared(DayRange.of(date(2024, 3, 1), date(2024, 3, 10)), Grain.DAY, "previous").start
    datetime.date(2024, 2, 16)
    >>> compared(DayRange.of(date(2011, 3, 1), date(2011, 4, 30)), Grain.MONTH, "previous").start
    datetime.date(2011, 1, 1)
    >>> compared(DayRange.of(date(2024, 2, 29), date(2024, 2, 29)), Grain.DAY, "year").start
    datetime.date(2023, 2, 28)
    """
    if with_ == "year":
        if grain is Grain.WEEK:
            back = timedelta(weeks=_WEEKS_A_YEAR)
            return DayRange(window.start - back, window.end - back)
        return _months_back(window, _MONTHS_A_YEAR)
    if grain.months:
        return _months_back(window, len(list(window.periods(grain))) * grain.months)
    weeks = len(list(window.periods(grain))) if grain is Grain.WEEK else -(-window.days // _WEEK_DAYS)
    back = timedelta(weeks=weeks)
    return DayRange(window.start - back, window.end - back)


def paired(window: DayRange, grain: Grain, with_: Literal["previous", "year"]) -> tuple[date | None, ...]:
    """First days of the periods that those of ``window`` are compared with, in order; None where there is none.

    >>> paired(DayRange.of(date(2024, 2, 28), date(2024, 3, 1)), Grain.DAY, "year")
    (datetime.date(2023, 2, 28), None, datetime.date(2023, 3, 1))
    """
    if with_ == "year" and grain is Grain.DAY:
        return tuple(_year_before(day) for day in window.periods(grain))
    return tuple(compared(window, grain, with_).periods(grain))


def unpaired(window: DayRange, grain: Grain) -> tuple[date, ...]:
    """Days of ``window`` that have no day of the same date in other years; weeks are paired as wholes.

    >>> unpaired(DayRange.of(date(2024, 1, 1), date(2024, 12, 31)), Grain.DAY)
    (datetime.date(2024, 2, 29),)
    """
    if grain is Grain.WEEK:
        return ()
    return tuple(day for day in window.periods(Grain.DAY) if (day.month, day.day) == (2, 29))


def _year_before(day: date) -> date | None:
    return None if (day.month, day.day) == (2, 29) else day.replace(year=day.year - 1)


def periods_of(window: DayRange, grain: Grain) -> tuple[tuple[date, date], ...]:
    """First day, and day after the last, of the periods of ``grain`` that ``window`` touches."""
    return tuple((start, grain.next(start)) for start in window.periods(grain))


def _months_back(window: DayRange, months: int) -> DayRange:
    start = _back(window.start, months)
    return DayRange(start, max(start, _back(window.last, months, at_end=True) + timedelta(days=1)))


def _back(day: date, months: int, *, at_end: bool = False) -> date:
    index = day.year * _MONTHS_A_YEAR + day.month - 1 - months
    first = date(index // _MONTHS_A_YEAR, index % _MONTHS_A_YEAR + 1, 1)
    length = (Grain.MONTH.next(first) - first).days
    last_of_month = day == Grain.MONTH.next(day.replace(day=1)) - timedelta(days=1)
    return first.replace(day=length if at_end and last_of_month else min(day.day, length))
