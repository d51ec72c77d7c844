"""Before against after: a description (grade D), never an effect."""

from dataclasses import dataclass

import numpy as np

from upshot.causal.refusal import Refusal, RefusalCode
from upshot.causal.series import Series, Window
from upshot.stats.arguments import given

__all__ = ["BeforeAfter", "before_after"]


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """Two means, over whole seasons (weeks) on both sides; no interval, because it would bound no effect.

    Attributes:
        before: Mean for each step before the launch.
        after: Mean for each step of the window.
        change: After less before.
        relative: As a share of before; NaN where before is 0.
        steps_before: Values that entered before.
        steps_after: Values that entered after.
        whole_seasons: Whether both sides hold whole seasons, so that weekdays do not make the difference.
        usual: Share of such comparisons at earlier times of the same series with a change as large or larger, either
            way; NaN where there is no room for any.
    """

    before: float
    after: float
    change: float
    relative: float
    steps_before: int
    steps_after: int
    whole_seasons: bool
    usual: float


def before_after(series: Series, window: Window) -> BeforeAfter | Refusal:
    """Describe the window after the launch beside as many steps before it.

    Args:
        series: The series.
        window: Steps after the launch; cut to whole seasons where it holds one.

    Returns:
        The description, or a refusal where a side has no values.
    """
    given("series", series, Series)
    given("window", window, Window)
    period = series.rhythm.period
    length = window.length // period * period or window.length
    start = series.launch + window.first
    if start + length > len(series.y) or series.launch < length:
        numbers = {"last": float(window.last), "observed": float(series.observed - 1)}
        if series.launch >= length:
            return Refusal(RefusalCode.NOTHING_OBSERVED, numbers, series.step)
        short = {"values": float(series.launch), "needed": float(length)}
        return Refusal(RefusalCode.HISTORY_TOO_SHORT, short, series.step)
    old, new = series.y[series.launch - length : series.launch], series.y[start : start + length]
    counts = int(np.isfinite(old).sum()), int(np.isfinite(new).sum())
    if min(counts) == 0:
        return Refusal(RefusalCode.GAPS_AT_LAUNCH, {"missing": length, "of": length, "allowed": 0}, series.step)
    before, after = float(np.nanmean(old)), float(np.nanmean(new))
    change = after - before
    relative = change / before if before else float("nan")
    return BeforeAfter(before, after, change, relative, *counts, length % period == 0, _usual(series, length, change))


def _usual(series: Series, length: int, change: float) -> float:
    """How ordinary such a change is in the history: the same comparison at every earlier step."""
    y = series.before
    windows = np.lib.stride_tricks.sliding_window_view(y, length) if len(y) >= 2 * length else np.empty((0, length))
    there = np.isfinite(windows).sum(axis=1)
    means = np.where(there > 0, np.nansum(windows, axis=1) / np.maximum(there, 1), np.nan)
    changes = means[length:] - means[:-length] if len(means) > length else np.empty(0)
    changes = changes[np.isfinite(changes)]
    return float((np.abs(changes) >= abs(change)).mean()) if len(changes) else float("nan")
