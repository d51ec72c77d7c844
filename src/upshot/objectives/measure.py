"""Where an objective stands: baseline, value, status and forecast, from its collected series."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from upshot.catalog.kinds import Objective, parse_target
from upshot.charts.words import day_label
from upshot.core.units import counted, format_value
from upshot.metrics.definition import Metric
from upshot.metrics.kinds import Combine
from upshot.objectives.forecast import LEAST_BLOCKS, Outlook, Wandering, outlook, wandering
from upshot.objectives.progress import Aim, Progress, Status, judge
from upshot.objectives.steps import Collected
from upshot.objectives.words import no_forecast, sentence

__all__ = ["Standing", "no_standing", "standing", "windows_of"]

_LEAST_BASELINE_DAYS = 7
_FURTHEST = 2
"""A forecast reaches at most so many times as far ahead as its series is long."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an objective stands.

    Attributes:
        aim: From where to where; None where the baseline is not known.
        value: The metric's value over the window that ends with ``on``.
        on: The last day of that window.
        progress: Where it stands.
        forecast: On the due date; None with ``forecast_note``.
        forecast_note: Why there is none.
        sentence: The status with its numbers.
        collected: The series; None where it could not be asked.
    """

    aim: Aim | None
    value: float | None
    on: date | None
    progress: Progress
    forecast: Outlook | None
    forecast_note: str
    sentence: str
    collected: Collected | None


def standing(objective: Objective, metric: Metric, collected: Collected, today: date, currency: str) -> Standing:
    """Where an objective stands.

    Args:
        objective: Which.
        metric: Its metric.
        collected: The metric's series, with the windows of ``windows_of``.
        today: The local day that it is.
        currency: The workspace's, for the sentence.
    """
    if collected.last is None:
        return no_standing(objective, today, "There is no data yet.", collected)
    baseline = _baseline(objective, collected)
    aim = _aim(objective, metric, baseline)
    on = min(collected.last, objective.due)
    if on < objective.starts <= today:
        why = f"There is no data since its start; the last is of {day_label(collected.last)}."
        return no_standing(objective, today, why, collected, aim)
    if baseline is None:
        before = f"in the {counted(objective.baseline_days, 'day')} before {day_label(objective.starts)}"
        why = f"There is too little data {before} to measure where it begins. Write a baseline."
        return no_standing(objective, today, why, collected)
    if aim is None:
        why = f"It begins at 0, and {objective.target} of nothing is nothing. Write the target as a value to reach."
        return no_standing(objective, today, why, collected)
    value = collected.value(on - timedelta(days=objective.window_days - 1), on)
    if value is None:
        why = f"The data do not cover the {counted(objective.window_days, 'day')} to {day_label(on)}."
        return no_standing(objective, today, why, collected, aim)
    parts = wandering(collected.blocks)
    noise = 0.0 if parts is None else math.sqrt(parts.noise * collected.block_days / objective.window_days)
    # it is over when the data of its last day are in
    judged_on = today if on == objective.due else min(today, objective.due)
    forecast, note = _forecast(objective, metric, collected, aim, parts, today)
    progress = judge(aim, value, on, judged_on, noise, None if forecast is None else forecast.chance)
    said = sentence(aim, progress, value, on, objective.window_days, _shown(metric, currency))
    if collected.gaps:
        said += f" {counted(len(collected.gaps), 'day is', 'days are')} missing in the series and left out."
    return Standing(aim, value, on, progress, forecast, note, said, collected)


def _aim(objective: Objective, metric: Metric, baseline: float | None) -> Aim | None:
    """From where to where; None without a baseline, and for a relative target from a baseline of 0."""
    wanted = parse_target(objective.target)
    if baseline is None or (wanted.change is not None and baseline == 0):
        return None
    return Aim(baseline, wanted.level(baseline), objective.starts, objective.due, metric.direction)


def windows_of(objective: Objective) -> tuple[tuple[date, date], ...]:
    """The baseline's window, and the one that decides on the due date."""
    before = objective.starts - timedelta(days=1)
    return (
        (objective.starts - timedelta(days=objective.baseline_days), before),
        (objective.due - timedelta(days=objective.window_days - 1), objective.due),
    )


def _baseline(objective: Objective, collected: Collected) -> float | None:
    """As it is written, else measured before the start: over fewer days where the data begin later, at least a week.

    Before the start it is measured up to now.
    """
    if objective.baseline is not None:
        return objective.baseline
    last = objective.starts - timedelta(days=1)
    if collected.last is not None and collected.last < last and collected.direct is None:
        last = collected.last
    first = last - timedelta(days=objective.baseline_days - 1)
    if collected.steps:
        first = max(first, min(step.known_on for step in collected.steps))
        if (last - first).days + 1 < min(_LEAST_BASELINE_DAYS, objective.baseline_days):
            return None
    elif collected.last is not None and collected.last < last:
        first, last = collected.last - timedelta(days=objective.window_days - 1), collected.last
    value = collected.value(first, last)
    if value is None or collected.combine is not Combine.SUM:
        return value
    return value * objective.window_days / ((last - first).days + 1)


def _forecast(
    objective: Objective, metric: Metric, collected: Collected, aim: Aim, parts: Wandering | None, today: date
) -> tuple[Outlook | None, str]:
    if today > objective.due:
        return None, "It is past its due date."
    if parts is None or collected.last is None:
        return None, no_forecast(len(collected.blocks), LEAST_BLOCKS, collected.block_days)
    ahead = (objective.due - collected.last).days / collected.block_days
    if ahead > _FURTHEST * parts.count:
        days = counted(parts.count * collected.block_days, "day")
        return None, f"The due date is too far ahead for a forecast from {days} of data."
    averaged = objective.window_days / collected.block_days
    found = outlook(parts, max(ahead, 0.0), averaged, aim.target, upwards=aim.upwards)
    low, high = metric.is_a.bounds
    value, least, most = (min(max(number, low), high) for number in (found.value, found.low, found.high))
    return Outlook(value, least, most, found.level, found.chance), ""


def no_standing(
    objective: Objective, today: date, why: str, collected: Collected | None, aim: Aim | None = None
) -> Standing:
    """A standing without a value, because of ``why``: not started yet, or without data."""
    status = Status.NOT_STARTED if today < objective.starts else Status.NO_DATA
    expected = (today - objective.starts).days / (objective.due - objective.starts).days
    said = f"It starts on {day_label(objective.starts)}. {why}" if status is Status.NOT_STARTED else why
    progress = Progress(status, None, expected, 0.0)
    return Standing(aim, None, None, progress, None, "There is no value to go on from.", said, collected)


def _shown(metric: Metric, currency: str) -> Callable[[float], str]:
    return lambda value: format_value(value, metric.format, currency)
