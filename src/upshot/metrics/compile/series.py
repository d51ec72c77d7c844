"""A metric over time: one function for each type, all ending in the same columns."""

import ibis
from ibis.expr.types import Table

from upshot.core.errors import InternalError
from upshot.core.time import Grain, longer
from upshot.metrics.compile.active import Activity, open_activity
from upshot.metrics.compile.calendar import Column
from upshot.metrics.compile.events import event_rows
from upshot.metrics.compile.formula import Counted, counted_together, formula_columns
from upshot.metrics.compile.funnel import funnel_units
from upshot.metrics.compile.lifecycle import lifecycle_series
from upshot.metrics.compile.query import Compiled, Route, SeriesQuery
from upshot.metrics.compile.retention import retained_series
from upshot.metrics.compile.source import group_names, open_source, plan_for
from upshot.metrics.compile.windows import (
    days_in_window,
    each,
    in_periods,
    last_days,
    period_days,
    period_of,
    windows_in_periods,
)
from upshot.metrics.definition import Metric, Property, Window
from upshot.metrics.dialect import Dialect
from upshot.metrics.kinds import MetricType
from upshot.metrics.plan import Plan
from upshot.metrics.ripening import least_grain, window_grain

__all__ = ["series"]

_EACH_ONCE = "The total counts each unit once over all of its days."


def series(metric: Metric, query: SeriesQuery, dialect: Dialect) -> Compiled:
    """See ``compile_series``."""
    grain = longer(query.grain, least_grain(metric))
    notes: tuple[str, ...] = ()
    if grain is not query.grain:
        notes = (f"The metric counts by {grain}, so the series does too.",)
        query = SeriesQuery(query.days, grain, query.breakdown, query.where)
    plan, rows, more = _rows(metric, query, dialect)
    return _finished(metric, query, plan, rows, (*notes, *more))


def _rows(metric: Metric, query: SeriesQuery, dialect: Dialect) -> tuple[Plan, Table, tuple[str, ...]]:
    match metric.type:
        case MetricType.COUNT | MetricType.SUM | MetricType.MEAN:
            return _totals(metric, query, dialect)
        case MetricType.DISTINCT:
            return _distinct(metric, query, dialect)
        case MetricType.ACTIVE:
            return _active(metric, query, dialect)
        case MetricType.STICKINESS:
            return _stickiness(metric, query, dialect)
        case MetricType.LIFECYCLE | MetricType.QUICK_RATIO:
            return lifecycle_series(metric, query, dialect)
        case MetricType.RATIO:
            return _ratio(metric, query, dialect)
        case MetricType.FORMULA:
            return _formula(metric, query, dialect)
        case MetricType.CONVERSION | MetricType.FUNNEL:
            return _conversion(metric, query, dialect)
        case MetricType.RETENTION:
            return retained_series(metric, query, dialect)


def _totals(metric: Metric, query: SeriesQuery, dialect: Dialect) -> tuple[Plan, Table, tuple[str, ...]]:
    source = open_source(
        dialect,
        metric.selection.narrowed(query.where),
        of_type=metric.type,
        days=query.days,
        unit_type=metric.unit,
        keyed=False,
        value=metric.value,
        breakdown=query.breakdown,
    )
    groups = group_names(query.breakdown)
    rows = source.rows
    # By day first: a calendar on each raw row costs several times the counting.
    if metric.type is MetricType.COUNT:
        daily = rows.group_by(["day", *groups]).agg(numerator=source.count(rows))
        return source.plan, _by_period(daily, query, groups, value=daily.numerator.sum()), ()
    daily = rows.group_by(["day", *groups]).agg(numerator=source.total(rows), denominator=source.known(rows))
    # A measure holds only events that have the value: where none has, raw events give no row either.
    daily = daily.filter(daily.denominator > 0)
    if metric.type is MetricType.SUM:
        return source.plan, _by_period(daily, query, groups, value=daily.numerator.sum().fill_null(0.0)), ()
    sums = {"numerator": daily.numerator.sum(), "denominator": daily.denominator.sum()}
    return source.plan, _by_period(daily, query, groups, **sums), ()


