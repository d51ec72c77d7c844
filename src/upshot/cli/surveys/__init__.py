"""What users answered."""

from upshot.cli.area import Area, Group

__all__ = ["AREA"]

AREA = Area(
    groups=(
        Group(
            "survey",
            "Bring in what users answered, and read the score.",
            {
                "list": "upshot.cli.surveys.commands:list_surveys",
                "import": "upshot.cli.surveys.commands:import_answers",
                "score": "upshot.cli.surveys.commands:score",
            },
        ),
    ),
)
