"""Dashboards, and which metrics stand on the home page."""

from datetime import datetime
from typing import Literal

import msgspec

from upshot.api.operation import Operation, Permission
from upshot.api.state import Done, Nothing
from upshot.catalog.kinds.dashboard import Dashboard
from upshot.core.problems import Problem

__all__ = [
    "DASHBOARD_APPLY",
    "DASHBOARD_DELETE",
    "DASHBOARD_LIST",
    "DASHBOARD_OFFERED",
    "DASHBOARD_RESTORE",
    "DASHBOARD_SAVE",
    "DASHBOARD_SHOW",
    "HOME_RESTORE",
    "HOME_SAVE",
    "HOME_SHOW",
    "DashboardApply",
    "DashboardChange",
    "DashboardDelete",
    "DashboardList",
    "DashboardName",
    "DashboardRestore",
    "DashboardSave",
    "DashboardView",
    "DashboardsApplied",
    "DashboardsOffered",
    "HomeRestore",
    "HomeSave",
    "HomeView",
]


class DashboardView(msgspec.Struct, frozen=True):
    """A dashboard as it stands; ``definition`` is its YAML.

    ``managed`` says that it comes from code (``source``), and is not changed by hand.
    """

    dashboard: Dashboard
    version: int
    managed: bool
    source: str
    changed_at: datetime
    changed_by: str
    definition: str


class DashboardList(msgspec.Struct, frozen=True):
    """All of them, in the order in which they were first made."""

    dashboards: tuple[DashboardView, ...]


class DashboardName(msgspec.Struct, frozen=True):
    """Which dashboard."""

    name: str


class DashboardApply(msgspec.Struct, frozen=True):
    """Dashboards as YAML, which are managed from code from then on. ``source`` names where they come from."""

    yaml: str
    source: str = ""
    dry_run: bool = False


class DashboardChange(msgspec.Struct, frozen=True):
    """What applying did, or would do, to one dashboard."""

    name: str
    change: Literal["added", "changed", "unchanged"]
    version: int


class DashboardsApplied(msgspec.Struct, frozen=True):
    """Changes and problems; nothing is changed while one of them is an error, and warnings hinder nothing."""

    changes: tuple[DashboardChange, ...]
    problems: tuple[Problem, ...]


class DashboardSave(msgspec.Struct, frozen=True):
    """Keep a dashboard made by hand. ``after`` is the version that was changed; 0 for a new one."""

    dashboard: Dashboard
    after: int


class DashboardDelete(msgspec.Struct, frozen=True):
    """Delete a dashboard; ``even_if_managed`` also one that is managed from code."""

    name: str
    even_if_managed: bool = False


class DashboardRestore(msgspec.Struct, frozen=True):
    """Put a dashboard back as it was at ``version``, deleted since or changed; 0 undoes its last change."""

    name: str
    version: int = 0


class DashboardsOffered(msgspec.Struct, frozen=True):
    """Ready-made dashboards that the workspace's metrics can fill; saving one makes it."""

    dashboards: tuple[Dashboard, ...]


class HomeView(msgspec.Struct, frozen=True):
    """Metrics with a card on the home page, in order. ``version`` is 0 while nobody chose, and ``metrics`` is empty."""

    metrics: tuple[str, ...]
    version: int


class HomeSave(msgspec.Struct, frozen=True):
    """Choose the home page's metrics and their order; no metric brings the usual ones back."""

    metrics: tuple[str, ...]


class HomeRestore(msgspec.Struct, frozen=True):
    """Put the home page back as it was at ``version``; 0 before anybody chose."""

    version: int


DASHBOARD_LIST = Operation("dashboard.list", Permission.READ, Nothing, DashboardList)
DASHBOARD_SHOW = Operation("dashboard.show", Permission.READ, DashboardName, DashboardView)
DASHBOARD_SAVE = Operation("dashboard.save", Permission.WRITE, DashboardSave, DashboardView, changes=True)
DASHBOARD_APPLY = Operation("dashboard.apply", Permission.WRITE, DashboardApply, DashboardsApplied, changes=True)
DASHBOARD_DELETE = Operation("dashboard.delete", Permission.WRITE, DashboardDelete, Done, changes=True)
DASHBOARD_RESTORE = Operation("dashboard.restore", Permission.WRITE, DashboardRestore, DashboardView, changes=True)
DASHBOARD_OFFERED = Operation("dashboard.offered", Permission.READ, Nothing, DashboardsOffered)
HOME_SHOW = Operation("home.show", Permission.READ, Nothing, HomeView)
HOME_SAVE = Operation("home.save", Permission.WRITE, HomeSave, HomeView, changes=True)
HOME_RESTORE = Operation("home.restore", Permission.WRITE, HomeRestore, HomeView, changes=True)
