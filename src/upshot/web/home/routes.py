"""The address of the overview."""

from math import inf

from litestar import Response, get
from litestar.di import NamedDependency

from upshot.api.operation import Permission
from upshot.web.home.arranging import home_said
from upshot.web.home.view import read_home
from upshot.web.page import Page

__all__ = ["home_page"]


@get("/", permission=Permission.READ, sync_to_thread=True)
def home_page(page: NamedDependency[Page]) -> Response[str]:
    """The overview, or what to do first while there are no events.

    ``whole`` asks for all of it, for as long as it takes; otherwise the page comes soon, and asks so for what it lacks.
    """
    if page.info.events == 0:
        origin = f"{page.request.url.scheme}://{page.request.url.netloc}"
        now = page.clock(page.zone).isoformat(timespec="seconds")
        return page.show("home/first_run.html", area="home", origin=origin, now=now)
    view = page.view("30d")
    done, undo = home_said(page)
    query = page.request.url.query
    whole = f"/?{query}" if page.parameter("whole") else f"/?{query}&whole=1".replace("?&", "?")
    return page.show(
        "home/home.html",
        area="home",
        view=view,
        home=read_home(page, view, inf if page.parameter("whole") else None),
        whole=whole,
        may_write=page.may(Permission.WRITE),
        done=done,
        undo=undo,
    )
