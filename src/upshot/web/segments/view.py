"""What the pages of segments show."""

from datetime import timedelta
from urllib.parse import urlencode

import msgspec

from upshot.api.explore import EXPLORE_SERIES, ExploreSeries
from upshot.api.metrics import MetricSeries
from upshot.api.segments import SegmentView
from upshot.core.errors import UserError
from upshot.web.page import Page
from upshot.web.window import View

__all__ = ["PATH", "Draft", "Listed", "active_in", "read_draft", "read_segments"]

PATH = "/segments"
_ACTIVE = "{name: active, type: active, event: '*', format: count}"
_DAYS = 28


class Draft(View, frozen=True):
    """A segment that is being made, or changed where it has a ``name``; its conditions are the address's filters."""

    name: str = ""

    def pairs(self, **changes: object) -> list[tuple[str, str]]:
        """The state as parameters of an address: no days, as a segment has none."""
        state = msgspec.structs.replace(self, **changes)
        own = [("name", state.name)] if state.name else []
        return [*own, ("draft", "1"), *(("where", text) for text in state.where)]


class Listed(msgspec.Struct, frozen=True):
    """A segment with how many of its persons were active lately; ``problem`` is why that is not known."""

    segment: SegmentView
    active: str
    problem: str
    explore_url: str


def read_draft(page: Page) -> tuple[Draft, SegmentView | None]:
    """The segment that the address makes or changes; one that is not drafted yet begins with what is kept."""
    name = page.parameter("name")
    kept = next((segment for segment in page.segments if segment.name == name), None)
    view = page.view("30d")
    where = view.where if page.parameter("draft") or kept is None else kept.where
    state = {field: getattr(view, field) for field in View.__struct_fields__} | {"where": where}
    return Draft(**state, name=name if kept else ""), kept


def read_segments(page: Page) -> tuple[Listed, ...]:
    """Every segment."""
    return tuple(_listed(page, segment) for segment in page.segments)


def active_in(page: Page, where: tuple[str, ...]) -> MetricSeries | UserError:
    """How many persons that meet the conditions were active in the last 28 days of the data."""
    last = page.days.end
    first = last - timedelta(days=_DAYS - 1)
    try:
        return page.ask(EXPLORE_SERIES, ExploreSeries(_ACTIVE, first, last, where=where))
    except UserError as error:
        return error


def _listed(page: Page, segment: SegmentView) -> Listed:
    url = f"/explore?{urlencode([('show', 'persons:*'), ('where', f'segment = {segment.name}')])}"
    found = active_in(page, segment.where) if page.info.events else None
    if isinstance(found, UserError):
        return Listed(segment, "", found.message, url)
    total = found.total.value if found is not None and found.total is not None else None
    return Listed(segment, "–" if total is None else f"{total:,.0f}", "", url)
