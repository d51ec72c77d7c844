"""What an effect is worth in money, with its interval, and how such worths add up."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from upshot.catalog.verdict import Effect, Interval

__all__ = ["Worth", "sum_of_worths", "worth_of"]


@dataclass(frozen=True, slots=True)
class Worth:
    """What one launch was worth over its measured days.

    Attributes:
        amount: In the workspace's currency, with the effect's interval.
        metric: Of which metric; effects on one metric over common days share their errors.
        first_day: First measured local day.
        last_day: Last one.
        randomised: Whether the effect is an experiment's, whose error is its own.
    """

    amount: Interval
    metric: str
    first_day: date
    last_day: date
    randomised: bool


def worth_of(effect: Effect, unit_worth: float) -> Interval | None:
    """The effect over its measured days times what one unit is worth; None where there is no absolute effect.

    >>> from upshot.catalog.verdict import MetricRole
    >>> day = date(2026, 1, 1)
    >>> effect = Effect(metric="m", metric_hash="", role=MetricRole.PRIMARY, direction="up", first_day=day,
    ...     last_day=day, relative=None, absolute=Interval(2.0, 1.0, 3.0), per="day", level=0.95, p_value=None,
    ...     method="", n=30.0, reach=30.0)
    >>> worth_of(effect, 0.5)
    Interval(value=30.0, low=15.0, high=45.0)
    """
    if effect.absolute is None:
        return None
    factor = effect.reach * unit_worth
    ends = sorted((effect.absolute.low * factor, effect.absolute.high * factor))
    return Interval(effect.absolute.value * factor, ends[0], ends[1])


def sum_of_worths(worths: Sequence[Worth]) -> Interval | None:
    """The sum with its interval; None of nothing.

    Errors of different launches are taken as independent, so that the parts of the intervals add up as squares do.
    Where two effects on one metric share measured days they share a forecast and its error: their parts add up in full.
    """
    if not worths:
        return None
    value = math.fsum(worth.amount.value for worth in worths)
    groups = _sharing(worths)
    below = math.hypot(*(math.fsum(w.amount.value - w.amount.low for w in group) for group in groups))
    above = math.hypot(*(math.fsum(w.amount.high - w.amount.value for w in group) for group in groups))
    return Interval(value, value - below, value + above)


def _sharing(worths: Sequence[Worth]) -> list[list[Worth]]:
    """Groups whose errors are not independent."""
    groups: list[list[Worth]] = []
    end: date | None = None
    for worth in sorted(worths, key=lambda w: (w.randomised, w.metric, w.first_day, w.last_day)):
        last = groups[-1] if groups else []
        joins = (
            bool(last)
            and not worth.randomised
            and not last[0].randomised
            and last[0].metric == worth.metric
            and end is not None
            and worth.first_day <= end
        )
        if joins:
            last.append(worth)
            end = max(worth.last_day, end or worth.last_day)
        else:
            groups.append([worth])
            end = worth.last_day
    return groups
