"""Amounts side by side, largest first as they come."""

from collections.abc import Sequence

import msgspec

from upshot.charts.option import FONT, Axis, Json, Option, value_axis

__all__ = ["Bar", "bar_chart"]


class Bar(msgspec.Struct, frozen=True):
    """One amount and its words; no bar is drawn where ``value`` is null."""

    name: str
    value: float | None
    text: str


def bar_chart(bars: Sequence[Bar], axis: Axis, name: str = "") -> Option:
    """Horizontal bars in the order given, each with its value beside it."""
    names: list[Json] = [bar.name for bar in bars]
    data: list[Json] = [
        {
            "value": bar.value,
            "text": bar.text,
            "title": bar.name,
            "label": {"show": True, "formatter": _plain(bar.text), "position": "right", "color": "$text"},
        }
        for bar in bars
    ]
    return {
        "textStyle": {"fontFamily": FONT},
        "grid": {"left": 4, "right": 64, "top": 8, "bottom": 4, "outerBoundsMode": "same"},
        "tooltip": {"trigger": "item"},
        "xAxis": {**value_axis(axis), "axisLabel": {"show": False}, "splitLine": {"show": False}},
        "yAxis": {
            "type": "category",
            "inverse": True,
            "data": names,
            "axisTick": {"show": False},
            "axisLine": {"show": False},
            "axisLabel": {"color": "$muted", "fontSize": 12, "width": 160, "overflow": "truncate"},
        },
        "series": [
            {
                "type": "bar",
                "name": name,
                "data": data,
                "color": "$accent",
                "barMaxWidth": 16,
                "itemStyle": {"borderRadius": 3},
                "showBackground": True,
                "backgroundStyle": {"color": "$sunken", "borderRadius": 3},
                "emphasis": {"disabled": True},
            }
        ],
    }


def _plain(text: str) -> str:
    """Text in which ECharts sees no template."""
    return text.replace("{", "(").replace("}", ")")
