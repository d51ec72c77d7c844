"""A series as a picture for documents, and the names of its files."""

from upshot.charts import Option, captioned
from upshot.core.time import Grain
from upshot.web.marks import NO_MARKS, Marks
from upshot.web.metric.view import SeriesChart
from upshot.web.window import View

__all__ = ["download_headers", "picture"]


def picture(chart: SeriesChart, view: View, marks: Marks = NO_MARKS) -> Option:
    """The chart with its title, window, filters, legend and the meaning of its numbers inside."""
    parts = [
        f"by {chart.series.grain}, {view.words}",
        *view.where,
        *(f"{mark.number} {mark.label}" for mark in marks.all),
    ]
    return captioned(chart.option, chart.series.metric.title, "  ·  ".join(parts))


def download_headers(name: str, view: View, ending: str, grain: Grain | None) -> dict[str, str]:
    """Headers that make a browser keep the answer as a file with a telling name.

    ``grain`` is the step of what the file holds; None where it holds no periods, or some of several steps.
    """
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in name)
    step = f"_by_{grain}" if grain else ""
    file_name = f"{plain}_{view.first}_{view.last}{step}.{ending}"
    return {"Content-Disposition": f'attachment; filename="{file_name}"', "Cache-Control": "no-store"}
