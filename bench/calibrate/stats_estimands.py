"""Coverage, size and power of differences and lifts: means, proportions, ratios, rates, quantiles, capped values."""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy.special import ndtr

from bench.calibrate.row import CalibrationRow, calibrated, coverage_row, in_chunks, rejection_row
from upshot.stats.difference import difference
from upshot.stats.lift import FiellerSets, SetKind, fieller_lift, lift
from upshot.stats.moments import Moments, PairMoments, stack_arms
from upshot.stats.proportions import Successes, newcombe_difference, score_difference, score_lift, wilson
from upshot.stats.quantiles import Quantiles, quantile_difference, quantile_interval
from upshot.stats.rates import Counts, Dispersion, quasi_rate_lift, rate_difference, rate_lift
from upshot.stats.ratios import ratio_difference, ratio_lift
from upshot.stats.result import FloatArray, Reason
from upshot.stats.winsor import pooled_thresholds, winsorise

__all__ = ["rows"]

FIRST_ORDER = 0.01
"""What a large-sample interval may miss by in a sample of the stated size; the scenario says which."""


def rows(*, simulations: int, seed: int) -> list[CalibrationRow]:
    """All rows of this family; quantiles and clusters, which cost a sort each, take a tenth of the simulations."""
    rng = np.random.default_rng(seed)
    return [
        *_means(simulations, rng),
        *_weak_baseline(simulations, rng),
        *_proportions(simulations, rng),
        *_rates(simulations, rng),
        *_ratios(simulations, rng),
        *_sorted(max(simulations // 10, 100), rng),
    ]


def _means(simulations: int, rng: np.random.Generator) -> list[CalibrationRow]:
    small = Moments.of(rng.normal(10.0, 1.0, (simulations, 12))), Moments.of(rng.normal(10.0, 4.0, (simulations, 8)))
    skewed = [Moments.of(rng.exponential(scale, (simulations, 200))) for scale in (1.0, 1.1)]
    buyers = [in_chunks(simulations, lambda count: Moments.of(_revenue(rng, (count, 1000)))) for _ in range(2)]
    shift = 2.8 * np.sqrt(2.0 / 100)
    power = Moments.of(rng.normal(0.0, 1.0, (simulations, 100))), Moments.of(rng.normal(shift, 1.0, (simulations, 100)))
    predicted = float(ndtr(2.8 - 1.959964))
    revenue = "revenue, 10 % buyers, log-normal, 2 × 1,000"
    return [
        # Satterthwaite's degrees of freedom are an approximation: half a percentage point at ten units a group.
        rejection_row("normal, 12 and 8 units, variances 1 and 16", difference(*small), tolerance=0.005),
        coverage_row("exponential, 2 × 200, +10 %", difference(*skewed), 0.1, tolerance=FIRST_ORDER),
        coverage_row("exponential, 2 × 200, +10 %", lift(*skewed), 0.1, tolerance=FIRST_ORDER),
        _fieller_row("exponential, 2 × 200, +10 %", fieller_lift(*skewed), 0.1, tolerance=FIRST_ORDER),
        rejection_row(revenue, difference(*buyers), tolerance=FIRST_ORDER),
        # Reported, not promised: the baseline's relative standard error is 16 %, too much for a linearised ratio.
        coverage_row(f"{revenue} (outside of its promise)", lift(*buyers), 0.0, nominal=float("nan")),
        _fieller_row(revenue, fieller_lift(*buyers), 0.0, tolerance=FIRST_ORDER),
        rejection_row(
            "normal, 2 × 100, effect of 2.8 standard errors (t costs half a point against the normal prediction)",
            difference(*power),
            "power",
            nominal=predicted,
            tolerance=0.01,
        ),
    ]


def _revenue(rng: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
    return np.where(rng.random(shape) < 0.1, rng.lognormal(3.0, 1.0, shape), 0.0)


def _fieller_row(scenario: str, found: FiellerSets, truth: float, *, tolerance: float = 0.0) -> CalibrationRow:
    """Unbounded sets make a claim too: what they exclude."""
    held = np.select(
        [found.kind == SetKind.INTERVAL, found.kind == SetKind.COMPLEMENT, found.kind == SetKind.WHOLE_LINE],
        [
            (found.low <= truth) & (truth <= found.high),
            ~((found.excluded_low < truth) & (truth < found.excluded_high)),
            np.ones(found.shape, bool),
        ],
        False,
    )
    made = np.count_nonzero(found.kind != SetKind.NONE)
    return calibrated(found.method, scenario, "coverage", 0.95, int(held.sum()), int(made), tolerance=tolerance)


def _weak_baseline(simulations: int, rng: np.random.Generator) -> list[CalibrationRow]:
    """Profit around zero: the baseline is two standard errors from zero, the treatment's mean twice that."""
    baseline = 2.0 / np.sqrt(100)
    groups = [Moments.of(rng.normal(m, 1.0, (simulations, 100))) for m in (baseline, 2.0 * baseline)]
    scenario = "normal, 2 × 100, baseline 2 standard errors from zero, +100 %"
    found = fieller_lift(*groups)
    unbounded = int(np.count_nonzero(found.reason == Reason.UNBOUNDED))
    return [
        # Reported, not promised: this is where the linearised interval should not be used.
        coverage_row(f"{scenario} (outside of its promise)", lift(*groups), 1.0, nominal=float("nan")),
        _fieller_row(f"{scenario}; {unbounded / simulations:.0%} of sets unbounded", found, 1.0, tolerance=0.005),
    ]


def _proportions(simulations: int, rng: np.random.Generator) -> list[CalibrationRow]:
    found: list[CalibrationRow] = []
    for n, p_c, p_t in ((50, 0.1, 0.2), (30, 0.02, 0.1), (2000, 0.01, 0.012)):
        control, treatment = (Successes(n, rng.binomial(n, p, simulations)) for p in (p_c, p_t))
        scenario = f"{p_c:.0%} and {p_t:.1%} of 2 × {n:,}"
        # Discrete data: no interval covers exactly everywhere; one point below the level is what Newcombe reports.
        found += [
            coverage_row(scenario, newcombe_difference(control, treatment), p_t - p_c, tolerance=0.01),
            coverage_row(scenario, score_difference(control, treatment), p_t - p_c, tolerance=0.01),
        ]
        if n * p_c >= 5.0:
            found.append(coverage_row(scenario, score_lift(control, treatment), p_t / p_c - 1.0, tolerance=0.01))
        found.append(coverage_row(f"{p_c:.0%} of {n:,}", wilson(control), p_c, tolerance=0.02))
    return found


def _rates(simulations: int, rng: np.random.Generator) -> list[CalibrationRow]:
    control, treatment = Counts(rng.poisson(12.0, simulations), 60.0), Counts(rng.poisson(20.0, simulations), 80.0)
    found = [
        coverage_row("Poisson, 12 and 20 expected events", rate_difference(control, treatment), 0.05, tolerance=0.01),
        coverage_row("Poisson, 12 and 20 expected events (exact)", rate_lift(control, treatment), 0.25),
    ]
    events = [rng.negative_binomial(1.0, 1.0 / (1.0 + m), (simulations, 150)).astype(float) for m in (2.0, 2.4)]
    groups = [Counts(e.sum(axis=-1), 150.0) for e in events]
    spread = Dispersion.of(events[0]) + Dispersion.of(events[1])
    scenario = "negative binomial, dispersion about 3, 2 × 150 units"
    quasi = quasi_rate_lift(groups[0], groups[1], spread)
    return [*found, coverage_row(scenario, quasi, 0.2, tolerance=FIRST_ORDER)]


def _ratios(simulations: int, rng: np.random.Generator) -> list[CalibrationRow]:
    def draw(base: float, count: int) -> PairMoments:
        sessions = 1 + rng.poisson(rng.gamma(2.0, 2.0, (count, 300)))
        return PairMoments.of(rng.binomial(sessions, rng.beta(base, 8.0 - base, sessions.shape)), sessions)

    control, treatment = (in_chunks(simulations, partial(draw, base)) for base in (2.0, 2.4))
    scenario = "clicks per session, 2 × 300 users"
    return [
        coverage_row(scenario, ratio_difference(control, treatment), 0.05, tolerance=FIRST_ORDER),
        coverage_row(scenario, ratio_lift(control, treatment), 0.2, tolerance=FIRST_ORDER),
    ]


def _latency(rng: np.random.Generator, users: int) -> tuple[FloatArray, FloatArray]:
    counts = 1 + rng.poisson(3.0, users)
    labels = np.repeat(np.arange(users), counts)
    return np.exp(0.6 * rng.normal(size=users)[labels] + 0.5 * rng.normal(size=labels.size)), labels.astype(np.float64)


def _stacked(samples: list[Quantiles]) -> Quantiles:
    n, value, low, high = (np.asarray([getattr(s, f) for s in samples]) for f in ("n", "value", "low", "high"))
    return Quantiles(n, value, low, high, np.asarray([s.reason for s in samples], np.int64), samples[0].level)


def _sorted(simulations: int, rng: np.random.Generator) -> list[CalibrationRow]:
    medians = _stacked([Quantiles.of(rng.exponential(1.0, 200), 0.5) for _ in range(simulations)])
    tails: list[list[Quantiles]] = [[], []]
    means: list[list[Moments]] = [[], []]
    capped: list[list[Moments]] = [[], []]
    for _ in range(simulations):
        for group in (0, 1):
            values, labels = _latency(rng, 300)
            tails[group].append(Quantiles.of(values, 0.9, clusters=labels))
            means[group].append(Moments.of(values, clusters=labels))
        revenue = [np.where(rng.random(500) < 0.2, rng.lognormal(3.0, 1.5, 500), 0.0) for _ in range(2)]
        thresholds = pooled_thresholds([revenue[0], revenue[1]], upper=0.99)
        for group in (0, 1):
            capped[group].append(Moments.of(winsorise(revenue[group], thresholds)[0]))
    events = "page loads of 2 × 300 users, about four each"
    return [
        coverage_row(
            "median of 200 exponential values", quantile_interval(medians), float(np.log(2.0)), tolerance=0.01
        ),
        rejection_row(
            f"90th percentile, {events}",
            quantile_difference(_stacked(tails[0]), _stacked(tails[1])),
            tolerance=0.015,
        ),
        rejection_row(
            f"mean by clusters, {events}",
            difference(stack_arms(means[0]), stack_arms(means[1])),
            tolerance=FIRST_ORDER,
        ),
        rejection_row(
            "revenue capped at the pooled 99th percentile, 2 × 500",
            difference(stack_arms(capped[0]), stack_arms(capped[1])),
            tolerance=FIRST_ORDER,
        ),
    ]
