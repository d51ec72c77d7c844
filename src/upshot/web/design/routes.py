"""The address of the design system."""

from litestar import Response, get
from litestar.di import NamedDependency

from upshot.api.operation import Permission
from upshot.web.area import Area
from upshot.web.design.samples import samples
from upshot.web.design.tokens import tokens
from upshot.web.page import Page

__all__ = ["AREA", "design_page"]


@get("/design", permission=Permission.READ, sync_to_thread=True)
def design_page(page: NamedDependency[Page]) -> Response[str]:
    """Every token and component in both themes; for those who build pages, so no navigation leads here."""
    return page.show("design/design.html", area="", tokens=tokens(), samples=samples())


AREA = Area(
    routes=(design_page,),
)
