"""The address of an output."""

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from upshot.api.operation import Permission
from upshot.web.area import Area
from upshot.web.outputs.view import read_output
from upshot.web.page import Page

__all__ = ["AREA", "output_page"]


@get("/outputs/{name:str}", permission=Permission.READ, sync_to_thread=True)
def output_page(page: NamedDependency[Page], name: FromPath[str]) -> Response[str]:
    """One output."""
    return page.show("outputs/output.html", area="ledger", content=read_output(page, name))


AREA = Area(
    routes=(output_page,),
)
