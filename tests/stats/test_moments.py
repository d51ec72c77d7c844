from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.regression.linear_model import OLS, WLS

from upshot.core.errors import InvalidInput
from upshot.stats.moments import CovariateMoments, Moments, PairMoments, reasons, stack_arms
from upshot.stats.result import Reason

RNG = np.random.default_rng(20)
finite = st.floats(-1e6, 1e6)


def test_moments_of_raw_values_are_those_of_numpy() -> None:
    x = RNG.normal(3.0, 2.0, size=(4, 50))
    m = Moments.of(x)
    np.testing.assert_allclose(m.mean, x.mean(axis=1), rtol=1e-14)
    np.testing.assert_allclose(m.variance, x.var(axis=1, ddof=1), rtol=1e-13)
    assert m.shape == (4,)


def test_moments_of_huge_means_keep_their_variance() -> None:
    x = RNG.normal(size=1000)
    shifted = Moments.of(x + 2.0**40)
    # Adding 2^40 rounds each value to 2^-12: the data themselves change by that much.
    assert float(shifted.variance) == pytest.approx(float(Moments.of(x).variance), rel=1e-3)


def test_sums_that_lost_their_digits_give_no_variance() -> None:
    x = RNG.normal(size=1000) + 1e9
    m = Moments.from_sums(1000, x.sum(), (x * x).sum())
    assert np.isnan(m.variance)
    assert reasons(m) == Reason.PRECISION_LOST


def test_sums_around_a_shift_keep_their_digits() -> None:
    x = RNG.normal(size=1000) + 1e9
    m = Moments.from_sums(1000, (x - 1e9).sum(), ((x - 1e9) ** 2).sum(), shift=1e9)
    assert float(m.variance) == pytest.approx(float(x.var(ddof=1)), rel=1e-9)
    assert float(m.mean) == pytest.approx(float(x.mean()), rel=1e-15)


@pytest.mark.parametrize("n", [10.0, 1e9, 5e12])
def test_sums_where_all_converted_know_that_the_variance_is_zero(n: float) -> None:
    assert float(Moments.from_sums(n, n, n).variance) == 0.0
    assert float(Moments.of_successes(n, n).variance) == 0.0


def test_sums_of_nothing_but_zeros_have_no_variance() -> None:
    assert float(Moments.from_sums(7, 0.0, 0.0).variance) == 0.0


@settings(deadline=None)  # a busy machine is not a defect
@given(st.lists(finite, min_size=2, max_size=30))
def test_sums_never_give_a_wrong_variance(values: list[float]) -> None:
    x = np.asarray(values)
    m = Moments.from_sums(x.size, x.sum(), (x * x).sum())
    if not np.isnan(m.variance):
        # 64 units in the last place of Σx² were left at least, and about 30 additions can have cost half of those.
        assert float(m.variance) == pytest.approx(float(x.var(ddof=1)), rel=0.6, abs=1e-300)


