"""The addresses of the ledger."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec
from litestar import Response, get, post
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.response import Redirect

from upshot.answers.csv_files import ledger_csv
from upshot.api.ledger import LEDGER, LedgerQuery
from upshot.api.objectives import OBJECTIVE_LIST
from upshot.api.operation import Permission
from upshot.api.outputs import SHIP, Ship
from upshot.api.state import Nothing
from upshot.core.errors import UserError
from upshot.web.area import Area, Place
from upshot.web.field_problem import FieldProblem, at_field, field_of, refused
from upshot.web.ledger.choosing import FILTERS
from upshot.web.ledger.view import read_ledger
from upshot.web.notices import after
from upshot.web.page import Page

__all__ = ["AREA", "ledger_csv_file", "ledger_page", "ship"]

_KINDS: Final = {
    "bet": "A bet: it should move an outcome",
    "upkeep": "Upkeep",
    "enabling": "Enabling",
    "compliance": "Compliance",
}
_FIELDS: Final = {
    "title": ("title",),
    "at": ("'at'",),
    "expects": ("expect", "metric", "within"),
    "cost_days": ("cost", "days of work"),
    "objective": ("objective",),
    "kind": ("kind",),
}
"""The form's fields, each with the words by which a problem shows that it is about it."""


@get("/ledger", permission=Permission.READ, sync_to_thread=True)
def ledger_page(page: NamedDependency[Page]) -> Response[str]:
    """Every output, and what it did."""
    return _shown(page)


def _shown(page: Page, sent: Mapping[str, str] | None = None, problem: FieldProblem | None = None) -> Response[str]:
    may_write = page.may(Permission.WRITE)
    usual = {**dict.fromkeys(_FIELDS, ""), "at": page.clock(page.zone).strftime("%Y-%m-%dT%H:%M"), "kind": "bet"}
    return page.show(
        "ledger/ledger.html",
        area="ledger",
        status=400 if problem else 200,
        content=read_ledger(page),
        filters=FILTERS,
        may_write=may_write,
        objectives=page.ask(OBJECTIVE_LIST, Nothing()).objectives if may_write else (),
        shipped=page.told("shipped"),
        sent={**usual, **(sent or {})},
        problem=problem,
        kinds=_KINDS,
    )


@get("/ledger.csv", permission=Permission.READ, sync_to_thread=True)
def ledger_csv_file(page: NamedDependency[Page]) -> Response[str]:
    """All rows as CSV."""
    body = ledger_csv(page.ask(LEDGER, LedgerQuery()))
    headers = {"Content-Disposition": 'attachment; filename="ledger.csv"'}
    return Response(body, media_type="text/csv", headers=headers)


@post("/ledger/ship", permission=Permission.WRITE)
async def ship(page: NamedDependency[Page]) -> Response[str] | Redirect:
    """Say that something reached users; what cannot be taken is told at its field, and nothing typed is lost."""
    form = {name: str(value) for name, value in (await page.request.form()).items()}
    problem = await sync_to_thread(_ship, page, form)
    if problem is not None:
        return await sync_to_thread(_shown, page, form, problem)
    return after("/ledger", shipped=form.get("title", "").strip())


def _ship(page: Page, form: Mapping[str, str]) -> FieldProblem | None:
    try:
        said = datetime.fromisoformat(form.get("at", ""))
        at = said if said.tzinfo is not None else said.replace(tzinfo=page.zone)
    except ValueError:
        return FieldProblem(
            "at", "The form is not filled in rightly: this is no day and time.", "Write 2026-03-31T09:30."
        )
    try:
        days = float(form["cost_days"]) if form.get("cost_days", "").strip() else None
    except ValueError:
        return FieldProblem(
            "cost_days", f"{form['cost_days']!r} is no number of days.", "Write 3 or 2.5, or leave it out."
        )
    try:
        request = msgspec.convert(
            {
                "title": form.get("title", "").strip(),
                "at": at,
                "kind": form.get("kind", "bet"),
                "objective": form.get("objective", ""),
                "expects": [line.strip() for line in form.get("expects", "").splitlines() if line.strip()],
                "cost_days": days,
            },
            Ship,
        )
        done = page.caller.call(SHIP, request)
    except msgspec.ValidationError as error:
        return FieldProblem(field_of(str(error), _FIELDS), f"The form is not filled in rightly: {error}.", "")
    except UserError as error:
        return at_field(error, _FIELDS)
    return refused(done.problems, _FIELDS) if done.refused else None


AREA = Area(
    routes=(
        ledger_csv_file,
        ledger_page,
        ship,
    ),
    places=(Place("ledger", "/ledger", "Ledger", "What each shipped thing cost and did"),),
)
