"""Launches and whatever else happened, as charts mark them."""

from collections.abc import Sequence
from datetime import date
from urllib.parse import quote

import msgspec

from upshot.api.metrics import MetricSeries
from upshot.api.outputs import LAUNCH_LIST
from upshot.api.state import Nothing
from upshot.charts import Annotation, day_label, marked
from upshot.core.time import Grain
from upshot.web.page import Page

__all__ = ["Marked", "annotations_of", "marked_in", "marked_on"]

_LAUNCH_PAGE = "/launches/{name:str}"


class Marked(msgspec.Struct, frozen=True):
    """One annotation below its chart: its number there, its day in words, what happened, and where that is told."""

    number: int
    day: str
    label: str
    href: str
    kind: str


def annotations_of(page: Page, metric: str = "", shown: str = "") -> tuple[Annotation, ...]:
    """Launches, and of what else happened that which may touch ``metric``.

    The launch ``shown`` is the one that the page is about: its mark leads nowhere.
    """
    found = page.caller.call(LAUNCH_LIST, Nothing())
    told = _LAUNCH_PAGE in {route.path for route in page.request.app.routes}
    launches = (
        Annotation(
            launch.day,
            launch.title or ", ".join(launch.output_titles),
            _address(launch.name) if told and launch.name != shown else "",
            "launch",
        )
        for launch in found.launches
    )
    others = (
        Annotation(other.first_day, other.title or other.name, "", other.kind)
        for other in found.annotations
        if not metric or not other.metrics or metric in other.metrics
    )
    return (*launches, *others)


def _address(launch: str) -> str:
    return _LAUNCH_PAGE.replace("{name:str}", quote(launch))


def marked_in(annotations: tuple[Annotation, ...], series: MetricSeries, grain: Grain) -> tuple[Marked, ...]:
    """Those that stand on the chart of ``series``, numbered as there."""
    return marked_on(annotations, sorted({point.period for point in series.points}), grain)


def marked_on(annotations: tuple[Annotation, ...], periods: Sequence[date], grain: Grain) -> tuple[Marked, ...]:
    """Those that stand on a chart of ``periods``, which ascend, numbered as there."""
    return tuple(
        Marked(number, day_label(found.day), found.label, found.href, found.kind)
        for number, found in enumerate(marked(annotations, periods, grain), 1)
    )
