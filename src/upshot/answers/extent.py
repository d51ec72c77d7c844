"""From when until when there are data, and what of a period they leave open."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from upshot.answers.answering import Answering
from upshot.answers.ends import Span, of_any, of_every, span_of, span_of_all
from upshot.answers.intervals import Group
from upshot.answers.streams import Stream
from upshot.core.time import DayRange
from upshot.metrics.definition import Field, Filter, Metric, Op, Scope, Selection, Value
from upshot.metrics.kinds import Ripens
from upshot.metrics.ripening import AT_ONCE, NOTHING_BEFORE, Lookback, Ripening, lookback, ripening

__all__ = [
    "IN_PART",
    "NOT_COMPARED",
    "NO_DATA",
    "Extent",
    "brought",
    "extent_of",
    "extent_of_event",
    "extent_of_group",
]

NOT_COMPARED = "the data begin too late to tell who was there before"
"""Note of a period whose number depends on the period before, of which the data do not hold all."""

NO_DATA = frozenset({"not begun", "before the first event", "after the last event", NOT_COMPARED})
"""Notes of periods about which the data say nothing, so that a missing row there is no zero."""

_OPEN = frozenset({"not over", "the data end inside"})
"""Notes of periods in which whoever has not come may still come."""

IN_PART = "asked for in part"
"""Note of a period that reaches beyond the days asked about."""

_DAY = timedelta(days=1)
_PERSONS = frozenset({"person", "device"})
_SOURCE, _EVENT = Field(Scope.COLUMN, "source"), Field(Scope.COLUMN, "event")


@dataclass(frozen=True, slots=True)
class Extent:
    """Local days from which and until which there are data, and the day that it is.

    Attributes:
        first: The day of the first event, of a metric the first of what its sources bring; None without events.
        last: The day of the last event; of a metric, the last until which its sources are known.
        today: The local day now; it is not over.
        ripening: How long units are given to do what is counted.
        lookback: What before a period says something of it.
        last_is_whole: Whether the data cover the whole of ``last``.
        last_at: When the last event occurred; UTC without offset.
    """

    first: date | None
    last: date | None
    today: date
    ripening: Ripening = AT_ONCE
    lookback: Lookback = NOTHING_BEFORE
    last_is_whole: bool = True
    last_at: datetime | None = None

    @property
    def known(self) -> date | None:
        """The last day that is over and covered by the data; None without events."""
        if self.last is None:
            return None
        return min(self.last if self.last_is_whole else self.last - _DAY, self.today - _DAY)

    @property
    def ripe(self) -> date | None:
        """The last day whose units have had their time by the end of the data; None without events."""
        return None if self.known is None else self.ripening.last_ripe(self.known)

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
        if self.lookback.compared and self.lookback.since(DayRange(start, end)) < self.first:
            return NOT_COMPARED
        # Of a period that runs, nothing has come yet; of one that runs since the data ended, nothing will be known.
        if start > self.last and (end <= self.today or self.last < self.today - _DAY):
            return "after the last event"
        if end > self.today:
            return "not over"
        if self.lookback.since(DayRange(start, end)) < self.first:
            return "the data begin inside"
        if self.known is None or end - _DAY > self.known:
            return "the data end inside"
        if self.ripening.end(end - _DAY) > self.known:
            return "units still have time to convert" if self.ripening.by_days else "units can still come back"
        if start < window.start or end > window.end:
            return IN_PART
        return ""

    def tells(self, note: str) -> bool:
        """Whether there is a number of a period with events in it that has this note."""
        return note != NOT_COMPARED and not (self.lookback.absence and note in _OPEN)

    def is_too_early(self, day: date) -> bool:
        """Whether a day's number depends on days before of which the data do not hold all."""
        since = self.lookback.since(DayRange.of(day, day))
        return bool(self.lookback.compared) and (self.first is None or since < self.first)

    def ripe_part(self, window: DayRange) -> DayRange:
        """The days of ``window`` whose units have had their time; all of them where none has, or none needs time."""
        ripe = self.ripe
        if self.ripening.at_once or ripe is None or not window.start <= ripe < window.last:
            return window
        return DayRange.of(window.start, ripe)


