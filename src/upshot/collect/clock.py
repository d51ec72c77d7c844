"""When something happened, although the client's clock may be wrong.

Both Segment's and PostHog's specifications correct an instant of the client by what its clock said at the sending:
``received_at - (sent_at - timestamp)``, where the time that the request travelled counts as none.
"""

from datetime import UTC, datetime, timedelta

__all__ = ["LATEST_AHEAD", "clock_shift", "instant_of", "settled"]

LATEST_AHEAD = timedelta(hours=23)
"""How far ahead of its arrival an event may lie; the clock that says more is wrong, and the arrival counts instead."""

_MILLISECONDS_FROM = 100_000_000_000
"""Numbers from here on are milliseconds (as seconds they would lie past the year 5000)."""
_NONE = timedelta(0)


def instant_of(value: str | float | None) -> datetime | None:
    """An instant as clients write it, in UTC without offset; None when it is none.

    Text is ISO 8601, without offset in UTC. Numbers are seconds or, when large, milliseconds since 1970.

    >>> instant_of("2024-05-01T12:00:00.5+02:00"), instant_of(1714557600000)
    (datetime.datetime(2024, 5, 1, 10, 0, 0, 500000), datetime.datetime(2024, 5, 1, 10, 0))
    >>> instant_of("yesterday") is None
    True
    """
    try:
        if isinstance(value, str):
            if value[-1:] == "Z":
                instant = datetime.fromisoformat(value[:-1])
                return instant if instant.tzinfo is None else None  # an offset before a Z
            instant = datetime.fromisoformat(value.strip())
            return instant if instant.tzinfo is None else instant.astimezone(UTC).replace(tzinfo=None)
        if value is None or isinstance(value, bool):
            return None
        seconds = value / 1000 if abs(value) >= _MILLISECONDS_FROM else value
        return datetime(1970, 1, 1) + timedelta(seconds=seconds)  # noqa: DTZ001  # UTC without offset
    except (ValueError, OverflowError):
        return None


def clock_shift(sent_at: datetime | None, received_at: datetime) -> timedelta:
    """What to add to instants of a client that said ``sent_at`` when it sent; nothing where it said nothing."""
    return _NONE if sent_at is None else received_at - sent_at


def settled(said: datetime | None, shift: timedelta, received_at: datetime) -> datetime:
    """When it happened: what the client said, shifted; its arrival where it said nothing or what cannot be."""
    if said is None:
        return received_at
    try:
        instant = said + shift if shift else said
    except OverflowError:
        return received_at
    return received_at if instant > received_at and instant - received_at > LATEST_AHEAD else instant
