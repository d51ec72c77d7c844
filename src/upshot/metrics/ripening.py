"""Times of one definition: its shortest period, the days that it looks back on, and when a unit's number is final."""

from dataclasses import dataclass
from datetime import date, timedelta

from upshot.core.time import DayRange, Grain
from upshot.metrics.definition import Metric
from upshot.metrics.kinds import Clock, Combine, RetentionKind, Ripens, State, Window

__all__ = [
    "AT_ONCE",
    "NOTHING_BEFORE",
    "ROLLING_DAYS",
    "WINDOWS",
    "Lookback",
    "Ripening",
    "brackets_of",
    "combination",
    "counts_below",
    "last_window",
    "least_grain",
    "lookback",
    "ripening",
    "window_grain",
]

ROLLING_DAYS = 28
WINDOWS = {Window.DAY: Grain.DAY, Window.WEEK: Grain.WEEK, Window.MONTH: Grain.MONTH}
_ORDER = list(Grain)
_DAY = timedelta(days=1)
_DAY_SECONDS = 86_400


def window_grain(metric: Metric) -> Grain | None:
    """The calendar period whose units are counted; None for rolling windows, and where the question says it.

    The denominator of stickiness is never counted by day.
    """
    if metric.is_a.clock is not Clock.WINDOW:
        return None
    return WINDOWS.get(metric.window)


def least_grain(metric: Metric) -> Grain:
    """The shortest grain in which the metric has a meaning."""
    match metric.is_a.clock:
        case Clock.DAY:
            return Grain.DAY
        case Clock.WINDOW:
            return window_grain(metric) or Grain.DAY
        case Clock.PERIOD:
            return metric.period
        case Clock.PARTS:
            return max(map(least_grain, metric.parts), key=_ORDER.index, default=Grain.DAY)


@dataclass(frozen=True, slots=True)
class Lookback:
    """What before a period says something of it.

    Attributes:
        days: So many days before count in it: those of a rolling window.
        compared: Windows with which it is compared, each with the whole one before; None stands for the period itself.
        absence: Whether it says who did not come, which is known only when the period is over.
    """

    days: int = 0
    compared: tuple[Grain | None, ...] = ()
    absence: bool = False

    def since(self, days: DayRange) -> date:
        """The first day that a number over ``days`` needs to know.

        >>> Lookback(days=27).since(DayRange.of(date(2024, 3, 1), date(2024, 3, 31)))
        datetime.date(2024, 2, 3)
        >>> Lookback(compared=(None, Grain.WEEK)).since(DayRange.of(date(2024, 3, 1), date(2024, 3, 31)))
        datetime.date(2024, 2, 1)
        """
        starts = (days.period_before().start if each is None else each.nth(days.start, -1) for each in self.compared)
        return min(days.start - timedelta(days=self.days), *starts, days.start)


NOTHING_BEFORE = Lookback()
"""A period is told by itself."""


def lookback(metric: Metric) -> Lookback:
    """What before a period says something of it."""
    match metric.is_a.clock:
        case Clock.WINDOW if metric.is_a.compares:
            absence = metric.fractional or metric.state is State.DORMANT
            return Lookback(compared=(window_grain(metric),), absence=absence)
        case Clock.WINDOW:
            return Lookback(ROLLING_DAYS - 1 if metric.window is Window.ROLLING_28_DAYS else 0)
        case Clock.PARTS:
            parts = tuple(map(lookback, metric.parts))
            compared = dict.fromkeys(each for part in parts for each in part.compared)
            days = max((part.days for part in parts), default=0)
            return Lookback(days, tuple(compared), any(part.absence for part in parts))
        case Clock.DAY | Clock.PERIOD:
            return NOTHING_BEFORE


def last_window(metric: Metric, known: date) -> DayRange | None:
    """The last whole window up to the day ``known``; None where the metric has no window longer than a day.

    >>> from upshot.metrics.kinds import MetricType
    >>> monthly = Metric(name="m", type=MetricType.ACTIVE, window=Window.MONTH)
    >>> last_window(monthly, date(2024, 3, 30))
    DayRange(start=datetime.date(2024, 2, 1), end=datetime.date(2024, 3, 1))
    """
    if metric.is_a.ripens is not Ripens.AT_ONCE:
        return None
    grain = least_grain(metric)
    if grain is not Grain.DAY:
        end = grain.floor(known + _DAY)
        return DayRange(grain.nth(end, -1), end)
    return DayRange.of(known - timedelta(days=ROLLING_DAYS - 1), known) if lookback(metric).days else None


