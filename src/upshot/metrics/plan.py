"""Which way a question goes: unit-day facts, the facts of a declared measure, or raw events; and why.

Facts are read whenever they hold all that the question needs; the answer is the same either way, and a test holds them
to it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from upshot.metrics.compile.query import Route
from upshot.metrics.definition import Expression, Field, Scope, Selection
from upshot.metrics.kinds import MetricType
from upshot.metrics.measures import Measure, is_measurable

__all__ = ["Plan", "plan_selection"]

_EVENT_FIELD = Field(Scope.COLUMN, "event")


@dataclass(frozen=True, slots=True)
class Plan:
    """A route, and why.

    Attributes:
        route: What is read.
        reason: One sentence.
        measure: The declared measure, for ``Route.MEASURES``.
    """

    route: Route
    reason: str
    measure: Measure | None = None


def plan_selection(
    selection: Selection,
    value: Expression | None,
    breakdown: tuple[Field, ...],
    *,
    of_type: MetricType,
    has_facts: Callable[[], bool],
    has_measure: Callable[[Measure], bool],
) -> Plan:
    """The cheapest way to the events of ``selection`` that holds all that is asked.

    Args:
        selection: Events and filters, those of the question included.
        value: What is summed or averaged.
        breakdown: Fields that are told apart.
        of_type: What is computed; a distinct count needs each value, a conversion each instant.
        has_facts: Whether the store keeps unit-day facts for the unit type.
        has_measure: Whether the store keeps a measure for the unit type.
    """
    if of_type.kind.raw:
        return Plan(Route.EVENTS, of_type.kind.raw)
    for field in breakdown:
        if field.scope is not Scope.COHORT and field != _EVENT_FIELD:
            return Plan(
                Route.EVENTS, f"A breakdown by {field.text} needs more than facts hold, so raw events are read."
            )
    if not is_measurable(selection):
        odd = next(f for f in selection.where if f.field.scope not in (Scope.EVENT, Scope.COLUMN))
        return Plan(Route.EVENTS, f"The filter {odd.text} reads more than the event, so raw events are read.")
    if value is None and all(f.field == _EVENT_FIELD for f in selection.where):
        if has_facts():
            return Plan(Route.FACTS, "Counts by unit, day and event hold all that is asked.")
        return Plan(Route.EVENTS, "No facts are kept for this unit, so raw events are read.")
    measure = Measure(selection.canonical(), value)
    if _EVENT_FIELD not in breakdown and has_measure(measure):
        return Plan(Route.MEASURES, "A declared measure holds these filters and this value by unit and day.", measure)
    asked = "this value" if value is not None else "these filters"
    return Plan(Route.EVENTS, f"No declared measure holds {asked} as asked, so raw events are read.")
