"""``upshot metric lifecycle``."""

import sys
from pathlib import Path

from upshot.api.lifecycle import METRIC_LIFECYCLE, Lifecycle, LifecycleQuery
from upshot.cli.common import Common, open_workspace
from upshot.cli.metrics.query import By, First, Last, check, draw, window_in
from upshot.cli.metrics.series import period_name
from upshot.cli.output import Column, json_or, line, table
from upshot.core.time import Grain
from upshot.core.units import format_value

__all__ = ["lifecycle"]

_MARK = "*"
_COUNTS = ("new", "returning", "resurrected", "active", "dormant")


def lifecycle(
    name: str,
    /,
    *,
    first: First = None,
    last: Last = None,
    by: By = "week",
    where: tuple[str, ...] = (),
    csv: bool = False,
    chart: Path | None = None,
    common: Common | None = None,
) -> None:
    """Show who is new, who came back and who is gone: a row for each period.

    Args:
        name: Which metric: one of lifecycle, of quick_ratio, or one that counts active units.
        first: The first day, YYYY-MM-DD. By default some periods before the last.
        last: The last day, counted. By default the day of the newest event.
        by: The length of a period, where the metric has none of its own. Default: week.
        where: Only events for which this holds; may be repeated.
        csv: Print CSV.
        chart: Draw the chart, dormant units below zero, into this file: .svg, .png or .pdf.
        common: The options of every command.
    """
    common = common or Common()
    check(chart)
    grain = Grain(by)
    with open_workspace(common) as workspace:
        window = window_in(workspace, first, last, grain)
        answer = workspace.call(METRIC_LIFECYCLE, LifecycleQuery(name, window.start, window.last, grain, where))
    if chart:
        from upshot.answers.lifecycle_files import lifecycle_picture

        draw(lifecycle_picture(answer, window.start, window.last), chart)
    if csv:
        from upshot.answers.lifecycle_files import lifecycle_csv

        sys.stdout.write(lifecycle_csv(answer))
    elif not json_or(common, answer):
        _print(answer)


def _print(answer: Lifecycle) -> None:
    rows = (
        (
            period_name(p.period, answer.grain) + ("" if p.complete else _MARK),
            *(format_value(getattr(p, name), "count", "") for name in _COUNTS),
            format_value(p.quick_ratio, "number", ""),
        )
        for p in answer.periods
    )
    columns: list[Column] = [("period", "left"), *((name, "right") for name in _COUNTS), ("quick ratio", "right")]
    table(columns, rows, title=f"{answer.metric.title} by {answer.grain}")
    reasons = sorted({p.note for p in answer.periods if p.note})
    if reasons:
        line(f"{_MARK} not complete: {', '.join(reasons)}.")
    for note in answer.notes:
        line(note)
