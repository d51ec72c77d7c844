"""The address of feedback."""

from litestar import Response, get
from litestar.di import NamedDependency

from upshot.api.operation import Permission
from upshot.web.area import Area, Place
from upshot.web.feedback.view import read_feedback
from upshot.web.page import Page

__all__ = ["AREA", "feedback_page"]


@get("/feedback", permission=Permission.READ, sync_to_thread=True)
def feedback_page(page: NamedDependency[Page]) -> Response[str]:
    """The score of one survey, and what people wrote."""
    view = page.view("12m")
    content = read_feedback(page, view)
    if content is None:
        return page.show("feedback/empty.html", area="feedback")
    return page.show("feedback/feedback.html", area="feedback", content=content, view=view)


AREA = Area(
    routes=(feedback_page,),
    places=(Place("feedback", "/feedback", "Feedback", "What users say"),),
)
