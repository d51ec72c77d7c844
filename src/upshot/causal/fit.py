"""One series fitted: the model's scale, its posterior at the launch and at every placebo, and the draws ahead."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from upshot.causal.forecast import forecast
from upshot.causal.placebo import (
    Calibration,
    Error,
    Placebo,
    calibration,
    errors,
    independent_count,
    placebo_steps,
    placebos_of,
    window_error,
)
from upshot.causal.posterior import Posterior, sample_posterior
from upshot.causal.refusal import Refusal, RefusalCode
from upshot.causal.series import Prepared, Series, Window, prepared

__all__ = ["CalibratedError", "Fit", "calibrated_error", "fitted"]

Floats = NDArray[np.float64]
_PATHS = 3000
_NEEDED_DRAWS = 40.0
_ENOUGH_PLACEBOS = 8


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted series.

    Attributes:
        series: The series.
        model: Its scale and regressors.
        posterior: Known at each placebo, at the check before the launch and at the launch (the last).
        placebos: Where launches are pretended.
        room: Of each window, the placebos that it has room for; a short reading has room for more.
        paths: Draws from the launch on, in the series' unit, shape (paths, steps).
        found: Errors of each placebo (rows) in each window.
        before: Error of the last period before the launch, forecast from its start; None without one.
        windows: The windows of ``found``.
    """

    series: Series
    model: Prepared
    posterior: Posterior
    placebos: tuple[int, ...]
    room: tuple[frozenset[int], ...]
    paths: Floats
    found: list[list[Error | None]]
    before: Error | None
    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class CalibratedError:
    """One window: the launch's error and what the placebos say of such errors.

    Attributes:
        error: At the launch; None where nothing was observed (or is not yet).
        calibration: From all placebos.
        placebos: Each with its interval.
    """

    error: Error | None
    calibration: Calibration
    placebos: tuple[Placebo, ...]


def fitted(series: Series, windows: tuple[Window, ...], *, placebos: int, seed: int) -> Fit | Refusal:
    """Fit the history before the launch and forecast each placebo and the launch.

    Args:
        series: The series, checked.
        windows: The readings.
        placebos: How many to pretend at most.
        seed: Of all random draws.
    """
    ahead = max(max(window.last for window in windows) + 1, series.observed)
    model = prepared(series, ahead=ahead)
    if model.noise == 0.0:
        return Refusal(RefusalCode.ZERO_VARIANCE, {}, series.step)
    rng = np.random.default_rng(seed)
    check = _steps_checked(series)
    room = _rooms(series, windows, placebos)
    steps = frozenset().union(*room)
    asked = tuple(sorted({*steps, series.launch - check, series.launch}))
    posterior = sample_posterior(model.y, model.design, scale=model.noise, asked=asked, rng=rng)
    if not posterior.enough():
        numbers = {"effective": float(posterior.effective[-1]), "needed": _NEEDED_DRAWS}
        return Refusal(RefusalCode.NOT_CONVERGED, numbers, series.step)
    at = {index: step for index, step in enumerate(asked) if step in steps and posterior.enough(index)}
    found = errors(series, model, posterior, at, windows, rng)
    last = {len(asked) - 1: series.launch}
    paths = model.back(forecast(posterior, model.design, last, ahead, paths=_PATHS, rng=rng)[0])
    start = asked.index(series.launch - check)
    earlier = {start: asked[start]} if posterior.enough(start) else {}
    before = errors(series, model, posterior, earlier, (Window(0, check - 1),), rng)
    error = before[0][0] if before else None
    return Fit(series, model, posterior, tuple(at.values()), room, paths, found, error, windows)


def _rooms(series: Series, windows: tuple[Window, ...], placebos: int) -> tuple[frozenset[int], ...]:
    """Of each window its placebos: those of the longest where they are enough, for each step asked for costs time."""
    longest = max(windows, key=lambda window: window.last)
    shared = frozenset(placebo_steps(series, longest, placebos))
    if len(shared) >= _ENOUGH_PLACEBOS:
        return (shared,) * len(windows)
    return tuple(shared | frozenset(placebo_steps(series, window, _ENOUGH_PLACEBOS)) for window in windows)


def _steps_checked(series: Series) -> int:
    return {"day": 7, "week": 2, "month": 2}[series.step]


def calibrated_error(fit: Fit, index: int, level: float) -> CalibratedError:
    """The ``index``-th window of a fit."""
    window = fit.windows[index]
    rows = [(step, row[index]) for step, row in zip(fit.placebos, fit.found, strict=True) if step in fit.room[index]]
    placebos = placebos_of(rows, window, level)
    z = np.array([placebo.z for placebo in placebos])
    steps = tuple(placebo.step for placebo in placebos)
    error = window_error(fit.series.y[fit.series.launch :], fit.paths, window, fit.model)
    return CalibratedError(error, calibration(z, independent_count(steps, window.length)), placebos)
