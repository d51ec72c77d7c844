"""Small worlds for tests, made without the estimator."""

import numpy as np
from numpy.typing import NDArray

from upshot.causal.series import Series, Window

Floats = NDArray[np.float64]
DAYS, LAUNCH = 240, 210
WEEK, MONTH = Window(0, 6), Window(0, 27)


def outcome(seed: int, effect: float | Floats = 0.0, *, days: int = DAYS, launch: int = LAUNCH) -> Series:
    """A drifting level, weekdays, autocorrelated noise; ``effect`` acts in proportion from the launch on."""
    rng = np.random.default_rng(seed)
    noise = np.zeros(days)
    for day in range(1, days):
        noise[day] = 0.4 * noise[day - 1] + 0.03 * rng.standard_normal()
    level = np.cumsum(0.004 * rng.standard_normal(days))
    y = np.exp(7.0 + level + noise + 0.1 * np.cos(2 * np.pi * np.arange(days) / 7))
    y[launch:] *= 1.0 + effect
    return Series(y, launch)


def with_control(seed: int, *, control_effect: float = 0.0) -> Series:
    """Outcome and control share large slow shocks."""
    rng = np.random.default_rng(seed)
    shared = np.cumsum(0.02 * rng.standard_normal(DAYS))
    control = np.exp(5.0 + shared + 0.01 * rng.standard_normal(DAYS))
    control[LAUNCH:] *= 1.0 + control_effect
    return Series(np.exp(7.0 + shared + 0.02 * rng.standard_normal(DAYS)), LAUNCH, controls=control[:, None])
