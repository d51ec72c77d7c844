"""What people declare, as YAML and one by one."""

from upshot.cli.area import Area, Command, Group

__all__ = ["AREA"]

AREA = Area(
    commands=(
        Command(
            "apply",
            "upshot.cli.declarations.declare:apply",
            "Declare what YAML files say: metrics, objectives, outputs, launches and all else. All of it, or nothing.",
        ),
        Command(
            "export",
            "upshot.cli.declarations.declare:export",
            "Write what is declared as YAML that gives the same again when it is applied.",
        ),
        Command(
            "plan",
            "upshot.cli.declarations.declare:plan",
            "Show what applying YAML files would change, field by field. Nothing is changed.",
        ),
    ),
    groups=(
        Group(
            "declaration",
            "See what is declared, its versions, and undo changes.",
            {
                "list": "upshot.cli.declarations.commands:list_declarations",
                "show": "upshot.cli.declarations.commands:show",
                "history": "upshot.cli.declarations.commands:history",
                "remove": "upshot.cli.declarations.commands:remove",
                "restore": "upshot.cli.declarations.commands:restore",
            },
        ),
    ),
)