def _distinct(metric: Metric, query: SeriesQuery, dialect: Dialect) -> tuple[Plan, Table, tuple[str, ...]]:
    selection = metric.selection.narrowed(query.where)
    plan = plan_for(dialect, selection, None, query.breakdown, of_type=metric.type, unit_type=metric.unit)
    is_text = isinstance(metric.value, Property)
    rows = event_rows(
        dialect,
        selection,
        days=query.days,
        unit_type=metric.unit,
        keyed=False,
        breakdown=query.breakdown,
        value=None if is_text else metric.value,
        value_text=metric.value.name if isinstance(metric.value, Property) else None,
    )
    groups = group_names(query.breakdown)
    return plan, _by_period(rows, query, groups, value=rows["value"].nunique()), ()


def _active(metric: Metric, query: SeriesQuery, dialect: Dialect) -> tuple[Plan, Table, tuple[str, ...]]:
    activity = _open(metric, query, dialect)
    plan, groups = activity.source.plan, activity.groups
    window = window_grain(metric)
    if query.grain is None and window is not Grain.DAY:
        # Units are counted once over all the days: windows that the days cut would say less than whole ones.
        counted = activity.in_periods(None).rename(period="window", value="units")
        return plan, counted, () if metric.window is Window.PERIOD else (_EACH_ONCE,)
    if metric.window is Window.ROLLING_28_DAYS:
        rolling = activity.rolling()
        if query.grain is Grain.DAY:
            return plan, rolling.rename(period="window", value="units"), ()
        last = rolling.filter(rolling.window.isin([ibis.date(day) for day in last_days(query.grain, query.days)]))
        note = ("Each point is the 28 days up to the last day of its period.",)
        return plan, _by_period(last.rename(day="window"), query, groups, value=last.units.sum()), note
    counted = activity.in_periods(window or query.grain)
    if window is query.grain or window is None:
        return plan, counted.rename(period="window", value="units"), ()
    counted = in_periods(counted, window, query.grain, query.days)
    counted = counted.mutate(period=_period(counted.window, query))
    sums = counted.group_by(["period", *groups]).agg(units=counted.units.sum())
    mean = sums.units / each(windows_in_periods(window, query.grain, query.days), sums.period)
    return plan, sums.mutate(value=mean), (f"Each point is the mean over its whole {window}s.",)


def _stickiness(metric: Metric, query: SeriesQuery, dialect: Dialect) -> tuple[Plan, Table, tuple[str, ...]]:
    activity = _open(metric, query, dialect)
    plan, groups = activity.source.plan, activity.groups
    if metric.window is Window.ROLLING_28_DAYS:
        daily = activity.in_periods(Grain.DAY)
        both = _stacked(
            daily.select("window", *groups, value=daily.units),
            activity.rolling().rename(value="units"),
            "window",
            groups,
        )
        both = both.rename(day="window")
        windows: Column = each(period_days(query.grain, query.days), _period(both.day, query))
    else:
        window = window_grain(metric) or Grain.MONTH
        counted = in_periods(activity.unit_days_in_periods(window), window, query.grain, query.days)
        mean_daily = counted.unit_days / days_in_window(counted.window, window, query.days)
        both = counted.select(*groups, day=counted.window, numerator=mean_daily, denominator=counted.units)
        windows = each(windows_in_periods(window, query.grain, query.days), _period(both.day, query))
    both = both.mutate(numerator=both.numerator / windows, denominator=both.denominator / windows)
    sums = {"numerator": both.numerator.sum(), "denominator": both.denominator.sum()}
    return plan, _by_period(both, query, groups, **sums), ()


