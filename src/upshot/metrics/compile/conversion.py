"""Who did one thing and then another within a time."""

from datetime import timedelta

import ibis
from ibis.expr.types import Table

from upshot.core.errors import InternalError
from upshot.core.time import DayRange
from upshot.metrics.compile.calendar import Column, days_between
from upshot.metrics.compile.events import event_rows
from upshot.metrics.compile.query import SeriesQuery
from upshot.metrics.compile.source import group_names, plan_for
from upshot.metrics.definition import Metric, Selection
from upshot.metrics.dialect import Dialect
from upshot.metrics.kinds import MetricType
from upshot.metrics.plan import Plan
from upshot.metrics.ripening import ripening

__all__ = ["conversion_units", "may_overlap"]


def conversion_units(metric: Metric, query: SeriesQuery, dialect: Dialect) -> tuple[Plan, Table]:
    """Rows for each unit, day and group with a start: ``unit_key``, ``day``, groups, ``converted`` (1 or 0).

    One for each starting event, or one for all of a day where one tells enough: a unit did if any of its rows did.
    The goal must not come before the start, and may fall after the days asked about. At one instant the two count in
    the order asked: first the start, then the goal; an event that is both is never the goal of itself. A time in days
    ends with the local day, any other after so many seconds.
    """
    if metric.of is None:
        raise InternalError(f"The conversion {metric.name!r} has no start; definitions are checked when they are read.")
    start, goal = metric.of.narrowed(query.where), metric.selection.narrowed(query.where)
    plan = plan_for(dialect, goal, None, query.breakdown, of_type=MetricType.CONVERSION, unit_type=metric.unit)
    groups = group_names(query.breakdown)
    later = DayRange(query.days.start, query.days.end + timedelta(days=ripening(metric).days + 1))
    starts = event_rows(dialect, start, days=query.days, unit_type=metric.unit, breakdown=query.breakdown)
    goals = event_rows(dialect, goal, days=later, unit_type=metric.unit)
    starts = starts.filter(starts.unit_key.notnull())
    goals = goals.filter(goals.unit_key.notnull())
    overlap = may_overlap(start, goal)
    if metric.within_days is not None and not overlap:
        # Of a day, the first start has all goals that any other has, and the last goal is one to all of its starts.
        starts = starts.group_by(["unit_key", "day", *groups]).agg(occurred_at=starts.occurred_at.min())
        goals = goals.group_by(["unit_key", "day"]).agg(occurred_at=goals.occurred_at.max())
    kept = ["unit_key", "occurred_at", "day", *(["event_id"] if overlap else [])]
    # A time in days compares days, any other instants: of goals only that is carried.
    at, reached = ("occurred_at", goals.occurred_at) if metric.within_days is None else ("day", goals.day)
    a = starts.select(*kept, *groups, step=ibis.literal(1), goal_at=ibis.null(starts[at].type()))
    empty = {g: ibis.null("string") for g in groups}
    b = goals.select(*kept, **empty, step=ibis.literal(0), goal_at=reached)
    both = a.union(b)
    both = both.mutate(next_goal=_next_goal(both, overlap=overlap))
    both = both.filter(both.step == 1)
    if metric.within_days is None:
        limit = both.occurred_at + ibis.interval(seconds=metric.within_seconds)
        in_time = both.next_goal <= limit
    else:
        in_time = days_between(both.day, both.next_goal) <= metric.within_days
    converted = ibis.ifelse(both.next_goal.notnull() & in_time, 1, 0)
    return plan, both.select("unit_key", "day", *groups, converted=converted)


def _next_goal(both: Table, *, overlap: bool) -> Column:
    """The nearest goal of each start, at its own instant or later.

    Rows are read backwards in time. Where no event can be both, goals are read before starts of their instant.
    Otherwise starts are read first, and see later goals only; one of their own instant counts if it is another event.
    """
    step = both.step.desc() if overlap else both.step
    seen = ibis.window(group_by=both.unit_key, order_by=[both.occurred_at.desc(), step], preceding=None, following=0)
    later = both.goal_at.min().over(seen)
    if not overlap:
        return later
    at_once = ibis.window(group_by=[both.unit_key, both.occurred_at])
    itself = ibis.window(group_by=[both.unit_key, both.occurred_at, both.event_id])
    is_goal: Column = ibis.ifelse(both.step == 0, 1, 0)
    another = is_goal.sum().over(at_once) > is_goal.max().over(itself)
    return ibis.ifelse(another, both.goal_at.min().over(at_once), later)


def may_overlap(start: Selection, goal: Selection) -> bool:
    """Whether an event can be in both selections, as far as their names say."""
    return not start.events or not goal.events or bool(set(start.events) & set(goal.events))
