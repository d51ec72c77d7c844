"""What the store holds."""

from upshot.cli.area import Area, Group

__all__ = ["AREA"]

AREA = Area(
    groups=(
        Group(
            "data",
            "See what the store holds.",
            {
                "events": "upshot.cli.data.commands:events",
                "properties": "upshot.cli.data.commands:properties",
                "rejects": "upshot.cli.data.commands:rejects",
                "quarantine": "upshot.cli.data.quarantine:quarantine",
                "replay": "upshot.cli.data.quarantine:replay",
                "breakages": "upshot.cli.data.quarantine:breakages",
            },
        ),
        Group(
            "facts",
            "Keep unit-day facts fresh.",
            {"refresh": "upshot.cli.data.commands:refresh"},
        ),
    ),
)
