"""Which metrics are shown, and in which order."""

from upshot.metrics.library import library
from upshot.metrics.library_web import events_of, web_library
from upshot.web.page import Page
from upshot.workspace.messages import DATA_EVENTS, MetricView, Nothing

__all__ = ["ordered"]


def ordered(page: Page) -> list[MetricView]:
    """Those that the team has declared first, then the ready-made ones in their own order.

    Those of browsers only while an event is there that they count.
    """
    places = {metric.name: place for place, metric in enumerate((*library(), *web_library()))}
    asleep = _asleep(page)
    shown = [metric for metric in page.metrics if metric.hash not in asleep]
    return sorted(shown, key=lambda m: (m.name in places, places.get(m.name, 0)))


def _asleep(page: Page) -> set[str]:
    """Hashes of the ready-made metrics whose events have not been seen."""
    seen = {row.event for row in page.ask(DATA_EVENTS, Nothing(), minute_old=True).events}
    return {metric.hash for metric in web_library() if not events_of(metric) & seen}
