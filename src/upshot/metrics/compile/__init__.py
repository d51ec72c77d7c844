"""From a definition and a question to one Ibis expression. Ibis is loaded when the first is compiled."""

from typing import TYPE_CHECKING

from upshot.core.time import DayRange
from upshot.metrics.compile.query import Compiled, RetentionQuery, Route, SeriesQuery
from upshot.metrics.definition import Metric

if TYPE_CHECKING:
    from upshot.metrics.dialect import Dialect

__all__ = [
    "Compiled",
    "RetentionQuery",
    "Route",
    "SeriesQuery",
    "compile_per_unit",
    "compile_retention",
    "compile_series",
]


def compile_series(metric: Metric, query: SeriesQuery, dialect: "Dialect") -> Compiled:
    """The metric over time: one row for each period and group that has events, by period and group.

    Columns: ``period`` (date), ``group_0``… (string), ``value``, ``numerator``, ``denominator`` (double).

    Raises:
        InvalidInput: The question does not fit the metric, for example a breakdown by a unit type that is unknown.
    """
    from upshot.metrics.compile.series import series

    return series(metric, query, dialect)


def compile_per_unit(metric: Metric, days: DayRange, dialect: "Dialect", *, unknown: bool = False) -> Compiled:
    """The metric of each unit over ``days``: one row for each unit that has matching events.

    Columns: ``unit_key``, ``value``, ``numerator``, ``denominator`` (double). Where the metric is additive, the sum of
    ``value`` with ``unknown`` equals the series' total.

    Args:
        metric: What is measured.
        days: Local days, half-open.
        dialect: The store's tables.
        unknown: Whether events without a unit make a row, whose key is null.
    """
    from upshot.metrics.compile.unit import per_unit

    return per_unit(metric, days, dialect, unknown=unknown)


def compile_retention(metric: Metric, query: RetentionQuery, dialect: "Dialect") -> Compiled:
    """A cohort grid: one row for each cohort, offset and group, by cohort, offset and group.

    Columns: ``cohort`` (date), ``offset`` and ``offset_last`` (integers: equal but for brackets), ``group_0``…,
    ``units`` (who came back), ``size`` (who joined the cohort).
    """
    from upshot.metrics.compile.retention import retention

    return retention(metric, query, dialect)
