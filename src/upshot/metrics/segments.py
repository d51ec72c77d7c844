"""Segments: named conditions on units, and filters that ask for them by name.

A condition is of the filter grammar, on what a unit is and not on what an event says: traits as of the event's time
(``person.plan``), the unit's first event (``first.country``), the period of that (``cohort.week``).
"""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from upshot.core.problems import Problem
from upshot.core.suggest import nearest
from upshot.metrics.definition import Field, Filter, Membership, Metric, Scope, Selection
from upshot.metrics.filters import parse_filter

__all__ = ["Segments", "named_segments", "parse_segment", "resolved", "resolved_metric", "segments_in"]

Segments: TypeAlias = Mapping[str, tuple[Filter, ...]]
"""The conditions of each segment by name; all of them hold for a unit that is in it."""

_OF_UNITS = (Scope.UNIT, Scope.FIRST, Scope.COHORT)


def parse_segment(texts: Iterable[str]) -> tuple[Filter, ...] | Problem:
    """The conditions of a segment, or what is wrong with the first that is none.

    >>> parse_segment(["country = DE"]).message
    "'country = DE' is about events, and a segment is about units: write person.country or first.country."
    """
    found = []
    for text in texts:
        condition = parse_filter(text)
        if isinstance(condition, Problem):
            return condition
        if condition.field.scope is Scope.SEGMENT:
            return Problem("A segment cannot be made of other segments; write their conditions.")
        if condition.field.scope not in _OF_UNITS:
            name = _without_sign(condition.field)
            return Problem(
                f"{text!r} is about events, and a segment is about units: write person.{name} or first.{name}.",
                suggestions=tuple(
                    text.replace(condition.field.text, f"{unit}.{name}", 1) for unit in ("person", "first")
                ),
            )
        found.append(condition)
    if not found:
        return Problem("A segment needs at least one condition, such as person.plan = pro.")
    return tuple(found)


def _without_sign(field: Field) -> str:
    return field.text.removeprefix("$")


def named_segments(conditions: Iterable[Filter]) -> tuple[str, ...]:
    """Names of the segments that the conditions ask for."""
    return tuple(value.text for c in conditions if c.field.scope is Scope.SEGMENT for value in c.values)


def resolved(condition: Filter, segments: Segments) -> Filter | Problem:
    """The condition with what its segments mean; any other condition as it is."""
    if condition.field.scope is not Scope.SEGMENT:
        return condition
    for value in condition.values:
        if value.text not in segments:
            close = nearest(value.text, segments)
            return Problem(f"No segment is named {value.text!r}.", suggestions=close or tuple(segments)[:3])
    parts = tuple(segments[value.text] for value in condition.values)
    return Membership(condition.field, condition.op, condition.values, parts)


def resolved_metric(metric: Metric, segments: Segments) -> Metric:
    """The metric with what its segments mean; names that no segment has are left as they are."""
    if not segments_in(metric):
        return metric
    parts_too = metric.with_parts(lambda part: resolved_metric(part, segments))
    return parts_too.with_selections(lambda selection: _selection(selection, segments))


def _selection(selection: Selection, segments: Segments) -> Selection:
    where = tuple(
        condition if isinstance(found := resolved(condition, segments), Problem) else found
        for condition in selection.where
    )
    return Selection(selection.events, where)


def segments_in(metric: Metric) -> tuple[str, ...]:
    """Names of the segments that a definition asks for."""
    own = tuple(name for selection in metric.selections for name in named_segments(selection.where))
    return (*own, *(name for part in metric.parts for name in segments_in(part)))