@settings(deadline=None)  # a busy machine is not a defect
@given(st.lists(finite, max_size=20), st.lists(finite, max_size=20))
def test_merged_moments_are_those_of_all_units(first: list[float], second: list[float]) -> None:
    merged = Moments.of(first) + Moments.of(second)
    whole = Moments.of([*first, *second])
    assert float(merged.n) == float(whole.n)
    np.testing.assert_allclose(merged.mean, whole.mean, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(merged.variance, whole.variance, rtol=1e-9, atol=1e-6)


def test_merging_is_for_arrays_of_groups_too() -> None:
    x, y = RNG.normal(size=(3, 5)), RNG.normal(size=(3, 9))
    merged = Moments.of(x) + Moments.of(y)
    np.testing.assert_allclose(merged.variance, np.concatenate([x, y], axis=1).var(axis=1, ddof=1), rtol=1e-12)


def test_linearised_moments_refuse_to_merge() -> None:
    ratio = PairMoments.of([1.0, 2.0, 3.0], [2.0, 3.0, 5.0]).linearised()
    with pytest.raises(InvalidInput, match="cannot be merged"):
        _ = ratio + ratio


def test_pair_moments_of_raw_values_and_of_sums_are_those_of_numpy() -> None:
    x, y = RNG.normal(2.0, 1.0, 200), RNG.normal(1.0, 3.0, 200)
    from_sums = PairMoments.from_sums(200, x.sum(), y.sum(), (x * x).sum(), (y * y).sum(), (x * y).sum())
    expected = np.cov(x, y)
    for m in (PairMoments.of(x, y), from_sums, PairMoments.of(x[:70], y[:70]) + PairMoments.of(x[70:], y[70:])):
        np.testing.assert_allclose(
            [m.variance_x, m.covariance, m.variance_y], [expected[0, 0], expected[0, 1], expected[1, 1]], rtol=1e-10
        )
        assert float(m.mean_y) == pytest.approx(y.mean(), rel=1e-13)


def test_covariate_moments_of_raw_values_and_merged_are_those_of_numpy() -> None:
    rows = RNG.normal(size=(100, 4)) @ RNG.normal(size=(4, 4))
    merged = CovariateMoments.of(rows[:30]) + CovariateMoments.of(rows[30:31]) + CovariateMoments.of(rows[31:])
    for m in (CovariateMoments.of(rows), merged):
        np.testing.assert_allclose(m.covariance, np.cov(rows.T), rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(m.means, rows.mean(axis=0), rtol=1e-12, atol=1e-14)


def test_linearised_ratio_has_the_variance_of_its_residuals() -> None:
    x, y = RNG.poisson(3.0, 400).astype(float), RNG.poisson(5.0, 400) + 1.0
    ratio = x.mean() / y.mean()
    residuals = (x - ratio * y) / y.mean()
    m = PairMoments.of(x, y).linearised()
    assert float(m.mean) == pytest.approx(ratio, rel=1e-14)
    assert float(m.variance) == pytest.approx(float(residuals.var(ddof=1)), rel=1e-10)


def test_a_ratio_that_never_varies_has_zero_variance() -> None:
    y = RNG.uniform(1.0, 2.0, 50)
    assert float(PairMoments.of(y / 3.0, y).linearised().variance) == 0.0


def test_a_ratio_without_denominator_is_not_identified() -> None:
    m = PairMoments.of([1.0, 2.0], [0.0, 0.0]).linearised()
    assert reasons(m) == Reason.NOT_IDENTIFIED


def test_equal_weights_change_nothing() -> None:
    x = RNG.normal(size=40)
    weighted, plain = Moments.of(x, weights=np.full(40, 7.0)), Moments.of(x)
    assert float(weighted.mean) == pytest.approx(float(plain.mean), rel=1e-12)
    assert float(weighted.variance) == pytest.approx(float(plain.variance), rel=1e-12)


def test_clusters_of_one_change_nothing() -> None:
    x = RNG.normal(size=40)
    clustered = Moments.of(x, clusters=np.arange(40))
    assert float(clustered.variance) == pytest.approx(float(Moments.of(x).variance), rel=1e-12)


def test_clustered_mean_agrees_with_cluster_robust_regression() -> None:
    labels = RNG.integers(0, 30, 300)
    x = RNG.normal(size=30)[labels] + RNG.normal(size=300)
    m = Moments.of(x, clusters=labels)
    # Same small-sample factor G / (G − 1) on both sides; statsmodels' other factor (N − 1) / (N − k) is 1 here.
    model = OLS(x, np.ones(300))
    fit = model.fit(cov_type="cluster", cov_kwds={"groups": labels})
    assert float(np.sqrt(m.variance / m.n)) == pytest.approx(float(fit.bse[0]), rel=1e-10)


def test_weighted_mean_agrees_with_robust_weighted_regression() -> None:
    x, w = RNG.normal(size=200), RNG.uniform(0.2, 4.0, 200)
    m = Moments.of(x, weights=w)
    fit = WLS(x, np.ones(200), weights=w).fit(cov_type="HC1")
    assert float(m.mean) == pytest.approx(float(fit.params[0]), rel=1e-12)
    assert float(np.sqrt(m.variance / m.n)) == pytest.approx(float(fit.bse[0]), rel=1e-10)


def test_moments_of_successes_are_those_of_zeros_and_ones() -> None:
    m = Moments.of_successes(10, 3)
    assert float(m.variance) == pytest.approx(float(np.var([1.0] * 3 + [0.0] * 7, ddof=1)), rel=1e-14)


@pytest.mark.parametrize(
    ("moments", "reason"),
    [
        (Moments(0, np.nan, np.nan), Reason.EMPTY),
        (Moments(1, 3.0, np.nan), Reason.TOO_FEW_UNITS),
        (Moments(5, np.inf, 1.0), Reason.NOT_FINITE),
        (Moments(5, np.nan, np.nan), Reason.NOT_FINITE),
        (Moments(5, 1.0, np.inf), Reason.NOT_FINITE),
        (Moments(np.nan, 1.0, 1.0), Reason.NOT_FINITE),
        (Moments(5, 1.0, -1.0), Reason.INVALID_STATISTICS),
        (Moments(-5, 1.0, 1.0), Reason.INVALID_STATISTICS),
        (Moments(5, 1.0, np.nan), Reason.PRECISION_LOST),
        (Moments(5, 1.0, 0.0), Reason.OK),
        (Moments.of([]), Reason.EMPTY),
        (Moments.of([4.0]), Reason.TOO_FEW_UNITS),
    ],
)
def test_reasons_name_what_is_wrong(moments: Moments, reason: Reason) -> None:
    assert Reason(int(reasons(moments))) is reason
    # The same among sound neighbours.
    among = reasons(Moments([9.0, float(moments.n)], [1.0, float(moments.mean)], [1.0, float(moments.variance)]))
    assert among.tolist() == [Reason.OK, reason]


def test_negative_weights_and_unfit_clusters_are_refused() -> None:
    with pytest.raises(InvalidInput, match=r"weights holds -1.0"):
        Moments.of([1.0, 2.0], weights=[1.0, -1.0])
    with pytest.raises(InvalidInput, match="Clusters have shape"):
        Moments.of([1.0, 2.0], clusters=[1, 2, 3])
    with pytest.raises(InvalidInput, match="do not fit"):
        CovariateMoments(3, [1.0, 2.0], [[1.0]])


def test_stacked_arms_keep_their_order_and_columns() -> None:
    arms = [CovariateMoments.of(RNG.normal(size=(9, 3))) for _ in range(2)]
    both = stack_arms(arms)
    np.testing.assert_array_equal(both.covariance[1], arms[1].covariance)
    np.testing.assert_array_equal(both.column(2).mean, [a.means[2] for a in arms])
    linear = stack_arms([PairMoments.of([1.0, 2.0], [1.0, 3.0]).linearised()] * 2)
    assert not linear.mergeable


def test_moments_index_like_arrays() -> None:
    m = Moments([10.0, 20.0], [1.0, 2.0], 3.0)
    assert (float(m[1].n), float(m[1].mean), float(m[1].variance)) == (20.0, 2.0, 3.0)
    assert m[:, None].shape == (2, 1)
    pair = PairMoments([10.0, 20.0], 1.0, [3.0, 4.0], 1.0, 2.0, 0.5)
    assert (float(pair[1].n), float(pair[1].mean_y), float(pair[1].covariance)) == (20.0, 4.0, 0.5)
    assert pair[:, None].mean_x.shape == (2, 1)


def test_variance_is_unbiased_under_merging_of_many_parts() -> None:
    x = RNG.exponential(size=1000)
    total = Moments.of(x[:1])
    for part in np.array_split(x[1:], 37):
        total += Moments.of(part)
    assert float(total.variance) == pytest.approx(float(stats.tvar(x)), rel=1e-12)
