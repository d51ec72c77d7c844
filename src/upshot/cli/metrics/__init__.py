"""Metrics."""

from upshot.cli.area import Area, Group

__all__ = ["AREA"]

AREA = Area(
    groups=(
        Group(
            "metric",
            "Define metrics and ask them.",
            {
                "list": "upshot.cli.metrics.commands:list_metrics",
                "show": "upshot.cli.metrics.commands:show",
                "apply": "upshot.cli.metrics.commands:apply",
                "query": "upshot.cli.metrics.query:query",
                "retention": "upshot.cli.metrics.query:retention",
                "lifecycle": "upshot.cli.metrics.lifecycle:lifecycle",
                "lifetime": "upshot.cli.metrics.lifetime:lifetime",
            },
        ),
    ),
)
