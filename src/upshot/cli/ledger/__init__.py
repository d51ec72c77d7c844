"""The ledger."""

from upshot.cli.area import Area, Command

__all__ = ["AREA"]

AREA = Area(
    commands=(
        Command(
            "decide",
            "upshot.cli.ledger.commands:decide",
            "Write down what was decided about a launch.",
        ),
        Command(
            "ledger",
            "upshot.cli.ledger.commands:ledger",
            "List each output with its cost, expectation, effect, evidence, verdict and worth.",
        ),
    ),
)
