"""A sum's events as purchases: of each unit and local day what it bought, and what is no purchase."""

from ibis.expr.types import Table

from upshot.core.time import DayRange
from upshot.metrics.compile.calendar import Column
from upshot.metrics.compile.events import event_rows
from upshot.metrics.definition import Filter, Metric
from upshot.metrics.dialect import Dialect

__all__ = ["not_purchases", "purchases"]


def purchases(metric: Metric, days: DayRange, where: tuple[Filter, ...], dialect: Dialect) -> Table:
    """One row for each unit and day with a value of 0 or more, by unit and day: ``unit_key``, ``day``, ``amount``."""
    rows = _rows(metric, days, where, dialect)
    bought = rows.filter(rows.unit_key.notnull() & _bought(rows))
    made = bought.group_by("unit_key", "day").agg(amount=bought["value"].sum())
    return made.order_by("unit_key", "day")


def not_purchases(metric: Metric, days: DayRange, where: tuple[Filter, ...], dialect: Dialect) -> Table:
    """One row: ``refunds``, events whose value is below zero, and ``nobodys``, purchases without a unit."""
    rows = _rows(metric, days, where, dialect)
    return rows.agg(
        refunds=(rows["value"] < 0).sum().fill_null(0),
        nobodys=(rows.unit_key.isnull() & _bought(rows)).sum().fill_null(0),
    )


def _rows(metric: Metric, days: DayRange, where: tuple[Filter, ...], dialect: Dialect) -> Table:
    selection = metric.selection.narrowed(where)
    return event_rows(dialect, selection, days=days, unit_type=metric.unit, value=metric.value)


def _bought(rows: Table) -> Column:
    return (rows["value"] >= 0) & (rows["value"] < float("inf"))
