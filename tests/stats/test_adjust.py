from __future__ import annotations

from typing import Any  # pandas and tea-tasting hand out untyped results

import numpy as np
import pytest
from statsmodels.regression.linear_model import OLS
from tea_tasting.datasets import make_users_data
from tea_tasting.experiment import Experiment
from tea_tasting.metrics.mean import Mean

from upshot.core.errors import InvalidInput
from upshot.stats.adjust import cuped, cuped_many, ratio_cuped, variance_reduction
from upshot.stats.difference import difference
from upshot.stats.lift import lift
from upshot.stats.moments import CovariateMoments, Moments, PairMoments, reasons, stack_arms
from upshot.stats.result import Estimate, FloatArray, Reason

RNG = np.random.default_rng(12)


def _arms(columns: list[FloatArray], treated: FloatArray) -> CovariateMoments:
    rows = np.column_stack(columns)
    return stack_arms([CovariateMoments.of(rows[treated == a]) for a in (0.0, 1.0)])


def _data(n: int = 400, k: int = 3) -> tuple[FloatArray, FloatArray, FloatArray]:
    treated = (RNG.permutation(n) < 0.4 * n).astype(np.float64)
    x = RNG.normal(size=(n, k)) @ RNG.normal(size=(k, k))
    y = 5.0 + 0.3 * treated + x @ np.arange(1.0, k + 1.0) + RNG.normal(size=n) * (1.0 + treated)
    return y, x, treated


def _regression(y: FloatArray, x: FloatArray, treated: FloatArray) -> Any:
    design = np.column_stack([np.ones(y.size), treated, x])
    return OLS(y, design).fit()


def test_cuped_difference_is_the_coefficient_of_covariance_analysis() -> None:
    y, x, treated = _data(k=1)
    fit = _regression(y, x, treated)
    adjusted = cuped(stack_arms([PairMoments.of(y[treated == a], x[treated == a, 0]) for a in (0.0, 1.0)]))
    assert float(adjusted.mean[1] - adjusted.mean[0]) == pytest.approx(float(fit.params[1]), rel=1e-10)
    # The residual variances, pooled, are the regression's: (N − 2) s² / (N − 3) on both sides.
    pooled = ((adjusted.n - 1) * adjusted.variance).sum() / (adjusted.n - 1).sum()
    assert float(pooled) == pytest.approx(float(fit.scale), rel=1e-10)


def test_cuped_with_many_covariates_is_the_coefficient_of_regression() -> None:
    y, x, treated = _data(k=4)
    fit = _regression(y, x, treated)
    adjusted = cuped_many(_arms([y, *x.T], treated), ridge=0.0)
    assert float(adjusted.mean[1] - adjusted.mean[0]) == pytest.approx(float(fit.params[1]), rel=1e-9)
    pooled = ((adjusted.n - 1) * adjusted.variance).sum() / (adjusted.n - 1).sum()
    assert float(pooled) == pytest.approx(float(fit.scale), rel=1e-9)


def test_cuped_standard_error_is_nearly_the_robust_one() -> None:
    y, x, treated = _data(n=4000, k=2)
    robust = _regression(y, x, treated).get_robustcov_results("HC2")
    adjusted = cuped_many(_arms([y, *x.T], treated))
    found = difference(adjusted[0], adjusted[1]).at()
    assert isinstance(found, Estimate)
    # The sandwich also carries the error of θ, of order k / N.
    assert found.standard_error == pytest.approx(float(robust.bse[1]), rel=5e-3)


def test_cuped_agrees_with_tea_tasting() -> None:
    data: Any = make_users_data(rng=2, n_users=4000, covariates=True, return_type="pandas")
    metric = Mean("orders", covariate="orders_covariate", use_t=True, equal_var=False)
    oracle: Any = Experiment(metric=metric).analyze(data)["metric"]
    columns = ("orders", "orders_covariate")
    arms = [PairMoments.of(*(data.loc[data["variant"] == v, c].to_numpy() for c in columns)) for v in (0, 1)]
    adjusted = cuped(stack_arms(arms))
    found = difference(adjusted[0], adjusted[1]).at()
    assert isinstance(found, Estimate)
    # tea-tasting estimates θ over both groups together and takes no degree of freedom for it: of order 1 / N apart.
    assert found.value == pytest.approx(oracle.effect_size, abs=0.01 * found.standard_error)
    assert found.standard_error == pytest.approx(
        (oracle.effect_size_ci_upper - oracle.effect_size_ci_lower) / (2 * 1.9606), rel=2e-3
    )


