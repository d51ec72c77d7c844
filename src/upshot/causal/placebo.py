"""Pretended launches in time: how far a series strays from its own forecast where nothing was launched.

Each placebo learns its parameters, coefficients and state from its own past only. From their errors come three things:
how often a false alarm is raised, by how much intervals must be widened, and what effect could be detected.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtrc, betaincinv, stdtr, stdtrit

from upshot.causal.forecast import forecast
from upshot.causal.posterior import Posterior
from upshot.causal.series import Prepared, Series, Window
from upshot.stats.result import Scale

__all__ = [
    "Calibration",
    "Error",
    "FalseAlarms",
    "Placebo",
    "calibration",
    "disjoint",
    "errors",
    "false_alarms",
    "independent_count",
    "placebo_steps",
    "placebos_of",
    "window_error",
]

Floats = NDArray[np.float64]

_PRIOR_WEIGHT = 8.0
_LEAST_INFLATION = 0.75
_PATHS = 300


@dataclass(frozen=True, slots=True)
class Error:
    """What was observed against its forecast, on the scale on which intervals are formed.

    Attributes:
        observed: The observed sum: its logarithm where ``log``, else in the series' unit.
        draws: Draws of the forecast sum, on the same scale.
        log: Whether the scale is the logarithm.
    """

    observed: float
    draws: Floats
    log: bool

    @property
    def middle(self) -> float:
        """Median of the forecast."""
        return float(np.median(self.draws))

    @property
    def spread(self) -> float:
        """Standard deviation of the forecast."""
        return float(self.draws.std(ddof=1))

    @property
    def z(self) -> float:
        """The error in standard deviations of the forecast."""
        return (self.observed - self.middle) / self.spread

    def share(self, moved: float) -> float:
        """A difference on this scale as a share of the forecast, which is above zero."""
        return float(np.expm1(moved)) if self.log else moved / self.middle

    def relative(self, shift: float = 0.0) -> float:
        """The error plus ``shift`` as a share of the forecast, which is above zero."""
        return self.share(self.observed - self.middle + shift)


@dataclass(frozen=True, slots=True)
class Placebo:
    """A launch that did not happen.

    Attributes:
        step: Where it was pretended.
        value: Its estimated effect on the window's sum.
        low: Lower bound, widened by what the other placebos taught.
        high: Upper bound.
        scale: Whether these are shares of the forecast or, where a forecast reaches zero, in the series' unit.
        z: Its error in standard deviations of the model's own forecast.
        disjoint: Whether it shares no step with another placebo that is counted; only such are counted.
    """

    step: int
    value: float
    low: float
    high: float
    scale: Scale
    z: float
    disjoint: bool

    @property
    def false_alarm(self) -> bool:
        """Whether an effect was claimed where there was none."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True)
class FalseAlarms:
    """How often pretended launches raised an alarm, among those that share no step.

    Attributes:
        alarms: How many did.
        placebos: Of how many.
        low: Lower exact bound of the share (Clopper and Pearson), 95 %.
        high: Upper exact bound.
        chance: Chance of so many alarms or more if the interval keeps its level.
    """

    alarms: int
    placebos: int
    low: float
    high: float
    chance: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """What placebos say about the model's intervals.

    Attributes:
        inflation: Factor on the forecast's standard deviation; above 1 where placebos strayed further than the model
            says, below 1 where less.
        degrees: Degrees of freedom of the t distribution that goes with it.
    """

    inflation: float
    degrees: float

    def margin(self, level: float) -> float:
        """Half the interval's width in the model's standard deviations."""
        return self.inflation * float(stdtrit(self.degrees, (1 + level) / 2))

    def detectable(self, level: float, power: float) -> float:
        """The smallest effect that is found with this power, in the model's standard deviations."""
        return self.margin(level) + self.inflation * float(stdtrit(self.degrees, power))

    def p_value(self, z: float) -> float:
        """Two-sided, of no effect."""
        return float(2 * stdtr(self.degrees, -abs(z) / self.inflation))


def calibration(z: Floats, independent: float) -> Calibration:
    """The variance factor's posterior after seeing placebo errors: scaled inverse chi-squared about one.

    Args:
        z: Errors of the placebos, in the model's standard deviations.
        independent: How many independent errors they are worth.
    """
    weight = min(independent, float(len(z)))
    mean_square = float(np.square(z).mean()) if len(z) else 1.0
    variance = (_PRIOR_WEIGHT + weight * mean_square) / (_PRIOR_WEIGHT + weight)
    return Calibration(max(_LEAST_INFLATION, float(np.sqrt(variance))), _PRIOR_WEIGHT + weight)


