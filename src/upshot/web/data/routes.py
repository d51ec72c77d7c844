"""The address of the data page."""

from litestar import Response, get
from litestar.di import NamedDependency

from upshot.api.data import DATA_EVENTS, DATA_PROPERTIES, DATA_REJECTS, EventName, RejectsQuery
from upshot.api.events import EVENTS_RECENT, EventsRecent
from upshot.api.operation import Permission
from upshot.api.state import Nothing
from upshot.web.area import Area, Place
from upshot.web.page import Page

__all__ = ["AREA", "data_page"]

_RECENT = 20
_REJECTS = 50


@get("/data", permission=Permission.READ, sync_to_thread=True)
def data_page(page: NamedDependency[Page]) -> Response[str]:
    """What the store holds; ``?event=`` narrows properties and newest events to one name."""
    chosen = page.parameter("event")
    return page.show(
        "data/data.html",
        area="data",
        chosen=chosen,
        events=page.ask(DATA_EVENTS, Nothing()).events,
        properties=page.ask(DATA_PROPERTIES, EventName(chosen)),
        recent=page.ask(EVENTS_RECENT, EventsRecent(limit=_RECENT, event=chosen)).events,
        rejects=page.caller.call(DATA_REJECTS, RejectsQuery(limit=_REJECTS)),
    )


AREA = Area(
    routes=(data_page,),
    places=(Place("data", "/data", "Data", "Events, properties, freshness, rejects"),),
)
