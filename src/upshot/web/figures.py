"""A metric's numbers as pages show them: words, change against before, points of a chart."""

from collections.abc import Sequence
from datetime import date
from typing import Literal

import msgspec

from upshot.answers.left_out import told
from upshot.answers.pictures import COMPARED, Words, chart_points, open_note
from upshot.api.metrics import Compared, MetricSeries, MetricView, Point
from upshot.charts import period_label, range_label
from upshot.core.time import Grain
from upshot.core.units import one_or_many

__all__ = ["Change", "Words", "change", "change_of", "chart_points", "dotted_notes", "headline_days", "headline_note"]

Tone = Literal["good", "bad", "plain"]
_NO_CHANGE = 0.0005
_NAMED = 3


class Change(msgspec.Struct, frozen=True):
    """Change against before: its words (``2.6%``, or points for shares), where it points and whether that is good."""

    text: str
    arrow: Literal["▲", "▼", "="]
    tone: Tone
    before: str


def change(metric: MetricView, now: Point | None, before: Point | None, words: Words) -> Change | None:
    """The relative change; null where one of the values is missing or not complete, or the earlier one is nothing."""
    if now is None or before is None or now.value is None or before.value is None or before.value == 0:
        return None
    if not (now.complete and before.complete):
        return None
    return _said(metric, (now.value - before.value) / abs(before.value), words.write(before.value))


def _said(metric: MetricView, share: float, before: str) -> Change:
    if abs(share) < _NO_CHANGE:
        return Change("0.0%", "=", "plain", before)
    text = f"{abs(share):.1%}" if abs(share) < 10 else f"{abs(share):,.0%}"
    rises = share > 0
    good: Tone = "good" if rises == (metric.direction == "up") else "bad"
    tone: Tone = "plain" if metric.direction == "none" else good
    return Change(text, "▲" if rises else "▼", tone, before)


def change_of(metric: MetricView, against: Compared | None, words: Words) -> Change | None:
    """A headline's change; null where there is nothing to compare with."""
    if against is None or against.change is None:
        return None
    return _said(metric, against.change, words.write(against.value))


def headline_days(series: MetricSeries, first: date, last: date) -> str:
    """Which days a headline stands for, in words; empty where they are those that were asked about."""
    found = series.headline
    if found.note:
        return found.note
    return "" if (found.first, found.last) == (first, last) else range_label(found.first, found.last)


def headline_note(series: MetricSeries, first: date, last: date, *more: str) -> str:
    """All that is said below a headline: its days, ``more``, and how many values it leaves out; empty for nothing."""
    return "; ".join(filter(None, (headline_days(series, first, last), *more, told(series.left_out))))


def dotted_notes(series: MetricSeries, compare: str) -> tuple[str, ...]:
    """Which periods a chart draws dotted, of the series and of what stands beside it, each in a sentence."""
    told = []
    now = sorted({p.period for p in series.points if not p.complete})
    if now:
        told.append(f"{_periods(now, series.grain)} not covered whole by the data, and drawn dotted.")
    before = [p for p in series.previous if p.value is not None and not p.complete]
    if before:
        why = ", ".join(dict.fromkeys(map(open_note, before)))
        periods = sorted({p.period for p in before})
        told.append(f"{COMPARED[compare]}: {_periods(periods, series.grain)} not whole ({why}), and drawn dotted.")
    return tuple(told)


def _periods(days: Sequence[date], grain: Grain) -> str:
    """The first of these periods and how many more, up to the predicate."""
    named = ", ".join(period_label(day, grain, short=True) for day in days[:_NAMED])
    more = f" and {len(days) - _NAMED} more" if len(days) > _NAMED else ""
    return f"{named}{more} {one_or_many(len(days), 'is', 'are')}"
