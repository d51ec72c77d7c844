"""How values are spread: a column for each step, with upright lines at values that sum the spread up."""

from collections.abc import Sequence

import msgspec

from upshot.charts.option import FONT, Axis, Json, Option, value_axis

__all__ = ["Column", "Mark", "histogram_chart"]


class Column(msgspec.Struct, frozen=True):
    """How many values lie in one step: its words on the axis (``name``), in full (``title``), and those of the count.

    ``tail``: the step has no outer bound, and is drawn paler.
    """

    name: str
    title: str
    count: int
    text: str
    tail: bool = False


class Mark(msgspec.Struct, frozen=True):
    """A value that lies in the column at place ``at``, with its words: ``Median 12``."""

    at: int
    label: str


def histogram_chart(columns: Sequence[Column], marks: Sequence[Mark] = ()) -> Option:
    """Columns side by side in the order given; marks that share a column share their line."""
    names: list[Json] = [column.name for column in columns]
    data: list[Json] = [
        {
            "value": column.count,
            "text": column.text,
            "title": column.title,
            "itemStyle": {"opacity": 0.45 if column.tail else 1},
        }
        for column in columns
    ]
    by_place: dict[int, list[str]] = {}
    for mark in marks:
        by_place.setdefault(mark.at, []).append(mark.label)
    lines: list[Json] = [
        {"xAxis": place, "name": ", ".join(labels), "label": {"formatter": _plain(", ".join(labels))}}
        for place, labels in by_place.items()
    ]
    return {
        "textStyle": {"fontFamily": FONT},
        "grid": {"left": 4, "right": 24, "top": 34 if marks else 12, "bottom": 4, "outerBoundsMode": "same"},
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
        "xAxis": {
            "type": "category",
            "data": names,
            "axisTick": {"show": False},
            "axisLine": {"lineStyle": {"color": "$border"}},
            "axisLabel": {"color": "$muted", "fontSize": 11, "hideOverlap": True, "margin": 10},
        },
        "yAxis": value_axis(Axis("count")),
        "series": [
            {
                "type": "bar",
                "data": data,
                "color": "$accent",
                "barCategoryGap": "12%",
                "itemStyle": {"borderRadius": [2, 2, 0, 0]},
                "emphasis": {"disabled": True},
                "markLine": {
                    "symbol": "none",
                    "silent": True,
                    "animation": False,
                    "data": lines,
                    "lineStyle": {"color": "$text", "type": "dashed", "width": 1.5},
                    "label": {"position": "end", "distance": 6, "color": "$text", "fontSize": 11},
                },
            }
        ],
    }


def _plain(text: str) -> str:
    """Text in which ECharts sees no template."""
    return text.replace("{", "(").replace("}", ")")
