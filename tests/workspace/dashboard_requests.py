"""Requests about dashboards that an owner's call meets."""

from collections.abc import Callable

import msgspec

from upshot.api.dashboards import (
    DASHBOARD_APPLY,
    DASHBOARD_DELETE,
    DASHBOARD_LIST,
    DASHBOARD_OFFERED,
    DASHBOARD_RESTORE,
    DASHBOARD_SAVE,
    DASHBOARD_SHOW,
    HOME_RESTORE,
    HOME_SAVE,
    HOME_SHOW,
    DashboardApply,
    DashboardDelete,
    DashboardName,
    DashboardRestore,
    DashboardSave,
    HomeRestore,
    HomeSave,
)
from upshot.api.operation import Caller
from upshot.api.state import Nothing
from upshot.catalog.kinds.dashboard import Dashboard, Tile, TileType

__all__ = ["dashboard_requests"]


def dashboard_requests(owner: Caller) -> dict[str, Callable[[], msgspec.Struct]]:
    """By the operation's name."""
    board = Dashboard(name="board", tiles=(Tile(type=TileType.NUMBER, metric="events"),))

    def made() -> str:
        return owner.call(DASHBOARD_SAVE, DashboardSave(board, after=0)).dashboard.name

    def deleted() -> DashboardRestore:
        name = made()
        owner.call(DASHBOARD_DELETE, DashboardDelete(name))
        return DashboardRestore(name)

    return {
        DASHBOARD_LIST.name: Nothing,
        DASHBOARD_SHOW.name: lambda: DashboardName(made()),
        DASHBOARD_SAVE.name: lambda: DashboardSave(board, after=0),
        DASHBOARD_APPLY.name: lambda: DashboardApply("name: coded"),
        DASHBOARD_DELETE.name: lambda: DashboardDelete(made()),
        DASHBOARD_RESTORE.name: deleted,
        DASHBOARD_OFFERED.name: Nothing,
        HOME_SHOW.name: Nothing,
        HOME_SAVE.name: lambda: HomeSave(("events",)),
        HOME_RESTORE.name: lambda: HomeRestore(0),
    }
