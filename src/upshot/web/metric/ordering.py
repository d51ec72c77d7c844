"""In which order metrics are shown."""

from upshot.metrics.library import library
from upshot.workspace.messages import MetricView

__all__ = ["ordered"]


def ordered(metrics: tuple[MetricView, ...]) -> list[MetricView]:
    """Those that the team has declared first, then the ready-made ones in their own order."""
    places = {metric.name: place for place, metric in enumerate(library())}
    return sorted(metrics, key=lambda m: (m.name in places, places.get(m.name, 0)))
