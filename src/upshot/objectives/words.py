"""Where an objective stands, in one sentence with its numbers."""

from collections.abc import Callable
from datetime import date

from upshot.charts.words import day_label
from upshot.core.units import counted
from upshot.objectives.progress import Aim, Progress, Status

__all__ = ["chance_text", "no_forecast", "sentence"]


def sentence(
    aim: Aim, progress: Progress, value: float, on: date, window_days: int, shown: Callable[[float], str]
) -> str:
    """The sentence.

    Args:
        aim: What is aimed at.
        progress: Where it stands.
        value: The metric's value.
        on: The last day of the value's window.
        window_days: The length of that window.
        shown: How a value is written.
    """
    over = f"over the {window_days} days to {day_label(on)}" if window_days > 1 else f"on {day_label(on)}"
    if progress.status is Status.NOT_STARTED:
        return (
            f"It starts on {day_label(aim.starts)} from {shown(aim.baseline)}, "
            f"and should be at {shown(aim.target)} by {day_label(aim.due)}."
        )
    now = f"{shown(value)} {over}, from {shown(aim.baseline)}"
    match progress.status:
        case Status.REACHED:
            return f"{now}: the target of {shown(aim.target)} is reached."
        case Status.MISSED:
            return f"{now}: the target of {shown(aim.target)} was missed on {day_label(aim.due)}."
        case _:
            way = f"{now}: {_way(aim, progress, shown)}, at {progress.expected:.0%} of the time to {day_label(aim.due)}"
            return (
                f"{way}."
                if progress.chance is None
                else f"{way}; the chance of the target is {chance_text(progress.chance)}."
            )


def chance_text(chance: float) -> str:
    """A chance in whole per cent; never as certain as 0 or 100 %.

    >>> chance_text(0.0004), chance_text(0.345), chance_text(0.9999)
    ('under 1%', '34%', 'over 99%')
    """
    if chance < 0.01:
        return "under 1%"
    return "over 99%" if chance > 0.99 else f"{chance:.0%}"


def no_forecast(values: int, least: int, block_days: int) -> str:
    """Why there is none, as there are too few values."""
    one = "whole week" if block_days == 7 else f"window of {counted(block_days, 'day')}"
    several = "" if block_days == 7 else f"windows of {counted(block_days, 'day')}"
    return f"There is not enough data for a forecast: {counted(values, one, several)}, and {least} are needed."


def _way(aim: Aim, progress: Progress, shown: Callable[[float], str]) -> str:
    if progress.share is None:
        return f"it has left {shown(aim.target)}, where it should stay"
    if progress.share < 0:
        return f"away from {shown(aim.target)}, by {-progress.share:.0%} of the way"
    return f"{progress.share:.0%} of the way to {shown(aim.target)}"
