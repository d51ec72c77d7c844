"""Where a series will be, if it goes on as it did.

The values of consecutive weeks are a level that wanders with a drift, seen with noise:

    y_t = l_t + e_t,   l_t = l_{t-1} + d + w_t.

The variances follow from the differences of the values by moments: neighbours share one noise, so the autocovariance
of the differences at lag one is -Var(e), and their variance is Var(w) + 2 Var(e) (Harvey 1989, Forecasting, Structural
Time Series Models and the Kalman Filter, 2.3.2 and 2.4.1). The autocovariance is corrected for the mean that was taken
off, and a quarter of its standard error goes from noise to wandering, as wandering that is taken for noise makes
intervals too short. The drift is the mean difference, with its own uncertainty.

The interval takes in the noise of what is to be seen, the wandering until then and the uncertainty of level and drift,
with Student's t in place of the normal law: in simulated worlds of 8 to 26 weeks its 80 % covered 77 % (much wandering,
far ahead) to 98 % (noise only). It knows no season and no launch that is still to come.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from upshot.objectives.student import chance_below, quantile

__all__ = ["LEAST_BLOCKS", "LEVEL", "Outlook", "Wandering", "outlook", "wandering"]

LEAST_BLOCKS = 8
"""So many values are needed; fewer say too little of how the series wanders."""
LEVEL = 0.8
_STEADY = 1e-12
_CAUTION = 0.25
_NEARLY_ONE = 1.0 - 1e-9


@dataclass(frozen=True, slots=True)
class Wandering:
    """A series taken apart.

    Attributes:
        level: Where it is now, without noise.
        level_variance: How uncertain that is.
        drift: Its mean change from one value to the next.
        drift_variance: How uncertain that is.
        noise: Variance of the noise of one value.
        step: Variance of the level's wandering from one value to the next.
        count: How many values there were.
    """

    level: float
    level_variance: float
    drift: float
    drift_variance: float
    noise: float
    step: float
    count: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """The mean of the last values of a horizon, its interval of ``level``, and the chance that it meets the target."""

    value: float
    low: float
    high: float
    level: float
    chance: float


def wandering(values: Sequence[float]) -> Wandering | None:
    """Take a series apart; None where it has fewer than ``LEAST_BLOCKS`` values.

    Args:
        values: Shape (n,), oldest first, equally spaced.
    """
    count = len(values)
    if count < LEAST_BLOCKS:
        return None
    differences = [later - earlier for earlier, later in pairwise(values)]
    drift = statistics.fmean(differences)
    centred = [difference - drift for difference in differences]
    variance = math.fsum(each * each for each in centred) / (count - 2)
    shared = math.fsum(earlier * later for earlier, later in pairwise(centred)) / (count - 2)
    taken_off = variance / (count - 1) + _CAUTION * variance / math.sqrt(count - 1)
    noise = min(max(-shared - taken_off, 0.0), variance / 2)
    step = max(variance - 2 * noise, 0.0)
    level, level_variance = _level(values, drift, noise, step)
    return Wandering(
        level=level,
        level_variance=level_variance,
        drift=drift,
        drift_variance=step / (count - 1) + 2 * noise / (count - 1) ** 2,
        noise=noise,
        step=step,
        count=count,
    )


def outlook(found: Wandering, ahead: float, averaged: float, target: float, *, upwards: bool) -> Outlook:
    """The mean of the last ``averaged`` values of a horizon.

    Args:
        found: The series, taken apart.
        ahead: The horizon, in steps from the last value; may be a fraction.
        averaged: Over how many values the mean is taken.
        target: What should be reached.
        upwards: Whether the target is reached from below.
    """
    middle = max(ahead - (averaged - 1) / 2, 0.0)
    value = found.level + found.drift * middle
    variance = (
        found.level_variance + found.step * middle + found.drift_variance * middle**2 + found.noise / max(averaged, 1.0)
    )
    spread = math.sqrt(variance)
    degrees = found.count - 2
    if spread <= _STEADY * max(1.0, abs(value)):
        reached = value >= target if upwards else value <= target
        return Outlook(value, value, value, LEVEL, float(reached))
    margin = quantile(degrees, (1 + LEVEL) / 2) * spread
    below = chance_below(degrees, (target - value) / spread)
    return Outlook(value, value - margin, value + margin, LEVEL, 1 - below if upwards else below)


def _level(values: Sequence[float], drift: float, noise: float, step: float) -> tuple[float, float]:
    """The level after the last value, by the Kalman filter, and its variance."""
    level, variance = values[0], noise
    for value in values[1:]:
        level, variance = level + drift, variance + step
        total = variance + noise
        gain = variance / total if total > 0 else _NEARLY_ONE
        level += gain * (value - level)
        variance *= 1 - gain
    return level, variance
