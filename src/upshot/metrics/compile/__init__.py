"""From a definition and a question to one Ibis expression. Ibis is loaded when the first is compiled."""

from typing import TYPE_CHECKING

from upshot.core.time import DayRange
from upshot.metrics.compile.query import (
    Compiled,
    DistributionQuery,
    RetentionQuery,
    Route,
    SeriesQuery,
    Steps,
)
from upshot.metrics.definition import Metric

if TYPE_CHECKING:
    from upshot.metrics.dialect import Dialect

__all__ = [
    "Compiled",
    "DistributionQuery",
    "RetentionQuery",
    "Route",
    "SeriesQuery",
    "Steps",
    "compile_distribution",
    "compile_histogram",
    "compile_moments",
    "compile_per_unit",
    "compile_retention",
    "compile_series",
    "compile_states",
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


def compile_states(metric: Metric, query: SeriesQuery, dialect: "Dialect") -> Compiled:
    """The metric's units by state, one row for each whole period of the question's grain and group.

    Columns: ``period`` (date), ``group_0``…, ``new``, ``returning``, ``resurrected``, ``dormant`` (integers).
    """
    from upshot.metrics.compile.lifecycle import counted_states

    return counted_states(metric, query, dialect)


def compile_moments(metric: Metric, query: SeriesQuery, dialect: "Dialect") -> Compiled | None:
    """What an interval around each point of a mean or ratio needs; None where its parts are no sums over units.

    Columns: ``period``, ``group_0``…, ``units`` (how many known ones), ``x``, ``y``, ``xx``, ``yy``, ``xy``: sums over
    units of numerator, denominator, their squares and their product.
    """
    from upshot.metrics.compile.moments import moments
    from upshot.metrics.unit_sums import has_moments

    return moments(metric, query, dialect) if has_moments(metric, query.grain) else None


def compile_distribution(metric: Metric, query: DistributionQuery, dialect: "Dialect") -> Compiled:
    """How the metric's values are spread, as one row.

    Columns: ``n``, ``mean``, ``low``, ``high``, ``whole`` (whether all values are integers), ``q01``…``q99``.

    Raises:
        InvalidInput: The metric has no values that could be spread.
    """
    from upshot.metrics.compile.distribution import summary

    return summary(metric, query, dialect)


def compile_histogram(metric: Metric, query: DistributionQuery, steps: Steps, dialect: "Dialect") -> Compiled:
    """How many values lie in each step: ``step`` (−1: below the first, ``steps.count``: above the last) and ``n``.

    Raises:
        InvalidInput: As for ``compile_distribution``.
    """
    from upshot.metrics.compile.distribution import histogram

    return histogram(metric, query, steps, dialect)
