"""The addresses of Explore."""

from collections.abc import Mapping
from typing import Final

from litestar import Response, get, post
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.response import Redirect

from upshot.api.operation import Permission
from upshot.core.errors import UserError
from upshot.core.time import Grain
from upshot.metrics.kinds import MEASURES
from upshot.metrics.text import metric_to_yaml
from upshot.web.area import Area, Place
from upshot.web.explore.answers import GRID_GRAINS, ask_retention, definition_of
from upshot.web.explore.exports import picture_of, question_csv
from upshot.web.explore.save import saved
from upshot.web.explore.state import KINDS, PATH, TABS, Question, changed, read_question
from upshot.web.explore.things import Thing
from upshot.web.explore.view import Spread, read_breakdown, read_spread, read_trends
from upshot.web.field_problem import FieldProblem, at_field
from upshot.web.metric.exports import download_headers
from upshot.web.page import Page
from upshot.web.retention.view import laid_out

__all__ = ["AREA", "explore_csv", "explore_page", "explore_png", "explore_save", "explore_svg"]

_FIELDS: Final = {"title": ("title",), "name": ("metric named", "metric's name")}
"""The fields of what is saved, each with the words by which a problem shows that it is about it."""


@get(PATH, permission=Permission.READ, sync_to_thread=True)
def explore_page(page: NamedDependency[Page]) -> Response[str] | Redirect:
    """One question; what a form changes becomes part of the address."""
    if page.info.events == 0:
        return page.show("explore/no_events.html", area="explore")
    question = read_question(page)
    if asked := changed(page, question):
        return Redirect(asked.url(), status_code=303)
    return _shown(page, question)


# what a template takes is of any type
def _shown(
    page: Page, question: Question, sent: Mapping[str, str] | None = None, problem: FieldProblem | None = None
) -> Response[str]:
    content = _content(page, question)
    unsaved = definition_of(question)
    return page.show(
        f"explore/{question.tab}.html",
        area="explore",
        status=400 if problem else 200,
        question=question,
        view=question,
        tabs=TABS,
        measures={word: measure.label for word, (_, measure) in MEASURES.items()},
        kinds=KINDS,
        grains=GRID_GRAINS if question.tab == "retention" else tuple(Grain),
        unsaved=unsaved,
        unsaved_yaml=metric_to_yaml(unsaved) if unsaved else "",
        sent=sent or ({"title": unsaved.title, "name": unsaved.name} if unsaved else {}),
        problem=problem,
        may_save=page.may(Permission.WRITE),
        titles={Thing("metric", m.name).word: m.title for m in page.metrics},
        **content,
    )


def _content(page: Page, question: Question) -> dict[str, object]:
    match question.tab:
        case "trends":
            panels, answered = read_trends(page, question)
            return {"panels": panels, "answered": answered}
        case "breakdown" if not question.breakdown:
            return {"content": None, "answered": ()}
        case "breakdown":
            content, answered = read_breakdown(page, question)
            return {"content": content, "answered": answered}
        case "distribution":
            spread = read_spread(page, question)
            return {"spread": spread if isinstance(spread, Spread) else None, "refused": spread}
        case "retention":
            try:
                return {"content": laid_out(ask_retention(page, question)), "refused": None}
            except UserError as error:
                return {"content": None, "refused": error}


@post(f"{PATH}/save", permission=Permission.WRITE)
async def explore_save(page: NamedDependency[Page]) -> Response[str] | Redirect:
    """Save the question, which the address says, as a metric; its page follows.

    What cannot be saved is told at its field, and nothing typed is lost.
    """
    form = await page.request.form()
    return await sync_to_thread(_save, page, {key: str(form.get(key, "")).strip() for key in _FIELDS})


def _save(page: Page, sent: Mapping[str, str]) -> Response[str] | Redirect:
    question = read_question(page)
    try:
        made = saved(page, question, sent["name"], sent["title"])
    except UserError as error:
        return _shown(page, question, sent, at_field(error, _FIELDS))
    return Redirect(question.url(f"/metrics/{made}", show=(), where=(), tab="trends"), status_code=303)


@get(f"{PATH}/data.csv", permission=Permission.READ, sync_to_thread=True)
def explore_csv(page: NamedDependency[Page]) -> Response[str]:
    """The numbers that the page shows."""
    question = read_question(page)
    body, grain = question_csv(page, question)
    headers = download_headers(f"explore_{question.tab}", question, "csv", grain)
    return Response(body, media_type="text/csv", headers=headers)


@get(f"{PATH}/chart.svg", permission=Permission.READ, sync_to_thread=True)
def explore_svg(page: NamedDependency[Page]) -> Response[str]:
    """The first chart as SVG."""
    question = read_question(page)
    picture, grain = picture_of(page, question)
    headers = download_headers(f"explore_{question.tab}", question, "svg", grain)
    return Response(picture.svg(page.palette), media_type="image/svg+xml", headers=headers)


@get(f"{PATH}/chart.png", permission=Permission.READ, sync_to_thread=True)
def explore_png(page: NamedDependency[Page]) -> Response[bytes]:
    """The first chart as PNG."""
    question = read_question(page)
    picture, grain = picture_of(page, question)
    headers = download_headers(f"explore_{question.tab}", question, "png", grain)
    return Response(picture.png(page.palette), media_type="image/png", headers=headers)


AREA = Area(
    routes=(
        explore_csv,
        explore_page,
        explore_png,
        explore_save,
        explore_svg,
    ),
    places=(Place("explore", "/explore", "Explore", "Ask freely"),),
)
