from __future__ import annotations

import numpy as np
import pytest
from statsmodels.regression.linear_model import OLS

from upshot.core.errors import InvalidInput
from upshot.stats.adjust import cuped
from upshot.stats.adjust_strata import (
    cuped_with_missing,
    pool_sparse,
    post_stratify,
    ratio_post_stratify,
    split_missing,
)
from upshot.stats.difference import difference
from upshot.stats.moments import CovariateMoments, Moments, PairMoments, reasons, stack_arms
from upshot.stats.result import Estimate, FloatArray, IntArray, Reason

RNG = np.random.default_rng(77)


def _strata(values: FloatArray, labels: IntArray, arms: IntArray, count: int) -> Moments:
    return stack_arms(
        [stack_arms([Moments.of(values[(arms == a) & (labels == s)]) for a in (0, 1)]) for s in range(count)]
    )


def test_post_stratified_difference_agrees_with_the_interacted_regression() -> None:
    labels, arms = RNG.integers(0, 3, 900), RNG.integers(0, 2, 900)
    y = 2.0 * labels + arms * (0.5 + 0.2 * labels) + RNG.normal(size=900)
    adjusted = post_stratify(_strata(y, labels, arms, 3))
    dummies = np.eye(3)[labels][:, 1:]
    centred = dummies - dummies.mean(axis=0)
    design = np.column_stack([np.ones(900), arms, centred, centred * arms[:, None]])
    fit = OLS(y, design).fit(cov_type="HC2")
    found = difference(adjusted[0], adjusted[1]).at()
    assert isinstance(found, Estimate)
    # Lin (2013): the fully interacted regression is post-stratification, and HC2 of a saturated model is Neyman's
    # variance given the strata's shares.
    assert found.value == pytest.approx(float(fit.params[1]), rel=1e-10)
    effects = np.asarray(
        [y[(labels == s) & (arms == 1)].mean() - y[(labels == s) & (arms == 0)].mean() for s in range(3)]
    )
    shares = np.bincount(labels) / 900
    between = float(shares @ (effects - shares @ effects) ** 2) / 900
    assert found.standard_error**2 == pytest.approx(float(fit.bse[1]) ** 2 + between, rel=1e-9)


def test_one_stratum_changes_nothing() -> None:
    y = RNG.normal(size=(2, 40))
    adjusted, plain = post_stratify(Moments.of(y[:, None, :])), Moments.of(y)
    np.testing.assert_allclose(adjusted.mean, plain.mean, rtol=1e-14)
    np.testing.assert_allclose(adjusted.variance, plain.variance, rtol=1e-12)


def test_sparse_strata_are_pooled_and_keep_all_units() -> None:
    values, labels = RNG.normal(size=60), np.repeat([0, 1, 2], [54, 3, 3])
    arms = np.tile([0, 1], 30)
    arms[labels == 1], arms[labels == 2] = [0, 1, 1], [0, 0, 1]
    strata = _strata(values, labels, arms, 3)
    pooled = pool_sparse(CovariateMoments(strata.n, strata.mean[..., None], strata.variance[..., None, None]))
    last = Moments.of(values[(labels > 0) & (arms == 1)])
    assert pooled.n[:, 1:3].tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert float(pooled.means[1, 3, 0]) == pytest.approx(float(last.mean), rel=1e-12)
    assert float(pooled.covariance[1, 3, 0, 0]) == pytest.approx(float(last.variance), rel=1e-10)
    by_hand = post_stratify(_strata(values, np.minimum(labels, 1), arms, 2))
    np.testing.assert_allclose(post_stratify(strata).mean, by_hand.mean, rtol=1e-12)
    np.testing.assert_allclose(post_stratify(strata).variance, by_hand.variance, rtol=1e-10)


def test_a_stratum_that_one_arm_lacks_leaves_nothing_to_compare() -> None:
    strata = Moments([[50.0, 0.0], [50.0, 9.0]], [[1.0, np.nan], [1.0, 4.0]], [[1.0, np.nan], [1.0, 1.0]])
    adjusted = post_stratify(strata)
    assert reasons(adjusted).tolist() == [Reason.NOT_IDENTIFIED, Reason.OK]


def test_strata_empty_in_all_arms_are_ignored() -> None:
    strata = Moments([[50.0, 0.0], [50.0, 0.0]], [[1.0, np.nan], [2.0, np.nan]], [[1.0, np.nan], [1.0, np.nan]])
    assert post_stratify(strata).mean.tolist() == [1.0, 2.0]


