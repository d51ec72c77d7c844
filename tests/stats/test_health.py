import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multivariate import test_mvmean_2indep as hotelling

from upshot.core.errors import InvalidInput
from upshot.stats.health import concentration, pre_period_imbalance, standardised_difference
from upshot.stats.moments import CovariateMoments, Moments
from upshot.stats.result import Reason

RNG = np.random.default_rng(2)
MIX = np.asarray([[1.0, 0.5, 0.0], [0.0, 1.0, 0.3], [0.2, 0.0, 1.0]])


def test_imbalance_is_hotellings_test() -> None:
    control, treatment = RNG.normal(size=(80, 3)) @ MIX, RNG.normal(size=(70, 3)) @ MIX + 0.2
    expected = hotelling(control, treatment)
    result = pre_period_imbalance(CovariateMoments.of(control), CovariateMoments.of(treatment))
    assert float(result.statistic) == pytest.approx(float(expected.t2), rel=1e-9)
    assert float(result.p_value) == pytest.approx(float(expected.pvalue), rel=1e-9)


def test_imbalance_of_one_covariate_is_students_test() -> None:
    control, treatment = RNG.normal(size=(40, 1)), RNG.normal(size=(30, 1)) + 0.4
    expected = stats.ttest_ind(control[:, 0].tolist(), treatment[:, 0].tolist())
    result = pre_period_imbalance(CovariateMoments.of(control), CovariateMoments.of(treatment))
    assert float(result.p_value) == pytest.approx(float(expected.pvalue), rel=1e-10)


def test_imbalance_counts_independent_covariates_only() -> None:
    a, b = RNG.normal(size=(50, 2)), RNG.normal(size=(60, 2))
    plain = pre_period_imbalance(CovariateMoments.of(a), CovariateMoments.of(b))
    doubled = pre_period_imbalance(
        CovariateMoments.of(np.hstack([a, a[:, :1] + a[:, 1:], np.ones((50, 1))])),
        CovariateMoments.of(np.hstack([b, b[:, :1] + b[:, 1:], np.ones((60, 1))])),
    )
    assert float(doubled.covariates) == 2.0
    assert float(doubled.p_value) == pytest.approx(float(plain.p_value), rel=1e-8)
    assert math.isnan(float(doubled.standardised[3]))


def test_imbalance_names_why_there_is_none() -> None:
    one = CovariateMoments.of(np.ones((5, 2)))
    assert int(pre_period_imbalance(one, one).reason) == Reason.ZERO_VARIANCE
    empty = CovariateMoments(0, [math.nan, math.nan], np.full((2, 2), math.nan))
    assert int(pre_period_imbalance(empty, one).reason) == Reason.EMPTY
    single = CovariateMoments.of(np.ones((1, 2)))
    assert int(pre_period_imbalance(single, single).reason) == Reason.TOO_FEW_UNITS
    broken = CovariateMoments(5, [math.inf, 1.0], np.eye(2))
    assert int(pre_period_imbalance(broken, one).reason) == Reason.NOT_FINITE
    with pytest.raises(InvalidInput):
        pre_period_imbalance(one, CovariateMoments.of(np.ones((5, 3))))


def test_imbalance_holds_its_size_over_many_experiments_at_once() -> None:
    rng = np.random.default_rng(9)
    mix = rng.normal(size=(4, 4))
    control = CovariateMoments.of(rng.exponential(size=(3000, 200, 4)) @ mix)
    treatment = CovariateMoments.of(rng.exponential(size=(3000, 200, 4)) @ mix)
    rejected = int((pre_period_imbalance(control, treatment).p_value < 0.05).sum())
    low, high = stats.binomtest(rejected, 3000).proportion_ci(0.999)
    assert low <= 0.05 <= high


def test_standardised_difference_does_not_grow_with_the_sample() -> None:
    for n in (100.0, 1e9):
        assert float(standardised_difference(Moments(n, 1.0, 4.0), Moments(n, 1.5, 4.0))) == 0.25
    assert math.isnan(float(standardised_difference(Moments(9, 1.0, 0.0), Moments(9, 2.0, 0.0))))


def test_concentration_agrees_with_its_definition() -> None:
    x = np.sort(RNG.pareto(1.5, 500))
    result = concentration(x, top=0.02)
    assert result.top_units == 10
    assert float(result.top_share) == pytest.approx(x[-10:].sum() / x.sum())
    without = x[:-1].mean()
    moved = (x.mean() - without) / (x.std(ddof=1) / math.sqrt(500))
    assert float(result.influence) == pytest.approx(moved, rel=1e-9)
    assert float(result.variance_share) == pytest.approx((x[-1] - x.mean()) ** 2 / ((x - x.mean()) ** 2).sum())


def test_concentration_of_equal_holdings_is_the_share_of_units() -> None:
    result = concentration(np.tile([1.0, 1.1], 500), top=0.1)
    assert float(result.top_share) == pytest.approx(0.105, abs=0.001)
    assert float(result.influence) < 0.05


def test_concentration_names_why_there_is_none() -> None:
    assert int(concentration([]).reason) == Reason.EMPTY
    assert int(concentration([1.0]).reason) == Reason.TOO_FEW_UNITS
    assert int(concentration([2.0] * 5).reason) == Reason.ZERO_VARIANCE
    assert concentration([[1.0, 2.0, math.inf], [1.0, 2.0, 3.0]]).reason.tolist() == [Reason.NOT_FINITE, Reason.OK]
    with pytest.raises(InvalidInput):
        concentration([1.0, 2.0], top=0.0)
