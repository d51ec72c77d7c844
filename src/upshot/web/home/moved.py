"""What moved on the last complete day: each metric against the same weekdays of the weeks before.

No model: a day is compared with the range of the same weekday, which keeps the week's pattern out and can be said in
words. How often chance alone leads out of that range is said beside it: of n + 1 exchangeable days the newest is the
lowest or the highest with probability 2 / (n + 1).
"""

from datetime import date, timedelta
from itertools import pairwise
from statistics import median

import msgspec

from upshot.api.metrics import METRIC_QUERY, MetricQuery, MetricSeries, MetricView, Point
from upshot.charts import day_label
from upshot.core.errors import UserError
from upshot.core.time import Grain
from upshot.web.figures import Change, Words, change
from upshot.web.page import Page

__all__ = ["Move", "Moves", "read_moves"]

_WEEKS = 8
_FEWEST_WEEKS = 4
_WEEK_DAYS = 7
_SHOWN = 6
_DAY = timedelta(days=1)


class Move(msgspec.Struct, frozen=True):
    """One metric outside the range of its weekdays; ``url`` leads to the days that are compared."""

    metric: MetricView
    value: str
    change: Change | None
    words: str
    url: str


class Moves(msgspec.Struct, frozen=True):
    """What is unusual about one day, the largest first.

    Attributes:
        day: The last day that is over and covered by the data.
        title: It in words: ``yesterday, Sunday 22 November``.
        moves: Metrics outside the range of the same weekdays before.
        usual: How many metrics were inside.
        young: How many have too few weeks behind them to tell.
        by_chance: How many of ``usual`` and ``moves`` chance alone would put outside, in words; empty for none asked.
    """

    day: date
    title: str
    moves: tuple[Move, ...]
    usual: int
    young: int
    by_chance: str


class _Day(msgspec.Struct, frozen=True):
    """The day's point beside those of the weekdays before it."""

    series: MetricSeries
    now: Point
    before: tuple[float, ...]


def read_moves(page: Page, metrics: list[MetricView]) -> Moves | None:
    """The last complete day of ``metrics``; null while no day is complete. A metric that is not daily is left out."""
    asked = [series for metric in metrics if (series := _ask(page, metric)) is not None]
    days = [point.period for series in asked for point in series.points if _counts(point) and point.period < page.today]
    if not days:
        return None
    day = max(days)
    found = [each for series in asked if (each := _day(series, day)) is not None]
    known = [each for each in found if len(each.before) >= _FEWEST_WEEKS]
    outside = sorted((each for each in known if not _inside(each)), key=_distance, reverse=True)
    chance = sum(2 / (len(each.before) + 1) for each in known)
    return Moves(
        day=day,
        title=_title(page, day),
        moves=tuple(_move(each) for each in outside[:_SHOWN]),
        usual=len(known) - len(outside),
        young=len(found) - len(known),
        by_chance=_about(chance) if known else "",
    )


def _ask(page: Page, metric: MetricView) -> MetricSeries | None:
    last = page.days.end
    try:
        query = MetricQuery(metric.name, last - _WEEKS * _WEEK_DAYS * _DAY - _DAY, last)
        series = page.ask(METRIC_QUERY, query, minute_old=True)
    except UserError:
        return None
    daily = all(after.period - before.period == _DAY for before, after in pairwise(series.points))
    return series if daily else None


def _counts(point: Point) -> bool:
    return point.complete and point.value is not None


def _day(series: MetricSeries, day: date) -> _Day | None:
    values = {point.period: point.value for point in series.points if _counts(point)}
    now = next((point for point in series.points if point.period == day and _counts(point)), None)
    if now is None:
        return None
    weekdays = (values.get(day - weeks * _WEEK_DAYS * _DAY) for weeks in range(1, _WEEKS + 1))
    return _Day(series, now, tuple(value for value in weekdays if value is not None))


def _inside(each: _Day) -> bool:
    return min(each.before) <= (each.now.value or 0.0) <= max(each.before)


def _distance(each: _Day) -> float:
    """How far outside the range, as a share of the usual value; a change from nothing comes first."""
    value, usual = each.now.value or 0.0, abs(median(each.before))
    return max(min(each.before) - value, value - max(each.before)) / usual if usual else float("inf")


def _move(each: _Day) -> Move:
    metric, words = each.series.metric, Words.of(each.series)
    value = each.now.value or 0.0
    higher = value > max(each.before)
    bound = max(each.before) if higher else min(each.before)
    day = each.now.period
    usual = Point(day, median(each.before), complete=True)
    return Move(
        metric=metric,
        value=words.brief(value),
        change=change(metric, each.now, usual, words),
        words=(
            f"{'higher' if higher else 'lower'} than on each of the last {len(each.before)} {day:%A}s "
            f"({'most' if higher else 'least'}: {words.brief(bound)})"
        ),
        url=f"/metrics/{metric.name}?from={day - _WEEKS * _WEEK_DAYS * _DAY}&to={day}&by={Grain.DAY}",
    )


def _title(page: Page, day: date) -> str:
    said = f"{day:%A} {day_label(day)}"
    return f"yesterday, {said}" if day == page.today - _DAY else said


def _about(number: float) -> str:
    return "fewer than one" if number < 1 else f"about {number:.0f}"
