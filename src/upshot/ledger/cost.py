"""What an output cost, in money."""

from upshot.catalog.kinds import Output, Team

__all__ = ["cost_of"]


def cost_of(output: Output, team: Team | None) -> float | None:
    """What it cost, in the workspace's currency; None where that is not known.

    Args:
        output: With its days of work and its money.
        team: Whose days they are; None where nobody said what a day of theirs costs.
    """
    if output.cost is None:
        return None
    rate = team.cost_a_day if team else 0.0
    if output.cost.days and not rate:
        return None
    return output.cost.days * rate + output.cost.money
