"""Dashboards as code."""

from upshot.cli.area import Area, Group

__all__ = ["AREA"]

AREA = Area(
    groups=(
        Group(
            "dashboard",
            "Keep dashboards as code.",
            {
                "list": "upshot.cli.dashboards.commands:list_dashboards",
                "apply": "upshot.cli.dashboards.commands:apply",
                "export": "upshot.cli.dashboards.commands:export",
                "delete": "upshot.cli.dashboards.commands:delete",
                "restore": "upshot.cli.dashboards.commands:restore",
            },
        ),
    ),
)
