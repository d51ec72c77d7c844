"""A metric's numbers as pages show them: words, change against before, points of a chart."""

from typing import Literal

import msgspec

from upshot.answers.pictures import Words, chart_points
from upshot.api.metrics import MetricSeries, MetricView, Point
from upshot.charts import period_label
from upshot.core.time import Grain

__all__ = ["Change", "Words", "change", "chart_points", "headline"]

Tone = Literal["good", "bad", "plain"]
_NO_CHANGE = 0.0005


class Change(msgspec.Struct, frozen=True):
    """Change against before: its words (``2.6%``, or points for shares), where it points and whether that is good."""

    text: str
    arrow: Literal["▲", "▼", "="]
    tone: Tone
    before: str


def change(metric: MetricView, now: Point | None, before: Point | None, words: Words) -> Change | None:
    """The relative change; null where one of the values is missing or the earlier one is nothing to compare with.

    Of a conversion that is not over it is null too: people of its last days can still convert, so that it would fall
    every day.
    """
    if now is not None and metric.shape == "conversion" and not now.complete:
        return None
    if now is None or before is None or now.value is None or before.value is None or before.value == 0:
        return None
    share = (now.value - before.value) / abs(before.value)
    if abs(share) < _NO_CHANGE:
        return Change("0.0%", "=", "plain", words.write(before.value))
    text = f"{abs(share):.1%}" if abs(share) < 10 else f"{abs(share):,.0%}"
    rises = share > 0
    good: Tone = "good" if rises == (metric.direction == "up") else "bad"
    tone: Tone = "plain" if metric.direction == "none" else good
    return Change(text, "▲" if rises else "▼", tone, words.write(before.value))


def headline(series: MetricSeries, grain: Grain) -> tuple[Point | None, Point | None, str]:
    """The total over the window and before it; the last complete period where a total has no meaning."""
    if series.total is not None and series.total.value is not None:
        return series.total, series.previous_total, ""
    places = [at for at, p in enumerate(series.points) if p.complete and p.value is not None]
    if not places:
        return None, None, series.total.note if series.total else "No value in this window."
    last = places[-1]
    before = series.previous[last] if last < len(series.previous) else None
    return series.points[last], before, period_label(series.points[last].period, grain)