def test_one_covariate_is_the_same_by_either_function() -> None:
    y, x, treated = _data(k=1)
    arms = _arms([y, x[:, 0]], treated)
    one, many = cuped(arms.pair(0, 1)), cuped_many(arms, ridge=0.0)
    np.testing.assert_allclose(one.mean, many.mean, rtol=1e-13)
    np.testing.assert_allclose(one.variance, many.variance, rtol=1e-12)


def test_cuped_takes_many_arms_and_metrics_at_once() -> None:
    y = RNG.normal(size=(5, 3, 50))
    x = y + RNG.normal(size=y.shape)
    adjusted = cuped(PairMoments.of(y, x))
    assert adjusted.shape == (5, 3)
    alone = cuped(PairMoments.of(y[4], x[4]))
    np.testing.assert_allclose(adjusted.mean[4], alone.mean, rtol=1e-12)


def test_a_covariate_that_never_varies_changes_nothing() -> None:
    y = RNG.normal(size=(2, 30))
    arms = PairMoments.of(y, np.full((2, 30), 3.0))
    adjusted = cuped(arms)
    np.testing.assert_array_equal(adjusted.mean, arms.mean_x)
    np.testing.assert_allclose(adjusted.variance, arms.variance_x, rtol=1e-14)


def test_repeated_covariates_are_harmless() -> None:
    y, x, treated = _data(k=1)
    twice = cuped_many(_arms([y, x[:, 0], 2.0 * x[:, 0], np.ones_like(y)], treated))
    once = cuped_many(_arms([y, x[:, 0]], treated))
    # The ridge shrinks by about its penalty, 1e-6.
    np.testing.assert_allclose(twice.mean, once.mean, rtol=1e-5)
    exact = cuped_many(_arms([y, x[:, 0], 2.0 * x[:, 0]], treated), ridge=0.0)
    np.testing.assert_allclose(exact.mean, once.mean, rtol=1e-5)


def test_a_strong_ridge_leaves_the_plain_means() -> None:
    y, x, treated = _data()
    arms = _arms([y, *x.T], treated)
    np.testing.assert_allclose(cuped_many(arms, ridge=1e12).mean, arms.means[:, 0], rtol=1e-9)


def test_a_metric_that_its_past_determines_has_no_variance_left() -> None:
    x = RNG.normal(size=(2, 40))
    adjusted = cuped(PairMoments.of(3.0 * x + 1.0, x))
    assert adjusted.variance.tolist() == [0.0, 0.0]


def test_variance_reduction_is_the_squared_correlation() -> None:
    n, rho = 200_000, 0.8
    x = RNG.normal(size=(2, n))
    y = rho * x + np.sqrt(1 - rho**2) * RNG.normal(size=(2, n))
    arms = PairMoments.of(y, x)
    np.testing.assert_allclose(variance_reduction(arms.x, cuped(arms)), rho**2, atol=0.01)
    assert np.isnan(variance_reduction(Moments(5, 1.0, 0.0), Moments(5, 1.0, 0.0)))


def test_too_few_units_do_not_determine_an_adjustment() -> None:
    arms = CovariateMoments.of(RNG.normal(size=(2, 2, 4)))
    assert set(reasons(cuped_many(arms, ridge=0.0)).tolist()) == {Reason.NOT_IDENTIFIED}


def test_an_empty_arm_spoils_no_other() -> None:
    full = PairMoments.of(RNG.normal(size=(2, 30)), RNG.normal(size=(2, 30)))
    empty = PairMoments(0, np.nan, np.nan, np.nan, np.nan, np.nan)
    parts = [PairMoments.of(RNG.normal(size=20), RNG.normal(size=20)) for _ in range(2)]
    adjusted = cuped(stack_arms([parts[0], parts[1], empty]))
    alone = cuped(stack_arms(parts))
    np.testing.assert_allclose(adjusted.mean[:2], alone.mean, rtol=1e-12)
    assert reasons(adjusted).tolist() == [Reason.OK, Reason.OK, Reason.EMPTY]
    assert full.n.tolist() == [30.0, 30.0]


