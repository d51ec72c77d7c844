"""Rows to count from, whichever way the planner goes: facts, a declared measure or raw events."""

from dataclasses import dataclass

from ibis.expr.types import Table

from upshot.core.time import DayRange
from upshot.metrics.compile.calendar import Column, period_start
from upshot.metrics.compile.events import event_rows, first_days, kept, named, within_days
from upshot.metrics.compile.query import Route
from upshot.metrics.definition import Expression, Field, Scope, Selection
from upshot.metrics.dialect import Dialect
from upshot.metrics.kinds import MetricType
from upshot.metrics.measures import Measure
from upshot.metrics.plan import Plan, plan_selection

__all__ = ["Source", "activity_rows", "group_names", "open_source", "plan_for"]

ANY_EVENT = "*"


@dataclass(frozen=True, slots=True)
class Source:
    """Rows with ``day``, ``unit_key``, ``group_0``… and what to count.

    Facts and measures are rows of a unit's day, raw events are rows of their own; ``count``, ``total`` and ``known``
    aggregate either. Several rows may share a key.
    """

    plan: Plan
    rows: Table

    def count(self, rows: Table) -> Column:
        """How many events."""
        return rows.count() if self.plan.route is Route.EVENTS else rows["count"].sum()

    def total(self, rows: Table) -> Column:
        """The sum of the value over events that have one; null where none has."""
        return rows["value"].sum() if self.plan.route is Route.EVENTS else rows["total"].sum()

    def known(self, rows: Table) -> Column:
        """How many events have a value."""
        return rows["value"].count() if self.plan.route is Route.EVENTS else rows["count"].sum()


def group_names(breakdown: tuple[Field, ...]) -> list[str]:
    """Names of the columns that hold the breakdown."""
    return [f"group_{i}" for i in range(len(breakdown))]


def plan_for(
    dialect: Dialect,
    selection: Selection,
    value: Expression | None,
    breakdown: tuple[Field, ...],
    *,
    of_type: MetricType,
    unit_type: str,
) -> Plan:
    """The way to these events in the store that the dialect speaks for."""

    def has_measure(measure: Measure) -> bool:
        return dialect.unit_day_measures(measure.hash, unit_type) is not None

    return plan_selection(
        selection,
        value,
        breakdown,
        of_type=of_type,
        has_facts=lambda: dialect.unit_days(unit_type) is not None,
        has_measure=has_measure,
    )


def open_source(
    dialect: Dialect,
    selection: Selection,
    *,
    of_type: MetricType,
    days: DayRange | None,
    unit_type: str,
    keyed: bool = True,
    value: Expression | None = None,
    breakdown: tuple[Field, ...] = (),
) -> Source:
    """The rows of a selection; not ``keyed`` where the question is about events alone (rows may have no key then)."""
    tells_units = keyed or any(field.scope is Scope.COHORT for field in breakdown)
    facts_of = unit_type if tells_units else "person"
    plan = plan_for(dialect, selection, value, breakdown, of_type=of_type, unit_type=facts_of)
    match plan.route:
        case Route.EVENTS:
            rows = event_rows(
                dialect, selection, days=days, unit_type=unit_type, keyed=keyed, breakdown=breakdown, value=value
            )
            return Source(plan, rows)
        case Route.MEASURES:
            rows = _measured(dialect, plan, facts_of)
        case Route.FACTS:
            rows = _facts(dialect, selection, facts_of)
    rows = _grouped(rows, dialect, breakdown, facts_of)
    return Source(plan, within_days(rows, days) if days is not None else rows)


def activity_rows(
    dialect: Dialect, plan: Plan, selection: Selection, breakdown: tuple[Field, ...], unit_type: str
) -> Table | None:
    """``unit_key``, ``day``, ``previous_day``, ``group_0``…: one row for each unit, day and group; None where not kept.

    They are kept for one event name, or all together; a selection of several, or filters, need counting distinct.
    """
    by_event = Field(Scope.COLUMN, "event") in breakdown
    if plan.route is not Route.FACTS or selection.where or (len(selection.events) > 1 and not by_event):
        return None
    rows = dialect.activity(unit_type)
    if rows is None:
        return None
    if by_event:
        rows = named(rows, selection).filter(rows.event != ANY_EVENT)
    else:
        rows = rows.filter(rows.event == (selection.events[0] if selection.events else ANY_EVENT))
    return _grouped(rows, dialect, breakdown, unit_type)


def _facts(dialect: Dialect, selection: Selection, unit_type: str) -> Table:
    facts = dialect.unit_days(unit_type)
    assert facts is not None, "the planner looked"  # noqa: S101
    return kept(named(facts, selection), dialect, list(selection.where), {})


def _measured(dialect: Dialect, plan: Plan, unit_type: str) -> Table:
    assert plan.measure is not None, "a measured route has a measure"  # noqa: S101
    rows = dialect.unit_day_measures(plan.measure.hash, unit_type)
    assert rows is not None, "the planner looked"  # noqa: S101
    return rows


def _grouped(rows: Table, dialect: Dialect, breakdown: tuple[Field, ...], unit_type: str) -> Table:
    groups: dict[str, Column] = {}
    for name, field in zip(group_names(breakdown), breakdown, strict=True):
        if field.scope is Scope.COHORT:
            firsts = first_days(dialect, unit_type)
            begun = firsts.select(right_key=firsts.unit_key, **{f"{name}_day": firsts.first_day})
            rows = rows.left_join(begun, [("unit_key", "right_key")]).drop("right_key")
    for name, field in zip(group_names(breakdown), breakdown, strict=True):
        if field.scope is Scope.COHORT:
            groups[name] = period_start(rows[f"{name}_day"], field.name).cast("string")
        else:
            groups[name] = rows.event
    return rows.mutate(**groups) if groups else rows
