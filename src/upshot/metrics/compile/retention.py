"""Who came back: cohorts by the period of a unit's first event, and whether it was active k periods later.

Periods are calendar periods of the workspace's zone. Days are compared, not instants: a return counts from the day of
joining on.
"""

from datetime import date, timedelta

import ibis
from ibis.expr.types import Table

from upshot.core.time import DayRange, Grain
from upshot.metrics.compile.calendar import Column, period_start, periods_between
from upshot.metrics.compile.events import earliest_rows, event_rows
from upshot.metrics.compile.query import Compiled, RetentionQuery, Route, SeriesQuery
from upshot.metrics.compile.source import activity_rows, group_names, open_source, plan_for
from upshot.metrics.definition import Field, Filter, Metric, Selection
from upshot.metrics.dialect import Dialect
from upshot.metrics.kinds import MetricType, RetentionKind
from upshot.metrics.plan import Plan
from upshot.metrics.ripening import brackets_of

__all__ = ["cohort_units", "retained_series", "retained_units", "retention"]

_LONG_AGO = date(1, 1, 1)


def retention(metric: Metric, query: RetentionQuery, dialect: Dialect) -> Compiled:
    """See ``compile_retention``."""
    groups = group_names(query.breakdown)
    once = _once_for_both(metric, query, dialect)
    if once is None:
        join_plan, members = cohort_units(metric, query.days, query.breakdown, query.where, dialect)
    else:
        join_plan, rows = once
        members = rows.group_by("unit_key").agg(first_day=rows.first_day.min())
        members = members.filter(_is_inside(members.first_day, query.days))
    members = members.mutate(cohort=period_start(members.first_day, query.grain))
    if once is None:
        plan, active = _returns(metric, members, query.where, query.grain, query.days, dialect)
    else:
        plan, active = join_plan, _periods_of(members, once[1].drop("first_day"))
    brackets = brackets_of(metric, query.periods)
    cells = _cells(metric, active, brackets, groups, query.grain)
    sizes = members.group_by(["cohort", *groups]).agg(size=members.count())
    grid = _grid(sizes, brackets, query)
    expr = _filled(grid, cells, groups)
    route = max(plan.route, join_plan.route, key=list(Route).index)
    reason = plan.reason if plan.route is route else join_plan.reason
    return Compiled(
        expr=expr,
        route=route,
        reason=reason,
        columns=tuple(expr.columns),
        additive=False,
        absent=0.0,
        grain=query.grain,
    )


def cohort_units(
    metric: Metric, days: DayRange, breakdown: tuple[Field, ...], where: tuple[Filter, ...], dialect: Dialect
) -> tuple[Plan, Table]:
    """Units that joined on these days: ``unit_key``, ``first_day``, groups (of the event that made them join)."""
    joining = (metric.of or metric.selection).narrowed(where)
    plan = plan_for(dialect, joining, None, breakdown, of_type=MetricType.RETENTION, unit_type=metric.unit)
    kept = activity_rows(dialect, plan, joining, (), metric.unit) if not breakdown else None
    if kept is not None:
        members = kept.filter(kept.previous_day.isnull()).select("unit_key", first_day=kept.day)
    elif breakdown:
        plan = Plan(Route.EVENTS, "The joining event's own fields are needed, so raw events are read.")
        members = _joined_with_fields(joining, days, breakdown, metric.unit, dialect)
    else:
        until = DayRange(_LONG_AGO, days.end)
        rows = open_source(dialect, joining, of_type=MetricType.RETENTION, days=until, unit_type=metric.unit).rows
        rows = rows.filter(rows.unit_key.notnull())
        members = rows.group_by("unit_key").agg(first_day=rows.day.min())
    return plan, members.filter(_is_inside(members.first_day, days))


