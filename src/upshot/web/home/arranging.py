"""Which metrics have a card on the home page: the form, and what becomes of it."""

from typing import Final

from litestar import Response, get, post
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.response import Redirect

from upshot.api.dashboards import HOME_RESTORE, HOME_SAVE, HOME_SHOW, HomeRestore, HomeSave
from upshot.api.operation import Permission
from upshot.api.state import Nothing
from upshot.core.errors import InvalidInput, UserError
from upshot.web.dashboards.forms import Form
from upshot.web.field_problem import FieldProblem, at_field
from upshot.web.home.view import MOST_CARDS, home_metrics
from upshot.web.metric.ordering import offered_metrics
from upshot.web.notices import after
from upshot.web.page import Page

__all__ = ["arrange_home", "home_arrange_page", "home_said", "restore_home"]

_SEE_OTHER: Final = 303


@get("/home/arrange", permission=Permission.WRITE, sync_to_thread=True)
def home_arrange_page(page: NamedDependency[Page]) -> Response[str]:
    """The list of metrics to choose from, in order."""
    return _form(page)


def _form(page: Page, sent: tuple[str, ...] | None = None, problem: FieldProblem | None = None) -> Response[str]:
    return page.show(
        "home/arrange.html",
        area="home",
        status=400 if problem else 200,
        metrics=home_metrics(page, offered_metrics(page), sent),
        most=MOST_CARDS,
        problem=problem,
    )


@post("/home/keep", permission=Permission.WRITE)
async def arrange_home(page: NamedDependency[Page]) -> Response[str] | Redirect:
    """Keep the chosen metrics in their order; ``usual`` brings the usual ones back.

    What cannot be kept is told beside the list, which stays as it was ticked.
    """
    form = await Form.sent(page.request)

    def act() -> Response[str] | Redirect:
        chosen = () if form.one("usual") else tuple(dict.fromkeys(form.all("metric")))
        try:
            if not chosen and not form.one("usual"):
                raise InvalidInput("No metric was chosen.", hint="Tick at least one, or take the usual ones.")
            if len(chosen) > MOST_CARDS:
                raise InvalidInput(f"{len(chosen)} metrics were chosen.", hint=f"Tick {MOST_CARDS} at most.")
            before = page.caller.call(HOME_SHOW, Nothing()).version
            page.caller.call(HOME_SAVE, HomeSave(chosen))
        except UserError as error:
            return _form(page, chosen, at_field(error, {}))
        return after("/", done="home", undo=str(before))

    return await sync_to_thread(act)


@post("/home/restore", permission=Permission.WRITE)
async def restore_home(page: NamedDependency[Page]) -> Redirect:
    """Undo the last choice."""
    form = await Form.sent(page.request)

    def act() -> Redirect:
        page.caller.call(HOME_RESTORE, HomeRestore(form.number("version")))
        return after("/", done="restored")

    return await sync_to_thread(act)


def home_said(page: Page) -> tuple[str, str]:
    """What was just done to the home page, and the version that undoes it; empty where there is nothing to undo."""
    words = {"home": "The home page shows what you chose.", "restored": "Undone."}.get(page.told("done"), "")
    undo = page.told("undo")
    return words, undo if words and undo.isascii() and undo.isdigit() and len(undo) < 9 else ""
