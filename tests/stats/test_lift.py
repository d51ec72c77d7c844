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

from upshot.stats.lift import SetKind, fieller_lift, lift
from upshot.stats.moments import Moments
from upshot.stats.result import Alternative, Estimate, NoEstimate, Reason

ALTERNATIVES: tuple[Alternative, ...] = ("two-sided", "greater", "less")


def test_lift_agrees_with_the_delta_method_by_numerical_derivative() -> None:
    n_c, m_c, v_c, n_t, m_t, v_t = 200.0, 4.0, 9.0, 300.0, 5.0, 16.0
    found = lift(Moments(n_c, m_c, v_c), Moments(n_t, m_t, v_t)).at()
    h = 1e-5
    by_c = (m_t / (m_c + h) - m_t / (m_c - h)) / (2 * h)
    by_t = ((m_t + h) / m_c - (m_t - h) / m_c) / (2 * h)
    assert isinstance(found, Estimate)
    # Central differences are good to h², about 1e-10 here.
    assert found.standard_error == pytest.approx(np.sqrt(by_c**2 * v_c / n_c + by_t**2 * v_t / n_t), rel=1e-8)
    assert found.value == pytest.approx(0.25, rel=1e-14)


def test_lift_value_agrees_with_tea_tasting_and_interval_nearly() -> None:
    data: Any = make_users_data(rng=1, n_users=20_000, return_type="pandas")
    oracle: Any = Experiment(orders=Mean("orders", use_t=True, equal_var=False)).analyze(data)["orders"]
    groups = [Moments.of(data.loc[data["variant"] == v, "orders"].to_numpy()) for v in (0, 1)]
    found = lift(*groups).at()
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(oracle.rel_effect_size, rel=1e-12)
    # tea-tasting takes the delta method on the log scale: the ends differ by about half the squared relative error.
    slack = found.standard_error**2
    assert found.low == pytest.approx(oracle.rel_effect_size_ci_lower, abs=3 * slack)
    assert found.high == pytest.approx(oracle.rel_effect_size_ci_upper, abs=3 * slack)


@settings(deadline=None)  # a busy machine is not a defect
@given(
    st.floats(-3.0, 3.0).filter(lambda m: abs(m) > 1e-3),
    st.floats(-3.0, 3.0),
    st.floats(0.01, 50.0),
    st.floats(-2.0, 2.0),
    st.sampled_from([0.8, 0.95, 0.999]),
)
def test_fieller_set_holds_exactly_what_its_test_does_not_reject(
    baseline: float, mean: float, variance: float, null: float, level: float
) -> None:
    control, treatment = Moments(40, baseline, variance), Moments(60, mean, 2.0)
    found = fieller_lift(control, treatment, level=level, null=null)
    # The test's own p-value, by the formula, because places without bounds carry no number.
    ratio = 1.0 + np.sign(baseline) * null
    t = (mean - ratio * baseline) / np.sqrt(2.0 / 60 + ratio**2 * variance / 40)
    parts = 2.0 / 60, (mean / baseline) ** 2 * variance / 40
    df = sum(parts) ** 2 / (parts[0] ** 2 / 59 + parts[1] ** 2 / 39)
    p = 2.0 * float(stats.t.sf(abs(t), df))
    if abs(p - (1.0 - level)) < 1e-7:
        return  # on the edge, rounding decides
    kind = SetKind(int(found.kind))
    match kind:
        case SetKind.INTERVAL:
            inside = bool(found.low <= null <= found.high)
            assert float(found.p_value) == pytest.approx(p, rel=1e-7, abs=1e-14)
        case SetKind.COMPLEMENT:
            ratio_null = float(np.sign(baseline)) * null
            inside = not bool(found.excluded_low < ratio_null < found.excluded_high)
            assert int(found.reason) == Reason.UNBOUNDED
        case SetKind.WHOLE_LINE:
            inside = True
            assert int(found.reason) == Reason.UNBOUNDED
        case SetKind.NONE:
            raise AssertionError
    assert inside == (p >= 1.0 - level)


