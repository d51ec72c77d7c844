"""Local days, grains and the zone of a workspace.

A workspace counts in local days of one IANA zone. Instants are UTC with microseconds and carry no offset in the stores;
a ``DayRange`` is the only window that queries take, and it is half-open, so that ranges join without gap or overlap.
"""

import enum
import functools
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from upshot.core.errors import InvalidInput, NotFound

__all__ = [
    "DayRange",
    "Grain",
    "aware",
    "aware_instant",
    "check_century",
    "local_day",
    "longer",
    "parse_day",
    "utc_now",
    "zone",
]

_MONTHS_A_YEAR = 12


class Grain(enum.StrEnum):
    """The length of one point of a series; weeks begin on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"

    def floor(self, day: date) -> date:
        """The first day of the period that holds ``day``.

        >>> Grain.WEEK.floor(date(2024, 2, 29)), Grain.QUARTER.floor(date(2024, 2, 29))
        (datetime.date(2024, 2, 26), datetime.date(2024, 1, 1))
        """
        match self:
            case Grain.DAY:
                return day
            case Grain.WEEK:
                return day - timedelta(days=day.weekday())
            case Grain.MONTH:
                return day.replace(day=1)
            case Grain.QUARTER:
                return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
            case Grain.YEAR:
                return day.replace(month=1, day=1)

    def next(self, start: date) -> date:
        """The first day of the period after the one that begins at ``start``.

        >>> Grain.MONTH.next(date(2024, 12, 1))
        datetime.date(2025, 1, 1)
        """
        return self.nth(start, 1)

    @property
    def months(self) -> int:
        """How many calendar months it holds; 0 of a day and a week.

        >>> Grain.QUARTER.months
        3
        """
        return _MONTHS.get(self, 0)

    @property
    def days(self) -> tuple[int, int, int]:
        """How many days it has at least, usually and at most.

        >>> Grain.MONTH.days
        (28, 30, 31)
        """
        return _DAYS[self]

    def nth(self, start: date, count: int) -> date:
        """The first day of the period that comes ``count`` periods after (before: negative) the one of ``start``.

        >>> Grain.MONTH.nth(date(2024, 1, 1), 13), Grain.WEEK.nth(date(2024, 1, 3), -1)
        (datetime.date(2025, 2, 1), datetime.date(2023, 12, 25))
        """
        first = self.floor(start)
        if not self.months:
            return first + timedelta(days=count * self.days[0])
        months = first.year * _MONTHS_A_YEAR + first.month - 1 + count * self.months
        return date(months // _MONTHS_A_YEAR, months % _MONTHS_A_YEAR + 1, 1)


_MONTHS = {Grain.MONTH: 1, Grain.QUARTER: 3, Grain.YEAR: 12}
_DAYS = {
    Grain.DAY: (1, 1, 1),
    Grain.WEEK: (7, 7, 7),
    Grain.MONTH: (28, 30, 31),
    Grain.QUARTER: (90, 91, 92),
    Grain.YEAR: (365, 365, 366),
}


_SHORTEST_FIRST = list(Grain)
_FIRST_YEAR, _LAST_YEAR = 1900, 2200


def longer(asked: Grain | None, least: Grain) -> Grain | None:
    """The grain that answers a question: the one asked for, unless the metric needs a longer one."""
    return None if asked is None else max(asked, least, key=_SHORTEST_FIRST.index)


class DayRange(msgspec.Struct, frozen=True):
    """Local days from ``start`` up to but without ``end``.

    Raises:
        InvalidInput: ``end`` is before ``start``.
    """

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise InvalidInput(
                f"The window ends ({self.end}) before it starts ({self.start}).", hint="Swap the two dates."
            )

    @classmethod
    def of(cls, first: date, last: date) -> "DayRange":
        """The range whose last day is ``last``, as people say it."""
        return cls(first, last + timedelta(days=1))

    @classmethod
    def asked(cls, first: date, last: date) -> "DayRange":
        """The range that somebody asks about.

        Raises:
            InvalidInput: It ends before it starts, or is of other centuries than events can be of.
        """
        if last < first:
            raise InvalidInput(f"The window ends ({last}) before it starts ({first}).", hint="Swap the two dates.")
        if first.year < _FIRST_YEAR or last.year > _LAST_YEAR:
            raise InvalidInput(
                f"Nothing can be asked about {first} to {last}.",
                hint=f"Name days of the years {_FIRST_YEAR} to {_LAST_YEAR}.",
            )
        return cls.of(first, last)

    @property
    def days(self) -> int:
        """How many days it holds.

        >>> DayRange.of(date(2024, 2, 28), date(2024, 3, 1)).days
        3
        """
        return (self.end - self.start).days

    @property
    def last(self) -> date:
        """The last day inside; the day before ``start`` when the range is empty."""
        return self.end - timedelta(days=1)

    def before(self) -> "DayRange":
        """The range of the same number of days that ends where this one starts."""
        return DayRange(self.start - timedelta(days=self.days), self.start)

    def period_before(self) -> "DayRange":
        """The calendar period before, where this range is a whole one; otherwise as many days.

        >>> DayRange.of(date(2024, 3, 1), date(2024, 3, 31)).period_before()
        DayRange(start=datetime.date(2024, 2, 1), end=datetime.date(2024, 3, 1))
        >>> DayRange.of(date(2024, 3, 2), date(2024, 3, 31)).period_before().start
        datetime.date(2024, 2, 1)
        """
        for grain in Grain:
            if grain.floor(self.start) == self.start and grain.next(self.start) == self.end:
                return DayRange(grain.nth(self.start, -1), self.start)
        return self.before()

    def periods(self, grain: Grain) -> Iterator[date]:
        """First days of the periods of ``grain`` that this range touches, in order."""
        start = grain.floor(self.start)
        while start < self.end:
            yield start
            start = grain.next(start)

    def instants(self, tz: ZoneInfo) -> tuple[datetime, datetime]:
        """The same window as UTC instants without offset, half-open.

        >>> DayRange.of(date(2024, 3, 31), date(2024, 3, 31)).instants(zone("Europe/Berlin"))
        (datetime.datetime(2024, 3, 30, 23, 0), datetime.datetime(2024, 3, 31, 22, 0))
        """
        start, end = (
            datetime(d.year, d.month, d.day, tzinfo=tz).astimezone(UTC).replace(tzinfo=None)
            for d in (self.start, self.end)
        )
        return start, end


def check_century(name: str, day: date) -> None:
    """Whether a day or an instant that people declare is one that zones, windows and charts can be made of.

    Args:
        name: What it is called where it was declared.
        day: The day or the instant.

    Raises:
        ValueError: It is of other centuries.

    >>> check_century("due", date(2026, 3, 1))
    >>> check_century("due", date(9999, 12, 31))
    Traceback (most recent call last):
    ValueError: 'due' is of the year 9999; days are of the years 1900 to 2200
    """
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise ValueError(f"{name!r} is of the year {day.year}; days are of the years {_FIRST_YEAR} to {_LAST_YEAR}")


def parse_day(text: str) -> date:
    """A day from ``YYYY-MM-DD``.

    Raises:
        InvalidInput: It is not one.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"{text!r} is not a day.", hint="Write it as YYYY-MM-DD, for example 2024-02-29.") from None


@functools.cache  # an error is not kept; the list of all zones is read from the disk, which takes 10 ms
def zone(name: str) -> ZoneInfo:
    """The IANA time zone of that name.

    Raises:
        NotFound: No zone bears it.
    """
    known = available_timezones()
    if name not in known:
        raise NotFound("time zone", name, known, hint="Use an IANA name such as Europe/Berlin or UTC.")
    return ZoneInfo(name)


def utc_now() -> datetime:
    """The instant, with its offset."""
    return datetime.now(UTC)


def aware_instant(instant: datetime) -> datetime:
    """An instant of the stores, which carry no offset, as UTC."""
    return instant.replace(tzinfo=UTC)


def aware(instant: datetime | None) -> datetime | None:
    """``aware_instant``, or None for none."""
    return None if instant is None else aware_instant(instant)


def local_day(instant: datetime, where: ZoneInfo) -> date:
    """The local day of an instant of the stores, which carry no offset.

    >>> local_day(datetime(2026, 1, 1, 23, 30), zone("Europe/Berlin"))
    datetime.date(2026, 1, 2)
    """
    return aware_instant(instant).astimezone(where).date()
