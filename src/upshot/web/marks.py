"""Launches and whatever else happened, as charts mark them."""

from collections.abc import Sequence
from datetime import date
from urllib.parse import quote

import msgspec

from upshot.api.metrics import MetricSeries
from upshot.api.outputs import LAUNCH_LIST, AnnotationView
from upshot.api.state import Nothing
from upshot.charts import Annotation, day_label, marked
from upshot.core.time import Grain
from upshot.web.page import Page

__all__ = ["NO_MARKS", "Marked", "Marks", "annotations_of", "marked_in", "marked_on"]

_LAUNCH_PAGE = "/launches/{name:str}"
_MOST_IN_SIGHT = 8


class Marked(msgspec.Struct, frozen=True):
    """One annotation below its chart: its number there, its day in words, what happened, and where that is told."""

    number: int
    day: str
    label: str
    href: str
    kind: str
    own: bool = False
    note: str = ""


class Marks(msgspec.Struct, frozen=True):
    """What the numbers on a chart mean: ``own`` is what the page is about, ``others`` the rest by day."""

    own: tuple[Marked, ...] = ()
    others: tuple[Marked, ...] = ()

    @property
    def all(self) -> tuple[Marked, ...]:
        """Every one, in the order of their numbers."""
        return tuple(sorted((*self.own, *self.others), key=lambda mark: mark.number))

    @property
    def folded(self) -> bool:
        """Whether there are so many others that they stand behind a line of their own."""
        return len(self.others) > _MOST_IN_SIGHT


NO_MARKS = Marks()
"""Of a chart on which nothing is marked."""


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
            launch.name == shown,
        )
        for launch in found.launches
    )
    others = (
        Annotation(other.first_day, other.title or other.name, "", other.kind, note=_note(other))
        for other in found.annotations
        if not metric or not other.metrics or metric in other.metrics
    )
    return (*launches, *others)


def _note(other: AnnotationView) -> str:
    """How long it lasted and what was written of it; where nothing was, that."""
    until = f"until {day_label(other.last_day)}" if other.last_day and other.last_day > other.first_day else ""
    return ": ".join(filter(None, (until, other.description or "nothing more is written of it")))


def _address(launch: str) -> str:
    return _LAUNCH_PAGE.replace("{name:str}", quote(launch))


def marked_in(annotations: tuple[Annotation, ...], series: MetricSeries) -> Marks:
    """Those that stand on the chart of ``series``, numbered as there."""
    return marked_on(annotations, sorted({point.period for point in series.points}), series.grain)


def marked_on(annotations: tuple[Annotation, ...], periods: Sequence[date], grain: Grain) -> Marks:
    """Those that stand on a chart of ``periods``, which ascend, numbered as there."""
    found = tuple(
        Marked(number, day_label(found.day), found.label, found.href, found.kind, found.own, found.note)
        for number, found in enumerate(marked(annotations, periods, grain), 1)
    )
    return Marks(tuple(m for m in found if m.own), tuple(m for m in found if not m.own))
