from __future__ import annotations

from typing import Any  # pandas and tea-tasting hand out untyped results

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from tea_tasting.datasets import make_users_data
from tea_tasting.experiment import Experiment
from tea_tasting.metrics.mean import Mean

from upshot.core.errors import InvalidInput
from upshot.stats.difference import difference
from upshot.stats.moments import Moments
from upshot.stats.result import Alternative, Estimate, NoEstimate, Reason

RNG = np.random.default_rng(7)
ALTERNATIVES: tuple[Alternative, ...] = ("two-sided", "greater", "less")


@pytest.mark.parametrize("alternative", ALTERNATIVES)
@pytest.mark.parametrize("sizes", [(2, 3), (12, 40), (500, 2000)])
def test_difference_agrees_with_scipy_welch(alternative: Alternative, sizes: tuple[int, int]) -> None:
    control, treatment = RNG.normal(10, 3, sizes[0]), RNG.normal(11, 5, sizes[1])
    found = difference(Moments.of(control), Moments.of(treatment), level=0.9, alternative=alternative).at()
    oracle = stats.ttest_ind(treatment, control, equal_var=False, alternative=alternative)
    interval = oracle.confidence_interval(0.9)
    assert isinstance(found, Estimate)
    # Both evaluate the same formulas in double precision; quantiles come from one library.
    assert found.p_value == pytest.approx(float(oracle.pvalue), rel=1e-9)
    np.testing.assert_allclose([found.low, found.high], [interval.low, interval.high], rtol=1e-9)


def test_difference_agrees_with_tea_tasting() -> None:
    data: Any = make_users_data(rng=1, n_users=500, return_type="pandas")
    oracle: Any = Experiment(orders=Mean("orders", use_t=True, equal_var=False)).analyze(data)["orders"]
    groups = [Moments.of(data.loc[data["variant"] == v, "orders"].to_numpy()) for v in (0, 1)]
    found = difference(*groups).at()
    assert isinstance(found, Estimate)
    np.testing.assert_allclose(
        [found.value, found.low, found.high, found.p_value],
        [oracle.effect_size, oracle.effect_size_ci_lower, oracle.effect_size_ci_upper, oracle.pvalue],
        rtol=1e-9,
    )


@settings(deadline=None)  # a busy machine is not a defect
@given(
    st.floats(-0.5, 0.5),
    st.sampled_from(ALTERNATIVES),
    st.floats(0.5, 0.999),
)
def test_difference_rejects_exactly_what_lies_outside_its_interval(
    null: float, alternative: Alternative, level: float
) -> None:
    found = difference(Moments(50, 1.0, 2.0), Moments(70, 1.2, 3.0), null=null, alternative=alternative, level=level)
    effect = found.at()
    assert isinstance(effect, Estimate)
    assert (effect.p_value < 1.0 - level) == (not effect.low <= null <= effect.high)


def test_difference_meets_many_treatments_with_one_control() -> None:
    control = Moments([100, 200], [1.0, 2.0], [1.0, 1.0])
    treatments = Moments(np.full((2, 3), 100), [[1.0, 1.1, 1.2], [2.0, 2.1, 2.2]], 1.0)
    found = difference(control[:, None], treatments)
    assert found.shape == (2, 3)
    np.testing.assert_allclose(found.value, [[0.0, 0.1, 0.2]] * 2, atol=1e-12)
    single = difference(control[1], treatments[1, 2]).at()
    assert isinstance(single, Estimate)
    assert single.p_value == found.p_value[1, 2]


def test_difference_of_billions_of_units_is_the_normal_limit() -> None:
    found = difference(Moments(4e9, 1e6, 1.0), Moments(4e9, 1e6 + 1e-4, 1.0)).at()
    assert isinstance(found, Estimate)
    z = found.value / np.sqrt(2.0 / 4e9)
    assert found.p_value == pytest.approx(2.0 * stats.norm.sf(z), rel=1e-6)
    assert found.n == 8e9


@pytest.mark.parametrize(
    ("control", "treatment", "reason"),
    [
        (Moments(0, np.nan, np.nan), Moments(10, 1.0, 1.0), Reason.EMPTY),
        (Moments(10, 1.0, 1.0), Moments(0, np.nan, np.nan), Reason.EMPTY),
        (Moments(1, 1.0, np.nan), Moments(10, 1.0, 1.0), Reason.TOO_FEW_UNITS),
        (Moments(10, 1.0, 0.0), Moments(10, 2.0, 0.0), Reason.ZERO_VARIANCE),
        (Moments(10, 1.0, -1.0), Moments(10, 2.0, 1.0), Reason.INVALID_STATISTICS),
        (Moments(10, np.inf, 1.0), Moments(10, 2.0, 1.0), Reason.NOT_FINITE),
        (Moments(10, 1.0, np.nan), Moments(10, 2.0, 1.0), Reason.PRECISION_LOST),
    ],
)
def test_difference_names_why_there_is_none(control: Moments, treatment: Moments, reason: Reason) -> None:
    assert difference(control, treatment).at() == NoEstimate(reason, "difference")


def test_difference_masks_only_the_places_without_estimate() -> None:
    found = difference(Moments([0, 10], [np.nan, 1.0], [np.nan, 1.0]), Moments(10, 1.5, 1.0))
    assert np.isnan([found.value[0], found.low[0], found.high[0], found.standard_error[0], found.p_value[0]]).all()
    assert isinstance(found.at(1), Estimate)


def test_difference_with_one_constant_group_uses_the_other_groups_freedom() -> None:
    control, treatment = np.full(5, 2.0), np.asarray([2.0, 3.0, 5.0, 4.0])
    found = difference(Moments.of(control), Moments.of(treatment)).at()
    oracle = stats.ttest_1samp(treatment, 2.0)
    assert isinstance(found, Estimate)
    assert found.p_value == pytest.approx(float(oracle.pvalue), rel=1e-10)


@pytest.mark.parametrize("level", [0.0, 1.0, -0.5, float("nan"), 95.0])
def test_difference_refuses_a_level_that_is_none(level: float) -> None:
    with pytest.raises(InvalidInput, match=r"level is .* above 0 and below 1"):
        difference(Moments(10, 1.0, 1.0), Moments(10, 1.0, 1.0), level=level)