def _ratio_data(simulations: int, users: int, rng: np.random.Generator) -> FloatArray:
    """Clicks, sessions, clicks before, sessions before: shape (2, simulations, users, 4)."""
    taste, activity = rng.beta(2.0, 6.0, (2, simulations, users)), rng.gamma(2.0, 2.0, (2, simulations, users))
    columns = []
    for _ in range(2):
        sessions = 1 + rng.poisson(activity)
        columns += [rng.binomial(sessions, taste), sessions]
    return np.stack(columns, axis=-1).astype(np.float64)


def test_ratio_cuped_keeps_its_size_and_removes_variance() -> None:
    rows = _ratio_data(2000, 300, np.random.default_rng(5))
    arms = CovariateMoments.of(np.moveaxis(rows, 0, 1))
    adjusted = ratio_cuped(arms)
    found = difference(adjusted[:, 0], adjusted[:, 1])
    assert 69 <= int((found.p_value < 0.05).sum()) <= 133  # 99.9 % bounds of Binomial(2000, 0.05)
    spread = float(np.var(found.value)), float(np.var(np.diff(arms.pair(0, 1).linearised().mean)))
    promised = float(variance_reduction(arms.pair(0, 1).linearised(), adjusted).mean())
    assert promised > 0.1
    # Two variances of 2,000 correlated estimates: their ratio is good to about 3 %.
    assert 1.0 - spread[0] / spread[1] == pytest.approx(promised, abs=0.09)


def test_ratio_cuped_agrees_with_regression_of_the_linear_part() -> None:
    rows = _ratio_data(1, 500, np.random.default_rng(9))[:, 0]
    arms = CovariateMoments.of(rows)
    ratio, adjusted = arms.pair(0, 1).linearised(), ratio_cuped(arms, ridge=0.0)
    linear = np.concatenate(
        [ratio.mean[a] + (rows[a, :, 0] - ratio.mean[a] * rows[a, :, 1]) / rows[a, :, 1].mean() for a in (0, 1)]
    )
    fit = _regression(linear, np.concatenate(rows[:, :, 2:]), np.repeat([0.0, 1.0], 500))
    assert float(adjusted.mean[1] - adjusted.mean[0]) == pytest.approx(float(fit.params[1]), rel=1e-8)
    pooled = ((adjusted.n - 1) * adjusted.variance).sum() / (adjusted.n - 1).sum()
    assert float(pooled) == pytest.approx(float(fit.scale), rel=1e-9)


def test_cuped_keeps_size_and_coverage_of_the_lift() -> None:
    rng = np.random.default_rng(3)
    simulations, users = 3000, 200
    before = rng.gamma(2.0, 5.0, (simulations, 2, users))
    during = before * rng.lognormal(0.0, 0.4, before.shape) * np.asarray([1.0, 1.1])[:, None]
    adjusted = cuped(PairMoments.of(during, before))
    found = lift(adjusted[:, 0], adjusted[:, 1])
    covered = int(((found.low <= 0.1) & (found.high >= 0.1)).sum())
    assert 2809 <= covered <= 2888  # 99.9 % bounds of Binomial(3000, 0.95)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cuped(PairMoments(10, 1.0, 1.0, 1.0, 1.0, 0.5)), "no axis of arms"),
        (lambda: cuped_many(CovariateMoments.of(np.zeros((2, 5, 1)))), "no covariate"),
        (lambda: ratio_cuped(CovariateMoments.of(np.zeros((2, 5, 2)))), "no covariate"),
        (lambda: cuped_many(CovariateMoments.of(np.zeros((2, 5, 2))), ridge=-1.0), "Give a number of 0 or more"),
    ],
)
def test_adjustments_refuse_what_cannot_be_meant(call: Any, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        call()
