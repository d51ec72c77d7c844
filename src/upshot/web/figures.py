"""A metric's numbers as pages show them: words, change against before, points of a chart."""

from typing import Literal

import msgspec

from upshot.workspace.messages import MetricView, Point
from upshot.workspace.pictures import Words, chart_points

__all__ = ["Change", "Words", "change", "chart_points"]

Tone = Literal["good", "bad", "plain"]
_NO_CHANGE = 0.0005


class Change(msgspec.Struct, frozen=True):
    """Change against before: its words (``2.6%``, or points for shares), where it points and whether that is good."""

    text: str
    arrow: Literal["▲", "▼", "="]
    tone: Tone
    before: str


def change(metric: MetricView, now: Point | None, before: Point | None, words: Words) -> Change | None:
    """The relative change; null where one of the values is missing or the earlier one is nothing to compare with."""
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
