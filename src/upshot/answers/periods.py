"""Which window a series is compared with, and which of its points are whole."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from upshot.core.time import DayRange, Grain

__all__ = ["NO_DATA", "Extent", "compared", "periods_of"]

NO_DATA = frozenset({"not begun", "before the first event", "after the last event"})
"""Notes of periods about which the data say nothing, so that a missing row there is no zero."""

_MONTHS = {Grain.MONTH: 1, Grain.QUARTER: 3, Grain.YEAR: 12}
_MONTHS_A_YEAR = 12
_WEEKS_A_YEAR = 52


@dataclass(frozen=True, slots=True)
class Extent:
    """Local days from which and until which there are data, and the day that it is.

    Attributes:
        first: The day of the first event; None without events.
        last: The day of the last event.
        today: The local day now; it is not over.
        ripening_days: Days that units are given after a period to do what is counted (conversion).
    """

    first: date | None
    last: date | None
    today: date
    ripening_days: int = 0

    def note(self, start: date, end: date, window: DayRange) -> str:
        """Why the period from ``start`` up to but without ``end`` is not complete; empty when it is.

        Args:
            start: Its first day.
            end: The day after its last.
            window: What was asked for; a period that reaches beyond it is answered in part.
        """
        if start > self.today:
            return "not begun"
        if self.first is None or self.last is None or end <= self.first:
            return "before the first event"
        if end > self.today:
            return "not over"
        if start > self.last:
            return "after the last event"
        if start < self.first:
            return "the data begin inside"
        if end - timedelta(days=1) > self.last:
            return "the data end inside"
        if end + timedelta(days=self.ripening_days) > self.today:
            return "units still have time to convert"
        if start < window.start or end > window.end:
            return "asked for in part"
        return ""


def compared(window: DayRange, grain: Grain, with_: Literal["previous", "year"]) -> DayRange:
    """The window that ``window`` is compared with, aligned by periods of ``grain``.

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
    if grain in _MONTHS:
        return _months_back(window, len(list(window.periods(grain))) * _MONTHS[grain])
    if grain is Grain.WEEK:
        back = timedelta(weeks=len(list(window.periods(grain))))
        return DayRange(window.start - back, window.end - back)
    return window.before()


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
