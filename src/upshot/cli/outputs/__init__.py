"""What was shipped."""

from upshot.cli.area import Area, Command, Group

__all__ = ["AREA"]

AREA = Area(
    commands=(
        Command(
            "ship",
            "upshot.cli.outputs.commands:ship",
            "Say that something reached users: it becomes an output, where there is none of its name, and a launch.",
        ),
    ),
    groups=(
        Group(
            "output",
            "See what was shipped, and bring it in.",
            {"list": "upshot.cli.outputs.commands:list_outputs"},
            groups=(
                Group(
                    "import",
                    "Read outputs and launches from where the team keeps them.",
                    {"git": "upshot.cli.outputs.commands:import_git", "csv": "upshot.cli.outputs.commands:import_csv"},
                ),
            ),
        ),
        Group(
            "launch",
            "See when it reached users.",
            {"list": "upshot.cli.outputs.commands:list_launches"},
        ),
    ),
)
