"""Units that were active: in a day, a calendar period, or the 28 days up to a day.

Where the store keeps each active day with the one before it, a unit is new to a window exactly on the rows whose
previous day lies before the window; those rows are counted by day and distance, and the calendar is done on that small
table. Elsewhere units are counted distinct.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import ibis
from ibis.expr.types import Table

from upshot.core.time import DayRange, Grain
from upshot.metrics.compile.calendar import Column, clipped_start, days_between, period_start
from upshot.metrics.compile.events import within_days
from upshot.metrics.compile.source import Source, activity_rows, group_names, open_source
from upshot.metrics.definition import Field, Selection
from upshot.metrics.dialect import Dialect
from upshot.metrics.kinds import MetricType
from upshot.metrics.ripening import ROLLING_DAYS

__all__ = ["Activity", "open_activity"]


@dataclass(frozen=True, slots=True)
class Activity:
    """Who was active on which day.

    Attributes:
        source: Rows with ``unit_key``, ``day`` and groups, of the days asked about and the 27 before.
        kept: The same from kept activity, with ``previous_day``; None where it is not kept.
        days: The days asked about.
        groups: Names of the group columns.
    """

    source: Source
    kept: Table | None
    days: DayRange
    groups: list[str]

    def in_periods(self, grain: Grain | None) -> Table:
        """``window`` (first day of the period), groups, ``units`` active in it, ``unit_days``.

        A period is cut to the days asked about. Without a grain the window is all of them.
        """
        if self.kept is None:
            return self._distinct_in_periods(grain)
        rows = within_days(self.kept, self.days)
        if grain is None:
            new = rows.previous_day.isnull() | (rows.previous_day < ibis.date(self.days.start))
            rows = rows.mutate(window=ibis.date(self.days.start))
            return rows.group_by(["window", *self.groups]).agg(units=new.sum(), unit_days=rows.count())
        counted = _by_distance(rows, self.groups, grain.days[2])
        start = clipped_start(counted.day, grain, self.days.start)
        # A distance that was cut to the longest period is beyond any start.
        new = counted.distance > days_between(start, counted.day)
        counted = counted.mutate(window=period_start(counted.day, grain), new=ibis.ifelse(new, counted.n, 0))
        return counted.group_by(["window", *self.groups]).agg(units=counted.new.sum(), unit_days=counted.n.sum())

    def rolling(self) -> Table:
        """``window`` (a day asked about), groups, ``units`` active on it or in the 27 days before."""
        lookback = DayRange(self.days.start - timedelta(days=ROLLING_DAYS - 1), self.days.end)
        rows = within_days(self._with_previous_day() if self.kept is None else self.kept, lookback)
        counted = _by_distance(rows, self.groups, ROLLING_DAYS)
        # A row is its unit's first in the windows that end from (previous day + 28) to (day + 27).
        spread = counted.mutate(ahead=ibis.range(ROLLING_DAYS - counted.distance, ROLLING_DAYS, 1).unnest())
        ends = (spread.day + spread.ahead.as_interval("D")).cast("timestamp").cast("date")
        spread = spread.select(*self.groups, "n", day=ends)
        spread = within_days(spread, self.days)
        return spread.group_by(window=spread.day, **{g: spread[g] for g in self.groups}).agg(units=spread.n.sum())

    def _distinct_in_periods(self, grain: Grain | None) -> Table:
        rows = within_days(self.source.rows, self.days)
        window = ibis.date(self.days.start) if grain is None else period_start(rows.day, grain)
        rows = rows.mutate(window=window)
        if grain is Grain.DAY:
            units = rows.unit_key.nunique()
            return rows.group_by(["window", *self.groups]).agg(units=units, unit_days=units)
        return rows.group_by(["window", *self.groups]).agg(units=rows.unit_key.nunique())

    def unit_days_in_periods(self, grain: Grain) -> Table:
        """Like ``in_periods``, always with ``unit_days``."""
        if self.kept is not None or grain is Grain.DAY:
            return self.in_periods(grain)
        rows = within_days(self.source.rows, self.days)
        rows = rows.mutate(window=period_start(rows.day, grain))
        each = rows.group_by(["window", "unit_key", *self.groups]).agg(days=rows.day.nunique())
        return each.group_by(["window", *self.groups]).agg(units=each.count(), unit_days=each.days.sum())

    def covered_days(self) -> Table:
        """``unit_key``, ``covered``: on how many days asked about the unit was active then or in the 27 before."""
        rows = self._with_previous_day() if self.kept is None else self.kept
        rows = within_days(rows, DayRange(self.days.start - timedelta(days=ROLLING_DAYS - 1), self.days.end))
        distance: Column = ibis.least(days_between(rows.previous_day, rows.day).fill_null(ROLLING_DAYS), ROLLING_DAYS)
        until: Column = ibis.least(days_between(ibis.date(self.days.start), rows.day) + ROLLING_DAYS, self.days.days)
        since: Column = days_between(ibis.date(self.days.start), rows.day) + ROLLING_DAYS - distance
        covered = ibis.greatest(until - ibis.greatest(since, 0), 0)
        rows = rows.mutate(covered=covered)
        return rows.group_by("unit_key").agg(covered=rows.covered.sum())

    def _with_previous_day(self) -> Table:
        rows = self.source.rows
        once = rows.select("unit_key", "day", *self.groups).distinct()
        keys = [once.unit_key, *(once[g] for g in self.groups)]
        return once.mutate(previous_day=once.day.lag().over(group_by=keys, order_by=once.day))


def open_activity(
    dialect: Dialect,
    selection: Selection,
    *,
    of_type: MetricType,
    days: DayRange,
    unit_type: str,
    breakdown: tuple[Field, ...] = (),
    lookback: bool = False,
) -> Activity:
    """Who did the events of a selection on which day; events without a unit are left out.

    Args:
        dialect: The store's tables.
        selection: Events and filters.
        of_type: What is computed.
        days: The days asked about.
        unit_type: Who is counted.
        breakdown: Fields that are told apart.
        lookback: Whether ``rolling`` is going to be asked.
    """
    first: date = days.start - timedelta(days=ROLLING_DAYS - 1) if lookback else days.start
    source = open_source(
        dialect,
        selection,
        of_type=of_type,
        days=DayRange(first, days.end),
        unit_type=unit_type,
        breakdown=breakdown,
    )
    known = Source(source.plan, source.rows.filter(source.rows.unit_key.notnull()))
    kept = activity_rows(dialect, source.plan, selection, breakdown, unit_type)
    return Activity(known, kept, days, group_names(breakdown))


def _by_distance(rows: Table, groups: list[str], longest: int) -> Table:
    """How many rows of each day lie how far from the row before: ``day``, ``distance`` (at most ``longest``), ``n``."""
    distance: Column = days_between(rows.previous_day, rows.day)
    rows = rows.mutate(distance=ibis.least(distance.fill_null(longest), longest))
    return rows.group_by(["day", "distance", *groups]).agg(n=rows.count())
