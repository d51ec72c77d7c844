"""Routes and places of dashboards."""

from upshot.web.area import Area, Place
from upshot.web.dashboards.editing import (
    add_tile,
    arrange_dashboard,
    change_settings,
    change_tile,
    delete_dashboard,
    edit_page,
    make_dashboard,
    new_page,
    remove_tile,
    restore_dashboard,
)
from upshot.web.dashboards.routes import (
    dashboard_export,
    dashboard_page,
    dashboard_tile,
    dashboard_tiles,
    dashboards_page,
)

__all__ = ["AREA"]

AREA = Area(
    routes=(
        add_tile,
        arrange_dashboard,
        change_settings,
        change_tile,
        delete_dashboard,
        edit_page,
        make_dashboard,
        new_page,
        remove_tile,
        restore_dashboard,
        dashboard_export,
        dashboard_page,
        dashboard_tile,
        dashboard_tiles,
        dashboards_page,
    ),
    places=(Place("dashboards", "/dashboards", "Dashboards", "Charts, numbers, tables and text side by side"),),
)