def placebo_steps(series: Series, window: Window, count: int) -> tuple[int, ...]:
    """Where to pretend: as far apart as the history lets them, away from other launches and changes."""
    rhythm, events = series.rhythm, (*series.others, *series.changes)
    first, last = max(rhythm.history, int(0.2 * series.launch)), series.launch - window.last - 1
    room = [s for s in range(first, last + 1) if not any(s - rhythm.relearning < e <= s + window.last for e in events)]
    # A placebo needs values to be read: half of its window, and a step before it.
    room = [s for s in room if np.isfinite(series.y[s + window.first : s + window.last + 1]).mean() >= 0.5]
    if not room:
        return ()
    apart = max(1, window.length // 3, int(np.ceil((room[-1] - room[0] + 1) / count)))
    chosen = [room[-1]]
    for step in reversed(room[:-1]):
        if chosen[-1] - step >= apart:
            chosen.append(step)
    return tuple(reversed(chosen))


def errors(
    series: Series,
    model: Prepared,
    posterior: Posterior,
    steps: dict[int, int],
    windows: tuple[Window, ...],
    rng: np.random.Generator,
) -> list[list[Error | None]]:
    """The errors of each placebo in each window; None where nothing was observed in it."""
    if not steps:
        return []
    longest = max(window.last for window in windows) + 1
    paths = model.back(forecast(posterior, model.design, steps, longest, paths=_PATHS, rng=rng))
    return [
        [window_error(series.before[step : step + longest], of_one, window, model) for window in windows]
        for step, of_one in zip(steps.values(), paths, strict=True)
    ]


def window_error(observed: Floats, paths: Floats, window: Window, model: Prepared) -> Error | None:
    """One window's error, None where the values do not reach it; steps without a value are left out of both sums.

    Args:
        observed: Values from the first simulated step on.
        paths: Draws of those steps in the series' unit, shape (paths, steps).
        window: The window.
        model: Whose scale decides.
    """
    span = slice(window.first, window.last + 1)
    there = np.isfinite(observed[span])
    if len(there) < window.length or not there.any():
        return None
    total = float(observed[span][there].sum())
    draws = paths[:, span][:, there].sum(axis=1)
    if model.transform == "log" and total > 0:
        return Error(float(np.log(total)), np.log(draws), log=True)
    return Error(total, draws, log=False)


def disjoint(steps: tuple[int, ...], length: int) -> tuple[bool, ...]:
    """The latest placebo, and going back each that shares no step with the one taken before it."""
    taken: list[bool] = []
    border = np.inf
    for step in reversed(steps):
        fits = step + length <= border
        taken.append(bool(fits))
        border = step if fits else border
    return tuple(reversed(taken))


def independent_count(steps: tuple[int, ...], length: int) -> float:
    """How many independent errors overlapping placebos are worth: the steps that they cover, in windows."""
    covered = {s for step in steps for s in range(step, step + length)}
    return len(covered) / length if length else 0.0


def placebos_of(found: list[tuple[int, Error | None]], window: Window, level: float) -> tuple[Placebo, ...]:
    """Placebos of one window, each interval widened by what those that share no step with it teach."""
    pairs = [(step, error) for step, error in found if error is not None]
    days = tuple(step for step, _ in pairs)
    z = np.array([error.z for _, error in pairs])
    alone = disjoint(days, window.length)
    margins = []
    for step, error in pairs:
        far = np.array([abs(day - step) >= window.length for day in days], dtype=bool)
        rest = tuple(day for day, is_far in zip(days, far, strict=True) if is_far)
        margins.append(calibration(z[far], independent_count(rest, window.length)).margin(level) * error.spread)
    positive = all(e.log or e.middle - margin > 0 for (_, e), margin in zip(pairs, margins, strict=True))
    placebos = []
    for index, ((step, error), margin) in enumerate(zip(pairs, margins, strict=True)):
        middle = error.observed - error.middle
        shifts = (middle, middle - margin, middle + margin)
        value, low, high = (error.share(shift) for shift in shifts) if positive else shifts
        scale: Scale = "relative" if positive else "absolute"
        placebos.append(Placebo(step, value, low, high, scale, float(z[index]), alone[index]))
    return tuple(placebos)


def false_alarms(placebos: tuple[Placebo, ...], level: float) -> FalseAlarms:
    """Count the alarms among placebos that share no step."""
    counted = [placebo for placebo in placebos if placebo.disjoint]
    alarms, of = sum(placebo.false_alarm for placebo in counted), len(counted)
    if not of:
        return FalseAlarms(0, 0, 0.0, 1.0, 1.0)
    low = 0.0 if alarms == 0 else float(betaincinv(alarms, of - alarms + 1, 0.025))
    high = 1.0 if alarms == of else float(betaincinv(alarms + 1, of - alarms, 0.975))
    return FalseAlarms(alarms, of, low, high, _at_least(alarms, of, 1 - level))


def _at_least(count: int, of: int, chance: float) -> float:
    """The chance of so many or more out of ``of`` that come each with ``chance``."""
    return 1.0 if count == 0 else float(bdtrc(count - 1, of, chance))
