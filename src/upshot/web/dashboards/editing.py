"""The addresses at which dashboards are changed; each needs the permission to write."""

from collections.abc import Callable
from typing import Final, TypeAlias

import msgspec
from litestar import MediaType, Response, get, post
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from upshot.api.dashboards import (
    DASHBOARD_DELETE,
    DASHBOARD_LIST,
    DASHBOARD_OFFERED,
    DASHBOARD_RESTORE,
    DASHBOARD_SAVE,
    DASHBOARD_SHOW,
    DashboardDelete,
    DashboardName,
    DashboardRestore,
    DashboardSave,
    DashboardView,
)
from upshot.api.operation import Permission
from upshot.api.state import Nothing
from upshot.catalog.kinds.dashboard import COLUMNS, LOWEST, SIZES, TAKEN, TALLEST, Dashboard, Show, TileType
from upshot.core.errors import InvalidInput, NotAllowed, NotFound
from upshot.core.ids import slug
from upshot.core.time import Grain
from upshot.web import notices
from upshot.web.dashboards.forms import (
    SETTINGS_FIELDS,
    Form,
    tile_fields,
    with_places,
    with_settings,
    with_tile,
    without_tile,
)
from upshot.web.dashboards.said import after, said_of
from upshot.web.dashboards.view import board_url, read_board
from upshot.web.field_problem import FieldProblem, at_field
from upshot.web.metric.ordering import ordered
from upshot.web.page import Page
from upshot.web.sign_in.routes import local_path
from upshot.web.window import PRESETS

__all__ = [
    "add_tile",
    "arrange_dashboard",
    "change_settings",
    "change_tile",
    "delete_dashboard",
    "edit_page",
    "make_dashboard",
    "new_page",
    "remove_tile",
    "restore_dashboard",
]

_SEE_OTHER: Final = 303
_NEW_FIELDS: Final = {"title": ("title", "name"), "description": ("description",)}
Answer: TypeAlias = Response[str] | Response[bytes] | Redirect


@get("/dashboards/new", permission=Permission.WRITE, sync_to_thread=True)
def new_page(page: NamedDependency[Page]) -> Response[str]:
    """What a new dashboard is called; ``?from=`` names one to copy."""
    return _new(page, page.parameter("from"))


@post("/dashboards/make", permission=Permission.WRITE)
async def make_dashboard(page: NamedDependency[Page]) -> Answer:
    """Make one: empty, a copy, or a ready-made one."""
    return await _sent(page, _make)


@get("/dashboards/{name:str}/edit", permission=Permission.WRITE, sync_to_thread=True)
def edit_page(page: NamedDependency[Page], name: FromPath[str]) -> Response[str]:
    """The editor; ``?add=``, ``?tile=`` and ``?settings=`` open its form."""
    tile = page.parameter("tile")
    form = "tile" if tile or page.parameter("add") else "settings" if page.parameter("settings") else ""
    return _editor(page, name, form, tile)


@post("/dashboards/{name:str}/add", permission=Permission.WRITE)
async def add_tile(page: NamedDependency[Page], name: FromPath[str]) -> Answer:
    """Add a tile at the first free place."""
    return await _sent(page, lambda page, form: _put_tile(page, form, name, ""))


@post("/dashboards/{name:str}/tiles/{tile:str}", permission=Permission.WRITE)
async def change_tile(page: NamedDependency[Page], name: FromPath[str], tile: FromPath[str]) -> Answer:
    """Change a tile."""
    return await _sent(page, lambda page, form: _put_tile(page, form, name, tile))


@post("/dashboards/{name:str}/tiles/{tile:str}/remove", permission=Permission.WRITE)
async def remove_tile(page: NamedDependency[Page], name: FromPath[str], tile: FromPath[str]) -> Answer:
    """Take a tile away."""

    def act(page: Page, form: Form) -> Answer:
        stored = _stored(page, name)
        if stored.dashboard.tile(tile) is None:
            raise NotFound("tile", tile, (t.name for t in stored.dashboard.tiles))
        saved = _save(page, without_tile(stored.dashboard, tile), form)
        return after(f"{board_url(name)}/edit", "removed", _before(form, saved))

    return await _sent(page, act)


