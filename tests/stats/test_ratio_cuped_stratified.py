"""Stratified ratios with CUPED: least squares in each stratum, the simpler adjustments as special cases, coverage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest
from statsmodels.regression.linear_model import OLS

from upshot.core.errors import InvalidInput
from upshot.stats import (
    CovariateMoments,
    FloatArray,
    IntArray,
    difference,
    fieller_lift,
    lift,
    ratio_cuped,
    ratio_cuped_stratified,
    ratio_post_stratify,
)
from upshot.stats.moments import stack_arms

RNG = np.random.default_rng(51)
SIZES = ((150, 220, 90), (180, 200, 60))


def _units(size: int, stratum: int, taste: float) -> FloatArray:
    """Numerator, denominator and two covariates of units."""
    activity = RNG.gamma(2.0, 1.0 + stratum, size)
    views, before = 1.0 + RNG.poisson(activity), RNG.poisson(activity) + 0.0
    clicks = RNG.binomial(views.astype(int), min(taste + 0.1 * stratum, 1.0)) + 0.5 * before
    return np.column_stack([clicks, views, before, activity + RNG.normal(size=size)])


UNITS = [[_units(size, s, 0.2 + 0.1 * a) for s, size in enumerate(sizes)] for a, sizes in enumerate(SIZES)]


def _stacked(units: list[list[FloatArray]]) -> CovariateMoments:
    arms = [[CovariateMoments.of(part) for part in parts] for parts in units]
    return CovariateMoments(
        [[float(part.n) for part in parts] for parts in arms],
        np.asarray([[part.means for part in parts] for parts in arms]),
        np.asarray([[part.covariance for part in parts] for parts in arms]),
    )


@pytest.mark.parametrize("mean", [False, True])
def test_difference_is_that_of_least_squares_in_each_stratum(mean: bool) -> None:
    units = [[part.copy() for part in parts] for parts in UNITS]
    if mean:
        for part in (part for parts in units for part in parts):
            part[:, 1] = 1.0
    adjusted = ratio_cuped_stratified(_stacked(units), ridge=0.0)
    counts = np.asarray(SIZES, float)
    shares = counts.sum(axis=0) / counts.sum()
    linear = []
    for parts in units:
        x, y = (float(shares @ [part[:, column].mean() for part in parts]) for column in (0, 1))
        linear.append([x / y + (part[:, 0] - x / y * part[:, 1]) / y for part in parts])
    effects = []
    for s in range(3):
        response = np.concatenate([linear[0][s], linear[1][s]])
        arm = np.repeat([0.0, 1.0], counts[:, s].astype(int))
        covariates = np.concatenate([units[0][s][:, 2:], units[1][s][:, 2:]])
        effects.append(float(OLS(response, np.column_stack([np.ones(arm.size), arm, covariates])).fit().params[1]))
    found = difference(adjusted[0], adjusted[1])
    assert float(found.value) == pytest.approx(float(shares @ effects), rel=1e-9)


def test_one_stratum_is_ratio_cuped() -> None:
    alone = [[parts[0]] for parts in UNITS]
    ours = ratio_cuped_stratified(_stacked(alone))
    plain = ratio_cuped(stack_arms([CovariateMoments.of(parts[0]) for parts in alone]))
    for method in (lift, difference):
        mine, theirs = method(ours[0], ours[1]), method(plain[0], plain[1])
        assert float(mine.value) == pytest.approx(float(theirs.value), rel=1e-12)
        assert float(mine.standard_error) == pytest.approx(float(theirs.standard_error), rel=1e-12)
        assert float(mine.p_value) == pytest.approx(float(theirs.p_value), rel=1e-9)


def test_covariate_that_does_not_vary_is_ratio_post_stratify() -> None:
    units = [[np.column_stack([part[:, :2], np.full(part.shape[0], 3.0)]) for part in parts] for parts in UNITS]
    strata = _stacked(units)
    ours, plain = ratio_cuped_stratified(strata), ratio_post_stratify(strata.pair(0, 1))
    mine, theirs = lift(ours[0], ours[1]), lift(plain[0], plain[1])
    assert float(mine.value) == pytest.approx(float(theirs.value), rel=1e-12)
    assert float(mine.standard_error) == pytest.approx(float(theirs.standard_error), rel=1e-12)


def test_sparse_strata_are_pooled() -> None:
    units = [[parts[0], parts[1][:10], parts[2][:8]] for parts in UNITS]
    merged = [[parts[0], np.concatenate([parts[1], parts[2]])] for parts in units]
    pooled = ratio_cuped_stratified(_stacked(units), minimum_units=15)
    by_hand = ratio_cuped_stratified(_stacked(merged), minimum_units=15)
    np.testing.assert_allclose(pooled.mean, by_hand.mean, rtol=1e-10)
    np.testing.assert_allclose(pooled.variance, by_hand.variance, rtol=1e-9)


def test_ratio_without_denominator_or_arm_is_not_identified() -> None:
    strata = _stacked(UNITS)
    means = strata.means.copy()
    means[0, :, 1] = 0.0
    assert np.isnan(ratio_cuped_stratified(CovariateMoments(strata.n, means, strata.covariance)).mean[0])
    counts = strata.n.copy()
    counts[1] = 0.0
    assert np.isnan(ratio_cuped_stratified(CovariateMoments(counts, strata.means, strata.covariance)).mean[1])


def test_columns_without_a_covariate_are_refused() -> None:
    with pytest.raises(InvalidInput, match="no covariate beside numerator"):
        ratio_cuped_stratified(_stacked([[part[:, :2] for part in parts] for parts in UNITS]))


def _by_stratum(columns: FloatArray, labels: IntArray, count: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Counts, means and covariances of every run's strata: columns (runs, n, k), labels (runs, n)."""
    member = labels[:, None, :] == np.arange(count)[:, None]
    n = member.sum(axis=-1).astype(float)
    means = np.einsum("rsn,rnk->rsk", member, columns) / n[..., None]
    products = np.stack(
        [np.einsum("rn,rni,rnj->rij", member[:, s].astype(float), columns, columns) for s in range(count)], axis=1
    )
    outer = n[..., None, None] * means[..., :, None] * means[..., None, :]
    return n, means, (products - outer) / (n - 1.0)[..., None, None]


