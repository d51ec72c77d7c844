"""What every chart is made of: points, the axis they are read on, and the option that is the chart.

An option is plain JSON for Apache ECharts 6. Colours are names of tokens (``$accent``) and number formats are mappings
(``{"number": "money", "sign": "£"}``); whoever draws puts colours and functions in their place
(``frontend/src/charts/hydrate.ts``).
"""

from datetime import date
from typing import Literal, TypeAlias

import msgspec

__all__ = ["FONT", "Axis", "ChartPoint", "Json", "Option", "captioned", "value_axis"]

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Option: TypeAlias = dict[str, Json]

FONT = "Inter Variable, Inter, system-ui, sans-serif"
_CAPTION_HEIGHT = 62


class Axis(msgspec.Struct, frozen=True):
    """How numbers on the value axis are written: percent values are shares, durations seconds.

    ``sign`` stands before money.
    """

    kind: Literal["count", "money", "percent", "duration", "number"] = "number"
    sign: str = ""


class ChartPoint(msgspec.Struct, frozen=True):
    """One value at one period, with the words for it.

    ``value`` is null where there is none: the line breaks there. ``complete`` is false for a period that the data do
    not cover whole: it is drawn dashed. ``title`` names the period in full, ``note`` says what is odd about it.
    """

    period: date
    value: float | None
    text: str
    title: str
    complete: bool = True
    note: str = ""


def value_axis(axis: Axis) -> Option:
    """The value axis: quiet lines, few labels, zero included."""
    return {
        "type": "value",
        "splitNumber": 4,
        "axisLabel": {
            "color": "$muted",
            "fontSize": 11,
            "formatter": {"number": axis.kind, "sign": axis.sign},
        },
        "splitLine": {"lineStyle": {"color": "$border"}},
        "minInterval": 1 if axis.kind == "count" else 0,
    }


def captioned(option: Option, title: str, subtitle: str = "") -> Option:
    """The same chart with its title and legend inside, for where no page stands around it."""
    grid = option.get("grid")
    series = option.get("series")
    names = [s["name"] for s in series if isinstance(s, dict) and s.get("name")] if isinstance(series, list) else []
    named: list[Json] = list(dict.fromkeys(str(name) for name in names))
    return {
        **option,
        "grid": {
            **(grid if isinstance(grid, dict) else {}),
            "left": 16,
            "right": 20,
            "bottom": 14,
            "top": _CAPTION_HEIGHT + (22 if len(named) > 1 else 0),
        },
        "title": {
            "text": title,
            "subtext": subtitle,
            "left": 12,
            "top": 8,
            "itemGap": 4,
            "textStyle": {"color": "$text", "fontSize": 15, "fontWeight": 600, "fontFamily": FONT},
            "subtextStyle": {"color": "$muted", "fontSize": 12, "fontFamily": FONT},
        },
        "legend": {
            "show": len(named) > 1,
            "data": named,
            "left": 8,
            "top": _CAPTION_HEIGHT - 8,
            "itemWidth": 18,
            "itemHeight": 2,
            "textStyle": {"color": "$muted", "fontFamily": FONT},
        },
    }
