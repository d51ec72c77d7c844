"""What a daily series would have been without a launch: the structural model's forecast from the days before it.

Brodersen, Gallusser, Koehler, Remy & Scott, "Inferring causal impact using Bayesian structural time-series models",
Annals of Applied Statistics 9 (2015), with these differences: the parameters' posterior is sampled, not plugged in; the
noise may be autocorrelated; the level may drift; season enters as harmonics; other launches may move the level freely.
The effect is identified only if nothing else changed at the launch and controls were not touched by it; no calculation
on one series can show that, which is why its grade of evidence is never better than C without controls.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from upshot.causal.posterior import Posterior, sample_posterior, typical_noise
from upshot.causal.statespace import Design, filter_states, simulate_forward
from upshot.stats.result import Estimate, NoEstimate, Reason

__all__ = ["Counterfactual", "Placebo", "Series", "counterfactual", "effect_on_sum", "placebos_in_time"]

Floats = NDArray[np.float64]
Transform = Literal["log", "identity"]

METHOD = "structural_time_series"
_MIN_HISTORY = 56
_YEAR = 365.25
_YEARS_FOR_SEASON = 1.6
_HARMONICS = 2
_LOG_FLOOR = 10.0
_PARAMETERS = 240
_PATHS_EACH = 8


@dataclass(frozen=True, slots=True)
class Series:
    """A daily series and the days around a launch.

    Attributes:
        y: Values, shape (days,), NaN for a day without one; the days from ``launch`` on are the observed outcome.
        launch: Index of the launch's day.
        controls: Series that the launch cannot have touched, shape (days, k), no NaN; k may be 0.
        breaks: Indices of days with other launches or known changes, at which the level may jump.
        day_of_year: Day of the year of the first day, 1 to 366; for the season.
    """

    y: Floats
    launch: int
    controls: Floats
    breaks: tuple[int, ...] = ()
    day_of_year: int = 1


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """Draws of what the days from the launch on would have been.

    Attributes:
        paths: Shape (paths, days from the launch on), in the series' unit.
        posterior: Of the model's parameters.
        transform: The scale on which the model stands.
    """

    paths: Floats
    posterior: Posterior
    transform: Transform

    def band(self, level: float) -> tuple[Floats, Floats, Floats]:
        """Median, lower and upper bound for each day."""
        low, middle, high = np.quantile(self.paths, [(1 - level) / 2, 0.5, (1 + level) / 2], axis=0)
        return middle, low, high


@dataclass(frozen=True, slots=True)
class Placebo:
    """A launch that did not happen, at ``day``: its estimated relative effect with its interval."""

    day: int
    value: float
    low: float
    high: float

    @property
    def false_alarm(self) -> bool:
        """Whether an effect was claimed where there was none."""
        return self.low > 0 or self.high < 0


def _transform_of(series: Series) -> Transform:
    before = series.y[: series.launch]
    usable = before[np.isfinite(before)]
    return "log" if usable.min() > 0 and np.median(usable) >= _LOG_FLOOR else "identity"


def _design(series: Series, transform: Transform) -> Design:
    days = len(series.y)
    columns = []
    if series.launch >= _YEARS_FOR_SEASON * _YEAR:
        phase = 2 * np.pi * (np.arange(days) + series.day_of_year) / _YEAR
        for harmonic in range(1, _HARMONICS + 1):
            columns += [np.cos(harmonic * phase), np.sin(harmonic * phase)]
    for control in series.controls.T:
        usable = transform == "log" and control.min() > 0
        x = np.log(control) if usable else control.astype(np.float64)
        before = x[: series.launch]
        spread = before.std()
        if spread > 0:
            columns.append((x - before.mean()) / spread)
    regressors = np.stack(columns, axis=1) if columns else np.zeros((days, 0))
    return Design(regressors, breaks=tuple(b for b in series.breaks if 0 < b < series.launch))


def _refusal(series: Series) -> Reason | None:
    before = series.y[: series.launch]
    usable = before[np.isfinite(before)]
    if not np.isfinite(series.controls).all() or len(series.controls) != len(series.y):
        return Reason.NOT_FINITE
    if len(usable) < _MIN_HISTORY + 2 * series.controls.shape[1] or series.launch >= len(series.y):
        return Reason.TOO_FEW_UNITS
    if typical_noise(before) == 0.0:
        return Reason.ZERO_VARIANCE
    return None


def _forward(design: Design, y: Floats, theta: Floats, first: int, days: int, rng: np.random.Generator) -> Floats:
    state = filter_states(y[:first], design, theta, asked=(first,))
    rows = np.repeat(np.arange(len(theta)), _PATHS_EACH)
    return simulate_forward(design, theta[rows], state.mean[0][rows], state.covariance[0][rows], first, days, rng)


def counterfactual(series: Series, *, seed: int) -> Counterfactual | NoEstimate:
    """Forecast the days from the launch on from the days before it.

    Args:
        series: The series; at least 56 days with values before the launch, two more for each control.
        seed: Of all random draws; the same seed gives the same draws in the same environment.

    Returns:
        Draws of the counterfactual, or why there are none.
    """
    reason = _refusal(series)
    if reason is not None:
        return NoEstimate(reason, METHOD)
    rng = np.random.default_rng(seed)
    transform = _transform_of(series)
    design = _design(series, transform)
    with np.errstate(invalid="ignore", divide="ignore"):
        y = np.log(series.y[: series.launch]) if transform == "log" else series.y[: series.launch].astype(np.float64)
    posterior = sample_posterior(y, design, draws=_PARAMETERS, rng=rng)
    if not posterior.converged:
        return NoEstimate(Reason.NOT_CONVERGED, METHOD)
    paths = _forward(design, y, posterior.theta, series.launch, len(series.y) - series.launch, rng)
    return Counterfactual(np.exp(paths) if transform == "log" else paths, posterior, transform)


def effect_on_sum(
    series: Series, without: Counterfactual, *, first: int, last: int, level: float = 0.95, relative: bool = True
) -> Estimate | NoEstimate:
    """The effect on the sum over days ``first`` to ``last`` after the launch, both counted; the launch's own day is 0.

    Args:
        series: What was observed.
        without: What would have been.
        first: First day of the window.
        last: Last day of the window.
        level: Of the equal-tailed interval.
        relative: As a share of the counterfactual sum, else in the series' unit.

    Returns:
        The posterior median with its interval; ``p_value`` is twice the smaller posterior tail beyond zero. Days
        without an observation are left out of both sums.
    """
    observed = series.y[series.launch + first : series.launch + last + 1]
    there = np.isfinite(observed)
    if not there.any():
        return NoEstimate(Reason.EMPTY, METHOD)
    total = float(observed[there].sum())
    other = without.paths[:, first : last + 1][:, there].sum(axis=1)
    if relative and np.quantile(other, (1 - level) / 2) <= 0:
        return NoEstimate(Reason.UNBOUNDED, METHOD)
    draws = total / other - 1.0 if relative else total - other
    low, value, high = np.quantile(draws, [(1 - level) / 2, 0.5, (1 + level) / 2])
    tail = float(min((draws <= 0).mean(), (draws >= 0).mean()))
    return Estimate(
        value=float(value),
        low=float(low),
        high=float(high),
        standard_error=float(draws.std(ddof=1)),
        p_value=max(2.0 * tail, 1.0 / len(draws)),
        level=level,
        n=float(there.sum()),
        method=METHOD,
        scale="relative" if relative else "absolute",
    )


def placebos_in_time(
    series: Series,
    without: Counterfactual,
    *,
    first: int,
    last: int,
    count: int = 12,
    level: float = 0.95,
    masked: tuple[tuple[int, int], ...] = (),
    seed: int,
) -> tuple[Placebo, ...]:
    """Pretend that the launch happened on earlier days, and measure as if it had.

    The parameters are those learned from the whole history before the launch; the state is what was known on the
    morning of the placebo. Windows that touch ``masked`` days (from, until, half-open) or the launch are left out.

    Returns:
        Placebos, oldest first; fewer than ``count`` where the history has no room for more.
    """
    rng = np.random.default_rng(seed)
    design = _design(series, without.transform)
    y = series.y[: series.launch]
    y = np.log(y) if without.transform == "log" else y.astype(np.float64)
    start = max(_MIN_HISTORY, design.states * 2, int(0.35 * series.launch))
    candidates = [
        day
        for day in range(start, series.launch - last)
        if not any(day <= until and day + last >= since for since, until in masked)
    ]
    if not candidates:
        return ()
    picks = np.unique(np.linspace(0, len(candidates) - 1, count).round().astype(int))
    results = []
    for pick in picks:
        day = candidates[int(pick)]
        paths = _forward(design, y, without.posterior.theta, day, last + 1, rng)
        paths = np.exp(paths) if without.transform == "log" else paths
        pretended = Counterfactual(paths, without.posterior, without.transform)
        shifted = Series(series.y[: series.launch], day, series.controls[: series.launch])
        estimate = effect_on_sum(shifted, pretended, first=first, last=last, level=level)
        if isinstance(estimate, Estimate):
            results.append(Placebo(day, estimate.value, estimate.low, estimate.high))
    return tuple(results)
