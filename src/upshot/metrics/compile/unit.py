"""A metric of each unit: the same numbers as the series, told apart by unit instead of by time."""

from datetime import timedelta

import ibis
import msgspec
from ibis.expr.types import Table

from upshot.core.errors import InternalError, InvalidInput
from upshot.core.time import DayRange, Grain
from upshot.metrics.compile.active import open_activity
from upshot.metrics.compile.calendar import Column, period_start
from upshot.metrics.compile.events import event_rows, within_days
from upshot.metrics.compile.formula import Counted, counted_together, formula_columns
from upshot.metrics.compile.funnel import funnel_units
from upshot.metrics.compile.query import Compiled, Route, SeriesQuery
from upshot.metrics.compile.retention import retained_units
from upshot.metrics.compile.source import open_source, plan_for
from upshot.metrics.compile.windows import days_in_window, in_periods, windows_in_periods
from upshot.metrics.definition import Metric, Property, Window
from upshot.metrics.dialect import Dialect
from upshot.metrics.kinds import Clock, MetricType
from upshot.metrics.plan import Plan
from upshot.metrics.ripening import ROLLING_DAYS, window_grain
from upshot.metrics.unit_sums import why_not_by_unit

__all__ = ["per_unit"]


def per_unit(metric: Metric, days: DayRange, dialect: Dialect, *, unknown: bool) -> Compiled:
    """See ``compile_per_unit``."""
    if reason := why_not_by_unit(metric):
        raise InvalidInput(reason, hint="Ask for its parts." if metric.parts else "")
    plan, rows = _rows(metric, days, dialect)
    if not unknown:
        rows = rows.filter(rows.unit_key.notnull())
    null = ibis.null("float64")
    if metric.fractional:
        numerator, denominator = (rows[c].cast("float64") for c in ("numerator", "denominator"))
        value: Column = numerator / denominator.nullif(0.0)
    else:
        numerator, denominator, value = null, null, rows["value"].cast("float64")
    expr = rows.select("unit_key", value=value, numerator=numerator, denominator=denominator).order_by("unit_key")
    return Compiled(
        expr=expr,
        route=plan.route,
        reason=plan.reason,
        columns=tuple(expr.columns),
        additive=metric.additive,
        absent=None if metric.fractional else 0.0,
        grain=None,
    )


def _rows(metric: Metric, days: DayRange, dialect: Dialect) -> tuple[Plan, Table]:
    match metric.type:
        case MetricType.COUNT | MetricType.SUM | MetricType.MEAN:
            return _totals(metric, days, dialect)
        case MetricType.DISTINCT:
            return _distinct(metric, days, dialect)
        case MetricType.ACTIVE:
            return _active(metric, days, dialect)
        case MetricType.STICKINESS:
            return _stickiness(metric, days, dialect)
        case MetricType.RATIO:
            return _ratio(metric, days, dialect)
        case MetricType.FORMULA:
            return _formula(metric, days, dialect)
        case MetricType.CONVERSION | MetricType.FUNNEL:
            plan, started = funnel_units(metric, SeriesQuery(days, None), dialect)
            rows = started.group_by("unit_key").agg(numerator=started.converted.max())
            return plan, rows.mutate(denominator=ibis.literal(1))
        case MetricType.LIFECYCLE | MetricType.QUICK_RATIO:
            raise InternalError(f"A {metric.type} has no value of each unit.")
        case MetricType.RETENTION:
            plan, units = retained_units(metric, days, (), (), dialect)
            return plan, units.select("unit_key", numerator=units.retained, denominator=ibis.literal(1))


def _totals(metric: Metric, days: DayRange, dialect: Dialect) -> tuple[Plan, Table]:
    source = open_source(
        dialect, metric.selection, of_type=metric.type, days=days, unit_type=metric.unit, value=metric.value
    )
    rows = source.rows
    by_unit = rows.group_by("unit_key")
    if metric.type is MetricType.COUNT:
        return source.plan, by_unit.agg(value=source.count(rows))
    sums = by_unit.agg(numerator=source.total(rows), denominator=source.known(rows))
    sums = sums.filter(sums.denominator > 0)
    return source.plan, sums.rename(value="numerator") if metric.type is MetricType.SUM else sums


