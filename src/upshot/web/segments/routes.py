"""The addresses of segments."""

from collections.abc import Mapping
from typing import Final

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
from upshot.api.operation import Permission
from upshot.api.segments import SegmentView
from upshot.core.errors import InvalidInput, UserError
from upshot.core.ids import slug
from upshot.core.suggest import did_you_mean
from upshot.web.area import Area, Place
from upshot.web.field_problem import FieldProblem, at_field
from upshot.web.filters.form import added
from upshot.web.notices import after
from upshot.web.page import Page
from upshot.web.segments.view import PATH, Draft, active_in, read_draft, read_segments

__all__ = ["AREA", "segment_delete", "segment_edit", "segment_restore", "segment_save", "segments_page"]

_KIND = "segment"
_FIELDS: Final = {"title": ("title", "segment named"), "description": ("description",)}
"""The form's fields, each with the words by which a problem shows that it is about it."""
_SAID = {"saved": "Saved.", "deleted": "Deleted.", "restored": "Undone."}


@get(PATH, permission=Permission.READ, sync_to_thread=True)
def segments_page(page: NamedDependency[Page]) -> Response[str]:
    """All segments, and what was just done to one."""
    said = page.told("said")
    return page.show(
        "segments/list.html",
        area="explore",
        listed=read_segments(page),
        said=_SAID.get(said, ""),
        undo=page.told("of") if said in ("saved", "deleted") else "",
        may_write=page.may(Permission.WRITE),
    )


@get(f"{PATH}/edit", permission=Permission.READ, sync_to_thread=True)
def segment_edit(page: NamedDependency[Page]) -> Response[str] | Redirect:
    """Make a segment, or change the one that ``?name=`` names; conditions are the address's filters."""
    draft, kept = read_draft(page)
    if changed := added(page, draft):
        return Redirect(changed.url(), status_code=303)
    return _form(page, draft, kept)


def _form(
    page: Page,
    draft: Draft,
    kept: SegmentView | None,
    problem: FieldProblem | None = None,
    sent: Mapping[str, str] | None = None,
) -> Response[str]:
    found = active_in(page, draft.where) if page.info.events and draft.where else None
    return page.show(
        "segments/edit.html",
        area="explore",
        status=400 if problem else 200,
        draft=draft,
        kept=kept,
        sent=sent or {"title": kept.title if kept else "", "description": kept.description if kept else ""},
        problem=problem,
        conditions_problem=found if isinstance(found, UserError) and not (problem and not problem.field) else None,
        found=None if isinstance(found, UserError) else found,
        may_write=page.may(Permission.WRITE) and (kept is None or kept.managed == "hand"),
    )


@post(f"{PATH}/save", permission=Permission.WRITE)
async def segment_save(page: NamedDependency[Page]) -> Response[str] | Redirect:
    """Keep the segment that the address drafts; what cannot be kept is told at its field, and nothing typed is lost."""
    form = await page.request.form()
    return await sync_to_thread(_save, page, {key: str(form.get(key, "")).strip() for key in _FIELDS})


def _save(page: Page, sent: Mapping[str, str]) -> Response[str] | Redirect:
    draft, kept = read_draft(page)
    name = kept.name if kept else slug(sent["title"])
    body = {"name": name, **sent, "where": draft.where}
    try:
        if not sent["title"]:
            raise InvalidInput("The title of the segment is empty.", hint="Say whom it holds.")
        if kept is None and any(segment.name == name for segment in page.segments):
            raise InvalidInput(f"There is a segment named {name!r} already.", hint="Choose another title.")
        put = DeclarationPut(_KIND, msgspec.Raw(msgspec.json.encode(body)), after=kept.version if kept else 0)
        _accepted(page.caller.call(DECLARATION_PUT, put))
    except UserError as error:
        return _form(page, draft, kept, at_field(error, _FIELDS), sent)
    return _told("saved", name if kept else "")


@post(f"{PATH}/{{name:str}}/delete", permission=Permission.WRITE, sync_to_thread=True)
def segment_delete(page: NamedDependency[Page], name: FromPath[str]) -> Redirect:
    """Take one away; the list then offers to undo that."""
    _accepted(page.caller.call(DECLARATION_REMOVE, DeclarationRef(_KIND, name)))
    return _told("deleted", name)


@post(f"{PATH}/{{name:str}}/restore", permission=Permission.WRITE, sync_to_thread=True)
def segment_restore(page: NamedDependency[Page], name: FromPath[str]) -> Redirect:
    """Undo the last change of one, or that it was taken away."""
    _accepted(page.caller.call(DECLARATION_RESTORE, DeclarationRef(_KIND, name)))
    return _told("restored", "")


def _told(said: str, name: str) -> Redirect:
    return after(PATH, said=said, of=name)


def _accepted(applied: DeclarationsApplied) -> None:
    """Let pass what was done.

    Raises:
        InvalidInput: It was refused.
    """
    wrong = next((problem for problem in applied.problems if problem.level == "error"), None)
    if wrong is not None:
        raise InvalidInput(wrong.message, hint=did_you_mean(wrong.suggestions) or "Nothing was changed.")


AREA = Area(
    routes=(
        segment_delete,
        segment_edit,
        segment_restore,
        segment_save,
        segments_page,
    ),
    places=(Place("segments", "/segments", "Segments", "Named groups of people", in_navigation=False),),
)
