"""Periods inside expressions, equal to those of ``upshot.core.time``."""

from datetime import date
from typing import Any, TypeAlias

import ibis

from upshot.core.time import Grain

__all__ = ["Column", "clipped_start", "days_between", "period_start", "periods_between"]

# Any: Ibis declares the results of its operators as unions and bare Values, so that correct arithmetic does not check.
Column: TypeAlias = Any


def period_start(day: Column, grain: Grain | str) -> Column:
    """The first day of the period that holds ``day``, a date; weeks begin on Monday.

    Months are put together from their parts: on DuckDB that is three times faster than truncation, whose result is no
    date there although Ibis takes it for one (hence the detour of the cast).
    """
    match Grain(grain):
        case Grain.DAY:
            return day
        case Grain.WEEK:
            return day.truncate("W").cast("timestamp").cast("date")
        case Grain.MONTH:
            return ibis.date(day.year(), day.month(), 1)
        case Grain.QUARTER:
            return ibis.date(day.year(), (day.quarter() - 1) * 3 + 1, 1)
        case Grain.YEAR:
            return ibis.date(day.year(), 1, 1)


def clipped_start(day: Column, grain: Grain | None, start: date) -> Column:
    """The first day of the period, but not before ``start``; without a grain, ``start``."""
    if grain is None:
        return ibis.date(start)
    return day if grain is Grain.DAY else ibis.greatest(period_start(day, grain), ibis.date(start))


def days_between(earlier: Column, later: Column) -> Column:
    """How many days ``later`` is after ``earlier``."""
    return later.delta(earlier, unit="day")


def periods_between(earlier: Column, later: Column, grain: Grain) -> Column:
    """How many periods lie between two first days of periods."""
    if grain is Grain.DAY:
        return days_between(earlier, later)
    if grain is Grain.WEEK:
        return (days_between(earlier, later) // 7).cast("int64")
    months = (later.year().cast("int64") - earlier.year().cast("int64")) * 12 + later.month() - earlier.month()
    return (months // grain.months).cast("int64")
