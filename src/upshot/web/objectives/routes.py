"""The addresses of objectives."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

import msgspec
from litestar import Response, get, post
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from upshot.api.declarations import (
    DECLARATION_PUT,
    DECLARATION_REMOVE,
    DECLARATION_RESTORE,
    DeclarationPut,
    DeclarationRef,
    DeclarationsApplied,
)
from upshot.api.ledger import LEDGER, LedgerQuery
from upshot.api.operation import Permission
from upshot.core.errors import InvalidInput, UserError
from upshot.core.ids import slug
from upshot.web.area import Area, Place
from upshot.web.objectives.view import read_objective, read_objectives
from upshot.web.page import Page

__all__ = ["AREA", "objective_add", "objective_page", "objective_remove", "objective_restore", "objectives_page"]

_SEE_OTHER: Final = 303
_FIELDS = ("title", "metric", "target", "starts", "due", "owner", "parent")


@get("/objectives", permission=Permission.READ, sync_to_thread=True)
def objectives_page(page: NamedDependency[Page]) -> Response[str]:
    """The tree of objectives."""
    return _listed(page)


def _listed(page: Page, sent: Mapping[str, str] | None = None, problem: UserError | None = None) -> Response[str]:
    """The tree, and the form with what was typed and what is wrong with it."""
    may_write = page.may(Permission.WRITE)
    return page.show(
        "objectives/list.html",
        area="objectives",
        status=400 if problem else 200,
        rows=read_objectives(page),
        may_write=may_write,
        removed=page.parameter("removed") if may_write else "",
        sent={**dict.fromkeys(_FIELDS, ""), **(sent or {})},
        problem=problem,
    )


@get("/objectives/{name:str}", permission=Permission.READ, sync_to_thread=True)
def objective_page(page: NamedDependency[Page], name: FromPath[str]) -> Response[str]:
    """One objective."""
    return page.show(
        "objectives/objective.html",
        area="objectives",
        content=read_objective(page, name),
        outputs=page.ask(LEDGER, LedgerQuery(objective=name)).rows,
        may_write=page.may(Permission.WRITE),
    )


@post("/objectives", permission=Permission.WRITE)
async def objective_add(page: NamedDependency[Page]) -> Redirect | Response[str]:
    """Declare an objective by hand."""
    form = {key: str(value).strip() for key, value in (await page.request.form()).items()}
    return await sync_to_thread(_add, page, form)


def _add(page: Page, form: Mapping[str, str]) -> Redirect | Response[str]:
    body = {key: form[key] for key in _FIELDS if form.get(key)}
    name = slug(body.get("title", ""))
    try:
        if "title" not in body:
            raise InvalidInput("An objective needs a title.", hint="Say what should be true.")
        put = DeclarationPut("objective", msgspec.Raw(msgspec.json.encode({**body, "name": name})), after=0)
        _refuse(page.caller.call(DECLARATION_PUT, put))
    except InvalidInput as error:
        return _listed(page, form, error)
    return Redirect(f"/objectives/{quote(name)}", status_code=_SEE_OTHER)


@post("/objectives/{name:str}/remove", permission=Permission.WRITE)
async def objective_remove(page: NamedDependency[Page], name: FromPath[str]) -> Redirect:
    """Take an objective away; the page that follows offers it back."""
    _refuse(await sync_to_thread(page.caller.call, DECLARATION_REMOVE, DeclarationRef("objective", name)))
    return Redirect(f"/objectives?removed={quote(name)}", status_code=_SEE_OTHER)


@post("/objectives/{name:str}/restore", permission=Permission.WRITE)
async def objective_restore(page: NamedDependency[Page], name: FromPath[str]) -> Redirect:
    """Bring an objective back."""
    _refuse(await sync_to_thread(page.caller.call, DECLARATION_RESTORE, DeclarationRef("objective", name)))
    return Redirect(f"/objectives/{quote(name)}", status_code=_SEE_OTHER)


def _refuse(done: DeclarationsApplied) -> None:
    """Raise what is wrong, if anything is.

    Raises:
        InvalidInput: With the first of the problems.
    """
    wrong = [problem for problem in done.problems if problem.level == "error"]
    if wrong:
        close = " or ".join(repr(word) for word in wrong[0].suggestions)
        hint = f"Did you mean {close}?" if close else "Go back, and mend it."
        raise InvalidInput(wrong[0].message, hint=hint)


AREA = Area(
    routes=(
        objective_add,
        objective_page,
        objective_remove,
        objective_restore,
        objectives_page,
    ),
    places=(Place("objectives", "/objectives", "Objectives", "Are we on course?"),),
)
