"""Where units stand in a period: new, returning, resurrected or dormant.

A unit's first day in a period and the last before say all: none before makes it new, one in the period before
returning, an earlier one resurrected. Dormant is who was active in the period before, less who returned. Periods are
whole ones: what happened in them outside the days asked about counts too. What is told apart by a breakdown has a past
of its own: a unit is new to a group when it was never in that group before.
"""

from datetime import date, timedelta
from typing import NamedTuple

import ibis
from ibis.expr.types import Table

from upshot.core.time import DayRange, Grain
from upshot.metrics.compile.calendar import Column, period_start
from upshot.metrics.compile.query import Compiled, SeriesQuery
from upshot.metrics.compile.source import activity_rows, group_names, open_source
from upshot.metrics.compile.windows import each, in_periods, period_of, windows_in_periods
from upshot.metrics.definition import Metric
from upshot.metrics.dialect import Dialect
from upshot.metrics.kinds import State
from upshot.metrics.plan import Plan
from upshot.metrics.ripening import window_grain

__all__ = ["counted_states", "lifecycle_series", "states"]

_LONG_AGO = date(1, 1, 1)
_FIRST = -1
"""Stands for the distance to the day before, where there is none."""


class _Calendar(NamedTuple):
    """The periods of a question; without a grain one, all of its days, and the one before."""

    grain: Grain | None
    days: DayRange

    def start(self, day: Column) -> Column:
        """The first day of the period that holds ``day``."""
        if self.grain is not None:
            return period_start(day, self.grain)
        now, before = ibis.date(self.days.start), ibis.date(self.read.start)
        return ibis.cases((day >= now, now), (day >= before, before), else_=_moved(before, -1))

    def before(self, start: Column) -> Column:
        """The first day of the period before the one that begins with ``start``."""
        return self.start(_moved(start, -1))

    def after(self, start: Column) -> Column:
        """The first day of the period after it."""
        if self.grain is None:
            first = ibis.date(self.days.start)
            return ibis.ifelse(start == first, ibis.date(self.days.end), first)
        return period_start(_moved(start, self.grain.days[2]), self.grain)

    @property
    def read(self) -> DayRange:
        """At least the days of the periods asked about, and of the one before the first."""
        if self.grain is None:
            return DayRange(self.days.period_before().start, self.days.end)
        longest = self.grain.days[2]
        return DayRange(self.days.start - timedelta(days=2 * longest - 1), self.days.end + timedelta(days=longest - 1))

    @property
    def farthest(self) -> int:
        """Days that lie farther apart are in no two periods of which one follows the other."""
        if self.grain is None:
            return self.read.days
        return 2 * self.grain.days[2]


def states(metric: Metric, query: SeriesQuery, dialect: Dialect) -> tuple[Plan, Table]:
    """Units by period and state: ``window`` (its first day), groups, and a column for each of ``State``."""
    calendar = _Calendar(query.grain, query.days)
    plan, active = _active(metric, query, calendar, dialect)
    groups = group_names(query.breakdown)
    stands = {
        State.NEW: active.previous.isnull(),
        State.RETURNING: active.previous == calendar.before(active.window),
        State.RESURRECTED: active.previous < calendar.before(active.window),
    }
    told = active.mutate(**{state: ibis.ifelse(stand.fill_null(False), active.n, 0) for state, stand in stands.items()})
    told = told.group_by(["window", *groups]).agg(**{state: told[state].sum() for state in stands})
    kinds = list(stands)
    zeros = {state: ibis.literal(0, "int64") for state in kinds}
    now = told.select("window", *groups, **{s: told[s].cast("int64") for s in kinds}, before=ibis.literal(0, "int64"))
    everyone = told[State.NEW] + told[State.RETURNING] + told[State.RESURRECTED]
    then = told.select(*groups, window=calendar.after(told.window), before=everyone.cast("int64"), **zeros)
    both = now.union(then.select(now.columns))
    found = both.group_by(["window", *groups]).agg(
        **{state: both[state].sum() for state in kinds}, before=both.before.sum()
    )
    found = found.mutate(**{State.DORMANT: found.before - found[State.RETURNING]}).drop("before")
    first = calendar.start(ibis.date(query.days.start))
    return plan, found.filter((found.window >= first) & (found.window < ibis.date(query.days.end)))


