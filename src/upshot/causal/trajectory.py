"""Does an effect last, grow or fade? The first third of a reading against its last third."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from upshot.causal.fit import Fit, calibrated_error
from upshot.causal.placebo import Calibration, Error, calibration, independent_count
from upshot.causal.series import Window

__all__ = ["Course", "Trajectory", "is_over", "trajectory_of", "trajectory_windows"]

Course = Literal["none", "lasting", "growing", "fading", "transient", "reversed", "unclear"]
_LEAST = 6


@dataclass(frozen=True, slots=True)
class Trajectory:
    """How an effect went on.

    Attributes:
        course: ``none`` (no clear effect in either part), ``lasting`` (the late part has it and no clear change),
            ``growing``, ``fading`` (clearly smaller, still there), ``transient`` (clearly smaller, and over: the late
            part's interval holds no effect and leaves the early one out), ``reversed`` (clearly the other way round
            later), ``unclear`` (there early, perhaps gone later).
        early: Relative effect in the first third: value, lower and upper bound.
        late: In the last third.
        change: Late against early, relative.
    """

    course: Course
    early: tuple[float, float, float]
    late: tuple[float, float, float]
    change: tuple[float, float, float]


def trajectory_windows(window: Window) -> tuple[Window, ...]:
    """The first and the last third of a reading; none where it is too short."""
    third = window.length // 3
    if window.length < _LEAST:
        return ()
    return Window(window.first, window.first + third - 1), Window(window.last - third + 1, window.last)


def trajectory_of(fit: Fit, first: int, level: float) -> Trajectory | None:
    """Compare the two windows that begin at index ``first`` of the fit's windows."""
    early, late = calibrated_error(fit, first, level), calibrated_error(fit, first + 1, level)
    if early.error is None or late.error is None:
        return None
    rows = [(s, r) for s, r in zip(fit.placebos, fit.found, strict=True) if s in fit.room[first + 1]]
    gaps = [_gap(row[first], row[first + 1]) for _, row in rows]
    z = np.array([gap.z for gap in gaps if gap is not None])
    span = fit.windows[first + 1].last - fit.windows[first].first + 1
    steps = tuple(step for (step, _), gap in zip(rows, gaps, strict=True) if gap is not None)
    gap = _gap(early.error, late.error)
    if gap is None:
        return None
    of_gap = calibration(z, independent_count(steps, span))
    before, after = _bounds(early.error, early.calibration, level), _bounds(late.error, late.calibration, level)
    course = _course(
        _sign(early.error, early.calibration, level),
        _sign(late.error, late.calibration, level),
        _sign(gap, of_gap, level),
        over=is_over(before[0], after[1], after[2]),
    )
    base = abs(early.error.middle) if not early.error.log else 1.0
    return Trajectory(
        course,
        before,
        after,
        _bounds_of_gap(gap, of_gap, level, base),
    )


def _gap(early: Error | None, late: Error | None) -> Error | None:
    if early is None or late is None or early.log != late.log:
        return None
    return Error(late.observed - early.observed, late.draws - early.draws, early.log)


def _sign(error: Error, calibrated: Calibration, level: float) -> int:
    margin = calibrated.margin(level)
    return int(error.z > margin) - int(error.z < -margin)


def _bounds(error: Error, calibrated: Calibration, level: float) -> tuple[float, float, float]:
    margin = calibrated.margin(level) * error.spread
    return error.relative(), error.relative(-margin), error.relative(margin)


def _bounds_of_gap(error: Error, calibrated: Calibration, level: float, base: float) -> tuple[float, float, float]:
    margin, middle = calibrated.margin(level) * error.spread, error.observed - error.middle
    shifts = (middle, middle - margin, middle + margin)
    low, value, high = sorted(float(np.expm1(s)) if error.log else s / base for s in shifts)
    return value, low, high


def is_over(early: float, low: float, high: float) -> bool:
    """Whether a later interval says that an earlier effect was over: it holds no effect, and nothing of half of that.

    >>> is_over(0.2, -0.02, 0.03), is_over(0.2, -0.5, 0.5), is_over(0.2, 0.1, 0.15), is_over(0.3, -0.04, 0.26)
    (True, False, False, False)
    """
    reached = high if early > 0 else -low
    return low <= 0.0 <= high and reached < abs(early) / 2


def _course(early: int, late: int, change: int, *, over: bool) -> Course:
    """From the signs of what is clear: -1, 0 (not clear) or 1."""
    if not early and not late:
        return "none"
    if early and change == -early:
        if late:
            return "fading" if late == early else "reversed"
        return "transient" if over else "unclear"
    if late and change == late:
        return "growing"
    return "lasting" if late else "unclear"
