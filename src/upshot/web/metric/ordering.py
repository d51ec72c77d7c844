"""Which metrics are shown, and in which order."""

from upshot.api.data import DATA_EVENTS
from upshot.api.metrics import MetricView
from upshot.api.state import Nothing
from upshot.metrics.library import counts_people, library
from upshot.metrics.library_web import events_of, web_library
from upshot.web.page import Page

__all__ = ["offered_metrics", "ordered"]


def ordered(metrics: tuple[MetricView, ...]) -> list[MetricView]:
    """Those that the team has declared first, then the ready-made ones in their own order."""
    places = {metric.name: place for place, metric in enumerate((*library(), *web_library()))}
    return sorted(metrics, key=lambda m: (m.name in places, places.get(m.name, 0)))


def offered_metrics(page: Page) -> list[MetricView]:
    """The metrics in order; of the ready-made ones those that have something to count.

    Those of browsers have where an event has come in that they count, those of people where one has come in with whom.
    """
    rows = page.ask(DATA_EVENTS, Nothing(), minute_old=True).events
    seen = {row.event for row in rows}
    without_data = {metric.hash for metric in web_library() if not events_of(metric) & seen}
    if rows and not any(row.units for row in rows):
        without_data |= {metric.hash for metric in library() if counts_people(metric)}
    return [metric for metric in ordered(page.metrics) if metric.hash not in without_data]
