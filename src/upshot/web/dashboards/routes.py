"""The addresses at which dashboards are looked at."""

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from upshot.api.dashboards import DASHBOARD_LIST, DASHBOARD_OFFERED, DASHBOARD_SHOW, DashboardName
from upshot.api.operation import Permission
from upshot.api.state import Nothing
from upshot.core.errors import NotFound
from upshot.core.time import Grain
from upshot.web.dashboards.files import WHOLE, dashboard_file, tile_file
from upshot.web.dashboards.said import said_of
from upshot.web.dashboards.view import (
    board_url,
    changed_words,
    may_edit,
    read_board,
    read_state,
    read_tile,
)
from upshot.web.filters.form import added
from upshot.web.page import Page
from upshot.workspace.dashboard_text import dashboards_to_yaml

__all__ = ["dashboard_export", "dashboard_page", "dashboard_tile", "dashboard_tiles", "dashboards_page"]


@get("/dashboards", permission=Permission.READ, sync_to_thread=True)
def dashboards_page(page: NamedDependency[Page]) -> Response[str]:
    """All dashboards, and ready-made ones."""
    may_write = page.may(Permission.WRITE)
    return page.show(
        "dashboards/list.html",
        area="dashboards",
        boards=page.caller.call(DASHBOARD_LIST, Nothing()).dashboards,
        offered=page.caller.call(DASHBOARD_OFFERED, Nothing()).dashboards if may_write else (),
        changed=lambda stored: changed_words(page, stored),
        deleted=page.told("deleted") if may_write else "",
        may_write=may_write,
    )


@get("/dashboards/{name:str}", permission=Permission.READ, sync_to_thread=True)
def dashboard_page(page: NamedDependency[Page], name: FromPath[str]) -> Response[str] | Redirect:
    """One dashboard; a filter that a form adds becomes part of the address."""
    if filtered := added(page, read_state(page, name)[1]):
        return Redirect(filtered.url(), status_code=303)
    board = read_board(page, name)
    done, undo = said_of(page, board.stored)
    return page.show(
        "dashboards/dashboard.html",
        area="dashboards",
        board=board,
        view=board.view,
        tv=page.parameter("tv") == "1",
        editable=may_edit(page, board.stored),
        may_write=page.may(Permission.WRITE),
        no_events=page.info.events == 0,
        grains=tuple(Grain),
        origin=f"{page.request.url.scheme}://{page.request.url.netloc}",
        done=done,
        undo=undo,
    )


@get("/dashboards/{name:str}/tiles", permission=Permission.READ, sync_to_thread=True)
def dashboard_tiles(page: NamedDependency[Page], name: FromPath[str]) -> Response[str]:
    """The tiles that are not as the page has them.

    The page says what it has: ``seen`` is a tile's name and the digest of what it shows, ``version`` the dashboard's.
    ``only`` asks for one tile, for as long as it takes. Nothing new is no content.
    """
    stored, _ = read_state(page, name)
    version, only = page.parameter("version"), page.parameter("only")
    if version and version != str(stored.version):
        board = read_board(page, name)
        return page.show(
            "dashboards/changed.html", area="", board=board, whole=True, editable=may_edit(page, stored), tiles=()
        )
    seen = dict(text.partition("~")[::2] for text in page.parameters.get("seen", ()))
    board = read_board(page, name, 0.0 if only else None)
    if only:
        asked = next((tile for tile in board.tiles if tile.tile.name == only), None)
        if asked is None:
            raise NotFound("tile", only, (tile.tile.name for tile in board.tiles))
        tiles = [read_tile(page, stored, asked.tile, board.view, asked.number)]
    else:
        tiles = [tile for tile in board.tiles if tile.html and seen.get(tile.tile.name) != tile.digest]
    if not tiles:
        return Response("", status_code=204)
    return page.show("dashboards/changed.html", area="", board=board, whole=False, tiles=tiles, editable=False)


@get("/dashboards/{name:str}/tiles/{tile:str}/{file:str}", permission=Permission.READ, sync_to_thread=True)
def dashboard_tile(
    page: NamedDependency[Page], name: FromPath[str], tile: FromPath[str], file: FromPath[str]
) -> Response[bytes]:
    """One tile as ``data.csv``, or its chart as ``chart.svg``, ``chart.png`` or ``chart.pdf``."""
    stored, view = read_state(page, name)
    asked = stored.dashboard.tile(tile)
    if asked is None:
        raise NotFound("tile", tile, (t.name for t in stored.dashboard.tiles), hint=f"Open {board_url(name)}.")
    return tile_file(page, stored.dashboard, asked, view, file, page.palette)


@get("/dashboards/{name:str}/export/{file:str}", permission=Permission.READ, sync_to_thread=True)
def dashboard_export(page: NamedDependency[Page], name: FromPath[str], file: FromPath[str]) -> Response[bytes]:
    """The whole dashboard as ``dashboard.pdf``, ``.png`` or ``.svg``; its declaration as ``dashboard.yaml``."""
    if file == WHOLE + ".yaml":
        stored = page.caller.call(DASHBOARD_SHOW, DashboardName(name))
        headers = {"Content-Disposition": f'attachment; filename="{name}.yaml"'}
        text = dashboards_to_yaml([stored.dashboard])
        return Response(text.encode(), media_type="application/yaml", headers=headers)
    return dashboard_file(page, *read_state(page, name), file, page.palette)
