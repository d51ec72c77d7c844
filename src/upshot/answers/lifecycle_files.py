"""A lifecycle as CSV and as a chart: pages and commands give the same one."""

from datetime import date

from upshot.api.lifecycle import Lifecycle, LifecyclePeriod
from upshot.charts import Axis, ChartPoint, Option, Stack, captioned, period_label, range_label, stacked_chart
from upshot.charts.chart import Chart
from upshot.core.csv_text import csv_text
from upshot.core.time import Grain
from upshot.core.units import format_value
from upshot.metrics.definition import State

__all__ = ["NAMES", "lifecycle_csv", "lifecycle_option", "lifecycle_picture"]

NAMES = {
    State.RETURNING: "Returning",
    State.NEW: "New",
    State.RESURRECTED: "Resurrected",
    State.DORMANT: "Dormant",
}
"""What states are called, in the order in which they are stacked."""

_COLUMNS = ("new", "returning", "resurrected", "dormant", "active", "quick_ratio")


def lifecycle_csv(found: Lifecycle) -> str:
    """One line for each period."""
    head = ("period", "grain", *_COLUMNS, "complete", "note")
    rows = (
        (p.period, found.grain, *(getattr(p, name) for name in _COLUMNS), p.complete, p.note) for p in found.periods
    )
    return csv_text(head, rows)


def lifecycle_option(found: Lifecycle) -> Option:
    """Active units stacked by state, and dormant ones below zero."""
    stacks = [Stack(name, tuple(_point(p, state, found.grain) for p in found.periods)) for state, name in NAMES.items()]
    return stacked_chart(stacks, found.grain, Axis("count"))


def lifecycle_picture(found: Lifecycle, first: date, last: date) -> Chart:
    """The chart with its title and days inside."""
    words = f"by {found.grain}, {range_label(first, last)}"
    return Chart(captioned(lifecycle_option(found), found.metric.title, words), title=f"{found.metric.title} {words}")


def _point(period: LifecyclePeriod, state: State, grain: Grain) -> ChartPoint:
    count: int | None = getattr(period, state)
    below = count is not None and state is State.DORMANT
    return ChartPoint(
        period=period.period,
        value=None if count is None else float(-count if below else count),
        text=format_value(count, "count", ""),
        title=period_label(period.period, grain),
        complete=period.complete,
        note=period.note,
    )
