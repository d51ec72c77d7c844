"""What a sampling interval needs: sums, squares and products over units of a fraction's two parts, by period and group.

A mean of events is a ratio of two totals of each unit (value and events), so that units, and not their events, are what
is independent. Source: Deng, Knoblich and Lu, "Applying the delta method in metric analytics", KDD (2018), section 3.
"""

import ibis
from ibis.expr.types import Table

from upshot.core.time import longer
from upshot.metrics.compile.formula import Counted, counted_together, formula_columns
from upshot.metrics.compile.query import Compiled, Route, SeriesQuery
from upshot.metrics.compile.source import group_names, open_source
from upshot.metrics.compile.windows import period_of
from upshot.metrics.definition import Metric
from upshot.metrics.dialect import Dialect
from upshot.metrics.kinds import MetricType
from upshot.metrics.plan import Plan
from upshot.metrics.ripening import least_grain

__all__ = ["moments"]


def moments(metric: Metric, query: SeriesQuery, dialect: Dialect) -> Compiled:
    """See ``compile_moments``."""
    grain = longer(query.grain, least_grain(metric))
    query = SeriesQuery(query.days, grain, query.breakdown, query.where)
    groups = group_names(query.breakdown)
    keys = ["period", "unit_key", *groups]
    if metric.type is MetricType.MEAN:
        plan, units = _mean(metric, query, dialect, keys)
    elif metric.formula is not None:
        plan, units = _formula(metric, query, dialect, keys)
    else:
        plan, units = _ratio(metric, query, dialect, keys)
    x, y = units.numerator, units.denominator
    expr = units.group_by(["period", *groups]).agg(
        units=units.count(), x=x.sum(), y=y.sum(), xx=(x * x).sum(), yy=(y * y).sum(), xy=(x * y).sum()
    )
    expr = expr.order_by("period", *groups)
    return Compiled(expr, plan.route, plan.reason, tuple(expr.columns), additive=False, absent=None, grain=grain)


def _mean(metric: Metric, query: SeriesQuery, dialect: Dialect, keys: list[str]) -> tuple[Plan, Table]:
    source = open_source(
        dialect,
        metric.selection.narrowed(query.where),
        of_type=metric.type,
        days=query.days,
        unit_type=metric.unit,
        value=metric.value,
        breakdown=query.breakdown,
    )
    rows = _in_periods(source.rows, query)
    sums = rows.group_by(keys).agg(numerator=source.total(rows), denominator=source.known(rows).cast("float64"))
    return source.plan, sums.filter(sums.denominator > 0)


def _ratio(metric: Metric, query: SeriesQuery, dialect: Dialect, keys: list[str]) -> tuple[Plan, Table]:
    assert metric.numerator is not None and metric.denominator is not None, "has_moments looked"  # noqa: S101, PT018
    (upper_plan, upper), (lower_plan, lower) = (
        _part(part, query, dialect, keys) for part in (metric.numerator, metric.denominator)
    )
    zero = ibis.literal(0.0, "float64")
    a = upper.select(*keys, numerator=upper["value"], denominator=zero)
    b = lower.select(*keys, numerator=zero, denominator=lower["value"])
    both = a.union(b)
    sums = both.group_by(keys).agg(numerator=both.numerator.sum(), denominator=both.denominator.sum())
    route = max(upper_plan.route, lower_plan.route, key=list(Route).index)
    return Plan(route, f"Numerator: {upper_plan.reason} Denominator: {lower_plan.reason}"), sums


def _formula(metric: Metric, query: SeriesQuery, dialect: Dialect, keys: list[str]) -> tuple[Plan, Table]:
    parts = {}
    for key, leaf in metric.arithmetic.leaves.items():
        plan, rows = _part(leaf, query, dialect, keys)
        parts[key] = (leaf, Counted(rows, plan.route, plan.reason))
    plan, rows = counted_together(parts, keys)
    return plan, rows.select(*keys, **formula_columns(metric, rows))


def _part(part: Metric, query: SeriesQuery, dialect: Dialect, keys: list[str]) -> tuple[Plan, Table]:
    source = open_source(
        dialect,
        part.selection.narrowed(query.where),
        of_type=part.type,
        days=query.days,
        unit_type=part.unit,
        value=part.value,
        breakdown=query.breakdown,
    )
    rows = _in_periods(source.rows, query)
    match part.type:
        case MetricType.COUNT:
            value = source.count(rows).cast("float64")
        case MetricType.SUM:
            value = source.total(rows)
        case _:
            value = ibis.literal(1.0, "float64")
    units = rows.group_by(keys).agg(known=rows.count(), value=value)
    return source.plan, units.select(*keys, value=units["value"].fill_null(0.0))


def _in_periods(rows: Table, query: SeriesQuery) -> Table:
    rows = rows.filter(rows.unit_key.notnull())
    return rows.mutate(period=period_of(rows.day, query.grain, query.days))