def retained_units(
    metric: Metric, days: DayRange, breakdown: tuple[Field, ...], where: tuple[Filter, ...], dialect: Dialect
) -> tuple[Plan, Table]:
    """Units that joined on these days, with ``retained``: 1 where they came back in the period ``after``, else 0."""
    _, members = cohort_units(metric, days, breakdown, where, dialect)
    members = members.mutate(cohort=period_start(members.first_day, metric.period))
    brackets = brackets_of(metric, metric.after)
    first, last = brackets[metric.after]
    end = metric.period.nth(days.end, (last if metric.kind is not RetentionKind.UNBOUNDED else first) + 1)
    until = DayRange(days.start, end) if metric.kind is not RetentionKind.UNBOUNDED else None
    plan, active = _returns(metric, members, where, metric.period, until, dialect)
    active = _with_offset(active, metric.period)
    hit = active.offset >= first
    if metric.kind is not RetentionKind.UNBOUNDED:
        hit = hit & (active.offset <= last)
    back = active.filter(hit).select(right_key=active.unit_key).distinct()
    rows = members.left_join(back, [("unit_key", "right_key")])
    rows = rows.mutate(retained=ibis.ifelse(rows.right_key.notnull(), 1, 0)).drop("right_key")
    return plan, rows


def retained_series(metric: Metric, query: SeriesQuery, dialect: Dialect) -> tuple[Plan, Table, tuple[str, ...]]:
    """Cohorts by period: ``denominator`` units that joined, ``numerator`` that came back in the period ``after``."""
    plan, units = retained_units(metric, query.days, query.breakdown, query.where, dialect)
    period = ibis.date(query.days.start) if query.grain is None else period_start(units.first_day, query.grain)
    units = units.mutate(period=period)
    rows = units.group_by(["period", *group_names(query.breakdown)]).agg(
        numerator=units.retained.sum(), denominator=units.count()
    )
    last = brackets_of(metric, metric.after)[metric.after][1]
    note = f"A cohort can still grow until its {metric.period} {last} is over."
    if metric.kind is RetentionKind.UNBOUNDED:
        note = f"Whoever returns in {metric.period} {last} or ever later counts, so that all cohorts can still grow."
    return plan, rows, (note,)


def _joined_with_fields(
    joining: Selection, days: DayRange, breakdown: tuple[Field, ...], unit_type: str, dialect: Dialect
) -> Table:
    until = DayRange(_LONG_AGO, days.end)
    rows = event_rows(dialect, joining, days=until, unit_type=unit_type, breakdown=breakdown)
    return earliest_rows(rows).select("unit_key", *group_names(breakdown), first_day="day")


def _is_inside(day: Column, days: DayRange) -> Column:
    return (day >= ibis.date(days.start)) & (day < ibis.date(days.end))


def _joins_by_returning(metric: Metric) -> bool:
    return metric.of is None or metric.of.canonical() == metric.selection.canonical()


def _once_for_both(metric: Metric, query: RetentionQuery, dialect: Dialect) -> tuple[Plan, Table] | None:
    """Units by active period with their first day in it, where joining and returning are one selection of raw events.

    Who joined and who returned are then counted from one reading: a member's periods all begin with the day of joining.
    Where the days asked about begin with a period, its first day stands for the unit's: both lie inside, or neither.
    """
    selection = metric.selection.narrowed(query.where)
    if query.breakdown or not _joins_by_returning(metric):
        return None
    until = DayRange(_LONG_AGO, query.days.end)
    source = open_source(dialect, selection, of_type=MetricType.RETENTION, days=until, unit_type=metric.unit)
    if activity_rows(dialect, source.plan, selection, (), metric.unit) is not None:
        return None
    rows = source.rows.filter(source.rows.unit_key.notnull())
    rows = rows.mutate(active_period=period_start(rows.day, query.grain))
    if query.grain.floor(query.days.start) == query.days.start:
        # A day more for each group took a fifth of the question's time.
        once = rows.select("unit_key", "active_period").distinct()
        return source.plan, once.mutate(first_day=once.active_period)
    once = rows.group_by(["unit_key", "active_period"]).agg(first_day=rows.day.min())
    return source.plan, once


