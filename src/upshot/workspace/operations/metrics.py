"""Metrics: list, show, apply, ask."""

from collections.abc import Iterable

from upshot.answers import lifecycle as lifecycles
from upshot.answers import questions
from upshot.answers.metric_book import view_of
from upshot.answers.unseen import warnings_on_metrics
from upshot.api.lifecycle import METRIC_LIFECYCLE, Lifecycle, LifecycleQuery
from upshot.api.metrics import (
    METRIC_APPLY,
    METRIC_LIST,
    METRIC_QUERY,
    METRIC_RETENTION,
    METRIC_SHOW,
    MetricApplied,
    MetricApply,
    MetricChange,
    MetricList,
    MetricName,
    MetricQuery,
    MetricSeries,
    MetricView,
    RetentionGrid,
    RetentionQuery,
)
from upshot.api.operation import Principal
from upshot.api.state import Nothing
from upshot.metrics.definition import Metric
from upshot.metrics.measures import measure_tables, measures_of
from upshot.metrics.parse import parse_metrics
from upshot.metrics.text import metric_to_yaml
from upshot.workspace.binding import Binding
from upshot.workspace.resources import Resources

__all__ = ["BINDINGS", "apply", "lifecycle", "list_metrics", "query", "retention", "show", "store_metrics"]


def list_metrics(resources: Resources, principal: Principal, request: Nothing) -> MetricList:
    """All metrics."""
    del principal, request
    return MetricList(tuple(view_of(metric, version) for metric, version in resources.metrics.all().values()))


def show(resources: Resources, principal: Principal, request: MetricName) -> MetricView:
    """One metric."""
    del principal
    return view_of(*resources.metrics.get(request.name))


def query(resources: Resources, principal: Principal, request: MetricQuery) -> MetricSeries:
    """A metric over time, with what it is compared with."""
    del principal
    return questions.series(resources.answering, request)


def retention(resources: Resources, principal: Principal, request: RetentionQuery) -> RetentionGrid:
    """A cohort grid."""
    del principal
    return questions.retention(resources.answering, request)


def lifecycle(resources: Resources, principal: Principal, request: LifecycleQuery) -> Lifecycle:
    """Who is new, returning, resurrected or dormant."""
    del principal
    return lifecycles.lifecycle(resources.answering, request)


def apply(resources: Resources, principal: Principal, request: MetricApply) -> MetricApplied:
    """Add or change metrics, all of them or, where one is wrong, none."""
    known = [metric for metric, _ in resources.metrics.all().values()]
    parsed = parse_metrics(request.yaml, request.source, known)
    if parsed.problems:
        return MetricApplied((), parsed.problems)
    return MetricApplied(
        store_metrics(resources, parsed.metrics, source=request.source, by=principal.name, dry_run=request.dry_run),
        warnings_on_metrics(resources.answering, parsed.metrics),
    )


def store_metrics(
    resources: Resources, metrics: Iterable[Metric], *, source: str, by: str, dry_run: bool = False
) -> tuple[MetricChange, ...]:
    """Store what differs from the newest versions, and let the store keep the facts that the metrics declare."""
    current = resources.catalog.metrics.current()
    changes, fresh = [], []
    for metric in metrics:
        old, definition = current.get(metric.name), metric_to_yaml(metric)
        if old is not None and old.definition == definition:
            changes.append(MetricChange(metric.name, "unchanged", old.version, old.hash))
            continue
        version = 1 if old is None else old.version + 1
        changes.append(MetricChange(metric.name, "added" if old is None else "changed", version, metric.hash))
        fresh.append((metric.name, metric.hash, definition))
    if fresh and not dry_run:
        resources.catalog.metrics.add(fresh, source=source, by=by)
        declare(resources)
    return tuple(changes)


def declare(resources: Resources) -> None:
    """Tell the store which measures its facts must hold."""
    metrics = tuple(metric for metric, _ in resources.metrics.all().values())
    measured = any(measures_of(metric) for metric in metrics)
    resources.store.declare_measures(measure_tables(metrics, resources.store.dialect()) if measured else {})
    resources.answering.compiled.forget_all()


BINDINGS = (
    Binding(METRIC_LIST, list_metrics),
    Binding(METRIC_SHOW, show),
    Binding(METRIC_APPLY, apply),
    Binding(METRIC_QUERY, query),
    Binding(METRIC_RETENTION, retention),
    Binding(METRIC_LIFECYCLE, lifecycle),
)
