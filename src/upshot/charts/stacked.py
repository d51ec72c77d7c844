"""Amounts of several kinds by period, one on the other; those below zero hang from it."""

from collections.abc import Sequence

import msgspec

from upshot.charts.option import FONT, Axis, ChartPoint, Json, Option, value_axis
from upshot.charts.theme import SERIES
from upshot.charts.words import period_label
from upshot.core.time import Grain

__all__ = ["Stack", "stacked_chart"]

_OPEN = 0.45
"""How strongly a period that is not complete is drawn."""


class Stack(msgspec.Struct, frozen=True):
    """One kind of amounts: a value for each period, negative where it hangs below zero; null draws none."""

    name: str
    points: tuple[ChartPoint, ...]


def stacked_chart(stacks: Sequence[Stack], grain: Grain, axis: Axis) -> Option:
    """Columns over periods of ``grain``, in the order given from zero on; the first stack gives the periods."""
    labels: list[Json] = [period_label(p.period, grain, short=True) for p in (stacks[0].points if stacks else ())]
    drawn: list[Json] = [
        {
            "type": "bar",
            "stack": "all",
            "name": stack.name,
            "data": [_item(point) for point in stack.points],
            "color": f"$series-{number % SERIES + 1}",
            "barCategoryGap": "20%",
            "barMaxWidth": 42,
            "emphasis": {"disabled": True},
        }
        for number, stack in enumerate(stacks)
    ]
    return {
        "textStyle": {"fontFamily": FONT},
        "grid": {"left": 4, "right": 12, "top": 12, "bottom": 4, "outerBoundsMode": "same"},
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
        "xAxis": {
            "type": "category",
            "data": labels,
            "axisTick": {"show": False},
            "axisLine": {"onZero": True, "lineStyle": {"color": "$muted"}},
            "axisLabel": {"color": "$muted", "fontSize": 11, "hideOverlap": True, "margin": 10},
        },
        "yAxis": value_axis(axis),
        "series": drawn,
    }


def _item(point: ChartPoint) -> Json:
    if point.value is None:
        return {"value": None, "title": point.title}
    note = point.note or ("" if point.complete else "incomplete")
    opacity = 1 if point.complete else _OPEN
    return {
        "value": point.value,
        "text": point.text,
        "title": point.title,
        "note": note,
        "itemStyle": {"opacity": opacity},
    }
