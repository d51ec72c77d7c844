"""The address of arriving events."""

from litestar import Response, get
from litestar.di import NamedDependency

from upshot.api.operation import Permission
from upshot.web.area import Area, Place
from upshot.web.events.view import PATH, read_arrivals
from upshot.web.page import Page

__all__ = ["AREA", "events_page"]


@get(PATH, permission=Permission.READ, sync_to_thread=True)
def events_page(page: NamedDependency[Page]) -> Response[str]:
    """The newest events; ``?event=`` and ``?person=`` narrow them."""
    return page.show("events/events.html", area="live", arrivals=read_arrivals(page))


AREA = Area(
    routes=(events_page,),
    places=(Place("live", "/events", "Live", "Events as they arrive"),),
)
