"""The addresses of launches."""

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
from upshot.core.errors import NotFound
from upshot.web.area import Area
from upshot.web.launches.view import read_report
from upshot.web.page import Page

__all__ = ["AREA", "launch_decide", "launch_page", "verdict_page"]

_SEE_OTHER: Final = 303


@get("/launches/{name:str}", permission=Permission.READ, sync_to_thread=True)
def launch_page(page: NamedDependency[Page], name: FromPath[str]) -> Response[str]:
    """What a launch did."""
    return page.show(
        "launches/launch.html",
        area="ledger",
        content=read_report(page, name),
        choices=tuple(Choice),
        may_write=page.may(Permission.WRITE),
    )


@post("/launches/{name:str}/decide", permission=Permission.WRITE)
async def launch_decide(page: NamedDependency[Page], name: FromPath[str]) -> Redirect:
    """Write down what was decided.

    Raises:
        NotFound: There is no such choice.
    """
    form = {key: str(value) for key, value in (await page.request.form()).items()}
    chosen = form.get("choice", "")
    if chosen not in set(Choice):
        raise NotFound("choice", chosen, [str(choice) for choice in Choice], hint=f"Choose one of {', '.join(Choice)}.")
    request = Decide(
        launch=name, choice=Choice(chosen), why=form.get("why", "").strip(), verdict=form.get("verdict", "")
    )
    await sync_to_thread(page.caller.call, DECIDE, request)
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
