"""The whole design in one call: effects with calibrated intervals, placebos and checks, or why there are none.

The structural model forecasts what the series would have gone on to be (Brodersen, Gallusser, Koehler, Remy & Scott,
"Inferring causal impact using Bayesian structural time-series models", Annals of Applied Statistics 9, 2015). What it
says of its own error is not taken on trust: launches are pretended all along the history, and where their errors are
larger than the model says, intervals are widened to fit.

The effect is identified only if nothing else changed at the launch and if controls were not touched by it. No
calculation on one series can show that, which is why without controls its grade of evidence is never better than C.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from upshot.causal.checks import (
    ControlCheck,
    FitCheck,
    check_control,
    check_fit,
    refuse_fit,
    refuse_series,
    refuse_window,
)
from upshot.causal.fit import CalibratedError, Fit, calibrated_error, fitted
from upshot.causal.placebo import FalseAlarms, Placebo, false_alarms
from upshot.causal.refusal import Refusal, RefusalCode
from upshot.causal.series import Series, Transform, Window
from upshot.causal.trajectory import Trajectory, trajectory_of, trajectory_windows
from upshot.core.renamed import renamed
from upshot.stats.arguments import given, number, several, whole
from upshot.stats.randomness import seed_of
from upshot.stats.result import Estimate, NoEstimate, Reason

__all__ = ["METHOD", "Assessment", "Path", "Reading", "assess"]

Floats = NDArray[np.float64]
METHOD = "structural_time_series"
_POWER = 0.8
_LEAST_PLACEBOS = 3
_MOST_INFLATION = 3.0
_UNLIKELY = 0.01


@dataclass(frozen=True, slots=True)
class Reading:
    """The effect over one window.

    Attributes:
        window: Steps after the launch.
        relative: Effect on the sum, as a share of the counterfactual sum; or why it has no bounds.
        absolute: Effect on the sum, in the series' unit.
        observed: The observed sum, over steps with a value.
        expected: Median of the counterfactual sum over the same steps.
        expected_low: Its lower bound.
        expected_high: Its upper bound.
        detectable: The smallest relative effect (increase) that this reading finds with a power of 80 %.
        inflation: Factor by which the placebos widened (or, below 1, narrowed) the model's interval.
        placebos: Launches pretended at other times, measured over the same window.
        false_alarms: How many of them raised an alarm.
    """

    window: Window
    relative: Estimate | NoEstimate
    absolute: Estimate
    observed: float
    expected: float
    expected_low: float
    expected_high: float
    detectable: float
    inflation: float
    placebos: tuple[Placebo, ...]
    false_alarms: FalseAlarms

    @property
    def claimed(self) -> bool:
        """Whether the interval excludes no effect."""
        return self.absolute.low > 0 or self.absolute.high < 0


@dataclass(frozen=True, slots=True)
class Path:
    """Observed and counterfactual, for each step from the launch on; all of one length.

    Attributes:
        observed: NaN where there is no value.
        expected: Median of the counterfactual.
        low: Lower bound for each step alone.
        high: Upper bound.
        level: Nominal coverage of the bounds.
    """

    observed: Floats
    expected: Floats
    low: Floats
    high: Floats
    level: float

    def __repr__(self) -> str:
        """In one line: the arrays are its attributes."""
        return f"Path({len(self.observed)} steps, level {self.level:g})"


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a launch did to a series.

    Attributes:
        readings: One for each window asked for, in that order; a refusal where that window cannot be read.
        path: Observed against counterfactual.
        trajectory: Whether the effect lasts or fades over the longest window that was read; None where it is too short.
        fit: How well the model describes the history.
        controls: One check for each control series that could be checked.
        transform: The model's scale: ``log`` (effects act in proportion) or ``identity``.
        method: The method's name.
        history: Values before the launch.
    """

    readings: tuple[Reading | Refusal, ...]
    path: Path
    trajectory: Trajectory | None
    fit: FitCheck
    controls: tuple[ControlCheck, ...]
    transform: Transform
    method: str
    history: int

    def __repr__(self) -> str:
        """In one line: the arrays are in ``path``."""
        return f"Assessment({self.summary})"

    @property
    def summary(self) -> str:
        """The longest reading in one line: effect, interval, evidence, and what could not have been seen."""
        readings = [reading for reading in self.readings if isinstance(reading, Reading)]
        if not readings:
            return "; ".join(reading.sentence for reading in self.readings if isinstance(reading, Refusal))
        reading = max(readings, key=lambda found: found.window.last)
        alarms = reading.false_alarms
        return (
            f"{_effect(reading)} over steps {reading.window.first} to {reading.window.last} from the launch on; "
            f"evidence {self.grade}; an increase of {reading.detectable:.1%} would be found four times in five; "
            f"{alarms.alarms} of {alarms.placebos} pretended launches raised a false alarm"
        )

    @property
    def grade(self) -> Literal["B", "C"]:
        """Grade of the evidence: B where a control series that held its course carries the forecast, else C."""
        carried = any(c.held and c.weight > 2 * c.weight_sd > 0 for c in self.controls)
        return "B" if carried else "C"


