"""Experiments."""

from upshot.cli.area import Area, Group

__all__ = ["AREA"]

AREA = Area(
    groups=(
        Group(
            "experiment",
            "Read experiments.",
            {
                "list": "upshot.cli.experiments.commands:list_experiments",
                "show": "upshot.cli.experiments.commands:show",
                "check": "upshot.cli.experiments.check:check",
                "analyse": "upshot.cli.experiments.analyse:analyse",
            },
        ),
    ),
)
