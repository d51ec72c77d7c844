"""Sample-ratio and imbalance checks, and what skewness does to Student's test, its adjustment and the bootstrap."""

from __future__ import annotations

import math

import numpy as np

from bench.calibrate.row import CalibrationRow, calibrated
from upshot.stats.bootstrap import Sample, bootstrap_bca, bootstrap_t
from upshot.stats.difference import difference
from upshot.stats.exact import permutation_test
from upshot.stats.health import pre_period_imbalance
from upshot.stats.health_skew import normal_limit, skew_adjusted_difference, skewness
from upshot.stats.moments import CovariateMoments, Moments
from upshot.stats.sample_ratio import sample_ratio

__all__ = ["rows"]

UNEVEN = "log-normal (skewness 3.7), 2,000 and 100 units"
GAMMA = (math.exp(0.64) + 2.0) * math.sqrt(math.exp(0.64) - 1.0)


def rows(*, simulations: int, seed: int) -> list[CalibrationRow]:
    """All rows of this family; resampling takes a hundredth of the simulations."""
    rng = np.random.default_rng(seed)
    return [
        *_sample_ratio(simulations, rng),
        *_imbalance(max(simulations // 4, 100), rng),
        *_skewed(max(simulations // 2, 200), rng),
        *_resampled(max(simulations // 50, 100), rng),
    ]


def _sample_ratio(simulations: int, rng: np.random.Generator) -> list[CalibrationRow]:
    found = []
    for n, planned, tolerance, how in (
        (20, [0.5, 0.5], 0.0, "exact"),
        (40, [0.6, 0.3, 0.1], 0.0, "exact"),
        (2000, [0.9, 0.1], 0.0, "exact"),
        (10_000, [0.9, 0.1], 0.003, "chi-square, expected 1,000 in the small arm"),
        (100_000, [0.25] * 4, 0.003, "chi-square"),
    ):
        few = simulations if n > 100 else max(simulations // 4, 100)
        p = sample_ratio(rng.multinomial(n, planned, size=few), planned).p_value
        scenario = f"{n:,} units, {'/'.join(str(round(100 * share)) for share in planned)}, {how}"
        rejected = int((p < 0.01).sum())
        found.append(calibrated("sample_ratio", scenario, "size", 0.01, rejected, few, tolerance=tolerance))
    return found


def _imbalance(simulations: int, rng: np.random.Generator) -> list[CalibrationRow]:
    mix = rng.normal(size=(5, 5))
    groups = [CovariateMoments.of(rng.exponential(size=(simulations, 150, 5)) @ mix) for _ in range(2)]
    rejected = int((pre_period_imbalance(*groups).p_value < 0.05).sum())
    scenario = "5 correlated skewed covariates, 2 × 150"
    return [calibrated("pre_period_imbalance", scenario, "size", 0.05, rejected, simulations, tolerance=0.005)]


def _skewed(simulations: int, rng: np.random.Generator) -> list[CalibrationRow]:
    missed = np.zeros((2, 2), np.int64)
    done = 0
    for size in [2000] * (simulations // 2000) + [simulations % 2000]:
        if size:
            control, treatment = (np.exp(rng.normal(0.0, 0.8, (size, n))) for n in (2000, 100))
            c, t = Moments.of(control), Moments.of(treatment)
            plain = difference(c, t)
            mended = skew_adjusted_difference(c, t, skewness(control), skewness(treatment))
            for row, result in enumerate((plain, mended)):
                missed[row] += [int((result.high < 0.0).sum()), int((result.low > 0.0).sum())]
            done += size
    limit = normal_limit(Moments(2000, 0.0, 1.0), Moments(100, 0.0, 1.0), GAMMA, GAMMA)
    predicted = float(limit.tail_error)
    scenarios = [
        ("difference", f"{UNEVEN}, interval too low (normal_limit predicts)", 0.025 + predicted, missed[0, 0], 0.01),
        ("difference", f"{UNEVEN}, interval too high (normal_limit predicts)", 0.025 - predicted, missed[0, 1], 0.01),
        ("skew_adjusted_difference", f"{UNEVEN}, interval too low", 0.025, missed[1, 0], 0.01),
        ("skew_adjusted_difference", f"{UNEVEN}, interval too high", 0.025, missed[1, 1], 0.01),
    ]
    # The first Edgeworth term is all that the prediction and the adjustment know: a percentage point at 100 units.
    return [
        calibrated(method, scenario, "size", max(nominal, 0.0), int(count), done, tolerance=tolerance)
        for method, scenario, nominal, count, tolerance in scenarios
    ]


def _resampled(simulations: int, rng: np.random.Generator) -> list[CalibrationRow]:
    covered = {"difference": 0, "bootstrap_t": 0, "bootstrap_bca": 0}
    permuted = 0
    for _ in range(simulations):
        c, t = rng.exponential(1.0, (200,)), rng.exponential(1.0, (25,))
        samples = Sample.of(c), Sample.of(t)
        for name, result in (
            ("difference", difference(Moments.of(c), Moments.of(t))),
            ("bootstrap_t", bootstrap_t(*samples, rng=rng, resamples=1000)),
            ("bootstrap_bca", bootstrap_bca(*samples, rng=rng, resamples=1000)),
        ):
            covered[name] += bool(result.low <= 0.0 <= result.high)
        permuted += bool(permutation_test(c[:30], t, rng=rng, resamples=399).p_value <= 0.05)
    scenario = "exponential, 200 and 25 units"
    # A bootstrap of 25 units is still an approximation: two percentage points.
    tolerances = {"difference": 0.02, "bootstrap_t": 0.02, "bootstrap_bca": 0.02}
    return [
        *(
            calibrated(name, scenario, "coverage", 0.95, count, simulations, tolerance=tolerances[name])
            for name, count in covered.items()
        ),
        calibrated("permutation_test", "exponential, 30 and 25 units", "size", 0.05, permuted, simulations),
    ]