@renamed(seed="rng")
def assess(
    series: Series,
    windows: tuple[Window, ...],
    *,
    level: float = 0.95,
    placebos: int = 24,
    rng: int | np.random.Generator,
) -> Assessment | Refusal:
    """Measure a launch that reached everybody at once, or say why it cannot be measured.

    Args:
        series: The outcome with the launch, other known launches, known changes of definition or logging, and controls.
        windows: The readings, at least one; they may overlap.
        level: Nominal coverage of all intervals.
        placebos: At most so many launches are pretended in the history.
        rng: Where all random draws come from, a seed or a generator; the same seed gives the same numbers in the same
            environment.

    Returns:
        The assessment; or a refusal, where no window can be read. A window that cannot be read while others can stands
        as a refusal among the readings.

    Raises:
        InvalidInput: An argument is of another kind or out of range.
    """
    given("series", series, Series)
    windows, level = several("windows", windows, Window, least=1), number("level", level, above=0.0, below=1.0)
    placebos, seed = whole("placebos", placebos, least=0), seed_of(rng)
    against = refuse_series(series)
    if against is not None:
        return against
    refused = {window: refuse_window(series, window) for window in windows}
    usable = tuple(window for window in dict.fromkeys(windows) if refused[window] is None)
    if not usable:
        return next(reason for reason in refused.values() if reason is not None)
    longest = max(usable, key=lambda window: window.last)
    asked = (*usable, *trajectory_windows(longest))
    fit = fitted(series, asked, placebos=placebos, seed=seed)
    if isinstance(fit, Refusal):
        return fit
    found = {window: calibrated_error(fit, index, level) for index, window in enumerate(usable)}
    made: dict[Window, Reading | Refusal] = {w: _reading(w, m, fit, level) for w, m in found.items()}
    inflation = found[longest].calibration.inflation
    against = refuse_fit(fit, inflation) or _refused_by_all(tuple(made.values()))
    if against is not None:
        return against
    controls = _checked_controls(fit, longest, seed)
    if isinstance(controls, Refusal):
        return controls
    answered = tuple(made[window] if window in made else _known(refused[window]) for window in windows)
    return Assessment(
        readings=answered,
        path=_path(fit, found[longest], level),
        trajectory=trajectory_of(fit, len(usable), level) if len(asked) > len(usable) else None,
        fit=check_fit(fit, inflation),
        controls=controls,
        transform=fit.model.transform,
        method=METHOD,
        history=int(np.isfinite(series.before).sum()),
    )


def _effect(reading: Reading) -> str:
    effect = reading.absolute if isinstance(reading.relative, NoEstimate) else reading.relative
    form = "+,.1%" if effect.scale == "relative" else "+,.4g"
    low, high = (format(bound, form) for bound in (effect.low, effect.high))
    return f"{format(effect.value, form)} ({low} to {high}, {effect.level:.0%} interval)"