@post("/dashboards/{name:str}/settings", permission=Permission.WRITE)
async def change_settings(page: NamedDependency[Page], name: FromPath[str]) -> Answer:
    """Change title, days, step, comparison and filters."""

    def act(page: Page, form: Form) -> Answer:
        try:
            saved = _save(page, with_settings(_stored(page, name).dashboard, form), form)
        except InvalidInput as error:
            return _editor(page, name, "settings", problem=at_field(error, SETTINGS_FIELDS), sent=form)
        return after(f"{board_url(name)}/edit", "settings", _before(form, saved))

    return await _sent(page, act)


@post("/dashboards/{name:str}/layout", permission=Permission.WRITE, status_code=200)
async def arrange_dashboard(page: NamedDependency[Page], name: FromPath[str]) -> Answer:
    """Put every tile at its place; the answer is the new version and the one before, as JSON."""

    def act(page: Page, form: Form) -> Answer:
        saved = _save(page, with_places(_stored(page, name).dashboard, form.all("place")), form)
        body = msgspec.json.encode({"version": saved.version, "before": _before(form, saved)})
        return Response(body, media_type=MediaType.JSON)

    return await _sent(page, act)


@post("/dashboards/{name:str}/delete", permission=Permission.WRITE)
async def delete_dashboard(page: NamedDependency[Page], name: FromPath[str]) -> Answer:
    """Delete it; the list then offers to undo that."""

    def act(page: Page, form: Form) -> Answer:
        del form
        page.caller.call(DASHBOARD_DELETE, DashboardDelete(name))
        return notices.after("/dashboards", deleted=name)

    return await _sent(page, act)


@post("/dashboards/{name:str}/restore", permission=Permission.WRITE)
async def restore_dashboard(page: NamedDependency[Page], name: FromPath[str]) -> Answer:
    """Undo a change or a deletion."""

    def act(page: Page, form: Form) -> Answer:
        page.caller.call(DASHBOARD_RESTORE, DashboardRestore(name, form.number("version")))
        wanted = local_path(form.one("next", board_url(name)))
        return after(wanted if wanted != "/" else board_url(name), "restored")

    return await _sent(page, act)


async def _sent(page: Page, act: Callable[[Page, Form], Answer]) -> Answer:
    """What ``act`` answers to the form that was sent, in a thread."""
    return await sync_to_thread(act, page, await Form.sent(page.request))


def _make(page: Page, form: Form) -> Answer:
    ready, source = form.one("ready"), form.one("from")
    if ready:
        offered = page.caller.call(DASHBOARD_OFFERED, Nothing()).dashboards
        chosen = next((one for one in offered if one.name == ready), None)
        if chosen is None:
            raise NotFound("ready-made dashboard", ready, (one.name for one in offered))
        page.caller.call(DASHBOARD_SAVE, DashboardSave(chosen, after=0))
        return after(board_url(ready), "made")
    title = form.one("title")
    try:
        if not title:
            raise InvalidInput("A dashboard needs a title.", hint="Say what it is about.")
        base = _copied(page, source)
        made = msgspec.structs.replace(
            base, name=_free(page, slug(title)), title=title, description=form.one("description")
        )
        page.caller.call(DASHBOARD_SAVE, DashboardSave(made, after=0))
    except InvalidInput as error:
        return _new(page, source, problem=at_field(error, _NEW_FIELDS), sent=form)
    return _to(f"{board_url(made.name)}/edit" + ("" if source else "?add=chart"))


def _copied(page: Page, source: str) -> Dashboard:
    if not source:
        return Dashboard(name="empty")
    return page.caller.call(DASHBOARD_SHOW, DashboardName(source)).dashboard


def _free(page: Page, wanted: str) -> str:
    taken = {view.dashboard.name for view in page.caller.call(DASHBOARD_LIST, Nothing()).dashboards} | TAKEN
    if wanted not in taken:
        return wanted
    return next(name for number in range(2, len(taken) + 3) if (name := f"{wanted}-{number}") not in taken)


