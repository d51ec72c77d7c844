"""Who did one thing and then another within a time."""

from datetime import timedelta

import ibis
from ibis.expr.types import Table

from upshot.core.errors import InternalError
from upshot.core.time import DayRange
from upshot.metrics.compile.events import event_rows
from upshot.metrics.compile.query import SeriesQuery
from upshot.metrics.compile.source import group_names, plan_for
from upshot.metrics.definition import Metric, Shape
from upshot.metrics.dialect import Dialect
from upshot.metrics.plan import Plan

__all__ = ["conversion_units"]

_DAY_SECONDS = 86_400


def conversion_units(metric: Metric, query: SeriesQuery, dialect: Dialect) -> tuple[Plan, Table]:
    """One row for each starting event of a known unit: ``unit_key``, ``day``, groups, ``converted`` (1 or 0).

    The goal must come strictly after the start, at most ``within_seconds`` later, and may fall after the days asked
    about. An event that is both start and goal cannot be the goal of itself.
    """
    if metric.of is None:
        raise InternalError(f"The conversion {metric.name!r} has no start; definitions are checked when they are read.")
    start, goal = metric.of.narrowed(query.where), metric.selection.narrowed(query.where)
    plan = plan_for(dialect, goal, None, query.breakdown, shape=Shape.CONVERSION, unit_type=metric.unit)
    groups = group_names(query.breakdown)
    last = -(-metric.within_seconds // _DAY_SECONDS) + 1
    later = DayRange(query.days.start, query.days.end + timedelta(days=last))
    starts = event_rows(dialect, start, days=query.days, unit_type=metric.unit, breakdown=query.breakdown)
    goals = event_rows(dialect, goal, days=later, unit_type=metric.unit)
    starts = starts.filter(starts.unit_key.notnull())
    goals = goals.filter(goals.unit_key.notnull())
    # Backwards in time, and at one instant starts before goals: a start then sees only goals that come after it.
    a = starts.select(
        "unit_key", "occurred_at", "day", *groups, step=ibis.literal(1), goal_at=ibis.null(starts.occurred_at.type())
    )
    empty = {g: ibis.null("string") for g in groups}
    b = goals.select("unit_key", "occurred_at", "day", **empty, step=ibis.literal(0), goal_at=goals.occurred_at)
    both = a.union(b)
    backwards = [both.occurred_at.desc(), both.step.desc()]
    seen = ibis.window(group_by=both.unit_key, order_by=backwards, preceding=None, following=0)
    both = both.mutate(next_goal=both.goal_at.min().over(seen))
    both = both.filter(both.step == 1)
    limit = both.occurred_at + ibis.interval(seconds=metric.within_seconds)
    converted = ibis.ifelse(both.next_goal.notnull() & (both.next_goal <= limit), 1, 0)
    return plan, both.select("unit_key", "day", *groups, converted=converted)
