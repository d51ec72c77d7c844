"""``upshot metric query`` and ``upshot metric retention``."""

import sys
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from upshot.cli.common import Common, open_workspace
from upshot.cli.output import console, json_or
from upshot.core.time import DayRange, Grain, parse_day, zone

if TYPE_CHECKING:
    from upshot.api.operation import Caller
    from upshot.charts.chart import Chart

__all__ = ["By", "First", "Last", "check", "draw", "query", "retention", "window_in"]

By = Literal["day", "week", "month", "quarter", "year"]
_DEFAULT_PERIODS = {Grain.DAY: 30, Grain.WEEK: 12, Grain.MONTH: 12, Grain.QUARTER: 8, Grain.YEAR: 5}
First = Annotated[str | None, Parameter(name="--from")]
Last = Annotated[str | None, Parameter(name="--to")]


def query(
    name: str,
    /,
    *,
    first: First = None,
    last: Last = None,
    by: By = "day",
    breakdown: tuple[str, ...] = (),
    where: tuple[str, ...] = (),
    compare: Literal["none", "previous", "year"] = "none",
    limit: int = 20,
    csv: bool = False,
    sql: bool = False,
    chart: Path | None = None,
    common: Common | None = None,
) -> None:
    """Ask a metric: its values over time.

    Args:
        name: Which metric.
        first: The first day, YYYY-MM-DD. By default some periods before the last.
        last: The last day, counted. By default the day of the newest event.
        by: The length of one point. Default: day.
        breakdown: Tell the values of a property apart, such as Country or person.plan; may be repeated.
        where: Only events for which this holds, such as "Country in (France, Spain)"; may be repeated.
        compare: Also show the periods before, or those of the year before.
        limit: How many values of a breakdown to show, the largest first. Default: 20.
        csv: Print CSV.
        sql: Print only the SQL that ran.
        chart: Draw the chart that the page shows into this file: .svg, .png or .pdf.
        common: The options of every command.
    """
    from upshot.api.metrics import METRIC_QUERY, MetricQuery
    from upshot.cli.metrics.series import print_series

    common = common or Common()
    check(chart)
    grain = Grain(by)
    with open_workspace(common) as workspace:
        window = window_in(workspace, first, last, grain)
        asked = MetricQuery(name, window.start, window.last, grain, breakdown, where, compare, limit)
        answer = workspace.call(METRIC_QUERY, asked)
    if chart:
        from upshot.answers.pictures import series_picture

        draw(series_picture(answer, asked), chart)
    if sql:
        print(answer.sql)  # noqa: T201
    elif csv:
        from upshot.answers.csv_files import series_csv

        sys.stdout.write(series_csv(answer, breakdown))
    elif not json_or(common, answer):
        print_series(answer, breakdown)


def retention(
    name: str = "retention",
    /,
    *,
    first: First = None,
    last: Last = None,
    by: By = "month",
    periods: int = 12,
    where: tuple[str, ...] = (),
    counts: bool = False,
    chart: Path | None = None,
    common: Common | None = None,
) -> None:
    """Show which share of each cohort came back: a row for each cohort, a column for each later period.

    Args:
        name: Which metric: one of retention, or one that counts activity. Default: retention.
        first: The first day of the first cohort, YYYY-MM-DD.
        last: The last day, counted.
        by: The length of a period. Default: month.
        periods: How many periods after the first. Default: 12.
        where: Only events for which this holds; may be repeated.
        counts: Show units instead of shares.
        chart: Draw the grid, in shares, into this file: .svg, .png or .pdf.
        common: The options of every command.
    """
    from upshot.api.metrics import METRIC_RETENTION, RetentionQuery
    from upshot.cli.metrics.series import print_grid

    common = common or Common()
    check(chart)
    grain = Grain(by)
    with open_workspace(common) as workspace:
        window = window_in(workspace, first, last, grain)
        answer = workspace.call(
            METRIC_RETENTION, RetentionQuery(name, window.start, window.last, grain, periods, where)
        )
    if chart:
        from upshot.answers.pictures import grid_picture

        draw(grid_picture(answer, window), chart)
    if not json_or(common, answer):
        print_grid(answer, counts=counts)


def check(path: Path | None) -> None:
    """Refuse a name that no chart can have before the question is asked."""
    if path is not None:
        from upshot.charts.chart import Chart

        Chart.check_name(path)


def draw(picture: "Chart", path: Path) -> None:
    """Write the chart and say where; to the error stream, as the answer itself may be read by a program."""
    picture.save(path)
    console(error=True).print(f"Drawn: {path}", soft_wrap=True)


def window_in(workspace: "Caller", first: str | None, last: str | None, grain: Grain) -> DayRange:
    """The days that a command asks about; by default some periods of ``grain`` up to the newest event."""
    end = parse_day(last) if last else _newest_day(workspace)
    if first:
        return DayRange.asked(parse_day(first), end)
    start = grain.floor(end)
    for _ in range(_DEFAULT_PERIODS[grain] - 1):
        start = grain.floor(start - timedelta(days=1))
    return DayRange.of(start, end)


def _newest_day(workspace: "Caller") -> date:
    from datetime import datetime

    from upshot.api.state import WORKSPACE_INFO, Nothing

    info = workspace.call(WORKSPACE_INFO, Nothing())
    tz = zone(info.time_zone)
    return (info.last_event_at or datetime.now(tz)).astimezone(tz).date()
