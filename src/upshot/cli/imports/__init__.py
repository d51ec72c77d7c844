"""What other systems recorded."""

from upshot.cli.area import Area, Group

__all__ = ["AREA"]

AREA = Area(
    groups=(
        Group(
            "import",
            "Bring in what other systems recorded.",
            {"events": "upshot.cli.imports.events:events", "series": "upshot.cli.imports.series:series"},
        ),
    ),
)
