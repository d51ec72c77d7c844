"""A cohort grid: rows of cohorts, columns of periods since, the share that came back as colour and number."""

from collections.abc import Sequence

import msgspec

from upshot.charts.option import FONT, Json, Option
from upshot.charts.words import offset_label

__all__ = ["GridCell", "retention_chart"]

_DARK_FROM = 0.85
"""Above this share the colour is so strong that the number on it is written in the light colour."""


class GridCell(msgspec.Struct, frozen=True):
    """One cell: which cohort (its words), how many periods later, the share in [0, 1] or null, and its words.

    ``offset_last`` is the last period of a bracket, otherwise ``offset``; ``note`` says why it is not complete.
    """

    cohort: str
    offset: int
    offset_last: int
    share: float | None
    text: str
    complete: bool = True
    note: str = ""


def retention_chart(cells: Sequence[GridCell], offset_name: str) -> Option:
    """A heat map with a row for each cohort in the order of ``cells``.

    ``offset_name`` is the word before a column's number: ``Month``.
    """
    cohorts = list(dict.fromkeys(cell.cohort for cell in cells))
    brackets = {cell.offset: cell.offset_last for cell in cells}
    offsets = sorted(brackets)
    columns: list[Json] = [f"{offset_name} {offset_label(offset, brackets[offset])}" for offset in offsets]
    rows: list[Json] = list(cohorts)
    data: list[Json] = [
        _cell(cell, offsets.index(cell.offset), cohorts.index(cell.cohort)) for cell in cells if cell.share is not None
    ]
    quiet: Option = {"axisTick": {"show": False}, "axisLine": {"show": False}, "splitLine": {"show": False}}
    return {
        "textStyle": {"fontFamily": FONT},
        "grid": {"left": 4, "right": 4, "top": 12, "bottom": 4, "outerBoundsMode": "same"},
        "tooltip": {"trigger": "item"},
        "xAxis": {
            **quiet,
            "type": "category",
            "position": "top",
            "data": columns,
            "axisLabel": {"color": "$muted", "fontSize": 11},
        },
        "yAxis": {
            **quiet,
            "type": "category",
            "inverse": True,
            "data": rows,
            "axisLabel": {"color": "$muted", "fontSize": 11},
        },
        "visualMap": {"show": False, "min": 0, "max": 1, "inRange": {"color": ["$accent-soft", "$accent"]}},
        "series": [
            {
                "type": "heatmap",
                "data": data,
                "itemStyle": {"borderColor": "$surface", "borderWidth": 2, "borderRadius": 4},
                "emphasis": {"disabled": True},
            }
        ],
    }


def _cell(cell: GridCell, column: int, row: int) -> Json:
    strong = cell.share is not None and cell.share >= _DARK_FROM
    text = cell.text if cell.complete else f"{cell.text} …"
    return {
        "value": [column, row, cell.share],
        "text": cell.text,
        "title": cell.cohort,
        "note": "" if cell.complete else cell.note or "incomplete",
        "label": {"show": True, "fontSize": 11, "formatter": text, "color": "$on-accent" if strong else "$text"},
    }
