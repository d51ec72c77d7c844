"""The one number of a metric over days that were asked about, and what it is compared with.

Days that are not over, that the data do not cover, or whose units still have time are left out. A metric with a window
of its own shows the last whole one, never one that the days asked about cut.
"""

from datetime import timedelta
from typing import Literal

from upshot.answers.asked import Answer, Asked
from upshot.answers.extent import NO_DATA, NOT_COMPARED
from upshot.answers.periods import compared, unpaired
from upshot.api.metrics import Compared, Headline
from upshot.core.time import DayRange, Grain, longer
from upshot.metrics.ripening import last_window, least_grain

__all__ = ["NO_WHOLE_WINDOW", "headline", "headline_days"]

NO_WHOLE_WINDOW = "the data hold no whole window of this metric"
"""Note of a headline over whole days of a metric that counts by longer ones."""


def headline(
    asked: Asked, window: DayRange, compare: Literal["none", "previous", "year"], *, year: bool, found: Answer
) -> Headline:
    """The number over the whole days of ``window``.

    Args:
        asked: The question.
        window: Its days.
        compare: What the number is compared with.
        year: Whether it is compared with the year before too.
        found: The answer over ``window``, whose total serves where all its days are whole.
    """
    days = headline_days(asked, window)
    if days is None:
        note = asked.extent.note(window.start, window.end, window)
        value = None if note in NO_DATA or found.total is None else found.total.value
        return Headline(value, window.start, window.last, complete=False, note=note or NO_WHOLE_WINDOW)
    reaches = asked.extent.first is not None and asked.looks_back.since(days) >= asked.extent.first
    if not reaches and asked.looks_back.compared:
        return Headline(None, days.start, days.last, complete=False, note=NOT_COMPARED)
    value = found.total.value if days == window and found.total is not None else asked.value(days)
    return Headline(
        value,
        days.start,
        days.last,
        complete=reaches,
        note="" if reaches else "the data begin inside",
        before=_compared(asked, days, value, compare) if compare != "none" and reaches else None,
        year_before=_compared(asked, days, value, "year") if year and reaches else None,
    )


def headline_days(asked: Asked, window: DayRange) -> DayRange | None:
    """The days of ``window`` for which a number can stand, or the last whole ones before; None where there is none."""
    extent, metric = asked.extent, asked.metric
    known, ripe = extent.known, extent.ripe
    if known is None or ripe is None or extent.first is None:
        return None
    if extent.note(window.start, window.end, window) in NO_DATA - {NOT_COMPARED}:
        return None
    whole = last_window(metric, min(window.last, known))
    if whole is not None:
        return whole if whole.start >= extent.first else None
    last = min(window.last, ripe)
    if last >= window.start:
        return DayRange.of(window.start, last) if last >= extent.first else None
    if extent.ripening.at_once or last < extent.first:
        return None
    first = extent.ripening.grain.floor(last - timedelta(days=window.days - 1))
    return DayRange.of(max(first, extent.first), last)


def _compared(asked: Asked, days: DayRange, value: float | None, with_: Literal["previous", "year"]) -> Compared | None:
    metric = asked.metric
    least = least_grain(metric)
    step = least if last_window(metric, days.last) is not None else longer(asked.grain, least) or Grain.DAY
    then = compared(days, step, with_)
    if asked.extent.first is None or asked.looks_back.since(then) < asked.extent.first:
        return None
    before, now = asked.value(then), value
    if metric.additive and with_ == "year" and before is not None and now is not None:
        before -= sum(asked.value(DayRange.of(day, day)) or 0.0 for day in unpaired(then, step))
        now -= sum(asked.value(DayRange.of(day, day)) or 0.0 for day in unpaired(days, step))
    change = None if now is None or not before else (now - before) / abs(before)
    return Compared(then.start, then.last, before, change)
