"""A metric's value over a window of days, from the steps of its series.

What a window's value is follows from the metric: counts and sums add up, rates pool their numerators and denominators,
and daily actives are averaged, as the metric itself does over longer periods. A step counts on the day from which its
value is final: a day's conversion when its people have had their time, a cohort's retention when the period is over.
"""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from upshot.metrics.kinds import Combine

__all__ = ["Collected", "Reading", "Step", "blocks", "readings", "value_over", "without_gaps"]

_LEAST_COVERED = 0.8
_MOST_GAPS = 0.05
_NEVER_ZERO = 10.0
"""A day that usually sees so many is empty by chance once in 20,000 days."""


@dataclass(frozen=True, slots=True)
class Step:
    """One point of a series.

    Attributes:
        known_on: The day with whose end its value is final.
        days: How many days it stands for.
        value: The value.
        numerator: For rates.
        denominator: For rates.
    """

    known_on: date
    days: int
    value: float
    numerator: float | None = None
    denominator: float | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A value over the window that ends with ``day``."""

    day: date
    value: float


def value_over(steps: Sequence[Step], first: date, last: date, combine: Combine) -> float | None:
    """The value over the days from ``first`` to ``last``, both counted; None where the steps do not cover them.

    Days are covered where four of five have a step; a sum is scaled up to all of them. Steps that are longer than the
    window stand for it while they are the newest.
    """
    inside = [step for step in steps if first <= step.known_on <= last]
    asked = (last - first).days + 1
    if not inside:
        before = [step for step in steps if step.known_on <= last and step.days > 1]
        newest = max(before, key=lambda step: step.known_on, default=None)
        if newest is None or newest.known_on < first - timedelta(days=newest.days):
            return None
        return newest.value
    covered = sum(step.days for step in inside)
    if all(step.days == 1 for step in inside) and covered < _LEAST_COVERED * asked:
        return None
    match combine:
        case Combine.SUM:
            return sum(step.value for step in inside) * asked / covered
        case Combine.MEAN:
            return statistics.fmean(step.value for step in inside)
        case Combine.POOL:
            bottom = sum(step.denominator or 0.0 for step in inside)
            return sum(step.numerator or 0.0 for step in inside) / bottom if bottom else None
        case Combine.NONE:
            return None


def without_gaps(steps: Sequence[Step]) -> tuple[tuple[Step, ...], tuple[date, ...]]:
    """The steps of a count or sum less days that are missing and not empty, and those days.

    A few days of nothing in a series that never comes near nothing are days whose data are missing.
    """
    empty = [step.known_on for step in steps if step.value == 0]
    if not empty or len(empty) > _MOST_GAPS * len(steps):
        return tuple(steps), ()
    if statistics.median(step.value for step in steps) < _NEVER_ZERO:
        return tuple(steps), ()
    return tuple(step for step in steps if step.value != 0), tuple(empty)


def blocks(steps: Sequence[Step], last: date, days: int, most: int, combine: Combine) -> tuple[Reading, ...]:
    """Values over at most ``most`` consecutive windows of ``days`` that end with ``last``, oldest first, unbroken."""
    found: list[Reading] = []
    for number in range(most):
        end = last - timedelta(days=days * number)
        value = value_over(steps, end - timedelta(days=days - 1), end, combine)
        if value is None:
            break
        found.append(Reading(end, value))
    return tuple(reversed(found))


def readings(
    steps: Sequence[Step], days: Iterable[date], window_days: int, combine: Combine
) -> tuple[tuple[date, float | None], ...]:
    """The value over the window that ends with each of ``days``."""
    back = timedelta(days=window_days - 1)
    return tuple((day, value_over(steps, day - back, day, combine)) for day in days)


@dataclass(frozen=True, slots=True)
class Collected:
    """What an objective is measured with.

    Attributes:
        steps: By the day on which each is known, oldest first.
        combine: How steps make the value of a window.
        direct: Values of whole windows by first and last day, where steps make none.
        last: The last day whose value is final; None without any.
        blocks: Values at equal distances up to ``last``, oldest first, for the forecast.
        block_days: That distance.
        gaps: Days that are missing in the series.
    """

    steps: tuple[Step, ...]
    combine: Combine
    direct: dict[tuple[date, date], float | None] | None
    last: date | None
    blocks: tuple[float, ...]
    block_days: int
    gaps: tuple[date, ...]

    def value(self, first: date, last: date) -> float | None:
        """The value over a window; of a metric that is asked window by window, only of windows that were asked."""
        if self.direct is not None:
            return self.direct.get((first, last))
        return value_over(self.steps, first, last, self.combine)
