"""Size and coverage of regression adjustment under looks at an experiment that grows, from the first units on.

Where residuals are normal with one variance nothing is allowed beyond the promise. Elsewhere it holds in the limit,
from the default least n on, also where a smaller arm varies more, hardly or much, be it normal or skewed. One of these
experiments is also read by ``cuped`` and ``mean_difference_sequence``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from bench.calibrate.row import CalibrationRow, calibrated
from upshot.stats import CovariateMoments, Reason, cuped, mean_difference_sequence, regression_adjusted_sequence

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from upshot.stats import Estimates, FloatArray

    Noise = Callable[[np.random.Generator, tuple[int, ...]], FloatArray]

__all__ = ["rows"]

ALPHA, CORRELATION, LOOKS = 0.05, 0.8, 80
ASYMPTOTIC = 0.01
"""Excess of size that a normal limit is allowed at the least n that it is promised for: 5 % may be 6 %."""
CHUNK = 250


def rows(*, simulations: int, seed: int) -> list[CalibrationRow]:
    """All rows of this family."""
    rng = np.random.default_rng(seed)
    found = []
    for control, treatment, words in ((1, 1, "50/50"), (9, 1, "90/10")):
        smaller = np.unique(np.geomspace(2, 400, LOOKS).astype(np.int64))
        arms = _grown((control * smaller, treatment * smaller), (_normal, _normal), simulations, rng)
        scenario = f"normal, past with correlation {CORRELATION:g}, {words}, from 2 units in the smaller arm to 400"
        found += _both(scenario, _regressed(arms, treatment / (control + treatment), 2.0))
        smaller = np.unique(np.geomspace(100, 2000, LOOKS).astype(np.int64))
        arms = _grown((control * smaller, treatment * smaller), (_exponential, _exponential), simulations, rng)
        scenario = f"exponential residuals, {words}, from 100 units in the smaller arm to 2,000"
        found += _both(scenario, _regressed(arms, treatment / (control + treatment), 100.0), ASYMPTOTIC)
    for words, noises in UNLIKE:
        arms = _grown((9 * smaller, smaller), noises, simulations, rng)
        scenario = f"{words}, 90/10, from 100 units in the smaller arm to 2,000"
        found += _both(scenario, _regressed(arms, 0.1, 100.0), ASYMPTOTIC)
    adjusted = cuped(arms.pair(0, 1))
    own = mean_difference_sequence(
        adjusted[..., 0], adjusted[..., 1], totals="final", tuned_units=float(smaller[-1]) * 3.6, treatment_share=0.1
    )
    return [*found, _size(scenario, replace(own, method=f"cuped, {own.method}"), tolerance=ASYMPTOTIC)]


def _regressed(arms: CovariateMoments, share: float, least: float) -> Estimates:
    """Looks along the last axis; tuned to the last one."""
    tuned_units = float(4.0 / (1.0 / arms.n[..., 0] + 1.0 / arms.n[..., 1]).min())
    found = regression_adjusted_sequence(
        arms, totals="final", tuned_units=tuned_units, treatment_share=share, level=1.0 - ALPHA, minimum_units=least
    )
    return replace(
        found,
        low=found.low[..., 0],
        high=found.high[..., 0],
        p_value=found.p_value[..., 0],
        reason=found.reason[..., 0],
    )


def _both(scenario: str, found: Estimates, tolerance: float = 0.0) -> list[CalibrationRow]:
    """False alarms at any look, and intervals that held no effect at every one."""
    held = ((found.reason != Reason.OK) | ((found.low <= 0.0) & (found.high >= 0.0))).all(axis=1)
    coverage = calibrated(
        found.method, scenario, "coverage", 1.0 - ALPHA, int(held.sum()), held.size, tolerance=tolerance
    )
    return [_size(scenario, found, tolerance=tolerance), coverage]


def _size(scenario: str, found: Estimates, *, nominal: float = ALPHA, tolerance: float = 0.0) -> CalibrationRow:
    with np.errstate(invalid="ignore"):
        alarmed = ((found.reason == Reason.OK) & (found.p_value < ALPHA)).any(axis=1)
    return calibrated(found.method, scenario, "size", nominal, int(alarmed.sum()), alarmed.size, tolerance=tolerance)


def _grown(
    looks: tuple[NDArray[np.int64], NDArray[np.int64]],
    noises: tuple[Noise, Noise],
    simulations: int,
    rng: np.random.Generator,
) -> CovariateMoments:
    """Moments of metric and past at each look, arms last: n of shape (simulations, looks, 2)."""
    parts = []
    for n, noise in zip(looks, noises, strict=True):
        chunks = [_looked_at(n, noise, min(CHUNK, simulations - first), rng) for first in range(0, simulations, CHUNK)]
        means, covariance = (np.concatenate(part) for part in zip(*chunks, strict=True))
        parts.append((np.broadcast_to(n.astype(np.float64), means.shape[:-1]), means, covariance))
    (n_c, mean_c, cov_c), (n_t, mean_t, cov_t) = parts
    return CovariateMoments(
        np.stack([n_c, n_t], axis=-1), np.stack([mean_c, mean_t], axis=-2), np.stack([cov_c, cov_t], axis=-3)
    )


def _looked_at(
    n: NDArray[np.int64], noise: Noise, size: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    past = rng.standard_normal((size, int(n[-1])))
    metric = CORRELATION * past + np.sqrt(1.0 - CORRELATION**2) * noise(rng, past.shape)
    columns, at = (metric, past), n - 1
    sums = [column.cumsum(axis=1)[:, at] for column in columns]
    covariance = [
        [((a * b).cumsum(axis=1)[:, at] - s * t / n) / (n - 1.0) for b, t in zip(columns, sums, strict=True)]
        for a, s in zip(columns, sums, strict=True)
    ]
    return np.stack(sums, axis=-1) / n[:, None], np.moveaxis(np.asarray(covariance), (0, 1), (-2, -1))


def _normal(rng: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
    return rng.standard_normal(shape)


def _exponential(rng: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
    return rng.standard_exponential(shape) - 1.0


def _times(factor: float, noise: Noise) -> Noise:
    return lambda rng, shape: factor * noise(rng, shape)


UNLIKE: tuple[tuple[str, tuple[Noise, Noise]], ...] = (
    ("normal, the treatment's residuals a tenth wider", (_normal, _times(1.1, _normal))),
    ("exponential, the treatment's residuals twice as wide", (_exponential, _times(2.0, _exponential))),
    ("normal, the treatment's residuals twice as wide", (_normal, _times(2.0, _normal))),
)