def combination(metric: Metric) -> Combine:
    """How steps of its series make the value of a longer time."""
    match metric.is_a.clock:
        case Clock.WINDOW if metric.window is Window.PERIOD:
            return Combine.NONE
        case Clock.PARTS if not all(leaf.additive for leaf in metric.arithmetic.leaves.values()):
            return Combine.NONE
        case Clock.PARTS:
            return Combine.POOL if metric.fractional else Combine.SUM if metric.additive else Combine.NONE
        case _:
            return metric.is_a.combine


@dataclass(frozen=True, slots=True)
class Ripening:
    """How long a unit is given: ``days`` after the day on which it began, or ``periods`` of ``grain`` after its own.

    A unit whose time is not over is left out of totals, and a period with such units is marked. Where there are
    ``parts``, until each of them is over.
    """

    days: int = 0
    grain: Grain = Grain.DAY
    periods: int = 0
    parts: "tuple[Ripening, ...]" = ()

    def end(self, day: date) -> date:
        """The day with whose end the number of a unit that began on ``day`` is final.

        >>> Ripening(days=7).end(date(2024, 3, 1)), Ripening(grain=Grain.WEEK, periods=1).end(date(2024, 3, 1))
        (datetime.date(2024, 3, 8), datetime.date(2024, 3, 10))
        """
        if self.at_once:
            return day
        if self.parts:
            return max(part.end(day) for part in self.parts)
        return self.grain.nth(day + timedelta(days=self.days), self.periods + 1) - _DAY

    def last_ripe(self, known: date) -> date:
        """The last day on which units began whose numbers are final when the data are known up to the day ``known``.

        >>> Ripening(days=7).last_ripe(date(2024, 3, 8))
        datetime.date(2024, 3, 1)
        >>> Ripening(grain=Grain.WEEK, periods=1).last_ripe(date(2024, 3, 9))
        datetime.date(2024, 2, 25)
        """
        if self.at_once:
            return known
        if self.parts:
            return min(part.last_ripe(known) for part in self.parts)
        return self.grain.nth(known + _DAY, -self.periods) - timedelta(days=self.days) - _DAY

    @property
    def at_once(self) -> bool:
        """Whether a day's number is final with the day."""
        return not self.parts and not self.days and not self.periods and self.grain is Grain.DAY

    @property
    def by_days(self) -> bool:
        """Whether units have a time in days to do something, and not periods in which to come back."""
        return any(part.by_days for part in self.parts) if self.parts else bool(self.days)

    @property
    def most_days(self) -> int:
        """At most so many days lie between the day on which a unit began and the one with whose end it is final."""
        if self.parts:
            return max(part.most_days for part in self.parts)
        return self.days + (self.periods + 1) * self.grain.days[2] - 1


AT_ONCE = Ripening()
"""A day's number is final with the day."""


def ripening(metric: Metric) -> Ripening:
    """When the numbers of the metric's units are final.

    Of unbounded retention, where any later return counts, when the first period that counts is over.
    """
    match metric.is_a.ripens:
        case Ripens.AT_ONCE:
            return AT_ONCE
        case Ripens.WITHIN:
            return Ripening(days=-(-metric.within_seconds // _DAY_SECONDS))
        case Ripens.PERIODS:
            return Ripening(grain=metric.period, periods=brackets_of(metric, metric.after)[metric.after][1])
        case Ripens.PARTS:
            parts = tuple(found for part in metric.parts if not (found := ripening(part)).at_once)
            return Ripening(parts=parts) if len(parts) > 1 else next(iter(parts), AT_ONCE)


def counts_below(metric: Metric) -> bool:
    """Whether the denominator is a number of units or events, so that it says how large a group is."""
    if metric.formula is not None:
        found = metric.arithmetic
        lower = None if found.fraction is None else found.fraction.lower
        return lower is not None and bool(lower.alone) and found.leaves[lower.alone].is_a.counts
    return metric.fractional and (metric.denominator is None or metric.denominator.is_a.counts)


def brackets_of(metric: Metric, periods: int) -> list[tuple[int, int]]:
    """First and last period of each bracket of a retention; without brackets each period up to ``periods`` is one."""
    if metric.kind is not RetentionKind.BRACKET:
        return [(k, k) for k in range(periods + 1)]
    firsts = [0, *(last + 1 for last in metric.brackets[:-1])]
    return list(zip(firsts, metric.brackets, strict=True))
