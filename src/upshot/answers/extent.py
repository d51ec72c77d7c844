"""From when until when there are data, and what of a period they leave open."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from upshot.answers.answering import Answering
from upshot.core.time import DayRange
from upshot.metrics.definition import Metric
from upshot.metrics.ripening import AT_ONCE, Ripening, lookback_days, ripening

__all__ = ["IN_PART", "NO_DATA", "Extent", "day_is_whole", "extent_of"]

NO_DATA = frozenset({"not begun", "before the first event", "after the last event"})
"""Notes of periods about which the data say nothing, so that a missing row there is no zero."""

IN_PART = "asked for in part"
"""Note of a period that reaches beyond the days asked about."""

_DAY = timedelta(days=1)
_COMPARED_DAYS = 28
_FEWEST_DAYS = 3
_EARLY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Extent:
    """Local days from which and until which there are data, and the day that it is.

    Attributes:
        first: The day of the first event; None without events.
        last: The day of the last event.
        today: The local day now; it is not over.
        ripening: How long units are given to do what is counted.
        lookback_days: How many days before a period count in it.
        last_is_whole: Whether the data cover the whole of ``last``.
    """

    first: date | None
    last: date | None
    today: date
    ripening: Ripening = AT_ONCE
    lookback_days: int = 0
    last_is_whole: bool = True

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
        if end > self.today:
            return "not over"
        if start > self.last:
            return "after the last event"
        if start - timedelta(days=self.lookback_days) < self.first:
            return "the data begin inside"
        if self.known is None or end - _DAY > self.known:
            return "the data end inside"
        if self.ripening.end(end - _DAY) > self.known:
            return "units still have time to convert" if self.ripening.days else "units can still come back"
        if start < window.start or end > window.end:
            return IN_PART
        return ""

    def ripe_part(self, window: DayRange) -> DayRange:
        """The days of ``window`` whose units have had their time; all of them where none has, or none needs time."""
        ripe = self.ripe
        if self.ripening.at_once or ripe is None or not window.start <= ripe < window.last:
            return window
        return DayRange.of(window.start, ripe)


def extent_of(resources: Answering, metric: Metric | None = None) -> Extent:
    """From when until when there are data, for periods of ``metric``."""
    info, today = resources.held(), resources.today()
    first, last = info.first_event_at, info.last_event_at
    last_day = None if last is None else resources.local_day(last)
    return Extent(
        first=None if first is None else resources.local_day(first),
        last=last_day,
        today=today,
        ripening=AT_ONCE if metric is None else ripening(metric),
        lookback_days=0 if metric is None else lookback_days(metric),
        last_is_whole=last_day is None or last_day >= today or _last_is_whole(resources, last_day),
    )


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


def _last_is_whole(resources: Answering, last: date) -> bool:
    revision = resources.store.revision
    found = resources.last_whole.get(revision)
    if found is None:
        found = _asked_last_is_whole(resources, last)
        resources.last_whole.put(revision, found)
    return found


def _asked_last_is_whole(resources: Answering, last: date) -> bool:
    import ibis

    dialect = resources.store.dialect()
    facts = dialect.unit_days("person")
    rows = dialect.events().select("day", at="occurred_at") if facts is None else facts.select("day", at="last_at")
    rows = rows.filter(rows.day >= ibis.date(last - timedelta(days=_COMPARED_DAYS)))
    ends = {}
    for day, at in resources.store.run(rows.group_by("day").agg(at=rows["at"].max())).rows:
        if isinstance(day, date) and isinstance(at, datetime):
            begun = DayRange.of(day, day).instants(resources.zone)[0]
            ends[day] = at.replace(tzinfo=None) - begun
    return last not in ends or day_is_whole(ends.pop(last), list(ends.values()))
