"""Coverage, size and power of CUPED and post-stratification."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from bench.calibrate.row import CalibrationRow, coverage_row, in_chunks, rejection_row
from upshot.stats.adjust import cuped, cuped_many, ratio_cuped
from upshot.stats.adjust_strata import cuped_with_missing, post_stratify, ratio_post_stratify
from upshot.stats.difference import difference
from upshot.stats.lift import lift
from upshot.stats.moments import CovariateMoments, Moments, PairMoments, stack_arms
from upshot.stats.result import Estimates, FloatArray

__all__ = ["rows"]

FIRST_ORDER = 0.01
"""What a large-sample interval may miss by in a sample of the stated size."""


def rows(*, simulations: int, seed: int) -> list[CalibrationRow]:
    """All rows of this family."""
    rng = np.random.default_rng(seed)
    families = (_one_covariate, _many_covariates, _ratio, _strata, _ratio_strata, _missing)
    return [row for family in families for row in family(simulations, rng)]


def _named(found: Estimates, adjustment: str) -> Estimates:
    return Estimates(
        *(found.value, found.low, found.high, found.standard_error, found.p_value, found.n, found.reason),
        level=found.level,
        method=f"{adjustment}, {found.method}",
        scale=found.scale,
    )


def _one_covariate(simulations: int, rng: np.random.Generator) -> list[CalibrationRow]:
    past = rng.gamma(2.0, 5.0, (simulations, 2, 200))
    now = past * rng.lognormal(0.0, 0.4, past.shape)
    now[:, 1] *= 1.1
    truth = 10.0 * float(np.exp(0.08)) * 0.1
    arms = cuped(PairMoments.of(now, past))
    scenario = "skewed, correlated with its past, 2 × 200, +10 %"
    normal = rng.normal(size=(simulations, 2, 100))
    rho, effect = 0.8, 2.8 * np.sqrt(0.36 * 2.0 / 100)
    later = rho * normal + 0.6 * rng.normal(size=normal.shape)
    later[:, 1] += effect
    powered = cuped(PairMoments.of(later, normal))
    plain = Moments.of(later)
    return [
        coverage_row(scenario, _named(difference(arms[:, 0], arms[:, 1]), "cuped"), truth, tolerance=FIRST_ORDER),
        coverage_row(scenario, _named(lift(arms[:, 0], arms[:, 1]), "cuped"), 0.1, tolerance=FIRST_ORDER),
        rejection_row(
            "correlation 0.8 with the past, 2 × 100",
            _named(difference(powered[:, 0], powered[:, 1]), "cuped"),
            "power",
            nominal=float(ndtr(2.8 - 1.959964)),
            tolerance=0.015,
        ),
        rejection_row(
            "the same data without CUPED",
            difference(plain[:, 0], plain[:, 1]),
            "power",
            nominal=float(ndtr(2.8 * 0.6 - 1.959964)),
            tolerance=0.015,
        ),
    ]


def _many_covariates(simulations: int, rng: np.random.Generator) -> list[CalibrationRow]:
    def draw(count: int) -> Moments:
        x = rng.normal(size=(count, 2, 100, 10))
        y = x[..., :3].sum(axis=-1) + rng.normal(size=x.shape[:-1])
        return cuped_many(CovariateMoments.of(np.concatenate([y[..., None], x], axis=-1)))

    arms = in_chunks(simulations, draw)
    found = _named(difference(arms[:, 0], arms[:, 1]), "cuped_many")
    return [rejection_row("10 covariates, 7 of them useless, 2 × 100", found, tolerance=FIRST_ORDER)]


def _visits(size: int, rng: np.random.Generator) -> FloatArray:
    """Clicks and sessions now, clicks and sessions before: shape (size, 2, 300, 4)."""
    taste, activity = rng.beta(2.0, 6.0, (size, 2, 300)), rng.gamma(2.0, 2.0, (size, 2, 300))
    columns = []
    for _ in range(2):
        sessions = 1 + rng.poisson(activity)
        columns += [rng.binomial(sessions, taste), sessions]
    return np.stack(columns, axis=-1).astype(np.float64)


def _ratio(simulations: int, rng: np.random.Generator) -> list[CalibrationRow]:
    arms = in_chunks(simulations, lambda count: ratio_cuped(CovariateMoments.of(_visits(count, rng))))
    found = _named(difference(arms[:, 0], arms[:, 1]), "ratio_cuped")
    return [rejection_row("clicks per session, adjusted by both parts' past, 2 × 300", found, tolerance=FIRST_ORDER)]


def _strata(simulations: int, rng: np.random.Generator) -> list[CalibrationRow]:
    label = rng.choice(3, p=[0.5, 0.3, 0.2], size=(simulations, 2, 200))
    y = 3.0 * label + rng.exponential(1.0, label.shape)
    y[:, 1] += 0.5 * label[:, 1]
    truth = 0.5 * (0.3 + 2 * 0.2)
    counts = np.stack([(label == s).sum(axis=-1) for s in range(3)], axis=-1)
    means = np.stack([np.mean(y, axis=-1, where=label == s) for s in range(3)], axis=-1)
    variances = np.stack([np.var(y, axis=-1, ddof=1, where=label == s) for s in range(3)], axis=-1)
    arms = post_stratify(Moments(counts, means, variances))
    scenario = "three strata, skewed, the effect differs among them, 2 × 200"
    found = _named(difference(arms[:, 0], arms[:, 1]), "post_stratify")
    return [coverage_row(scenario, found, truth, tolerance=FIRST_ORDER)]


def _ratio_strata(simulations: int, rng: np.random.Generator) -> list[CalibrationRow]:
    label = np.arange(300) % 2

    def draw(count: int) -> Moments:
        sessions = 1.0 + rng.poisson(2.0 + 4.0 * label, (count, 2, 300))
        clicks = rng.binomial(sessions.astype(int), rng.beta(2.0 + 2.0 * label, 6.0, sessions.shape)).astype(float)
        strata = [PairMoments.of(clicks[..., label == s], sessions[..., label == s]) for s in (0, 1)]
        return ratio_post_stratify(stack_arms(strata))

    arms = in_chunks(simulations, draw)
    found = _named(difference(arms[:, 0], arms[:, 1]), "ratio_post_stratify")
    return [rejection_row("clicks per session in two strata, 2 × 300", found, tolerance=FIRST_ORDER)]


def _missing(simulations: int, rng: np.random.Generator) -> list[CalibrationRow]:
    past = rng.gamma(4.0, 2.0, (simulations, 2, 300))
    new = rng.random(past.shape) < 0.3
    y = np.where(new, 12.0, past) + rng.normal(size=past.shape)

    def mean(values: FloatArray) -> FloatArray:
        return np.asarray(np.mean(values, axis=-1, where=~new))

    known = (~new).sum(axis=-1)
    centred_y, centred_x = y - mean(y)[..., None], past - mean(past)[..., None]
    scatter = [
        np.sum(a * b, axis=-1, where=~new)
        for a, b in ((centred_y, centred_y), (centred_x, centred_x), (centred_y, centred_x))
    ]
    pairs = PairMoments(known, mean(y), mean(past), *(s / (known - 1) for s in scatter))
    others = Moments(new.sum(axis=-1), np.mean(y, axis=-1, where=new), np.var(y, axis=-1, ddof=1, where=new))
    arms = cuped_with_missing(pairs, others)
    found = _named(difference(arms[:, 0], arms[:, 1]), "cuped_with_missing")
    return [rejection_row("30 % of units without a past, 2 × 300", found, tolerance=FIRST_ORDER)]