def _returns(
    metric: Metric, members: Table, where: tuple[Filter, ...], grain: Grain, days: DayRange | None, dialect: Dialect
) -> tuple[Plan, Table]:
    """Periods in which members were active, each once: ``unit_key``, ``cohort``, groups, ``active_period``."""
    selection = metric.selection.narrowed(where)
    source = open_source(dialect, selection, of_type=MetricType.RETENTION, days=days, unit_type=metric.unit)
    rows = source.rows
    same = _joins_by_returning(metric)
    kept = activity_rows(dialect, source.plan, selection, (), metric.unit) if same else None
    # Once for each unit and period, before anything is joined.
    if kept is not None:
        # The first active day of a unit in each period stands for the period.
        start = period_start(kept.day, grain)
        rows = kept.filter(kept.previous_day.isnull() | (kept.previous_day < start))
        if days is not None:
            rows = rows.filter(rows.day < ibis.date(days.end))
        once = rows.select(rows.unit_key, active_period=period_start(rows.day, grain), last_day=rows.day)
    else:
        rows = rows.filter(rows.unit_key.notnull())
        rows = rows.mutate(active_period=period_start(rows.day, grain))
        once = rows.group_by(["unit_key", "active_period"]).agg(last_day=rows.day.max())
    active = _periods_of(members, once)
    return source.plan, active.filter(active.last_day >= active.first_day).drop("last_day")


def _periods_of(members: Table, once: Table) -> Table:
    return members.inner_join(once.rename(right_key="unit_key"), [("unit_key", "right_key")]).drop("right_key")


def _with_offset(rows: Table, grain: Grain) -> Table:
    return rows.mutate(offset=periods_between(rows.cohort, rows.active_period, grain))


def _cells(metric: Metric, active: Table, brackets: list[tuple[int, int]], groups: list[str], grain: Grain) -> Table:
    last = brackets[-1][1]
    if metric.kind is RetentionKind.N_DAY:
        # Counted before the calendar is asked: a cohort's periods are few, its members' are not.
        counted = active.group_by(["cohort", "active_period", *groups]).agg(units=active.count())
        counted = _with_offset(counted, grain)
        return counted.filter(counted.offset <= last).select("cohort", "offset", *groups, "units")
    active = _with_offset(active, grain)
    if metric.kind is RetentionKind.UNBOUNDED:
        furthest = active.group_by(["cohort", *groups, "unit_key"]).agg(furthest=active.offset.max())
        reached = furthest.mutate(furthest=ibis.least(furthest.furthest, last))
        counted = reached.group_by(["cohort", *groups, "furthest"]).agg(n=reached.count())
        spread = counted.mutate(offset=ibis.range(0, counted.furthest + 1, 1).unnest())
        return spread.group_by(["cohort", "offset", *groups]).agg(units=spread.n.sum())
    active = active.filter(active.offset <= last)
    active = active.mutate(offset=_bracket_of(active.offset, brackets))
    return active.group_by(["cohort", "offset", *groups]).agg(units=active.unit_key.nunique())


def _bracket_of(offset: Column, brackets: list[tuple[int, int]]) -> Column:
    return ibis.cases(*((offset <= last, first) for first, last in brackets)).cast("int64")


def _grid(sizes: Table, brackets: list[tuple[int, int]], query: RetentionQuery) -> Table:
    """Every cohort with every offset whose first day is among the days asked about."""
    numbers = ibis.array([first for first, _ in brackets]).unnest()
    grid = sizes.mutate(offset=numbers.cast("int64"))
    last_period = query.grain.floor(query.days.end - timedelta(days=1))
    grid = grid.filter(periods_between(grid.cohort, ibis.date(last_period), query.grain) >= grid.offset)
    ends = dict(brackets)
    last = (
        grid.offset
        if all(a == b for a, b in brackets)
        else ibis.cases(*((grid.offset == a, b) for a, b in ends.items()))
    )
    return grid.mutate(offset_last=last.cast("int64"))


def _filled(grid: Table, cells: Table, groups: list[str]) -> Table:
    columns = ["cohort", "offset", *groups]
    zero = ibis.literal(0, "int64")
    a = grid.select(*columns, "offset_last", size=grid["size"].cast("int64"), units=zero)
    b = cells.select(
        *columns, offset_last=ibis.null("int64"), size=ibis.null("int64"), units=cells.units.cast("int64")
    ).mutate(offset=cells.offset.cast("int64"))
    both = a.union(b.select(a.columns))
    cell = both.group_by(columns).agg(
        offset_last=both.offset_last.max(), units=both.units.sum().cast("int64"), size=both["size"].max()
    )
    cell = cell.filter(cell["size"].notnull())
    return cell.select("cohort", "offset", "offset_last", *groups, "units", "size").order_by(
        "cohort", "offset", *groups
    )
