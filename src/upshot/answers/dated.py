"""Statements whose days are left open, so that another range of days needs no compiling.

A statement that was compiled for two ranges of days mostly differs in its dates alone. ``DatedStatement.of`` compiles
one for a range that no question asks about, opens the dates that lie a few days from its ends, and takes the result
only if filling it in gives, letter by letter, what compiling gives for two others that differ from it in length,
weekday, month and leap year. Whatever depends on the days in any other way is compiled for each range.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from upshot.answers.prepared import Prepared
from upshot.core.time import DayRange

__all__ = ["DatedStatement"]

_DATE = re.compile(r"MAKE_DATE\((\d+), (\d+), (\d+)\)")
_MODEL = DayRange(date(1901, 2, 3), date(1905, 6, 7))
_PROOFS = (
    DayRange(date(1920, 2, 24), date(1920, 3, 1)),
    DayRange(date(1926, 8, 30), date(1926, 8, 31)),
)
_FARTHEST_DAYS = 100


@dataclass(frozen=True, slots=True)
class DatedStatement:
    """A prepared question with open days.

    Attributes:
        model: The question as it was prepared for the model's days.
        texts: The statement between its open dates; one more than ``dates``.
        dates: For each, whether it counts from the first day or from the day after the last, and how many days on.
    """

    model: Prepared
    texts: tuple[str, ...]
    dates: tuple[tuple[bool, int], ...]

    @classmethod
    def of(cls, prepare: Callable[[DayRange], Prepared]) -> "DatedStatement | None":
        """The statement with open days; None where its days do more than bound it."""
        model = prepare(_MODEL)
        texts, dates, end = [], [], 0
        for found in _DATE.finditer(model.sql):
            written = date(int(found[1]), int(found[2]), int(found[3]))
            away = {is_first: (written - day).days for is_first, day in ((True, _MODEL.start), (False, _MODEL.end))}
            is_first = abs(away[True]) < abs(away[False])
            if abs(away[is_first]) <= _FARTHEST_DAYS:  # others are dates of the question itself
                texts.append(model.sql[end : found.start()])
                dates.append((is_first, away[is_first]))
                end = found.end()
        made = cls(model, (*texts, model.sql[end:]), tuple(dates))
        return made if all(made.filled(days) == prepare(days) for days in _PROOFS) else None

    def filled(self, days: DayRange) -> Prepared:
        """The question over ``days``."""
        parts = [self.texts[0]]
        for (from_first, away), text in zip(self.dates, self.texts[1:], strict=True):
            day = (days.start if from_first else days.end) + timedelta(days=away)
            parts += (f"MAKE_DATE({day.year}, {day.month}, {day.day})", text)
        return replace(self.model, sql="".join(parts))
