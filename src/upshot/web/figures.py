"""A metric's numbers as pages show them: words, change against before, points of a chart."""

from typing import Literal, cast

import msgspec

from upshot.charts import Axis, ChartPoint, period_label
from upshot.core.money import currency
from upshot.core.time import Grain
from upshot.core.units import format_value
from upshot.workspace.messages import MetricSeries, MetricView, Point

__all__ = ["Change", "Words", "change", "chart_points"]

Tone = Literal["good", "bad", "plain"]
_FORMATS = ("count", "money", "percent", "duration", "number")
_NO_CHANGE = 0.0005
_ROUND_FROM = 100
_WITHOUT_CENTS_FROM = 100_000


class Words(msgspec.Struct, frozen=True):
    """How values of one metric are written."""

    form: str
    currency: str

    @classmethod
    def of(cls, series: MetricSeries) -> "Words":
        """Those of the series' metric."""
        return cls(series.metric.format, series.currency)

    @property
    def axis(self) -> Axis:
        """The same for a chart's axis."""
        # membership is checked, which the type checker cannot follow
        kind = cast("Literal['count', 'money', 'percent', 'duration', 'number']", self.form)
        return Axis(kind if self.form in _FORMATS else "number", currency(self.currency).sign)

    def write(self, value: float | None) -> str:
        """One value; a dash for none. A mean of counts has one digit after the point at most."""
        if value is not None and self.form == "count" and value != int(value):
            return f"{value:,.0f}" if abs(value) >= _ROUND_FROM else f"{value:,.1f}"
        return format_value(value, self.form, self.currency)

    def brief(self, value: float | None) -> str:
        """One value where there is little room: large amounts of money without their cents."""
        if value is not None and self.form == "money" and abs(value) >= _WITHOUT_CENTS_FROM:
            return f"{'-' if value < 0 else ''}{self.axis.sign}{abs(value):,.0f}"
        return self.write(value)


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


def chart_points(points: tuple[Point, ...], grain: Grain, words: Words) -> tuple[ChartPoint, ...]:
    """Points of a series as a chart takes them."""
    return tuple(
        ChartPoint(
            period=point.period,
            value=point.value,
            text=words.write(point.value),
            title=period_label(point.period, grain),
            complete=point.complete,
            note=point.note,
        )
        for point in points
    )