def _distinct(metric: Metric, days: DayRange, dialect: Dialect) -> tuple[Plan, Table]:
    plan = plan_for(dialect, metric.selection, None, (), of_type=metric.type, unit_type=metric.unit)
    name = metric.value.name if isinstance(metric.value, Property) else None
    value = None if name is not None else metric.value
    rows = event_rows(dialect, metric.selection, days=days, unit_type=metric.unit, value=value, value_text=name)
    return plan, rows.group_by("unit_key").agg(value=rows["value"].nunique())


def _active(metric: Metric, days: DayRange, dialect: Dialect) -> tuple[Plan, Table]:
    """1 where the unit was active in the days, or in their last 28; for calendar windows how many it was active in."""
    if metric.window is Window.ROLLING_28_DAYS:
        days = DayRange(days.end - timedelta(days=ROLLING_DAYS), days.end)
    source = open_source(dialect, metric.selection, of_type=metric.type, days=days, unit_type=metric.unit)
    rows = source.rows.filter(source.rows.unit_key.notnull())
    grain = window_grain(metric)
    if grain is None:
        return source.plan, rows.group_by("unit_key").agg(n=rows.count()).select("unit_key", value=ibis.literal(1))
    rows = rows.mutate(window=period_start(rows.day, grain))
    return source.plan, rows.group_by("unit_key").agg(value=rows.window.nunique())


def _stickiness(metric: Metric, days: DayRange, dialect: Dialect) -> tuple[Plan, Table]:
    """Numerators and denominators add up over units to those of the series' total."""
    rolling = metric.window is Window.ROLLING_28_DAYS
    activity = open_activity(
        dialect, metric.selection, of_type=metric.type, days=days, unit_type=metric.unit, lookback=rolling
    )
    plan, rows = activity.source.plan, within_days(activity.source.rows, days)
    if rolling:
        active = rows.group_by("unit_key").agg(active=rows.day.nunique())
        active = active.select(right_key=active.unit_key, active=active.active)
        covered = activity.covered_days()
        both = covered.left_join(active, [("unit_key", "right_key")])
        both = both.filter(both.covered > 0)
        share = {"numerator": both.active.fill_null(0) / days.days, "denominator": both.covered / days.days}
        return plan, both.select("unit_key", **share)
    window = window_grain(metric) or Grain.MONTH
    rows = in_periods(rows.mutate(window=period_start(rows.day, window)), window, None, days)
    each = rows.group_by(["unit_key", "window"]).agg(active=rows.day.nunique())
    each = each.mutate(share=each.active / days_in_window(each.window, window, days))
    windows = windows_in_periods(window, None, days).get(days.start, 1)
    sums = each.group_by("unit_key").agg(numerator=each.share.sum() / windows, denominator=each.count() / windows)
    return plan, sums


def _counted_once(part: Metric) -> Metric:
    """A part as the ratio's total counts it: each unit once over all the days."""
    windowed = part.is_a.clock is Clock.WINDOW and window_grain(part) is not Grain.DAY
    return msgspec.structs.replace(part, window=Window.PERIOD) if windowed else part


def _ratio(metric: Metric, days: DayRange, dialect: Dialect) -> tuple[Plan, Table]:
    if metric.numerator is None or metric.denominator is None:
        raise InternalError(f"The ratio {metric.name!r} lacks a part; definitions are checked when they are read.")
    upper, lower = (
        per_unit(_counted_once(part), days, dialect, unknown=True) for part in (metric.numerator, metric.denominator)
    )
    zero = ibis.literal(0.0, "float64")
    a = upper.expr.select("unit_key", numerator=upper.expr["value"], denominator=zero)
    b = lower.expr.select("unit_key", numerator=zero, denominator=lower.expr["value"])
    both = a.union(b)
    rows = both.group_by("unit_key").agg(numerator=both.numerator.sum(), denominator=both.denominator.sum())
    route = max(upper.route, lower.route, key=list(Route).index)
    return Plan(route, f"Numerator: {upper.reason} Denominator: {lower.reason}"), rows


def _formula(metric: Metric, days: DayRange, dialect: Dialect) -> tuple[Plan, Table]:
    parts = {}
    for key, leaf in metric.arithmetic.leaves.items():
        made = per_unit(_counted_once(leaf), days, dialect, unknown=True)
        parts[key] = (leaf, Counted(made.expr, made.route, made.reason))
    plan, rows = counted_together(parts, ["unit_key"])
    return plan, rows.select("unit_key", **formula_columns(metric, rows))
