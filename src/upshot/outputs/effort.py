"""Days of work, estimated from activity.

A day on which somebody was active is a day of that person's work; nobody works more than five days a week, so that in a
week with more each counts less; and a day is divided equally among the outputs that it touched. The days of all outputs
thus add up to the days of all people, and none is counted twice. Where only a part of the work is looked at, a day
counts by the share of that day's changes that lies in it, so that disjoint parts add up too. It is a rough measure:
reviews, meetings and work that leaves no trace are missing, and a day with one small commit counts whole.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

__all__ = ["DAYS_A_WEEK", "Activity", "author_days"]

DAYS_A_WEEK = 5.0


class Activity(NamedTuple):
    """Something that somebody did.

    Attributes:
        share: How much of it belongs to ``output``, 0 to 1; the rest belongs to what is not looked at.
    """

    author: str
    day: date
    output: str
    share: float = 1.0


def author_days(activity: Iterable[Activity]) -> dict[str, float]:
    """Days of work by output.

    Args:
        activity: Who was active, on which day, on what; in any order and any number.

    >>> days = author_days([Activity(*did) for did in (
    ...     ("ann", date(2026, 3, 2), "a"), ("ann", date(2026, 3, 2), "b"), ("ben", date(2026, 3, 3), "a"))])
    >>> days
    {'a': 1.5, 'b': 0.5}
    """
    touched: dict[tuple[str, date], dict[str, None]] = defaultdict(dict)
    shares: dict[tuple[str, date], list[float]] = defaultdict(list)
    for author, day, output, share in activity:
        shares[author, day].append(share)
        if share > 0:
            touched[author, day][output] = None
    in_week: dict[tuple[str, int, int], int] = defaultdict(int)
    for author, day in shares:
        in_week[author, *day.isocalendar()[:2]] += 1
    days: dict[str, float] = defaultdict(float)
    for (author, day), outputs in touched.items():
        whole = min(1.0, DAYS_A_WEEK / in_week[author, *day.isocalendar()[:2]])
        inside = sum(shares[author, day]) / len(shares[author, day])
        for output in outputs:
            days[output] += whole * inside / len(outputs)
    return dict(days)
