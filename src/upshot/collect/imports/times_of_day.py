"""A day in one column and the time of day in another: joined where that is beyond doubt, asked about elsewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from upshot.collect.imports.mapping import NOBODY
from upshot.collect.imports.roles import plain_name
from upshot.collect.imports.times import recognise
from upshot.core.problems import Problem

if TYPE_CHECKING:
    from upshot.collect.imports.sample import TextSample

__all__ = ["guess_time_of_day", "written_instants"]

_ROLE = "time_of_day"
_TIME_OF_DAY = re.compile(
    r"([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?( ?([Zz]|[+-]\d\d(:?\d\d)?))?"
    r"|(0?[1-9]|1[0-2]):[0-5]\d(:[0-5]\d)? ?[AaPp][Mm]"
)
_ISO_DAY = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}")
_MIDNIGHT = re.compile(r"[T ]00:00(:00(\.0+)?)?$")
_NAMES = {"time", "timeofday"}
_LOOKED_AT = 5000
_SHOWN = 3


def written_instants(sample: TextSample, timestamp: str, time_of_day: str) -> list[str]:
    """The instants as they are read: of the column, or of a day's column and that of the time of day."""
    if not time_of_day:
        return sample.values(timestamp)
    names = [column.name for column in sample.columns]
    day, time = names.index(timestamp), names.index(time_of_day)
    pairs = ((row[day], row[time]) for row in sample.rows)
    return [f"{_MIDNIGHT.sub('', date)} {clock}" for date, clock in pairs if date and clock]


def guess_time_of_day(sample: TextSample, timestamp: str, taken: set[str], problems: list[Problem]) -> str:
    """The column that holds the times of the days in ``timestamp``; empty where there is none, or doubt.

    Doubt is told: as an error where a column bears the name of a time, else as a warning.

    Args:
        sample: The first rows.
        timestamp: The column of the instants.
        taken: Columns that are something else.
        problems: Where doubt is told.
    """
    if not _holds_days(sample, timestamp):
        return ""
    others = [c.name for c in sample.columns if c.name not in taken | {timestamp} and _may_hold_times(c.type)]
    times = [name for name in others if all(map(_TIME_OF_DAY.fullmatch, known := sample.values(name))) and known]
    named = [name for name in others if _belongs(name, timestamp)]
    sure = [name for name in named if name in times]
    if len(sure) == 1 and _always_there(sample, timestamp, sure[0]):
        return sure[0]
    if doubtful := sure or [name for name in named if _holds_some(sample, name)]:
        problems.append(_question(sample, timestamp, doubtful, whole=bool(sure)))
    elif beside := [*times, *named]:
        message = (
            f"{timestamp!r} holds days, which are taken as their midnights. {_shown(sample, beside[0])} is not joined "
            f"to them; say --time-of-day {beside[0]} if it holds their times of day, --time-of-day {NOBODY} if not."
        )
        problems.append(Problem(message, _ROLE, level="warning"))
    return ""


def _question(sample: TextSample, timestamp: str, doubtful: list[str], *, whole: bool) -> Problem:
    if len(doubtful) > 1:
        what = f"several columns may hold their times of day: {', '.join(doubtful)}"
    elif whole:
        what = f"{_shown(sample, doubtful[0])} their times of day, but not of all"
    else:
        what = f"of {_shown(sample, doubtful[0])} only some values are times of day"
    message = (
        f"{timestamp!r} holds days, and {what}. Say --time-of-day {doubtful[0]}, which rejects rows without one, or "
        f"--time-of-day {NOBODY}, which takes all days as their midnights."
    )
    return Problem(message, _ROLE, suggestions=(*doubtful, NOBODY))


def _shown(sample: TextSample, name: str) -> str:
    return f"{name!r} ({', '.join(map(repr, sample.examples(name, _SHOWN)))})"


def _may_hold_times(kind: str) -> bool:
    return kind not in {"nested", "boolean", "instant"}


def _holds_days(sample: TextSample, name: str) -> bool:
    values = [_MIDNIGHT.sub("", value) for value in sample.values(name)[:_LOOKED_AT]]
    if not values:
        return False
    if all(map(_ISO_DAY.fullmatch, values)):
        return True
    found = recognise(values)
    forms = found.candidates or ((found.name,) if "%" in found.name else ())
    return bool(forms) and not any("%H" in form or "%I" in form for form in forms)


def _belongs(name: str, timestamp: str) -> bool:
    """Whether a column is called as the time of another that is called as a day: ``OrderDate`` and ``OrderTime``."""
    plain, day = plain_name(name), plain_name(timestamp)
    return plain != day and (plain in _NAMES or plain in {day.replace("date", "time"), day.replace("day", "time")})


def _holds_some(sample: TextSample, name: str) -> bool:
    return any(map(_TIME_OF_DAY.fullmatch, sample.values(name)))


def _always_there(sample: TextSample, timestamp: str, name: str) -> bool:
    return len(written_instants(sample, timestamp, name)) == len(sample.values(timestamp))
