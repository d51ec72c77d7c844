"""From dates to steps: which days, weeks or months a series has, and where each of them stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from upshot.core.errors import InvalidInput
from upshot.stats.arguments import chosen, row, several, whole

__all__ = ["Calendar", "Step", "step_day"]

Floats = NDArray[np.float64]
Step = Literal["day", "week", "month"]
_LONGEST = 100_000


def step_day(start: date, index: int, step: Step) -> date:
    """The first day of the step that lies ``index`` after the one of ``start``.

    Examples:
        >>> step_day(date(2026, 1, 31), 2, "month")
        datetime.date(2026, 3, 1)
    """
    match step:
        case "day":
            return start + timedelta(days=index)
        case "week":
            return start + timedelta(weeks=index)
        case "month":
            months = start.year * 12 + start.month - 1 + index
            return date(months // 12, months % 12 + 1, 1)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The steps of a series.

    Attributes:
        start: The first step's day; None where a series has no dates.
        steps: How many there are.
        step: ``day``, ``week`` or ``month``.
    """

    start: date | None
    steps: int
    step: Step

    @classmethod
    def of(cls, values: object, dates: object, step: Step | None) -> "Calendar":
        """The steps of values with dates; without any, as many as there are values.

        Raises:
            InvalidInput: Dates are none, come twice, or do not follow each other by days, weeks or months.
        """
        if step is not None:
            chosen("step", step, get_args(Step))
        days = _days_of(values, dates)
        if days is None:
            return cls(None, len(row("values", values)), step or "day")
        if not days:
            raise InvalidInput("The series has no dates.", hint="Give one for each value.")
        found = step or _step_of(sorted(days))
        first = min(days)
        start = first.replace(day=1) if found == "month" else first
        return cls(start, _between(start, max(days), found) + 1, found)

    @property
    def position(self) -> int:
        """Steps from the year's first one to the first value; 0 without dates."""
        if self.start is None:
            return 0
        day = self.start.timetuple().tm_yday - 1
        return {"day": day, "week": day // 7, "month": self.start.month - 1}[self.step]

    def placed(self, argument: str, values: object, dates: object = None) -> Floats:
        """Values at their steps, shape (steps,); NaN where there are none.

        Args:
            argument: Its name, for the message.
            values: A pandas series with dates, or a column of the series' own length.
            dates: The values' days, where they do not have them.

        Raises:
            InvalidInput: A step comes twice, or the lengths differ.
        """
        column, days = row(argument, values), _days_of(values, dates)
        if days is None or self.start is None:
            if len(column) != self.steps:
                raise InvalidInput(
                    f"{argument} has {len(column)} values, the series {self.steps} {self.step}s.",
                    hint="Give a value for each step, or a series with dates.",
                )
            return column
        if len(days) != len(column):
            raise InvalidInput(f"There are {len(days)} dates and {len(column)} values.", hint="Give one for each.")
        whole_series = np.full(self.steps, np.nan)
        seen: set[int] = set()
        for day, value in zip(days, column, strict=True):
            at = _between(self.start, day, self.step)
            if at in seen:
                raise InvalidInput(
                    f"{argument} has more than one value in the {self.step} of {day}.", hint="Sum or average them."
                )
            seen.add(at)
            if 0 <= at < self.steps:
                whole_series[at] = value
        return whole_series

    def marked(self, argument: str, days: object) -> Floats:
        """One at the steps of these days, else zero; shape (steps,)."""
        column = np.zeros(self.steps)
        for day in several(argument, days, object):
            at = self.index(argument, day)
            if 0 <= at < self.steps:
                column[at] = 1.0
        return column

    def index(self, argument: str, day: object, *, ahead: bool = False) -> int:
        """The step of a day, or of an index.

        Args:
            argument: Its name, for the message.
            day: A day, a text such as ``2026-03-01``, or a step's number.
            ahead: Refuse what lies outside the series (right after its end is allowed).

        Raises:
            InvalidInput: It is neither, or a day though the series has no dates.
        """
        if isinstance(day, str | date | np.datetime64) or hasattr(day, "to_pydatetime"):
            if self.start is None:
                raise InvalidInput(
                    f"{argument} is {day}, but the series has no dates.", hint="Give dates=, or the step's number."
                )
            at = _between(self.start, _day(argument, day), self.step)
        else:
            at = whole(argument, day, least=-(2**53))
        if ahead and not 0 <= at <= self.steps:
            last = step_day(self.start, self.steps - 1, self.step) if self.start else self.steps - 1
            first = self.start or 0
            raise InvalidInput(f"{argument} is {day}.", hint=f"The series goes from {first} to {last}.")
        return at


def _days_of(values: object, dates: object) -> list[date] | None:
    """The days given, or those of a pandas index of dates."""
    if dates is None:
        index = getattr(values, "index", None)
        if index is None or callable(index):
            return None
        if hasattr(index, "to_timestamp"):
            index = index.to_timestamp()
        if getattr(getattr(index, "dtype", None), "kind", "") != "M":
            return None
        dates = list(index)
    return [_day("dates", day) for day in several("dates", dates, object)]


def _day(argument: str, day: object) -> date:
    try:
        if isinstance(day, str):
            return date.fromisoformat(day[:10])
        if isinstance(day, np.datetime64):
            day = day.astype("datetime64[D]").item()
    except ValueError:
        pass
    if isinstance(day, datetime) and day == day:
        return day.date()
    if isinstance(day, date) and day == day:
        return day
    raise InvalidInput(f"{argument} holds {day!r}.", hint="Give a day, or a text such as 2026-03-01.")


def _step_of(days: Sequence[date]) -> Step:
    gaps = [(after - before).days for before, after in pairwise(days) if after > before]
    if not gaps or min(gaps) < 7:
        return "day"
    ends = all((day + timedelta(days=1)).day == 1 for day in days)
    if ends or all(day.day == days[0].day for day in days):
        return "month"
    if all(gap % 7 == 0 for gap in gaps):
        return "week"
    raise InvalidInput(
        f"The dates lie {min(gaps)} to {max(gaps)} days apart.", hint="Give a value for each day, week or month."
    )


def _between(start: date, day: date, step: Step) -> int:
    """Whole steps from the one that begins with ``start`` to the one that holds ``day``."""
    match step:
        case "day":
            found = (day - start).days
        case "week":
            found = (day - start).days // 7
        case "month":
            found = (day.year - start.year) * 12 + day.month - start.month
    if abs(found) > _LONGEST:
        raise InvalidInput(f"{day} lies {found:,} {step}s from {start}.", hint=f"At most {_LONGEST:,} are read.")
    return found
