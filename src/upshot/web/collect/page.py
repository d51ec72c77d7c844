"""The page about collecting: write keys, what broke the tracking plan, and the quarantine."""

from urllib.parse import urlencode

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect

from upshot.api.collect import QUARANTINE_LIST, QUARANTINE_REPLAY, TRACKING_BREAKAGES, QuarantineQuery, QuarantineReplay
from upshot.api.keys import WRITE_KEY_ADD, WRITE_KEY_LIST, WRITE_KEY_REVOKE, WriteKeyAdd, WriteKeyName
from upshot.api.operation import Permission
from upshot.api.state import Nothing
from upshot.core.errors import InvalidInput, UserError
from upshot.web.field_problem import FieldProblem, at_field
from upshot.web.notices import after
from upshot.web.page import Page

__all__ = ["PATH", "collect_page", "key_add", "key_revoke", "quarantine_replay"]

PATH = "/data/collect"
_SHOWN = 50
_FIELDS = {
    "name": ("the name of a write key", "write key named"),
    "events_a_second": ("events a second",),
    "events_a_day": ("events a day",),
}
"""The form's fields, each with the words by which a problem shows that it is about it."""


@get(PATH, permission=Permission.READ, sync_to_thread=True)
def collect_page(page: NamedDependency[Page]) -> Response[str]:
    """How events come in, and what did not become one; ``?source=`` narrows the quarantine."""
    return _shown(page)


def _shown(page: Page, problem: FieldProblem | None = None, sent: "_NewKey | None" = None) -> Response[str]:
    source = page.parameter("source")
    return page.show(
        "collect/collect.html",
        area="data",
        status=400 if problem else 200,
        problem=problem,
        sent=sent or _NewKey(),
        said=page.told("said"),
        source=source,
        address=f"{page.request.url.scheme}://{page.request.headers.get('host', '')}",
        keys=page.caller.call(WRITE_KEY_LIST, Nothing()),
        tracking=page.caller.call(TRACKING_BREAKAGES, Nothing()),
        held=page.caller.call(QUARANTINE_LIST, QuarantineQuery(_SHOWN, source)),
        may_write=page.may(Permission.WRITE),
        may_administer=page.may(Permission.ADMIN),
    )


class _NewKey(msgspec.Struct):
    name: str = ""
    key: str = ""
    events_a_second: str = ""
    events_a_day: str = ""


@post(f"{PATH}/keys", permission=Permission.ADMIN)
async def key_add(page: NamedDependency[Page]) -> Response[str] | Redirect:
    """Make a write key; what cannot be taken is told at its field, and nothing typed is lost."""
    form = await page.request.form()
    fields = {name: str(form.get(name, "")).strip() for name in _NewKey.__struct_fields__}
    new = _NewKey(**fields)
    limits = {"events_a_second": 0, "events_a_day": 0}
    for field in limits:
        try:
            limits[field] = _number(fields[field])
        except InvalidInput as error:
            return _shown(page, FieldProblem(field, error.message, error.hint), new)
    try:
        page.caller.call(WRITE_KEY_ADD, WriteKeyAdd(new.name, new.key, **limits))
    except UserError as error:
        return _shown(page, at_field(error, _FIELDS), new)
    return _back(said=f"The key of {new.name} is in force.")


@post(f"{PATH}/keys/revoke", permission=Permission.ADMIN)
async def key_revoke(page: NamedDependency[Page]) -> Redirect:
    """Refuse a write key from now on."""
    form = await page.request.form()
    name = str(form.get("name", ""))
    page.caller.call(WRITE_KEY_REVOKE, WriteKeyName(name))
    return _back(said=f"Events with the key of {name} are refused from now on.")


@post(f"{PATH}/replay", permission=Permission.WRITE)
async def quarantine_replay(page: NamedDependency[Page]) -> Redirect:
    """Try one message of the quarantine again, those of a source, or all."""
    form = await page.request.form()
    request = QuarantineReplay(str(form.get("id", "")), str(form.get("source", "")))
    done = page.caller.call(QUARANTINE_REPLAY, request)
    said = f"{done.left:,} became events; {done.stay:,} stay."
    return _back(said, request.source)


def _number(text: str) -> int:
    if not text:
        return 0
    if not text.isdecimal():
        raise InvalidInput(f"{text!r} is no number of events.", hint="Give a whole number, or leave it empty.")
    return int(text)


def _back(said: str, source: str = "") -> Redirect:
    return after(f"{PATH}?{urlencode({'source': source})}" if source else PATH, said=said)
