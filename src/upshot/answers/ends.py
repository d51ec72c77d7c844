"""From when until when streams of events are known, each by itself and several together."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from upshot.answers.answering import Answering
from upshot.answers.streams import Pace, Stream
from upshot.core.time import DayRange

__all__ = [
    "COMPARED_DAYS",
    "Span",
    "day_is_whole",
    "ended",
    "of_any",
    "of_every",
    "span_of",
    "span_of_all",
    "usual_silence",
]

_DAY = timedelta(days=1)
COMPARED_DAYS = 28
"""Days before a last day by whose ends it is told whether that day is whole."""
_FEWEST_DAYS = 3
_EARLY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Span:
    """From when until when something is known: its first and last day, whether all of the last, and the last event."""

    first: date
    last: date
    whole: bool
    at: datetime


def span_of(resources: Answering, stream: Stream) -> Span:
    """A stream is known from its first day through its last, and through silence that is usual while others go on."""
    first, last = resources.local_day(stream.first_at), resources.local_day(stream.last_at)
    newest = _newest(resources)
    if last >= min(newest, resources.today()):
        return Span(first, last, last >= resources.today() or _pace(resources, stream).whole, stream.last_at)
    pace = _pace(resources, stream)
    reach = min(last + timedelta(days=pace.silence - 1), newest)
    if reach == last:
        return Span(first, last, pace.whole, stream.last_at)
    return Span(first, reach, reach < newest or _whole(resources, newest), stream.last_at)


def span_of_all(resources: Answering) -> Span | None:
    """All events together, as the store holds them; None without events."""
    held = resources.held()
    if held.first_event_at is None or held.last_event_at is None:
        return None
    first, last = resources.local_day(held.first_event_at), resources.local_day(held.last_event_at)
    everything = Stream("", frozenset(), frozenset(), held.first_event_at, held.last_event_at, held.revision)
    whole = last >= resources.today() or _pace(resources, everything).whole
    return Span(first, last, whole, held.last_event_at)


def of_any(spans: Iterable[Span]) -> Span:
    """What several streams bring alike: it is known as soon as one of them is, and as long as one goes on."""
    spans = list(spans)
    return _together(min(span.first for span in spans), spans, max(span.last for span in spans))


def of_every(spans: Iterable[Span]) -> Span:
    """What takes several things: it is known from when all of them are, and as long as all of them go on."""
    spans = list(spans)
    return _together(max(span.first for span in spans), spans, min(span.last for span in spans))


def ended(resources: Answering) -> tuple[tuple[Stream, Span], ...]:
    """Streams that ended while others go on, and that have a name which none of the others brings."""
    streams = resources.streams.of(resources.store)
    spans = [(stream, span_of(resources, stream)) for stream in streams]
    if not spans:
        return ()
    newest = min(max(span.last for _, span in spans), resources.today() - _DAY)
    going = frozenset[str]().union(*(stream.events for stream, span in spans if span.last >= newest))
    return tuple((stream, span) for stream, span in spans if span.last < newest and stream.events - going)


def day_is_whole(last: timedelta, others: list[timedelta]) -> bool:
    """Whether data that end at this time of their last day cover the day, by when the days before it ended.

    One that ends more than an hour before nine of ten of the others is not whole. Fewer than three others say nothing.

    >>> hours = [timedelta(hours=h) for h in (20, 21, 19, 20)]
    >>> day_is_whole(timedelta(hours=12), hours), day_is_whole(timedelta(hours=18, minutes=30), hours)
    (False, True)
    """
    if len(others) < _FEWEST_DAYS:
        return True
    return last + _EARLY >= sorted(others)[len(others) // 10]


def usual_silence(days: list[date]) -> int:
    """How many days apart days with events are at most, but for one in ten; 1 where they are too few to tell.

    >>> mondays = [date(2024, 1, day) for day in (1, 8, 15, 22, 29)]
    >>> usual_silence(mondays), usual_silence(mondays[:3])
    (7, 1)
    """
    gaps = sorted(((after - before).days for before, after in pairwise(days)), reverse=True)
    return gaps[len(gaps) // 10] if len(gaps) >= _FEWEST_DAYS else 1


def _together(first: date, spans: list[Span], last: date) -> Span:
    ends = [span for span in spans if span.last == last]
    return Span(first, last, all(span.whole for span in ends), max(span.at for span in ends))


def _newest(resources: Answering) -> date:
    return max(resources.local_day(stream.last_at) for stream in resources.streams.of(resources.store))


def _whole(resources: Answering, day: date) -> bool:
    """Whether the streams that end with a day cover all of it."""
    found = (s for s in resources.streams.of(resources.store) if resources.local_day(s.last_at) == day)
    return day >= resources.today() or all(_pace(resources, stream).whole for stream in found)


def _pace(resources: Answering, stream: Stream) -> Pace:
    found = resources.paces.get(stream)
    if found is None:
        found = _asked_pace(resources, stream)
        resources.paces.put(stream, found)
    return found


def _asked_pace(resources: Answering, stream: Stream) -> Pace:
    """By its newest days with events; of all events together by those compared, as their silence says nothing."""
    compared = resources.local_day(stream.last_at) - timedelta(days=COMPARED_DAYS)
    since = None if stream.events else compared
    found = resources.store.newest_days(stream.source, sorted(stream.events), COMPARED_DAYS + 1, since)
    ends = {day: at - DayRange.of(day, day).instants(resources.zone)[0] for day, at in found}
    days = sorted(ends)
    near = [ends[day] for day in days[:-1] if day >= compared]
    return Pace(usual_silence(days), day_is_whole(ends[days[-1]], near))
