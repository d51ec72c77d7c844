"""What launches did."""

from upshot.cli.area import Area, Command, Group

__all__ = ["AREA"]

AREA = Area(
    commands=(
        Command(
            "verify",
            "upshot.cli.studies.commands:verify",
            "Conclude a verdict again from its own snapshot and compare every digit.",
        ),
    ),
    groups=(
        Group(
            "study",
            "See what launches did, and what the next one could show.",
            {
                "list": "upshot.cli.studies.commands:list_studies",
                "read": "upshot.cli.studies.commands:read",
                "join": "upshot.cli.studies.commands:join",
                "plan": "upshot.cli.studies.commands:plan",
            },
        ),
    ),
)