def test_post_stratification_removes_what_strata_explain_and_covers_a_varying_effect() -> None:
    rng = np.random.default_rng(2)
    simulations, users = 2000, 400
    labels = (rng.random((2, simulations, users)) < 0.3).astype(int)
    y = 4.0 * labels + rng.normal(size=labels.shape)
    y[1] += np.where(labels[1] == 1, 2.0, 0.5)
    strata = stack_arms(
        [
            Moments(
                (labels == s).sum(-1),
                np.mean(y, axis=-1, where=labels == s),
                np.var(y, axis=-1, ddof=1, where=labels == s),
            )
            for s in (0, 1)
        ]
    )
    n, mean, variance = (np.moveaxis(a, 0, 1) for a in (strata.n, strata.mean, strata.variance))
    adjusted = post_stratify(Moments(n, mean, variance))
    found = difference(adjusted[:, 0], adjusted[:, 1])
    truth = 0.3 * 2.0 + 0.7 * 0.5
    covered = int(((found.low <= truth) & (truth <= found.high)).sum())
    assert 1867 <= covered <= 1931  # 99.9 % bounds of Binomial(2000, 0.95)
    plain = Moments.of(np.moveaxis(y, 0, 1))
    assert float((adjusted.variance / plain.variance).mean()) < 0.4


def test_ratio_post_stratification_is_the_ratio_of_stratified_means() -> None:
    x, y = RNG.poisson(3.0, (2, 2, 50)).astype(float), 1.0 + RNG.poisson(4.0, (2, 2, 50))
    strata = PairMoments.of(x, y)
    top, bottom = (post_stratify(m) for m in (strata.x, strata.y))
    found = ratio_post_stratify(strata)
    np.testing.assert_allclose(found.mean, top.mean / bottom.mean, rtol=1e-12)
    one = ratio_post_stratify(PairMoments.of(x.reshape(2, 1, 100), y.reshape(2, 1, 100)))
    plain = PairMoments.of(x.reshape(2, 100), y.reshape(2, 100)).linearised()
    np.testing.assert_allclose(one.variance, plain.variance, rtol=1e-10)


def test_ratio_without_denominator_is_not_identified() -> None:
    strata = PairMoments([[9, 9], [9, 9]], 1.0, 0.0, 1.0, 0.0, 0.0)
    assert set(reasons(ratio_post_stratify(strata)).tolist()) == {Reason.NOT_IDENTIFIED}


def test_units_without_a_past_are_a_stratum_of_their_own() -> None:
    rng = np.random.default_rng(15)
    simulations, users = 600, 300
    estimates, rejected, zero_filled = [], 0, []
    for _ in range(simulations):
        arms = []
        for _ in range(2):
            past = rng.gamma(4.0, 2.0, users)
            new = rng.random(users) < 0.3
            # New units are active, though they have no past: a past of zero would mislead.
            y = np.where(new, 12.0 + rng.normal(size=users), past + rng.normal(size=users))
            arms.append((y, np.where(new, np.nan, past)))
        known, missing = (stack_arms(list(parts)) for parts in zip(*(split_missing(*a) for a in arms), strict=True))
        assert isinstance(known, PairMoments)
        assert isinstance(missing, Moments)
        adjusted = cuped_with_missing(known, missing)
        found = difference(adjusted[0], adjusted[1])
        estimates.append(float(found.value))
        rejected += float(found.p_value) < 0.05
        filled = cuped(stack_arms([PairMoments.of(y, np.nan_to_num(x)) for y, x in arms]))
        zero_filled.append(float(filled.mean[1] - filled.mean[0]))
    assert 14 <= rejected <= 49  # 99.9 % bounds of Binomial(600, 0.05)
    assert np.var(estimates) < 0.5 * np.var(zero_filled)


def test_missing_everywhere_or_nowhere_is_the_plain_method() -> None:
    y, x = RNG.normal(size=(2, 30)), RNG.normal(size=(2, 30))
    none = stack_arms([Moments.of([]), Moments.of([])])
    known = PairMoments.of(y, x)
    np.testing.assert_allclose(cuped_with_missing(known, none).mean, cuped(known).mean, rtol=1e-13)
    no_pairs = stack_arms([PairMoments.of([], []), PairMoments.of([], [])])
    np.testing.assert_allclose(cuped_with_missing(no_pairs, Moments.of(y)).mean, Moments.of(y).mean, rtol=1e-13)


def test_strata_refuse_what_cannot_be_meant() -> None:
    with pytest.raises(InvalidInput, match="no axes of arms and strata"):
        post_stratify(Moments([5.0, 5.0], 1.0, 1.0))
    with pytest.raises(InvalidInput, match="too sparse"):
        post_stratify(Moments([[9.0, 1.0], [9.0, 9.0]], 1.0, 1.0, mergeable=False))
