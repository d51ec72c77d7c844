"""Metrics that nobody has defined, and that are asked all the same: of events, by what the question itself says."""

from upshot.core.time import Grain
from upshot.metrics.definition import Expression, Metric, RetentionKind, Selection
from upshot.metrics.kinds import MEASURES, MetricType

__all__ = ["actives_of", "count_of", "measure_of", "retention_of"]


def count_of(name: str, selection: Selection) -> Metric:
    """How many of the events there are."""
    return Metric(name=name, type=MetricType.COUNT, selection=selection)


def actives_of(name: str, selection: Selection, unit: str) -> Metric:
    """How many units had any of the events."""
    return Metric(name=name, type=MetricType.ACTIVE, selection=selection, unit=unit)


def measure_of(word: str, name: str, title: str, selection: Selection, value: Expression | None) -> Metric:
    """One of ``MEASURES``, by its word; ``value`` is the property, where it measures one.

    >>> measure_of("days", "buyers", "Buyers", Selection(("purchase",)), None).window
    <Window.DAY: 'day'>
    """
    of_type, measure = MEASURES[word]
    return Metric(
        name=name,
        title=title,
        type=of_type,
        selection=selection,
        value=value,
        window=measure.window,
        format=of_type.kind.format,
    )


def retention_of(
    name: str, title: str, began: Selection, returned: Selection, kind: RetentionKind, period: Grain
) -> Metric:
    """Of the units that first had an event of ``began``, the share that had one of ``returned`` a period later."""
    return Metric(
        name=name,
        title=title,
        type=MetricType.RETENTION,
        selection=returned,
        of=began if began != returned else None,
        kind=kind,
        period=period,
        format=MetricType.RETENTION.kind.format,
    )
