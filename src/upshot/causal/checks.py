"""What stands against an estimate before and after it is made."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from upshot.causal.fit import Fit, calibrated_error, fitted
from upshot.causal.refusal import Refusal, RefusalCode
from upshot.causal.series import Series, Window
from upshot.causal.statespace import one_step_errors

__all__ = [
    "ControlCheck",
    "FitCheck",
    "check_control",
    "check_fit",
    "refuse_fit",
    "refuse_series",
    "refuse_window",
]

Floats = NDArray[np.float64]
_MOST_GAPS = 0.3
_MOST_GAPS_AT_LAUNCH = 2
_CONTROL_PLACEBOS = 12
_CONTROL_LEVEL = 0.99
_UNSETTLED = 2.6


@dataclass(frozen=True, slots=True)
class FitCheck:
    """How well one-step forecasts describe the history before the launch.

    Attributes:
        autocorrelation: Of their errors, from one step to the next; near 0 where the model has taken what there is.
        season_autocorrelation: Of their errors, over one season (a week); 0 without a season.
        outlier_share: Share of errors beyond three standard deviations; 0.3 % for normal noise.
        one_step_coverage: Share of errors inside 95 % intervals.
        before_launch: Error of the last steps before the launch against a forecast from before them, in calibrated
            standard deviations; NaN where it could not be made.
    """

    autocorrelation: float
    season_autocorrelation: float
    outlier_share: float
    one_step_coverage: float
    before_launch: float


@dataclass(frozen=True, slots=True)
class ControlCheck:
    """Whether a control series went on as before at the launch, forecast from its own past.

    Attributes:
        control: Its index.
        name: Its name.
        moved: Its change over the longest reading against its own forecast, relative.
        low: Lower bound, 99 %.
        high: Upper bound, 99 %.
        weight: Its coefficient: lasting change of the outcome, in per cent, for one per cent of the control.
        weight_sd: Standard deviation of the coefficient.
        held: Whether the interval holds no change.
    """

    control: int
    name: str
    moved: float
    low: float
    high: float
    weight: float
    weight_sd: float
    held: bool


def refuse_series(series: Series) -> Refusal | None:
    """What stands against any reading of this launch."""
    y, step = series.before, series.step
    there = int(np.isfinite(y).sum())
    if there < series.rhythm.history:
        numbers = {"values": float(there), "needed": float(series.rhythm.history)}
        return Refusal(RefusalCode.HISTORY_TOO_SHORT, numbers, step)
    if there < (1 - _MOST_GAPS) * len(y):
        return Refusal(RefusalCode.TOO_MANY_GAPS, {"missing": float(len(y) - there), "of": float(len(y))}, step)
    missing = int(np.isnan(y[-series.rhythm.relearning // 2 :]).sum())
    if missing > _MOST_GAPS_AT_LAUNCH:
        return _gaps(missing, series.rhythm.relearning // 2, series)
    for index, control in enumerate(series.controls.T):
        holes = int((~np.isfinite(control)).sum())
        if holes or np.isnan(control).any():
            numbers = {"control": index + 1.0, "missing": float(holes)}
            return Refusal(RefusalCode.CONTROL_UNUSABLE, numbers, step)
    usable = y[np.isfinite(y)]
    if (usable == usable[0]).all():
        return Refusal(RefusalCode.ZERO_VARIANCE, {}, step)
    if (usable == 0).mean() > 0.5:
        return Refusal(RefusalCode.COUNTS_TOO_LOW, {}, step)
    return _too_near(series, -1)


def _gaps(missing: int, of: int, series: Series) -> Refusal:
    numbers = {"missing": float(missing), "of": float(of), "allowed": float(_MOST_GAPS_AT_LAUNCH)}
    return Refusal(RefusalCode.GAPS_AT_LAUNCH, numbers, series.step)


def _too_near(series: Series, last: int) -> Refusal | None:
    """Another launch or a change after the level had time to settle, and no later than ``last`` steps after this."""
    for events, code in (
        (series.changes, RefusalCode.LOGGING_CHANGED),
        (series.others, RefusalCode.NEIGHBOUR_TOO_NEAR),
    ):
        for event in sorted(events, key=lambda day: abs(day - series.launch)):
            distance = event - series.launch
            if -series.rhythm.relearning < distance <= max(last, 0):
                return Refusal(code, {"distance": float(distance)}, series.step)
    return None


def refuse_window(series: Series, window: Window, *, planned: bool = False) -> Refusal | None:
    """What stands against one reading.

    Args:
        series: The series, of which ``refuse_series`` said nothing.
        window: The reading.
        planned: Whether the launch is still to come, so that nothing can have been observed.
    """
    there = int(np.isfinite(series.before).sum())
    # Room for the window and, beside it, for three pretended launches a third of a window apart.
    placebos = series.rhythm.history + window.last + 1 + 2 * (window.length // 3)
    needed = max(placebos, 2 * (window.last + 1))
    if there < needed:
        numbers = {"values": float(there), "needed": float(needed)}
        return Refusal(RefusalCode.HISTORY_TOO_SHORT, numbers, series.step)
    if planned:
        return None
    if window.last >= series.observed:
        numbers = {"last": float(window.last), "observed": float(series.observed - 1)}
        return Refusal(RefusalCode.NOTHING_OBSERVED, numbers, series.step)
    near = _too_near(series, window.last)
    if near is not None:
        return near
    values = series.y[series.launch + window.first : series.launch + window.last + 1]
    early = np.isnan(values[: series.rhythm.relearning // 2])
    if early.sum() > min(_MOST_GAPS_AT_LAUNCH, len(early) - 1):
        return _gaps(int(early.sum()), len(early), series)
    missing = int(np.isnan(values).sum())
    if missing > _MOST_GAPS * window.length:
        return _gaps(missing, window.length, series)
    return None


def check_fit(fit: Fit, inflation: float) -> FitCheck:
    """One-step errors at the posterior's mean parameters and coefficients."""
    posterior, model = fit.posterior, fit.model
    weights = posterior.weights[-1]
    beta = weights @ posterior.beta[-1]
    rest = model.y - model.design.x[: len(model.y)] @ beta
    # The first errors are as wide as the prior of the coefficients.
    error = one_step_errors(rest, weights @ posterior.theta)[len(model.design.prior_sd) :]
    there = error[np.isfinite(error)]
    period = fit.series.rhythm.period
    return FitCheck(
        autocorrelation=_autocorrelation(error, 1),
        season_autocorrelation=_autocorrelation(error, period) if period > 1 else 0.0,
        outlier_share=float((np.abs(there) > 3).mean()),
        one_step_coverage=float((np.abs(there) < 1.96).mean()),
        before_launch=fit.before.z / inflation if fit.before is not None else float("nan"),
    )