@pytest.mark.parametrize("effect", [-0.6, 0.0, 0.8])
def test_lifts_of_stratified_adjusted_ratios_cover(effect: float) -> None:
    rng, runs, n = np.random.default_rng(52), 2000, 500
    arms = []
    for factor in (1.0, 1.0 + effect):
        labels = rng.choice(3, size=(runs, n), p=[0.5, 0.3, 0.2])
        activity = rng.gamma(4.0, 1.0 + 0.7 * labels)
        views = 1.0 + rng.poisson(activity)
        before = activity + rng.normal(0.0, 0.5, (runs, n))
        clicks = factor * ((0.3 + 0.2 * labels) * views + 0.8 * (activity - 4.0 * (1.0 + 0.7 * labels)))
        clicks += rng.normal(0.0, 0.5, (runs, n))
        arms.append(_by_stratum(np.stack([clicks, views, before], axis=-1), labels, 3))
    strata = CovariateMoments(*(np.stack(parts, axis=1) for parts in zip(*arms, strict=True)))
    adjusted = ratio_cuped_stratified(strata)
    found = lift(adjusted[:, 0], adjusted[:, 1])
    held = int(((found.low <= effect) & (effect <= found.high)).sum())
    bounds = binomtest(held, runs).proportion_ci(0.999)
    assert bounds.low < 0.95 < bounds.high
    # And the claimed error is the one that estimates really have.
    assert float(np.sqrt((found.standard_error**2).mean())) == pytest.approx(float(found.value.std(ddof=1)), rel=0.06)
    plain = ratio_post_stratify(strata.pair(0, 1))
    assert (adjusted.variance.mean() < 0.8 * plain.variance.mean()).all()
    sets = fieller_lift(adjusted[:, 0], adjusted[:, 1])
    assert float(((sets.low <= effect) & (effect <= sets.high)).mean()) > 0.935
