"""How far an objective has come, and whether that is far enough for the day."""

import enum
from dataclasses import dataclass
from datetime import date

__all__ = ["BAND", "LIKELY", "Aim", "Progress", "Status", "judge", "path_at"]

BAND = 0.1
"""Near the straight path is within a tenth of the whole way; within the value's noise where that is more."""
LIKELY = 0.5
"""The least chance of a forecast, in whole per cent as it is written, with which an objective is on course."""


class Status(enum.StrEnum):
    """Where an objective stands."""

    NOT_STARTED = "not started"
    NO_DATA = "no data"
    BEHIND = "behind"
    ON_COURSE = "on course"
    AHEAD = "ahead"
    REACHED = "reached"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Aim:
    """From where to where, and when. ``direction`` is the metric's, and decides only where both values are equal."""

    baseline: float
    target: float
    starts: date
    due: date
    direction: str = "up"

    @property
    def upwards(self) -> bool:
        """Whether the target is reached from below."""
        return self.target > self.baseline or (self.target == self.baseline and self.direction != "down")

    def is_met_by(self, value: float) -> bool:
        """Whether ``value`` is at the target or beyond."""
        return value >= self.target if self.upwards else value <= self.target


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an objective stands.

    Attributes:
        status: In a word.
        share: Of the way from baseline to target; None where there is no way or no value.
        expected: Of the time that is over on the day of the value; below 0 before the start, above 1 when past due.
        band: How far from the path is near it, as a share of the way.
        chance: That the target is reached if it goes on like this, where a forecast decided the status.
    """

    status: Status
    share: float | None
    expected: float
    band: float
    chance: float | None = None


def path_at(aim: Aim, day: date) -> float | None:
    """The straight path from the baseline at the start to the target on the due date; None outside of those days."""
    if not aim.starts <= day <= aim.due:
        return None
    return aim.baseline + (aim.target - aim.baseline) * _elapsed(aim, day)


def judge(
    aim: Aim, value: float | None, on: date, today: date, noise: float = 0.0, chance: float | None = None
) -> Progress:
    """Where an objective stands.

    A forecast decides whether it is on course: it is where the target is rather reached than not. Without one the
    straight path does. It is ahead where it is on course and beyond the path.

    Args:
        aim: What is aimed at.
        value: The metric's value; None where it is not known.
        on: The day that the value is of.
        today: The day that it is.
        noise: Standard error of the value.
        chance: The forecast's, that the target is met on the due date; None without a forecast.
    """
    way = aim.target - aim.baseline
    expected = _elapsed(aim, on)
    band = max(BAND, noise / abs(way)) if way else BAND
    if value is None:
        status = Status.NOT_STARTED if today < aim.starts else Status.NO_DATA
        return Progress(status, None, _elapsed(aim, today), band)
    share = (value - aim.baseline) / way if way else None
    if today < aim.starts:
        return Progress(Status.NOT_STARTED, share, expected, band)
    if aim.is_met_by(value):
        return Progress(Status.REACHED, share, expected, band)
    if today > aim.due:
        return Progress(Status.MISSED, share, expected, band)
    ahead = None if share is None else share - expected
    on_course = round(chance, 2) >= LIKELY if chance is not None else ahead is not None and ahead >= -band
    if not on_course:
        return Progress(Status.BEHIND, share, expected, band, chance)
    status = Status.AHEAD if ahead is not None and ahead > band else Status.ON_COURSE
    return Progress(status, share, expected, band, chance)


def _elapsed(aim: Aim, day: date) -> float:
    return (day - aim.starts).days / (aim.due - aim.starts).days
