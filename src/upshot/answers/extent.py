"""From when until when there are data, and what of a period they leave open."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from upshot.answers.answering import Answering
from upshot.answers.ends import End, earliest, end_of, end_of_all, latest
from upshot.answers.streams import Stream
from upshot.core.time import DayRange
from upshot.metrics.definition import Field, Metric, Op, Scope, Selection
from upshot.metrics.ripening import AT_ONCE, NOTHING_BEFORE, Lookback, Ripening, lookback, ripening

__all__ = ["IN_PART", "NOT_COMPARED", "NO_DATA", "Extent", "brought", "extent_of", "extent_of_event"]

NOT_COMPARED = "the data begin too late to tell who was there before"
"""Note of a period whose number depends on the period before, of which the data do not hold all."""

NO_DATA = frozenset({"not begun", "before the first event", "after the last event", NOT_COMPARED})
"""Notes of periods about which the data say nothing, so that a missing row there is no zero."""

IN_PART = "asked for in part"
"""Note of a period that reaches beyond the days asked about."""

_DAY = timedelta(days=1)
_PERSONS = frozenset({"person", "device"})
_SOURCE = Field(Scope.COLUMN, "source")


@dataclass(frozen=True, slots=True)
class Extent:
    """Local days from which and until which there are data, and the day that it is.

    Attributes:
        first: The day of the first event; None without events.
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
        if end > self.today:
            return "not over"
        if start > self.last:
            return "after the last event"
        if self.lookback.since(DayRange(start, end)) < self.first:
            return "the data begin inside"
        if self.known is None or end - _DAY > self.known:
            return "the data end inside"
        if self.ripening.end(end - _DAY) > self.known:
            return "units still have time to convert" if self.ripening.by_days else "units can still come back"
        if start < window.start or end > window.end:
            return IN_PART
        return ""

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


def extent_of(resources: Answering, metric: Metric | None = None) -> Extent:
    """From when until when there are data, for periods of ``metric``: until its own sources end.

    Without a metric, or where all events have one source, until the last event of all.
    """
    return _extent(resources, _end(resources, metric), *_times(metric))


def extent_of_event(resources: Answering, event: str) -> Extent:
    """From when until when there are data of one event, by the sources that bring it."""
    streams = resources.streams.of(resources.store)
    found = [stream for stream in streams if event in stream.events]
    return _extent(resources, latest(end_of(resources, stream) for stream in found) if found else None)


def _extent(
    resources: Answering, end: End | None, ripens: Ripening = AT_ONCE, before: Lookback = NOTHING_BEFORE
) -> Extent:
    first, today = resources.held().first_event_at, resources.today()
    end = end or end_of_all(resources)
    if first is None or end is None:
        return Extent(None, None, today, ripens, before)
    return Extent(resources.local_day(first), end.last, today, ripens, before, end.whole, end.at)


def _times(metric: Metric | None) -> tuple[Ripening, Lookback]:
    return (AT_ONCE, NOTHING_BEFORE) if metric is None else (ripening(metric), lookback(metric))


def _end(resources: Answering, metric: Metric | None) -> End | None:
    """Until when a metric's sources go on: what takes several things ends with the first of them."""
    streams = resources.streams.of(resources.store)
    if metric is None or len(streams) <= 1:
        return None
    if metric.parts:
        parts = [end for part in metric.parts if (end := _end(resources, part)) is not None]
        return earliest(parts) if parts else None
    selections = (metric.selection,) if metric.of is None else (metric.selection, metric.of)
    return earliest(_end_of_several(resources, brought(streams, metric, each)) for each in selections)


def _end_of_several(resources: Answering, found: tuple[Stream, ...]) -> End:
    """The end of what several streams bring alike; of all streams that of the store."""
    everything = end_of_all(resources) if len(found) == len(resources.streams.of(resources.store)) else None
    return everything or latest(end_of(resources, stream) for stream in found)


def brought(streams: tuple[Stream, ...], metric: Metric, selection: Selection) -> tuple[Stream, ...]:
    """The streams that bring what is selected; all where none ever has."""
    of_persons = metric.is_a.people and metric.unit in _PERSONS
    wanted, sources = set(selection.events), _sources(selection)
    found = []
    for stream in streams:
        names = stream.of_persons if of_persons else stream.events
        if names and (not wanted or names & wanted) and (sources is None or stream.source in sources):
            found.append(stream)
    return tuple(found) or streams


def _sources(selection: Selection) -> set[str] | None:
    """The sources that a filter names; None where it names none."""
    for each in selection.where:
        if each.field == _SOURCE and each.op in (Op.EQ, Op.IN):
            return {value.text for value in each.values}
    return None