def _autocorrelation(error: Floats, lag: int) -> float:
    a, b = error[lag:], error[:-lag]
    there = np.isfinite(a) & np.isfinite(b)
    if there.sum() < lag + 2:
        return 0.0
    total = float(np.square(error[np.isfinite(error)]).mean())
    return float((a[there] * b[there]).mean() / total) if total > 0 else 0.0


def refuse_fit(fit: Fit, inflation: float) -> Refusal | None:
    """Whether the series had already left its own forecast before the launch."""
    error = fit.before
    if error is None or abs(error.z) <= _UNSETTLED * inflation:
        return None
    numbers = {"steps": float(fit.series.rhythm.relearning // 2), "moved": error.relative(), "z": error.z / inflation}
    return Refusal(RefusalCode.UNSETTLED_BEFORE_LAUNCH, numbers, fit.series.step)


def check_control(fit: Fit, control: int, window: Window, seed: int) -> ControlCheck | None:
    """Forecast a control from its own past, over the same window as the launch; None where it cannot be forecast.

    Args:
        fit: Of the outcome, with the control in it.
        control: Index of the control.
        window: The longest reading.
        seed: Of all random draws.
    """
    outcome = fit.series
    alone = Series(
        outcome.controls[: outcome.launch + window.last + 1, control].astype(np.float64),
        outcome.launch,
        step=outcome.step,
        position=outcome.position,
        calendar=outcome.calendar,
    )
    own = fitted(alone, (window,), placebos=_CONTROL_PLACEBOS, seed=seed)
    if isinstance(own, Refusal):
        return None
    found = calibrated_error(own, 0, _CONTROL_LEVEL)
    if found.error is None:
        return None
    margin = found.calibration.margin(_CONTROL_LEVEL) * found.error.spread
    low, high = found.error.relative(-margin), found.error.relative(margin)
    weight, sd = _coefficient(fit, control)
    name = outcome.names[control]
    return ControlCheck(control, name, found.error.relative(), low, high, weight, sd, low <= 0 <= high)


def _coefficient(fit: Fit, control: int) -> tuple[float, float]:
    """Mean and standard deviation of the control's coefficients together: today's value and its trailing mean."""
    names = fit.model.design.names
    loading = np.array([float(name.startswith(f"control {control}")) for name in names])
    if not loading.any():
        return 0.0, 0.0
    weights, beta = fit.posterior.weights[-1], fit.posterior.beta[-1] @ loading
    scaled = np.broadcast_to(loading * fit.model.design.prior_sd, fit.posterior.beta[-1].shape)
    half = np.linalg.solve(fit.posterior.root[-1], scaled[..., None])[..., 0]
    mean = float(weights @ beta)
    return mean, float(np.sqrt(weights @ (np.square(half).sum(axis=1) + np.square(beta - mean))))
