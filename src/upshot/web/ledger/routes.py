"""The addresses of the ledger."""

from datetime import datetime
from typing import Final

import msgspec
from litestar import Response, get, post
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.response import Redirect

from upshot.api.ledger import LEDGER, LedgerQuery
from upshot.api.objectives import OBJECTIVE_LIST
from upshot.api.operation import Permission
from upshot.api.outputs import SHIP, Ship
from upshot.api.state import Nothing
from upshot.core.errors import InvalidInput
from upshot.web.area import Area, Place
from upshot.web.ledger.choosing import FILTERS
from upshot.web.ledger.view import ledger_csv, read_ledger
from upshot.web.page import Page

__all__ = ["AREA", "ledger_csv_file", "ledger_page", "ship"]

_SEE_OTHER: Final = 303


@get("/ledger", permission=Permission.READ, sync_to_thread=True)
def ledger_page(page: NamedDependency[Page]) -> Response[str]:
    """Every output, and what it did."""
    may_write = page.may(Permission.WRITE)
    return page.show(
        "ledger/ledger.html",
        area="ledger",
        content=read_ledger(page),
        filters=FILTERS,
        may_write=may_write,
        objectives=page.ask(OBJECTIVE_LIST, Nothing()).objectives if may_write else (),
        shipped=page.parameter("shipped"),
        now=page.clock(page.zone).strftime("%Y-%m-%dT%H:%M"),
    )


@get("/ledger.csv", permission=Permission.READ, sync_to_thread=True)
def ledger_csv_file(page: NamedDependency[Page]) -> Response[str]:
    """All rows as CSV."""
    body = ledger_csv(page.ask(LEDGER, LedgerQuery()))
    headers = {"Content-Disposition": 'attachment; filename="ledger.csv"'}
    return Response(body, media_type="text/csv", headers=headers)


@post("/ledger/ship", permission=Permission.WRITE)
async def ship(page: NamedDependency[Page]) -> Redirect:
    """Say that something reached users."""
    form = {name: str(value) for name, value in (await page.request.form()).items()}
    await sync_to_thread(_ship, page, form)
    return Redirect(f"/ledger?{_said(form)}", status_code=_SEE_OTHER)


def _ship(page: Page, form: dict[str, str]) -> None:
    try:
        at = datetime.fromisoformat(form.get("at", "")).replace(tzinfo=page.zone)
        request = msgspec.convert(
            {
                "title": form.get("title", "").strip(),
                "at": at,
                "kind": form.get("kind", "bet"),
                "objective": form.get("objective", ""),
                "expects": [line.strip() for line in form.get("expects", "").splitlines() if line.strip()],
                "cost_days": float(form["cost_days"]) if form.get("cost_days", "").strip() else None,
            },
            Ship,
        )
    except (ValueError, msgspec.ValidationError) as error:
        raise InvalidInput(
            f"The form is not filled in rightly: {error}.", hint="Go back, and look at it again."
        ) from None
    done = page.caller.call(SHIP, request)
    if done.refused:
        wrong = next(problem for problem in done.problems if problem.level == "error")
        close = " or ".join(repr(word) for word in wrong.suggestions)
        raise InvalidInput(wrong.message, hint=f"Did you mean {close}?" if close else "Go back, and mend it.")


def _said(form: dict[str, str]) -> str:
    from urllib.parse import urlencode

    return urlencode({"shipped": form.get("title", "").strip()})


AREA = Area(
    routes=(
        ledger_csv_file,
        ledger_page,
        ship,
    ),
    places=(Place("ledger", "/ledger", "Ledger", "What each shipped thing cost and did"),),
)