def _new(page: Page, source: str, problem: FieldProblem | None = None, sent: Form | None = None) -> Response[str]:
    copied = page.caller.call(DASHBOARD_SHOW, DashboardName(source)) if source else None
    return page.show(
        "dashboards/new.html",
        area="dashboards",
        status=400 if problem else 200,
        source=copied,
        problem=problem,
        title=sent.one("title") if sent else f"Copy of {copied.dashboard.shown}" if copied else "",
        description=sent.one("description") if sent else copied.dashboard.description if copied else "",
    )


def _put_tile(page: Page, form: Form, name: str, tile: str) -> Answer:
    stored = _stored(page, name)
    if tile and stored.dashboard.tile(tile) is None:
        raise NotFound("tile", tile, (t.name for t in stored.dashboard.tiles))
    try:
        saved = _save(page, with_tile(stored.dashboard, form, tile), form)
    except InvalidInput as error:
        problem = at_field(error, tile_fields(form.one("type", "chart"), new=not tile))
        return _editor(page, name, "tile", tile, problem=problem, sent=form)
    return after(f"{board_url(name)}/edit", "changed" if tile else "added", _before(form, saved))


def _save(page: Page, board: Dashboard, form: Form) -> DashboardView:
    return page.caller.call(DASHBOARD_SAVE, DashboardSave(board, after=form.number("version")))


def _before(form: Form, saved: DashboardView) -> int:
    """The version that was changed; 0 where nothing was."""
    was = form.number("version")
    return was if was < saved.version else 0


def _stored(page: Page, name: str) -> DashboardView:
    return page.caller.call(DASHBOARD_SHOW, DashboardName(name))


def _to(url: str) -> Redirect:
    return Redirect(url, status_code=_SEE_OTHER)


# the six things that the editor shows at once
def _editor(
    page: Page, name: str, form: str, tile: str = "", *, problem: FieldProblem | None = None, sent: Form | None = None
) -> Response[str]:
    board = read_board(page, name)
    if board.stored.managed:
        raise NotAllowed(
            f"{board.dashboard.shown} is managed from code and is not changed here.",
            hint="Duplicate it and change the copy, or change its YAML and apply that.",
        )
    done, undo = said_of(page, board.stored)
    return page.show(
        "dashboards/edit.html",
        area="dashboards",
        status=400 if problem else 200,
        board=board,
        form=form,
        fields_of=_tile_fields(page, board.dashboard, tile, sent) if form == "tile" else {},
        tile_name=tile,
        settings=_settings_fields(board.dashboard, sent),
        problem=problem,
        done="" if problem else done,
        undo=undo,
        metrics=ordered(page.metrics),
        grains=tuple(Grain),
        ranges=PRESETS,
        types=tuple(TileType),
        limits=(COLUMNS, TALLEST, LOWEST),
    )


def _tile_fields(page: Page, board: Dashboard, name: str, sent: Form | None) -> dict[str, str]:
    keys = ("type", "title", "metric", "show", "breakdown", "where", "by", "text", "x", "y", "width", "height")
    if sent is not None:
        return {key: sent.one(key) for key in keys}
    tile = board.tile(name) if name else None
    if name and tile is None:
        raise NotFound("tile", name, (t.name for t in board.tiles))
    asked = page.parameter("type") or page.parameter("add") or "chart"
    kind = TileType(asked) if asked in set(TileType) else TileType.CHART
    if tile is None:
        width, height = SIZES[kind]
        given = {"metric": page.parameter("metric"), "width": str(width), "height": str(height)}
        return {key: given.get(key, "") for key in keys} | {"type": str(kind), "show": str(Show.SERIES)}
    found = {key: _shown(getattr(tile, key)) for key in keys}
    return found | ({"type": str(kind)} if page.parameter("type") else {})


def _shown(value: object) -> str:
    if value is None:
        return ""
    return "\n".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _settings_fields(board: Dashboard, sent: Form | None) -> dict[str, str]:
    keys = ("title", "description", "range", "first_day", "last_day", "by", "compare", "where")
    if sent is not None:
        return {key: sent.one(key) for key in keys}
    found = {key: _shown(getattr(board, key)) for key in keys}
    return found | ({"range": "fixed"} if board.first_day else {})