def _known(refusal: Refusal | None) -> Refusal:
    assert refusal is not None  # noqa: S101 - a window is either measured or refused
    return refusal


def _refused_by_all(readings: tuple[Reading | Refusal, ...]) -> Refusal | None:
    refusals = [reading for reading in readings if isinstance(reading, Refusal)]
    return refusals[-1] if len(refusals) == len(readings) else None


def _checked_controls(fit: Fit, window: Window, seed: int) -> tuple[ControlCheck, ...] | Refusal:
    checks = []
    for control in range(fit.series.controls.shape[1]):
        check = check_control(fit, control, window, seed + control + 1)
        if check is None:
            continue
        if not check.held:
            numbers = {"control": control + 1.0, "moved": check.moved, "low": check.low, "high": check.high}
            return Refusal(RefusalCode.CONTROL_MOVED, numbers, fit.series.step)
        checks.append(check)
    return tuple(checks)


def _reading(window: Window, found: CalibratedError, fit: Fit, level: float) -> Reading | Refusal:
    error, step = found.error, fit.series.step
    if error is None:
        return Refusal(RefusalCode.NOTHING_OBSERVED, {"last": window.last, "observed": fit.series.observed - 1}, step)
    alarms = false_alarms(found.placebos, level)
    if len(found.placebos) < _LEAST_PLACEBOS:
        numbers = {"placebos": float(len(found.placebos)), "needed": float(_LEAST_PLACEBOS)}
        return Refusal(RefusalCode.NO_PLACEBOS, numbers, step)
    inflation = found.calibration.inflation
    if alarms.chance < _UNLIKELY or inflation > _MOST_INFLATION:
        numbers = {"placebos": float(alarms.placebos), "alarms": float(alarms.alarms), "inflation": inflation}
        return Refusal(RefusalCode.PLACEBOS_FAIL, {**numbers, "chance": alarms.chance}, step)
    margin = found.calibration.margin(level) * error.spread
    power = found.calibration.detectable(level, _POWER) * error.spread
    expected, low, high = (_back(error.middle + shift, log=error.log) for shift in (0.0, -margin, margin))
    total = _back(error.observed, log=error.log)
    n = float(np.isfinite(fit.series.y[fit.series.launch :][window.first : window.last + 1]).sum())
    p_value, spread = found.calibration.p_value(error.z), inflation * error.spread
    absolute = Estimate(
        value=total - expected,
        low=total - high,
        high=total - low,
        standard_error=spread * (expected if error.log else 1.0),
        p_value=p_value,
        level=level,
        n=n,
        method=METHOD,
        scale="absolute",
    )
    relative: Estimate | NoEstimate = NoEstimate(Reason.UNBOUNDED, METHOD)
    if low > 0:
        relative = Estimate(
            value=total / expected - 1,
            low=total / high - 1,
            high=total / low - 1,
            standard_error=absolute.standard_error / expected * (total / expected if error.log else 1.0),
            p_value=p_value,
            level=level,
            n=n,
            method=METHOD,
            scale="relative",
        )
    detectable = float(np.expm1(power)) if error.log else power / abs(expected)
    return Reading(
        window, relative, absolute, total, expected, low, high, detectable, inflation, found.placebos, alarms
    )


def _back(value: float, *, log: bool) -> float:
    return float(np.exp(value)) if log else value


def _path(fit: Fit, found: CalibratedError, level: float) -> Path:
    """Bounds for each step, widened like the longest reading's."""
    model = fit.model
    low, middle, high = np.quantile(fit.paths, [(1 - level) / 2, 0.5, (1 + level) / 2], axis=0)
    factor = found.calibration.inflation
    if model.transform == "log":
        low, high = middle * (low / middle) ** factor, middle * (high / middle) ** factor
    else:
        low, high = middle + factor * (low - middle), middle + factor * (high - middle)
    return Path(fit.series.y[fit.series.launch :], middle, low, high, level)
