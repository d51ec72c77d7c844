"""Bayesian posteriors where effects follow the prior, where they do not, and under peeking; the ship rule's risks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, ndtri

from bench.calibrate.row import CalibrationRow, calibrated
from upshot.stats.bayes import NormalPrior, normal_posterior
from upshot.stats.bayes_conjugate import BetaPrior, GammaPrior, beta_binomial, gamma_poisson
from upshot.stats.decisions import equivalence, non_inferiority
from upshot.stats.decisions_ship import plan_risks
from upshot.stats.moments import Moments
from upshot.stats.proportions import Successes
from upshot.stats.rates import Counts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from upshot.stats.bayes import Posterior
    from upshot.stats.result import FloatArray

__all__ = ["rows"]


def rows(*, simulations: int, seed: int) -> list[CalibrationRow]:
    """All rows of this family; the quadrature of two counts takes a tenth of the simulations."""
    rng = np.random.default_rng(seed)
    return [
        *_normal(simulations, rng),
        *_conjugate(max(simulations // 10, 100), rng),
        *_one_metric(max(simulations // 4, 100), rng),
        *_ship(simulations, rng),
    ]


def _covered(result: Posterior, truth: FloatArray) -> int:
    return int(((result.low <= truth) & (truth <= result.high)).sum())


def _normal(simulations: int, rng: np.random.Generator) -> list[CalibrationRow]:
    prior, error = NormalPrior(0.0, 0.02), 0.015
    truth = rng.normal(0.0, 0.02, simulations)
    right = normal_posterior(truth + rng.normal(0.0, error, simulations), error, 1, prior=prior)
    wide_truth = rng.normal(0.0, 0.06, simulations)
    wrong = normal_posterior(wide_truth + rng.normal(0.0, error, simulations), error, 1, prior=prior)
    likely = right.chance_to_beat >= 0.95
    wins, promised = int((truth[likely] > 0.0).sum()), float(right.chance_to_beat[likely].mean())
    # Ten equal looks at experiments without any effect; the peeker stops at a chance of 95 %.
    looks = np.arange(1.0, 11.0)
    path = np.cumsum(rng.normal(0.0, 1.0, (simulations, 10)), axis=1) / looks
    watched = normal_posterior(path, 1.0 / np.sqrt(looks), 1, prior=NormalPrior(0.0, math.inf))
    stopped = int((watched.chance_to_beat >= 0.95).any(axis=1).sum())
    return [
        calibrated(
            "normal_posterior", "effects follow the prior", "coverage", 0.95, _covered(right, truth), simulations
        ),
        calibrated(
            "normal_posterior",
            "share of real wins where the chance to beat is 95 % or more",
            "coverage",
            promised,
            wins,
            int(likely.sum()),
        ),
        calibrated(
            "normal_posterior",
            "effects are three times wider than the prior says (no promise)",
            "coverage",
            math.nan,
            _covered(wrong, wide_truth),
            simulations,
        ),
        calibrated(
            "normal_posterior",
            "peeking ten times without any effect, stop at 95 %, flat prior (no promise)",
            "size",
            math.nan,
            stopped,
            simulations,
        ),
    ]


def _conjugate(simulations: int, rng: np.random.Generator) -> list[CalibrationRow]:
    shares = rng.beta(2.0, 38.0, (2, simulations))
    converted = rng.binomial(np.asarray([[150], [100]]), shares)
    groups = Successes(150, converted[0]), Successes(100, converted[1])
    rates = rng.gamma(3.0, 1.0 / 30.0, (2, simulations))
    events = rng.poisson(80.0 * rates)
    beta = beta_binomial(*groups, prior=BetaPrior(2.0, 38.0))
    lift = beta_binomial(*groups, prior=BetaPrior(2.0, 38.0), scale="relative")
    gamma = gamma_poisson(Counts(events[0], 80.0), Counts(events[1], 80.0), prior=GammaPrior(3.0, 30.0))
    found = [
        ("beta_binomial", "difference, shares follow the prior, 150 and 100 units", beta, shares[1] - shares[0]),
        ("beta_binomial", "lift, shares follow the prior, 150 and 100 units", lift, shares[1] / shares[0] - 1.0),
        ("gamma_poisson", "lift, rates follow the prior, 8 events each", gamma, rates[1] / rates[0] - 1.0),
    ]
    return [
        calibrated(method, scenario, "coverage", 0.95, _covered(result, truth), simulations)
        for method, scenario, result, truth in found
    ]


def _one_metric(simulations: int, rng: np.random.Generator) -> list[CalibrationRow]:
    control = Moments.of(rng.exponential(1.0, (simulations, 500)))
    worse = Moments.of(rng.exponential(1.0, (simulations, 500)) - 0.1)
    margin = int((non_inferiority(control, worse, margin=0.1).p_value <= 0.05).sum())
    same = int((equivalence(control, worse, margin=(-0.1, 0.1)).p_value <= 0.05).sum())
    return [
        # Equal groups cancel the skewness of the difference, so one-sided tests are nearly exact at 500 units.
        calibrated(
            "non_inferiority",
            "loss equals the margin, exponential, 2 × 500",
            "size",
            0.05,
            margin,
            simulations,
            tolerance=0.004,
        ),
        calibrated(
            "equivalence",
            "difference at the region's end, exponential, 2 × 500 (two tests: at most 5 %)",
            "size",
            0.05,
            same,
            simulations,
            tolerance=0.004,
        ),
    ]


def _ship(simulations: int, rng: np.random.Generator) -> list[CalibrationRow]:
    plan = plan_risks(successes=3, guardrails=4, alpha=0.05, power=0.8)
    z_success = float(ndtri(1.0 - plan.alpha_success) + ndtri(plan.power_each))
    z_guardrail = float(ndtri(1.0 - plan.alpha_guardrail) + ndtri(plan.power_each))
    z_naive = float(ndtri(0.95) + ndtri(0.8))

    def shipped(success: list[float], guardrail: list[float], correlation: float) -> int:
        means: NDArray[np.float64] = np.asarray([*success, *guardrail])
        z = means + math.sqrt(correlation) * rng.normal(size=(simulations, 1))
        z += math.sqrt(1.0 - correlation) * rng.normal(size=(simulations, means.size))
        p = ndtr(-z)
        better = (p[:, :3] <= plan.alpha_success).any(axis=1)
        return int((better & (p[:, 3:] <= plan.alpha_guardrail).all(axis=1)).sum())

    scenarios = [
        ("no success metric improved, guardrails fine", "size", 0.05, shipped([0.0] * 3, [9.0] * 4, 0.0)),
        ("one guardrail at its margin", "size", 0.05, shipped([9.0] * 3, [0.0, 9.0, 9.0, 9.0], 0.0)),
        ("planned power, independent metrics", "power", 0.8, shipped([z_success, 0, 0], [z_guardrail] * 4, 0.0)),
        ("planned power, correlation 0.6", "power", 0.8, shipped([z_success, 0, 0], [z_guardrail] * 4, 0.6)),
        (
            "guardrails planned for 80 % each, as if there were one (no promise)",
            "power",
            math.nan,
            shipped([z_success, 0, 0], [z_naive] * 4, 0.0),
        ),
    ]
    return [
        calibrated(
            "ship",
            f"3 success metrics, 4 guardrails: {scenario}",
            "size" if quantity == "size" else "power",
            nominal,
            count,
            simulations,
        )
        for scenario, quantity, nominal, count in scenarios
    ]
