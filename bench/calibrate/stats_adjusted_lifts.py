"""Coverage of relative effects on adjusted means, at effects from −90 to +200 %.

Arms that were adjusted together share the covariate's mean or the strata's shares. A difference does not notice; a
lift does, the more so the larger it is. Rows without a promise take the same arms as independent, to show the cost.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from bench.calibrate.row import CalibrationRow, calibrated, coverage_row, in_chunks
from upshot.stats import (
    CovariateMoments,
    Moments,
    NormalPrior,
    PairMoments,
    Reason,
    bayes_lift,
    cuped,
    cuped_with_missing,
    fieller_lift,
    lift,
    mean_difference_sequence,
    post_stratify,
    ratio_cuped,
    ratio_post_stratify,
    stack_arms,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from upshot.stats import FloatArray

__all__ = ["rows"]

EFFECTS = (-0.9, -0.5, 1.0, 2.0)
FIRST_ORDER = 0.01
"""What a large-sample interval may miss by in a sample of the stated size."""
UNITS = 1_000


def rows(*, simulations: int, seed: int) -> list[CalibrationRow]:
    """All rows of this family."""
    rng = np.random.default_rng(seed)
    found = []
    for effect in EFFECTS:
        for correlation in (0.9, 0.97):
            arms = cuped(_normal(correlation, effect, simulations, rng))
            found += _every_method("cuped", f"cv 1, correlation {correlation}, 2 × 1,000, {effect:+.0%}", arms, effect)
        arms = post_stratify(_strata(effect, simulations, rng))
        found += _every_method("post_stratify", f"cv 1, three strata, 2 × 1,000, {effect:+.0%}", arms, effect)
        arms = cuped_with_missing(*_some_new(effect, simulations, rng))
        found.append(_lift("cuped_with_missing", f"cv 1, 30 % new, 2 × 1,000, {effect:+.0%}", arms, effect))
        for adjustment, adjusted in _RATIOS.items():
            arms = in_chunks(simulations, lambda size, d=effect, a=adjusted: a(_visits(size, d, rng)))  # type: ignore[misc]
            found.append(_lift(adjustment, f"clicks per session, 2 × 1,000, {effect:+.0%}", arms, effect))
    return found


def _every_method(adjustment: str, scenario: str, arms: Moments, effect: float) -> list[CalibrationRow]:
    control, treatment = arms[:, 0], arms[:, 1]
    alone = [Moments(arm.n, arm.mean, arm.variance) for arm in (control, treatment)]
    exact = fieller_lift(control, treatment)
    sequence = mean_difference_sequence(
        control, treatment, totals="final", tuned_units=2.0 * UNITS, scale="relative", minimum_units=100
    )
    believed = bayes_lift(control, treatment, prior=NormalPrior(0.0, float("inf")))
    held = (believed.reason == Reason.OK) & (believed.low <= effect) & (effect <= believed.high)
    counts = int(held.sum()), int((believed.reason == Reason.OK).sum())
    return [
        _lift(adjustment, scenario, arms, effect),
        coverage_row(scenario, replace(exact, method=f"{adjustment}, fieller_lift"), effect, tolerance=FIRST_ORDER),
        calibrated(f"{adjustment}, bayes_lift", f"{scenario}, flat", "coverage", 0.95, *counts, tolerance=FIRST_ORDER),
        coverage_row(scenario, replace(sequence, method=f"{adjustment}, {sequence.method}"), effect),
        coverage_row(
            f"{scenario}; arms taken as independent (no promise)",
            replace(lift(*alone), method=f"{adjustment}, lift"),
            effect,
            nominal=float("nan"),
        ),
    ]


def _lift(adjustment: str, scenario: str, arms: Moments, effect: float) -> CalibrationRow:
    found = replace(lift(arms[:, 0], arms[:, 1]), method=f"{adjustment}, lift")
    return coverage_row(scenario, found, effect, tolerance=FIRST_ORDER)


def _normal(correlation: float, effect: float, simulations: int, rng: np.random.Generator) -> PairMoments:
    """Normal values of mean and deviation 1 with a past, shifted in the treatment, as sufficient statistics."""
    shape, rest = (simulations, 2), np.sqrt(1.0 - correlation**2)
    past, own = rng.standard_normal((2, *shape)) / np.sqrt(UNITS)
    a, b, c = np.sqrt(rng.chisquare(UNITS - 1, shape)), rng.standard_normal(shape), rng.chisquare(UNITS - 2, shape)
    second = correlation * a + rest * b
    variances = [part / (UNITS - 1) for part in (second**2 + rest**2 * c, a * a, a * second)]
    mean = 1.0 + np.asarray([0.0, effect]) + correlation * past + rest * own
    return PairMoments(UNITS, mean, 1.0 + past, *variances)


def _strata(effect: float, simulations: int, rng: np.random.Generator) -> Moments:
    """Strata explain 0.94 of a variance of 1; within them values are normal."""
    shares, levels = np.asarray([0.5, 0.3, 0.2]), np.asarray([0.0, 1.0, 2.5])
    spread = np.sqrt(shares @ (levels - shares @ levels) ** 2)
    levels = 1.0 + np.sqrt(0.94) * (levels - shares @ levels) / spread
    counts = rng.multinomial(UNITS, shares, (simulations, 2)).astype(np.float64)
    shifted = levels + np.asarray([0.0, effect])[:, None]
    means = rng.normal(shifted, np.sqrt(0.06 / counts))
    return Moments(counts, means, 0.06 * rng.chisquare(counts - 1.0) / (counts - 1.0))


def _some_new(effect: float, simulations: int, rng: np.random.Generator) -> tuple[PairMoments, Moments]:
    """Units with a past of correlation 0.97, and new ones of a lower level."""
    known = _normal(0.97, effect, simulations, rng)
    new = rng.binomial(UNITS, 0.3, known.mean_x.shape).astype(np.float64)
    level = 1.0 + np.asarray([0.0, effect])
    others = Moments(new, rng.normal(level, 1.0 / np.sqrt(new)), rng.chisquare(new - 1.0) / (new - 1.0))
    return _fewer(known, UNITS - new, level, rng), others


def _fewer(pair: PairMoments, n: FloatArray, level: FloatArray, rng: np.random.Generator) -> PairMoments:
    """The same units' moments had they been n of them: means are redrawn, spreads kept."""
    past, own = rng.standard_normal((2, *n.shape)) / np.sqrt(n)
    mean = level + 0.97 * past + np.sqrt(1.0 - 0.97**2) * own
    return PairMoments(n, mean, 1.0 + past, pair.variance_x, pair.variance_y, pair.covariance)


