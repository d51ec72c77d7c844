"""The address that the palette asks."""

from litestar import Response, get
from litestar.di import NamedDependency

from upshot.api.operation import Permission
from upshot.web.area import Area
from upshot.web.page import Page
from upshot.web.palette.search import search

__all__ = ["AREA", "search_results"]

_LONGEST = 100


@get("/search", permission=Permission.READ, sync_to_thread=True)
def search_results(page: NamedDependency[Page]) -> Response[str]:
    """What fits ``?q=``, for the palette; ``here`` is the address where it was opened."""
    typed = page.parameter("q")[:_LONGEST]
    return page.show(
        "palette/results.html", area="", typed=typed.strip(), groups=search(page, typed, page.parameter("here"))
    )


AREA = Area(
    routes=(search_results,),
)