def test_fieller_agrees_with_the_delta_method_where_the_baseline_is_sure() -> None:
    control, treatment = Moments(1e6, 10.0, 4.0), Moments(1e6, 10.1, 4.0)
    sure, delta = fieller_lift(control, treatment).at(), lift(control, treatment).at()
    assert isinstance(sure, Estimate)
    assert isinstance(delta, Estimate)
    # They differ in the second order: the relative error of the baseline is 2e-4.
    assert sure.low == pytest.approx(delta.low, abs=1e-6)
    assert sure.high == pytest.approx(delta.high, abs=1e-6)


@pytest.mark.parametrize("method", [lift, fieller_lift])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_an_increase_is_a_positive_lift_whatever_the_sign_of_the_baseline(method: Any, sign: float) -> None:
    control, treatment = Moments(1000, sign * 10.0, 1.0), Moments(1000, sign * 10.0 + 1.0, 1.0)
    found = method(control, treatment, alternative="greater").at()
    assert found.value == pytest.approx(0.1)
    assert found.p_value < 1e-6
    assert 0.05 < found.low < 0.1
    assert found.high == np.inf
    other = method(control, treatment, alternative="less").at()
    assert other.p_value == pytest.approx(1.0 - found.p_value)


@pytest.mark.parametrize("method", [lift, fieller_lift])
@pytest.mark.parametrize("alternative", ALTERNATIVES)
def test_one_sided_bounds_are_those_of_a_wider_two_sided_interval(method: Any, alternative: Alternative) -> None:
    control, treatment = Moments(100, 5.0, 4.0), Moments(120, 6.0, 5.0)
    both = method(control, treatment, level=0.9).at()
    one = method(control, treatment, level=0.95, alternative=alternative).at()
    if alternative == "greater":
        assert (one.low, one.high) == (pytest.approx(both.low), np.inf)
    if alternative == "less":
        assert (one.low, one.high) == (-np.inf, pytest.approx(both.high))


@pytest.mark.parametrize("method", [lift, fieller_lift])
@pytest.mark.parametrize(
    ("control", "treatment", "reason"),
    [
        (Moments(10, 0.0, 1.0), Moments(10, 1.0, 1.0), Reason.ZERO_BASELINE),
        (Moments(10, 0.0, 0.0), Moments(10, 1.0, 1.0), Reason.ZERO_BASELINE),
        (Moments(10, 1.0, 0.0), Moments(10, 2.0, 0.0), Reason.ZERO_VARIANCE),
        (Moments(1, 1.0, np.nan), Moments(10, 1.0, 1.0), Reason.TOO_FEW_UNITS),
        (Moments(0, np.nan, np.nan), Moments(10, 1.0, 1.0), Reason.EMPTY),
    ],
)
def test_lift_names_why_there_is_none(method: Any, control: Moments, treatment: Moments, reason: Reason) -> None:
    assert method(control, treatment).at() == NoEstimate(reason, method.__name__)


def test_fieller_sets_say_their_kind_place_by_place() -> None:
    found = fieller_lift(Moments(20, [10.0, 0.1, 0.1, 0.0], 4.0), Moments(20, [10.0, 2.0, 0.2, 1.0], 4.0))
    assert found.kind.tolist() == [SetKind.INTERVAL, SetKind.COMPLEMENT, SetKind.WHOLE_LINE, SetKind.NONE]
    assert found.reason.tolist() == [Reason.OK, Reason.UNBOUNDED, Reason.UNBOUNDED, Reason.ZERO_BASELINE]
    assert np.isnan(found.value[1:]).all()
    assert np.isfinite([found.excluded_low[1], found.excluded_high[1]]).all()


def test_fieller_of_a_treatment_at_zero_is_finite() -> None:
    found = fieller_lift(Moments(100, 5.0, 1.0), Moments(100, 0.0, 1.0)).at()
    assert isinstance(found, Estimate)
    assert found.value == -1.0
    assert found.low < -1.0 < found.high


def test_lift_of_huge_counts_keeps_its_digits() -> None:
    found = lift(Moments(3e9, 1e8, 1.0), Moments(3e9, 1e8 + 1.0, 1.0)).at()
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(1e-8, rel=1e-12)