def _visits(size: int, effect: float, rng: np.random.Generator) -> FloatArray:
    """Clicks and sessions now, clicks and sessions before: shape (size, 2, 1000, 4); no taste is above 0.3."""
    taste, activity = 0.3 * rng.beta(4.0, 8.0, (size, 2, UNITS)), rng.gamma(2.0, 2.0, (size, 2, UNITS))
    change = np.asarray([1.0, 1.0 + effect])[:, None]
    columns = []
    for now in (change, 1.0):
        sessions = 1 + rng.poisson(activity)
        columns += [rng.binomial(sessions, taste * now), sessions]
    return np.stack(columns, axis=-1).astype(np.float64)


def _by_activity(visits: FloatArray) -> Moments:
    """Two strata: whoever had fewer than five sessions before, and the others."""
    low = visits[..., 3] < 5.0
    strata = [_within(visits, inside) for inside in (low, ~low)]
    return ratio_post_stratify(stack_arms(strata))


def _within(visits: FloatArray, inside: NDArray[np.bool_]) -> PairMoments:
    n = inside.sum(axis=-1).astype(np.float64)
    x, y = (np.where(inside, visits[..., place], 0.0) for place in (0, 1))
    mean_x, mean_y = x.sum(axis=-1) / n, y.sum(axis=-1) / n
    off_x = np.where(inside, x - mean_x[..., None], 0.0)
    off_y = np.where(inside, y - mean_y[..., None], 0.0)
    products = ((off_x, off_x), (off_y, off_y), (off_x, off_y))
    return PairMoments(n, mean_x, mean_y, *((a * b).sum(axis=-1) / (n - 1.0) for a, b in products))


_RATIOS: dict[str, Callable[[FloatArray], Moments]] = {
    "ratio_cuped": lambda visits: ratio_cuped(CovariateMoments.of(visits)),
    "ratio_post_stratify": _by_activity,
}
