"""Which effect of a verdict the ledger goes by, and what it is worth."""

from collections.abc import Callable, Iterable, Mapping

from upshot.catalog.kinds import Launch, Outcome
from upshot.catalog.verdict import Effect, Grade, Verdict
from upshot.ledger.worth import Worth, worth_of

__all__ = ["main_effect", "strongest", "unit_worth", "went_bad", "worth_of_verdict"]


def main_effect(verdict: Verdict | None) -> Effect | None:
    """The effect that the verdict falls on; none of a description."""
    if verdict is None or verdict.grade in (Grade.D, Grade.U) or not verdict.effects:
        return None
    return verdict.effects[0] if verdict.effects[0].absolute is not None else None


def went_bad(effect: Effect | None) -> bool:
    """Whether the estimate is on the bad side."""
    shown = (effect.relative or effect.absolute) if effect else None
    if effect is None or shown is None:
        return False
    return shown.value > 0 if effect.direction == "down" else shown.value < 0


def strongest(launches: Iterable[Launch], grades: Mapping[str, Grade]) -> Launch | None:
    """Of an output's launches the one with the strongest evidence, the newest of several: an experiment before all."""
    return min(launches, key=lambda launch: (grades[launch.name], -launch.at.timestamp()), default=None)


def unit_worth(outcome: Outcome | None, metric_format: str) -> float | None:
    """What one more of a metric is worth in money; None where nobody said. One more of money is worth itself."""
    if outcome is not None and outcome.worth is not None:
        return outcome.worth
    return 1.0 if metric_format == "money" else None


def worth_of_verdict(
    verdict: Verdict | None, effect: Effect | None, unit: Callable[[str], float | None], title: Callable[[str], str]
) -> tuple[Worth | None, str]:
    """What a launch was worth, and a word about it: why there is no worth, or by which effect it is.

    One effect only counts, as what two metrics are worth may be the same money: the main one, or where its metric has
    no worth the first declared one that has.

    Args:
        verdict: On the launch; None where there is none.
        effect: Its main effect.
        unit: What one more of a metric is worth, by its name; None where nobody said.
        title: What people call a metric, by its name.
    """
    if verdict is None or effect is None:
        return None, "Nothing was measured."
    also = (e for e in verdict.effects if e.variant == effect.variant and e.absolute is not None)
    valued = next((e for e in (effect, *also) if unit(e.metric) is not None), effect)
    each = unit(valued.metric)
    if each is None:
        return None, f"What one more of {title(effect.metric)} is worth nobody said: give the outcome a worth."
    amount = worth_of(valued, each)
    if amount is None:
        return None, "There is no absolute effect."
    note = "" if valued is effect else f"By its effect on {title(valued.metric)}."
    randomised = verdict.design == "experiment"
    return Worth(amount, valued.metric, valued.first_day, valued.last_day, randomised), note
