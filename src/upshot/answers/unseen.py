"""Names that no event bears: mistyped, or not sent yet. They stand in nobody's way; who wrote them is told."""

from collections.abc import Iterable, Iterator

from upshot.answers.answering import Answering
from upshot.answers.fields import unknown_properties
from upshot.core.problems import Problem
from upshot.core.suggest import did_you_mean, nearest
from upshot.metrics.definition import Expression, Field, Filter, Metric, Op, Scope, Selection
from upshot.metrics.left_out import properties_in
from upshot.metrics.segments import segments_in

__all__ = ["notes_on_filters", "warnings_on_metrics"]


def notes_on_filters(resources: Answering, filters: Iterable[Filter]) -> tuple[str, ...]:
    """One sentence for each event name that filters ask for and no event bears."""
    return tuple(
        f"{problem.message} {did_you_mean(problem.suggestions)}".rstrip()
        for problem in _events(resources, _named(filters))
    )


def warnings_on_metrics(resources: Answering, metrics: Iterable[Metric]) -> tuple[Problem, ...]:
    """One warning for each name of an event or property in the definitions that no event bears."""
    metrics = tuple(metrics)
    selections = [pair for metric in metrics for pair in _selections(metric)]
    events = {name for selection, _ in selections for name in (*selection.events, *_named(selection.where))}
    properties = {
        name for selection, value in selections for name in (*_filtered(selection.where), *properties_in(value))
    }
    wanted = {name for metric in metrics for name in segments_in(metric)}
    return (*_events(resources, events), *_properties(resources, properties), *_segments(resources, wanted))


def _selections(metric: Metric) -> Iterator[tuple[Selection, Expression | None]]:
    for selection in metric.selections:
        yield selection, metric.value
    for part in metric.parts:
        yield from _selections(part)


def _named(filters: Iterable[Filter]) -> set[str]:
    event = Field(Scope.COLUMN, "event")
    return {v.text for f in filters if f.field == event and f.op.positive in (Op.EQ, Op.IN) for v in f.values}


def _filtered(filters: Iterable[Filter]) -> set[str]:
    return {f.field.name for f in filters if f.field.scope in (Scope.EVENT, Scope.FIRST)}


def _events(resources: Answering, asked: set[str]) -> Iterator[Problem]:
    unseen = asked - resources.names.events
    if not unseen:
        return
    resources.names.events |= {summary.event for summary in resources.store.event_summaries()}
    if not resources.names.events:
        return
    for name in sorted(unseen - resources.names.events):
        close = nearest(name, sorted(resources.names.events))
        yield Problem(f"No event is named {name!r} so far.", suggestions=close, level="warning")


def _segments(resources: Answering, asked: set[str]) -> Iterator[Problem]:
    known = resources.segments.all() if asked else {}
    for name in sorted(asked - set(known)):
        yield Problem(f"No segment is named {name!r}.", suggestions=nearest(name, known), level="warning")


def _properties(resources: Answering, asked: set[str]) -> Iterator[Problem]:
    for name in unknown_properties(resources, asked):
        close = nearest(name, sorted(resources.names.properties))
        yield Problem(f"No event has a property {name!r} so far.", suggestions=close, level="warning")