def counted_states(metric: Metric, query: SeriesQuery, dialect: Dialect) -> Compiled:
    """See ``compile_states``."""
    plan, found = states(metric, query, dialect)
    groups = group_names(query.breakdown)
    expr = found.select(*groups, period=found.window, **{name: found[name].cast("int64") for name in State})
    expr = expr.select("period", *groups, *State).order_by("period", *groups)
    columns = tuple(expr.columns)
    return Compiled(expr, plan.route, plan.reason, columns, additive=False, absent=0.0, grain=query.grain)


def lifecycle_series(metric: Metric, query: SeriesQuery, dialect: Dialect) -> tuple[Plan, Table, tuple[str, ...]]:
    """Units in the metric's state, or the quick ratio: new and resurrected over dormant ones."""
    window = window_grain(metric)
    own = None if query.grain is None and window is not Grain.DAY else window or query.grain
    asked = SeriesQuery(query.days, own, query.breakdown, query.where)
    plan, found = states(metric, asked, dialect)
    groups, notes = group_names(query.breakdown), tuple[str, ...]()
    shown = {name: found[name] for name in State}
    if own is None or own is query.grain:
        found = found.rename(period="window")
        if query.grain is None:
            notes = ("All days are compared with as many before them, a whole calendar period with the one before.",)
    else:
        found = in_periods(found, own, query.grain, query.days)
        found = found.mutate(period=period_of(found.window, query.grain, query.days))
        found = found.group_by(["period", *groups]).agg(**{name: found[name].sum() for name in shown})
        count = each(windows_in_periods(own, query.grain, query.days), found.period)
        found = found.mutate(**{name: found[name] / count for name in shown})
        notes = (f"Each point is the mean over its whole {own}s.",)
    if metric.fractional or metric.state in (State.NEW, State.RESURRECTED):
        notes = (*notes, "New means first in the data: who was there before they begin counts as new once.")
    if metric.fractional:
        sides = {"numerator": found[State.NEW] + found[State.RESURRECTED], "denominator": found[State.DORMANT]}
        return plan, found.select("period", *groups, **sides), notes
    return plan, found.select("period", *groups, value=found[metric.state]), notes


def _active(metric: Metric, query: SeriesQuery, calendar: _Calendar, dialect: Dialect) -> tuple[Plan, Table]:
    """How many units were active: ``window``, ``previous`` (the last period before with any), groups, ``n``."""
    groups, selection = group_names(query.breakdown), metric.selection.narrowed(query.where)
    source = open_source(
        dialect,
        selection,
        of_type=metric.type,
        days=DayRange(_LONG_AGO, calendar.read.end),
        unit_type=metric.unit,
        breakdown=query.breakdown,
    )
    kept = activity_rows(dialect, source.plan, selection, query.breakdown, metric.unit)
    if kept is not None:
        return source.plan, _from_kept(kept, groups, calendar)
    rows = source.rows.filter(source.rows.unit_key.notnull())
    once = rows.select("unit_key", *groups, window=calendar.start(rows.day)).distinct()
    keys = [once.unit_key, *(once[g] for g in groups)]
    once = once.mutate(previous=once.window.lag().over(group_by=keys, order_by=once.window))
    once = once.filter(once.window >= calendar.before(calendar.start(ibis.date(calendar.days.start))))
    return source.plan, once.group_by(["window", "previous", *groups]).agg(n=once.count())


def _from_kept(kept: Table, groups: list[str], calendar: _Calendar) -> Table:
    """From days with the one before: by day and distance first, so that the calendar is done on few rows."""
    rows = kept.filter((kept.day >= ibis.date(calendar.read.start)) & (kept.day < ibis.date(calendar.read.end)))
    far: Column = ibis.least(rows.day.delta(rows.previous_day, unit="day"), calendar.farthest)
    rows = rows.mutate(distance=ibis.ifelse(rows.previous_day.isnull(), _FIRST, far))
    counted = rows.group_by(["day", "distance", *groups]).agg(n=rows.count())
    earlier = calendar.start((counted.day - counted.distance.as_interval("D")).cast("timestamp").cast("date"))
    previous = ibis.ifelse(counted.distance == _FIRST, ibis.null("date"), earlier)
    counted = counted.mutate(window=calendar.start(counted.day), previous=previous)
    counted = counted.filter(counted.previous.isnull() | (counted.previous < counted.window))
    return counted.group_by(["window", "previous", *groups]).agg(n=counted.n.sum())


def _moved(day: Column, days: int) -> Column:
    step = ibis.interval(days=abs(days))
    return (day + step if days > 0 else day - step).cast("timestamp").cast("date")
