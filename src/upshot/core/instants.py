"""Instants as files, clients and people write them: the one place that says which forms are read.

ISO 8601 (also without its dashes), PostgreSQL's form with a space and a short offset, and numbers since 1970.
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

__all__ = ["epoch_instant", "read_epoch", "read_instant", "utc_instant"]

_OFFSET = r"([Zz]|UTC|GMT|[+-]\d\d(?::?\d\d(?::?\d\d)?)?)"
_EXTENDED = re.compile(rf"(\d{{4}}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d(?:[.,]\d{{1,9}})?)?)\s*{_OFFSET}?)?")
_BASIC = re.compile(rf"(\d{{8}})(?:T(\d{{4}}(?:\d\d(?:[.,]\d{{1,9}})?)?){_OFFSET}?)?")
_NUMBER = re.compile(r"-?\d{9,10}(?:\.\d+)?|\d{12,13}(?:\.\d+)?|\d{15,16}|\d{18,19}")
"""Seconds, milliseconds, microseconds, nanoseconds; with 11, 14 or 17 digits it may be a day written without dashes."""
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  # UTC without offset
_MILLISECONDS_FROM, _MICROSECONDS_FROM, _NANOSECONDS_FROM = 100_000_000_000, 100_000_000_000_000, 10**17
_MICROSECOND = timedelta(microseconds=1)


def read_instant(text: str, zone: ZoneInfo) -> datetime | None:
    """An instant with its offset; a clock without one is read in ``zone``, a day alone is its midnight there.

    >>> read_instant("2026-07-01", ZoneInfo("Europe/Berlin")).isoformat()
    '2026-07-01T00:00:00+02:00'
    >>> read_instant("2024-01-02 10:00:00.123456+05:30", ZoneInfo("UTC")).isoformat()
    '2024-01-02T10:00:00.123456+05:30'
    """
    text = text.strip()
    found = _EXTENDED.fullmatch(text) or _BASIC.fullmatch(text)
    if found is None:
        return None
    offset = (found[3] or "").upper()
    written = "+00:00" if offset in ("Z", "UTC", "GMT") else offset
    try:
        instant = datetime.fromisoformat(f"{found[1]}T{found[2] or '00'}{written}")
        instant = instant if instant.tzinfo else instant.replace(tzinfo=zone)
        ahead = instant.utcoffset() or timedelta()
        return instant.astimezone(UTC if ahead.seconds % 60 else timezone(ahead))
    except (ValueError, OverflowError):
        return None


def utc_instant(text: str) -> datetime | None:
    """The same in UTC without offset, where a clock without offset is in UTC; None when it is no instant.

    >>> utc_instant("2024-01-02 10:00:00+00"), utc_instant("20240102T1000Z"), utc_instant("yesterday")
    (datetime.datetime(2024, 1, 2, 10, 0), datetime.datetime(2024, 1, 2, 10, 0), None)
    """
    instant = read_instant(text, ZoneInfo("UTC"))
    try:
        return None if instant is None else instant.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        return None


def read_epoch(text: str) -> datetime | None:
    """A number since 1970 as text, in UTC without offset; None when it is none, or may be a day without dashes.

    >>> read_epoch("1700000000"), read_epoch("1700000000000"), read_epoch("20240102100000")
    (datetime.datetime(2023, 11, 14, 22, 13, 20), datetime.datetime(2023, 11, 14, 22, 13, 20), None)
    """
    text = text.strip()
    if _NUMBER.fullmatch(text) is None:
        return None
    return epoch_instant(float(text) if "." in text else int(text))


def epoch_instant(number: float) -> datetime | None:
    """A number since 1970, in UTC without offset; None where no calendar reaches.

    Args:
        number: Seconds; milliseconds from 1e11 on (as seconds they would lie past the year 5000), microseconds from
            1e14, nanoseconds from 1e17.

    >>> epoch_instant(1714557600.25), epoch_instant(1714557600000000)
    (datetime.datetime(2024, 5, 1, 10, 0, 0, 250000), datetime.datetime(2024, 5, 1, 10, 0))
    """
    size = abs(number)
    try:
        if size >= _NANOSECONDS_FROM:
            return _EPOCH + timedelta(microseconds=number // 1000)
        if size >= _MICROSECONDS_FROM:
            return _EPOCH + number * _MICROSECOND
        return _EPOCH + timedelta(seconds=number / 1000 if size >= _MILLISECONDS_FROM else number)
    except (ValueError, OverflowError):
        return None
