"""Days of work, estimated from activity.

A day on which somebody was active is a day of that person's work; nobody works more than five days a week, so that in a
week with more each counts less; and a day is divided equally among the outputs that it touched. The days of all outputs
thus add up to the days of all people, and none is counted twice. It is a rough measure: reviews, meetings and work that
leaves no trace are missing, and a day with one small commit counts whole.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

__all__ = ["DAYS_A_WEEK", "author_days"]

DAYS_A_WEEK = 5.0


def author_days(activity: Iterable[tuple[str, date, str]]) -> dict[str, float]:
    """Days of work by output.

    Args:
        activity: Who was active, on which day, on what; in any order and any number.

    >>> author_days([("ann", date(2026, 3, 2), "a"), ("ann", date(2026, 3, 2), "b"), ("ben", date(2026, 3, 3), "a")])
    {'a': 1.5, 'b': 0.5}
    """
    touched: dict[tuple[str, date], dict[str, None]] = defaultdict(dict)
    for author, day, output in activity:
        touched[author, day][output] = None
    in_week: dict[tuple[str, int, int], int] = defaultdict(int)
    for author, day in touched:
        in_week[author, *day.isocalendar()[:2]] += 1
    days: dict[str, float] = defaultdict(float)
    for (author, day), outputs in touched.items():
        whole = min(1.0, DAYS_A_WEEK / in_week[author, *day.isocalendar()[:2]])
        for output in outputs:
            days[output] += whole / len(outputs)
    return dict(days)
