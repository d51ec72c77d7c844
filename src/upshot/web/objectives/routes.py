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
from upshot.core.suggest import did_you_mean
from upshot.web.area import Area, Place
from upshot.web.field_problem import FieldProblem, at_field, refused
from upshot.web.notices import after
from upshot.web.objectives.view import read_objective, read_objectives
from upshot.web.page import Page

__all__ = ["AREA", "objective_add", "objective_page", "objective_remove", "objective_restore", "objectives_page"]

_SEE_OTHER: Final = 303
_FIELDS: Final = {
    "title": ("title",),
    "metric": ("metric",),
    "target": ("target",),
    "starts": ("starts", "begins"),
    "due": ("due", "ends"),
    "owner": ("owner",),
    "parent": ("parent", "serves", "names an objective"),
}
"""The form's fields, each with the words by which a problem shows that it is about it."""


@get("/objectives", permission=Permission.READ, sync_to_thread=True)
def objectives_page(page: NamedDependency[Page]) -> Response[str]:
    """The tree of objectives."""
    return _shown(page)


def _shown(page: Page, sent: Mapping[str, str] | None = None, problem: FieldProblem | None = None) -> Response[str]:
    may_write = page.may(Permission.WRITE)
    return page.show(
        "objectives/list.html",
        area="objectives",
        status=400 if problem else 200,
        rows=read_objectives(page),
        may_write=may_write,
        removed=page.told("removed") if may_write else "",
        sent={**dict.fromkeys(_FIELDS, ""), "starts": str(page.today), **(sent or {})},
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
async def objective_add(page: NamedDependency[Page]) -> Response[str] | Redirect:
    """Declare an objective by hand; what cannot be taken is told at its field, and nothing typed is lost."""
    form = {key: str(value).strip() for key, value in (await page.request.form()).items()}
    return await sync_to_thread(_add, page, form)


def _add(page: Page, form: Mapping[str, str]) -> Redirect | Response[str]:
    body = {key: form[key] for key in _FIELDS if form.get(key)}
    if "title" not in body:
        return _shown(page, form, FieldProblem("title", "An objective needs a title.", "Say what should be true."))
    name = slug(body["title"])
    put = DeclarationPut("objective", msgspec.Raw(msgspec.json.encode({**body, "name": name})), after=0)
    try:
        problem = refused(page.caller.call(DECLARATION_PUT, put).problems, _FIELDS)
    except UserError as error:
        problem = at_field(error, _FIELDS)
    if problem is not None:
        return _shown(page, form, problem)
    return Redirect(f"/objectives/{quote(name)}", status_code=_SEE_OTHER)


@post("/objectives/{name:str}/remove", permission=Permission.WRITE)
async def objective_remove(page: NamedDependency[Page], name: FromPath[str]) -> Redirect:
    """Take an objective away; the page that follows offers it back."""
    _refuse(await sync_to_thread(page.caller.call, DECLARATION_REMOVE, DeclarationRef("objective", name)))
    return after("/objectives", removed=name)


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
        hint = did_you_mean(wrong[0].suggestions) or "Go back, and mend it."
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