def extent_of(resources: Answering, metric: Metric | None = None, where: tuple[Filter, ...] = ()) -> Extent:
    """From when until when there are data, for periods of ``metric``: those of its own sources.

    Without a metric, or where all events have one source, those of all events.

    Args:
        resources: What is asked.
        metric: Whose periods.
        where: More filters of the question. Those on the source and on the event's name say which sources bring what
            is asked, as the metric's own do; what others leave comes from the same sources.
    """
    return _extent(resources, _span(resources, metric, where, ()), *_times(metric))


def extent_of_group(
    resources: Answering, metric: Metric, where: tuple[Filter, ...], breakdown: tuple[Field, ...], group: Group
) -> Extent:
    """The same for one group of a breakdown: by source or event it is known as long as what brings it.

    Where units do two things, a group is of those who did the first so.
    """
    named = tuple(
        Filter(field, Op.EQ, (Value(text),))
        for field, text in zip(breakdown, group, strict=False)
        if field in (_SOURCE, _EVENT) and text is not None
    )
    return _extent(resources, _span(resources, metric, where, named), *_times(metric))


def extent_of_event(resources: Answering, event: str) -> Extent:
    """From when until when there are data of one event, by the sources that bring it."""
    streams = resources.streams.of(resources.store)
    found = [stream for stream in streams if event in stream.events]
    return _extent(resources, of_any(span_of(resources, stream) for stream in found) if found else None)


def _extent(
    resources: Answering, span: Span | None, ripens: Ripening = AT_ONCE, before: Lookback = NOTHING_BEFORE
) -> Extent:
    today = resources.today()
    span = span or span_of_all(resources)
    if span is None:
        return Extent(None, None, today, ripens, before)
    return Extent(span.first, span.last, today, ripens, before, span.whole, span.at)


def _times(metric: Metric | None) -> tuple[Ripening, Lookback]:
    return (AT_ONCE, NOTHING_BEFORE) if metric is None else (ripening(metric), lookback(metric))


def _span(
    resources: Answering, metric: Metric | None, where: tuple[Filter, ...], group: tuple[Filter, ...]
) -> Span | None:
    """From when until when a metric's sources go on: what takes several things is known while all of them are."""
    streams = resources.streams.of(resources.store)
    if metric is None or len(streams) <= 1:
        return None
    if metric.parts:
        parts = [span for part in metric.parts if (span := _span(resources, part, where, group)) is not None]
        return of_every(parts) if parts else None
    again = (metric.selection,) if metric.is_a.ripens is Ripens.PERIODS else ()
    first, *later = metric.path or (metric.selection, *again)
    selections = (first.narrowed((*where, *group)), *(each.narrowed(where) for each in later))
    return of_every(_span_of_several(resources, brought(streams, metric, each)) for each in selections)


def _span_of_several(resources: Answering, found: tuple[Stream, ...]) -> Span:
    """What several streams bring alike; of all streams that of the store."""
    everything = span_of_all(resources) if len(found) == len(resources.streams.of(resources.store)) else None
    return everything or of_any(span_of(resources, stream) for stream in found)


def brought(streams: tuple[Stream, ...], metric: Metric, selection: Selection) -> tuple[Stream, ...]:
    """The streams that bring what is selected; all where none ever has."""
    of_persons = metric.is_a.people and metric.unit in _PERSONS
    found = []
    for stream in streams:
        names = stream.of_persons if of_persons else stream.events
        if any(_may_be_of(stream.source, name, selection) for name in names):
            found.append(stream)
    return tuple(found) or streams


def _may_be_of(source: str, event: str, selection: Selection) -> bool:
    """Whether events of that source and name can be selected, as far as filters on the two say."""
    if selection.events and event not in selection.events:
        return False
    texts = {_SOURCE: source, _EVENT: event}
    return all(_holds(each, texts[each.field]) for each in selection.where if each.field in texts)


def _holds(condition: Filter, text: str) -> bool:
    """Whether a text meets a condition; of an order of texts nothing is said, and it is taken as met."""
    texts = [value.text for value in condition.values]
    match condition.op.positive:
        case Op.EQ | Op.IN:
            found = text in texts
        case Op.CONTAINS:
            found = texts[0] in text
        case Op.STARTS_WITH:
            found = text.startswith(texts[0])
        case Op.IS_NULL:
            found = False
        case _:
            return True
    return found != condition.op.negated
