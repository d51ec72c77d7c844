"""The metrics of a workspace: definitions in the catalog, parsed once each."""

import threading

from upshot.answers.segment_book import SegmentBook
from upshot.api.metrics import MetricView
from upshot.catalog.catalog import Catalog
from upshot.catalog.types import MetricVersion
from upshot.core.errors import InternalError, NotFound
from upshot.metrics.definition import Metric
from upshot.metrics.parse import parse_metrics
from upshot.metrics.segments import resolved_metric, segments_in
from upshot.metrics.text import metric_to_yaml

__all__ = ["MetricBook", "unsaved_view", "view_of"]


class MetricBook:
    """Metrics by name, at their newest version."""

    def __init__(self, catalog: Catalog, segments: SegmentBook) -> None:
        self._catalog = catalog
        self._segments = segments
        self._parsed: dict[str, Metric] = {}
        self._lock = threading.Lock()

    def all(self) -> dict[str, tuple[Metric, MetricVersion]]:
        """Every metric with the version it comes from by name, in the order of definition."""
        return {name: (self._metric(version), version) for name, version in self._catalog.metrics.current().items()}

    def get(self, name: str) -> tuple[Metric, MetricVersion]:
        """One metric.

        Raises:
            NotFound: There is none of that name.
        """
        versions = self._catalog.metrics.current()
        if name not in versions:
            raise NotFound("metric", name, versions, hint="`upshot metric list` shows all of them.")
        return self._metric(versions[name]), versions[name]

    def _metric(self, version: MetricVersion) -> Metric:
        with self._lock:
            metric = self._parsed.get(version.definition)
            if metric is None:
                metric = self._parsed[version.definition] = _read(version)
        # What a segment means may change without the metric's words.
        return resolved_metric(metric, self._segments.all()) if segments_in(metric) else metric


def view_of(metric: Metric, version: MetricVersion) -> MetricView:
    """The metric as people see it."""
    return _view(metric, version.version, version.hash, version.definition)


def unsaved_view(metric: Metric) -> MetricView:
    """A metric that is not in the catalog, as people see it: version 0."""
    return _view(metric, 0, metric.hash, metric_to_yaml(metric))


def _view(metric: Metric, version: int, hash_: str, definition: str) -> MetricView:
    return MetricView(
        name=metric.name,
        title=metric.title or metric.name,
        description=metric.description,
        type=str(metric.type),
        format=metric.format,
        direction=metric.direction,
        unit=metric.unit,
        version=version,
        hash=hash_,
        definition=definition,
        additive=metric.additive,
        grid=metric.is_a.grid,
        states=metric.is_a.compares,
        topic=metric.is_a.topic,
    )


def _read(version: MetricVersion) -> Metric:
    parsed = parse_metrics(version.definition, version.name)
    if parsed.problems or len(parsed.metrics) != 1:
        raise InternalError(f"The stored definition of {version.name} version {version.version} cannot be read.")
    return parsed.metrics[0]
