"""Who may come in."""

from upshot.cli.area import Area, Group

__all__ = ["AREA"]

AREA = Area(
    groups=(
        Group(
            "access",
            "Say who may come in.",
            {
                "add": "upshot.cli.access.commands:add",
                "list": "upshot.cli.access.commands:list_access",
                "revoke": "upshot.cli.access.commands:revoke",
            },
        ),
    ),
)
