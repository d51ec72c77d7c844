"""Objectives."""

from upshot.cli.area import Area, Group

__all__ = ["AREA"]

AREA = Area(
    groups=(
        Group(
            "objective",
            "See whether we are on course.",
            {"list": "upshot.cli.objectives.commands:list_objectives", "show": "upshot.cli.objectives.commands:show"},
        ),
    ),
)
