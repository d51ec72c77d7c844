"""A series as a file: CSV for programs, SVG and PNG for documents."""

import csv
import io

from upshot.answers.periods import NO_PARTNER
from upshot.api.metrics import MetricSeries
from upshot.charts import Option, captioned
from upshot.web.marks import NO_MARKS, Marks
from upshot.web.metric.view import SeriesChart
from upshot.web.window import View

__all__ = ["download_headers", "picture", "safe_cell", "series_csv"]

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def series_csv(series: MetricSeries, breakdown: str) -> str:
    """One line for each period and group, with what it was compared with.

    Values are plain numbers; a value that is missing is empty.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    groups = [breakdown] if breakdown else []
    compared = ["previous_period", "previous_value"] if series.previous else []
    bounds = ["low", "high"] if series.interval else []
    parts = ["numerator", "denominator"]
    writer.writerow(["period", *groups, series.metric.name, *bounds, "complete", *parts, *compared, "note"])
    for at, point in enumerate(series.points):
        before = series.previous[at] if at < len(series.previous) else None
        then = [before.period, before.value] if before and before.note != NO_PARTNER else ["", ""]
        writer.writerow(
            [
                point.period,
                *(["" if v is None else safe_cell(v) for v in point.group] if groups else []),
                point.value,
                *([point.low, point.high] if bounds else []),
                str(point.complete).lower(),
                point.numerator,
                point.denominator,
                *(then if compared else []),
                point.note,
            ]
        )
    return text.getvalue()


def safe_cell(text: str) -> str:
    """Text from events as a spreadsheet may open it: what would be taken for a formula gets an apostrophe before it.

    >>> safe_cell("=1+1"), safe_cell("France")
    ("'=1+1", 'France')
    """
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def picture(chart: SeriesChart, view: View, marks: Marks = NO_MARKS) -> Option:
    """The chart with its title, window, filters, legend and the meaning of its numbers inside."""
    parts = [f"by {view.grain}, {view.words}", *view.where, *(f"{mark.number} {mark.label}" for mark in marks.all)]
    return captioned(chart.option, chart.series.metric.title, "  ·  ".join(parts))


def download_headers(name: str, view: View, ending: str) -> dict[str, str]:
    """Headers that make a browser keep the answer as a file with a telling name."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in name)
    file_name = f"{plain}_{view.first}_{view.last}_by_{view.grain}.{ending}"
    return {"Content-Disposition": f'attachment; filename="{file_name}"', "Cache-Control": "no-store"}
