"""The addresses of launches."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from litestar import Response, get, post
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from upshot.api.operation import Permission
from upshot.api.studies import DECIDE, VERDICT_VERIFY, Decide, VerdictId
from upshot.catalog.kinds import Choice
from upshot.charts import day_label
from upshot.core.errors import NotFound, UserError
from upshot.web.area import Area
from upshot.web.field_problem import FieldProblem, at_field
from upshot.web.launches.view import read_report
from upshot.web.page import Page

__all__ = ["AREA", "launch_decide", "launch_page", "verdict_page"]

_SEE_OTHER: Final = 303
_FIELDS: Final = {"choice": ("choice",), "why": ("why",)}
"""The form's fields, each with the words by which a problem shows that it is about it."""


@get("/launches/{name:str}", permission=Permission.READ, sync_to_thread=True)
def launch_page(page: NamedDependency[Page], name: FromPath[str]) -> Response[str]:
    """What a launch did."""
    return _shown(page, name)


def _shown(page: Page, name: str, why: str = "", problem: FieldProblem | None = None) -> Response[str]:
    return page.show(
        "launches/launch.html",
        area="ledger",
        status=400 if problem else 200,
        content=read_report(page, name),
        choices=tuple(Choice),
        may_write=page.may(Permission.WRITE),
        why=why,
        problem=problem,
    )


@post("/launches/{name:str}/decide", permission=Permission.WRITE)
async def launch_decide(page: NamedDependency[Page], name: FromPath[str]) -> Response[str] | Redirect:
    """Write down what was decided; what cannot be taken is told at its field, and nothing typed is lost."""
    form = {key: str(value).strip() for key, value in (await page.request.form()).items()}
    return await sync_to_thread(_decide, page, name, form)


def _decide(page: Page, name: str, form: Mapping[str, str]) -> Response[str] | Redirect:
    chosen, why = form.get("choice", ""), form.get("why", "")
    try:
        if chosen not in set(Choice):
            hint = f"Choose one of {', '.join(Choice)}."
            raise NotFound("choice", chosen, [str(choice) for choice in Choice], hint=hint)
        request = Decide(launch=name, choice=Choice(chosen), why=why, verdict=form.get("verdict", ""))
        page.caller.call(DECIDE, request)
    except UserError as error:
        return _shown(page, name, why, at_field(error, _FIELDS))
    return Redirect(f"/launches/{quote(name)}#decisions", status_code=_SEE_OTHER)


@get("/verdicts/{verdict:str}", permission=Permission.READ, sync_to_thread=True)
def verdict_page(page: NamedDependency[Page], verdict: FromPath[str]) -> Response[str]:
    """A verdict that is concluded again from its snapshot, while one looks."""
    found = page.caller.call(VERDICT_VERIFY, VerdictId(verdict))
    return page.show(
        "launches/verdict.html", area="ledger", found=found, read_on=day_label(found.verdict.verdict.reading)
    )


AREA = Area(
    routes=(
        launch_decide,
        launch_page,
        verdict_page,
    ),
)