def _ratio(metric: Metric, query: SeriesQuery, dialect: Dialect) -> tuple[Plan, Table, tuple[str, ...]]:
    if metric.numerator is None or metric.denominator is None:
        raise InternalError(f"The ratio {metric.name!r} lacks a part; definitions are checked when they are read.")
    groups = group_names(query.breakdown)
    upper, lower = series(metric.numerator, query, dialect), series(metric.denominator, query, dialect)
    columns = ["period", *groups, "value"]
    rows = _stacked(upper.expr.select(*columns), lower.expr.select(*columns), "period", groups)
    plan = Plan(_slower(upper.route, lower.route), f"Numerator: {upper.reason} Denominator: {lower.reason}")
    return plan, rows, tuple(dict.fromkeys((*upper.notes, *lower.notes)))


def _formula(metric: Metric, query: SeriesQuery, dialect: Dialect) -> tuple[Plan, Table, tuple[str, ...]]:
    keys = ["period", *group_names(query.breakdown)]
    made = {key: (leaf, series(leaf, query, dialect)) for key, leaf in metric.arithmetic.leaves.items()}
    plan, rows = counted_together(
        {key: (leaf, Counted(one.expr, one.route, one.reason)) for key, (leaf, one) in made.items()}, keys
    )
    notes = dict.fromkeys(note for _, one in made.values() for note in one.notes)
    return plan, rows.select(*keys, **formula_columns(metric, rows)), tuple(notes)


def _conversion(metric: Metric, query: SeriesQuery, dialect: Dialect) -> tuple[Plan, Table, tuple[str, ...]]:
    plan, started = funnel_units(metric, query, dialect)
    groups = group_names(query.breakdown)
    started = started.mutate(period=_period(started.day, query))
    units = started.group_by(["period", "unit_key", *groups]).agg(converted=started.converted.max())
    rows = units.group_by(["period", *groups]).agg(numerator=units.converted.sum(), denominator=units.count())
    return plan, rows, ()


# --- periods ---------------------------------------------------------------------------------------------------------


def _open(metric: Metric, query: SeriesQuery, dialect: Dialect) -> Activity:
    return open_activity(
        dialect,
        metric.selection.narrowed(query.where),
        of_type=metric.type,
        days=query.days,
        unit_type=metric.unit,
        breakdown=query.breakdown,
        lookback=metric.window is Window.ROLLING_28_DAYS,
    )


def _period(day: Column, query: SeriesQuery) -> Column:
    return period_of(day, query.grain, query.days)


def _by_period(rows: Table, query: SeriesQuery, groups: list[str], **sums: Column) -> Table:
    rows = rows.rename(period="day") if query.grain is Grain.DAY else rows.mutate(period=_period(rows.day, query))
    return rows.group_by(["period", *groups]).agg(**sums)


# --- the columns that all end in -------------------------------------------------------------------------------------


def _stacked(upper: Table, lower: Table, key: str, groups: list[str]) -> Table:
    """Two tables with ``value`` become one with ``numerator`` and ``denominator``; groups that are null meet, too."""
    zero = ibis.literal(0.0, "float64")
    columns = [key, *groups]
    a = upper.select(*columns, numerator=upper["value"].cast("float64"), denominator=zero)
    b = lower.select(*columns, numerator=zero, denominator=lower["value"].cast("float64"))
    both = a.union(b)
    return both.group_by(columns).agg(numerator=both.numerator.sum(), denominator=both.denominator.sum())


def _slower(a: Route, b: Route) -> Route:
    order = list(Route)
    return max(a, b, key=order.index)


def _finished(metric: Metric, query: SeriesQuery, plan: Plan, rows: Table, notes: tuple[str, ...]) -> Compiled:
    groups = group_names(query.breakdown)
    null = ibis.null("float64")
    if metric.fractional:
        numerator, denominator = (rows[c].cast("float64") for c in ("numerator", "denominator"))
        value = numerator / denominator.nullif(0.0)
    else:
        numerator, denominator, value = null, null, rows["value"].cast("float64")
    expr = rows.select("period", *groups, value=value, numerator=numerator, denominator=denominator)
    expr = expr.order_by("period", *groups)
    return Compiled(
        expr=expr,
        route=plan.route,
        reason=plan.reason,
        columns=tuple(expr.columns),
        additive=metric.additive,
        absent=metric.absent,
        grain=query.grain,
        notes=notes,
    )
