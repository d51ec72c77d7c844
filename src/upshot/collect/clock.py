"""When something happened, although the client's clock may be wrong.

Both Segment's and PostHog's specifications correct an instant of the client by what its clock said at the sending:
``received_at - (sent_at - timestamp)``, where the time that the request travelled counts as none.
"""

from datetime import datetime, timedelta

from upshot.core.instants import epoch_instant, read_epoch, utc_instant

__all__ = ["LATEST_AHEAD", "clock_shift", "event_time", "instant_of", "unreadable"]

LATEST_AHEAD = timedelta(hours=23)
"""How far ahead of its arrival an event may lie; the clock that says more is wrong, and the arrival counts instead."""

_USUAL_LENGTHS = (20, 24, 27)
"""Of an instant in UTC with seconds, milliseconds or microseconds: most are such, and need no closer look."""
_NONE = timedelta(0)


def instant_of(value: str | float | None) -> datetime | None:
    """An instant as clients write it, in UTC without offset; None when it is none.

    Text is what ``core.instants`` reads, in UTC where it says no offset; a number since 1970 may be text too.

    >>> instant_of("2024-05-01T12:00:00.5+02:00"), instant_of(1714557600000)
    (datetime.datetime(2024, 5, 1, 10, 0, 0, 500000), datetime.datetime(2024, 5, 1, 10, 0))
    >>> instant_of("1714557600") == instant_of(1714557600), instant_of("yesterday") is None
    (True, True)
    """
    match value:
        case None | bool():
            return None
        case str():
            if value[-1:] == "Z" and len(value) in _USUAL_LENGTHS:
                try:
                    instant = datetime.fromisoformat(value[:-1])
                except ValueError:
                    return None
                return instant if instant.tzinfo is None else None  # an offset before a Z
            return utc_instant(value) or read_epoch(value)
        case _:
            return epoch_instant(value)


def unreadable(value: str | float) -> str:
    """Why an event whose time is ``value`` is held back, in words for the quarantine."""
    return f"Its timestamp is {value!r}; write it as 2024-05-01T12:00:00Z."


def clock_shift(sent_at: datetime | None, received_at: datetime) -> timedelta:
    """What to add to instants of a client that said ``sent_at`` when it sent; nothing where it said nothing."""
    return _NONE if sent_at is None else received_at - sent_at


def event_time(said: datetime | None, shift: timedelta, received_at: datetime) -> datetime:
    """When it happened: what the client said, shifted; its arrival where it said nothing, or the future."""
    if said is None:
        return received_at
    try:
        instant = said + shift if shift else said
    except OverflowError:
        instant = said
    return received_at if instant > received_at and instant - received_at > LATEST_AHEAD else instant
