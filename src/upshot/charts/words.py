"""Days and periods as charts and tables write them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from upshot.core.time import Grain

__all__ = ["day_label", "instant_label", "offset_label", "period_label", "range_label"]


def day_label(day: date, *, weekday: bool = False) -> str:
    """A day in full.

    >>> day_label(date(2011, 12, 9)), day_label(date(2011, 12, 9), weekday=True)
    ('9 Dec 2011', 'Fri 9 Dec 2011')
    """
    return f"{f'{day:%a} ' if weekday else ''}{day.day} {day:%b} {day.year}"


def period_label(start: date, grain: Grain, *, short: bool = False) -> str:
    """The period of ``grain`` that begins at ``start``; ``short`` leaves out the year of days and weeks.

    >>> period_label(date(2010, 12, 1), Grain.MONTH), period_label(date(2010, 12, 6), Grain.WEEK, short=True)
    ('Dec 2010', '6 Dec')
    """
    match grain:
        case Grain.DAY:
            return f"{start.day} {start:%b}" if short else day_label(start, weekday=True)
        case Grain.WEEK:
            return f"{start.day} {start:%b}" if short else f"Week of {day_label(start)}"
        case Grain.MONTH:
            return f"{start:%b} {start.year}"
        case Grain.QUARTER:
            return f"Q{(start.month + 2) // 3} {start.year}"
        case Grain.YEAR:
            return str(start.year)


def offset_label(first: int, last: int) -> str:
    """How many periods later: one, or those of a bracket.

    >>> offset_label(3, 3), offset_label(1, 3)
    ('3', '1–3')
    """
    return str(first) if first == last else f"{first}–{last}"


def range_label(first: date, last: date) -> str:
    """From one day to another, each part said once.

    >>> range_label(date(2011, 11, 10), date(2011, 12, 9)), range_label(date(2010, 12, 1), date(2011, 12, 9))
    ('10 Nov – 9 Dec 2011', '1 Dec 2010 – 9 Dec 2011')
    """
    if first == last:
        return day_label(first)
    if first.year != last.year:
        return f"{day_label(first)} – {day_label(last)}"
    start = str(first.day) if first.month == last.month else f"{first.day} {first:%b}"
    return f"{start} – {day_label(last)}"


def instant_label(instant: datetime, zone: ZoneInfo, today: date) -> str:
    """An instant as a clock in ``zone`` shows it; UTC when it carries no offset. The day is left out for ``today``.

    >>> instant_label(datetime(2011, 12, 9, 12, 50), ZoneInfo("Europe/London"), date(2011, 12, 10))
    'yesterday 12:50'
    """
    aware = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    local = aware.astimezone(zone)
    if local.date() == today:
        return f"{local:%H:%M:%S}"
    if local.date() == today - timedelta(days=1):
        return f"yesterday {local:%H:%M}"
    return f"{day_label(local.date())} {local:%H:%M}"
