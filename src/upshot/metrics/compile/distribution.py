"""How a value is spread: over units, or over single events. A summary first, then a count for each step between."""

import ibis
from ibis.expr.types import Table

from upshot.core.errors import InvalidInput
from upshot.metrics.compile.events import event_rows
from upshot.metrics.compile.query import Compiled, DistributionQuery, Route, Steps
from upshot.metrics.compile.unit import per_unit
from upshot.metrics.definition import Metric
from upshot.metrics.dialect import Dialect
from upshot.metrics.kinds import Topic
from upshot.metrics.ripening import window_grain

__all__ = ["SHARES", "histogram", "summary"]

SHARES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
"""Which quantiles a summary has; the column of share 0.05 is ``q05``."""


def summary(metric: Metric, query: DistributionQuery, dialect: Dialect) -> Compiled:
    """See ``compile_distribution``."""
    made, rows = _values(metric, query, dialect)
    value = rows["value"]
    quantiles = {f"q{round(share * 100):02}": value.quantile(share) for share in SHARES}
    expr = rows.aggregate(
        n=value.count(),
        mean=value.mean(),
        low=value.min(),
        high=value.max(),
        whole=(value == value.round().cast("float64")).all(),
        **quantiles,
    )
    return _compiled(made, expr)


def histogram(metric: Metric, query: DistributionQuery, steps: Steps, dialect: Dialect) -> Compiled:
    """See ``compile_histogram``."""
    made, rows = _values(metric, query, dialect)
    at = ((rows["value"] - steps.start) / steps.width).floor().cast("int64")
    within = ibis.greatest(ibis.least(at, steps.count), -1)
    rows = rows.filter(rows["value"].notnull()).mutate(step=within)
    return _compiled(made, rows.group_by("step").agg(n=rows.count()).order_by("step"))


def _values(metric: Metric, query: DistributionQuery, dialect: Dialect) -> tuple[Compiled, Table]:
    asked = metric.narrowed(query.where)
    if query.each == "event":
        if metric.value is None or metric.is_a.counts:
            raise InvalidInput(
                f"An event has no number to spread where the metric is a {metric.type}.",
                hint="Ask for the values of units, or for a sum or mean of a property.",
            )
        rows = event_rows(
            dialect, asked.selection, days=query.days, unit_type=metric.unit, keyed=False, value=metric.value
        )
        rows = rows.filter(rows["value"].notnull())
        reason = "Each event's value is needed, so raw events are read."
        return Compiled(rows, Route.EVENTS, reason, ("value",), additive=False, absent=None, grain=None), rows
    _refuse_constant(metric)
    made = per_unit(asked, query.days, dialect, unknown=False)
    return made, made.expr.filter(made.expr["value"].notnull())


def _refuse_constant(metric: Metric) -> None:
    ever = metric.is_a.topic is Topic.ACTIVITY and window_grain(metric) is None
    if ever or metric.is_a.every_unit_once:
        raise InvalidInput(
            f"Each unit either counts or does not in this {metric.type}: there is nothing to spread.",
            hint="Ask how often units did it (a count), or on how many days (active with window: day).",
        )


def _compiled(made: Compiled, expr: Table) -> Compiled:
    return Compiled(expr, made.route, made.reason, tuple(expr.columns), additive=False, absent=None, grain=None)
