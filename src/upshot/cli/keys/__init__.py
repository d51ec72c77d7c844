"""Which apps may send events."""

from upshot.cli.area import Area, Group

__all__ = ["AREA"]

AREA = Area(
    groups=(
        Group(
            "key",
            "Say which apps may send events.",
            {
                "add": "upshot.cli.keys.commands:add",
                "list": "upshot.cli.keys.commands:list_keys",
                "revoke": "upshot.cli.keys.commands:revoke",
            },
        ),
    ),
)
