import math

import numpy as np
import pytest
from scipy import stats

from upshot.stats.difference import difference
from upshot.stats.health_skew import normal_limit, rule_of_thumb_units, skew_adjusted_difference, skewness
from upshot.stats.moments import Moments
from upshot.stats.result import NoEstimate, Reason


def test_skewness_agrees_with_scipy() -> None:
    x = np.random.default_rng(1).exponential(size=(3, 200)) + 1e6
    np.testing.assert_allclose(skewness(x), stats.skew(x, axis=-1), rtol=1e-9)
    assert np.isnan(skewness([2.0, 2.0, 2.0]))
    assert np.isnan(skewness([2.0, 3.0]))


def test_equal_groups_cancel_their_skewness() -> None:
    limit = normal_limit(Moments(500, 1.0, 1.0), Moments(500, 1.0, 1.0), 40.0, 40.0)
    assert float(limit.skewness) == pytest.approx(0.0, abs=1e-12)
    assert bool(limit.good)
    assert float(limit.times_the_units) == 1.0


def test_one_sided_error_reproduces_the_rule_of_thumb() -> None:
    # At 355 γ² units the first Edgeworth term of a single mean is about 0.0045 of probability in a tail of 0.025.
    gamma = 5.0
    n = float(rule_of_thumb_units(gamma))
    limit = normal_limit(Moments(1e15, 0.0, 1.0), Moments(n, 0.0, 1.0), 0.0, gamma)
    assert float(limit.tail_error) == pytest.approx(0.0045, abs=0.0001)
    assert bool(limit.good)


def simulated(n_c: int, n_t: int, simulations: int) -> tuple[Moments, Moments, float]:
    rng = np.random.default_rng(n_c * 31 + n_t)
    control, treatment = (np.exp(rng.normal(0.0, 0.8, (simulations, n))) for n in (n_c, n_t))
    spread = math.exp(0.64)
    gamma = (spread + 2.0) * math.sqrt(spread - 1.0)
    return Moments.of(control), Moments.of(treatment), gamma


def test_predicted_tail_error_is_near_the_simulated_one() -> None:
    control, treatment, gamma = simulated(4000, 200, 12_000)
    t = difference(control, treatment)
    tails = (t.value / t.standard_error < -1.96).mean(), (t.value / t.standard_error > 1.96).mean()
    truth = Moments(4000, 0.0, 1.0), Moments(200, 0.0, 1.0)
    predicted = float(normal_limit(*truth, gamma, gamma).tail_error)
    assert tails[0] - 0.025 == pytest.approx(predicted, rel=0.35)
    assert tails[0] > 0.025 > tails[1]


def test_adjusted_difference_mends_the_tails_that_welch_misses() -> None:
    rng = np.random.default_rng(8)
    control, treatment = np.exp(rng.normal(0.0, 0.8, (4000, 1000))), np.exp(rng.normal(0.0, 0.8, (4000, 100)))
    c, t = Moments.of(control), Moments.of(treatment)
    plain = difference(c, t)
    mended = skew_adjusted_difference(c, t, skewness(control), skewness(treatment))
    off_plain = abs((plain.high < 0).mean() - 0.025) + abs((plain.low > 0).mean() - 0.025)
    off_mended = abs((mended.high < 0).mean() - 0.025) + abs((mended.low > 0).mean() - 0.025)
    assert off_mended < 0.6 * off_plain


def test_adjusted_difference_without_skewness_is_welch() -> None:
    a, b = Moments(50, 1.0, 2.0), Moments(60, 1.4, 3.0)
    plain, mended = difference(a, b).at(), skew_adjusted_difference(a, b, 0.0, 0.0).at()
    assert not isinstance(plain, NoEstimate)
    assert not isinstance(mended, NoEstimate)
    assert (mended.low, mended.high, mended.p_value) == pytest.approx((plain.low, plain.high, plain.p_value), rel=1e-12)


@pytest.mark.parametrize("kappa", [-3.0, 0.5, 3.0])
def test_adjusted_interval_and_p_value_agree(kappa: float) -> None:
    a, b = Moments(400, 0.0, 1.0), Moments(40, np.linspace(-1, 1, 81), 1.0)
    result = skew_adjusted_difference(a, b, 0.0, kappa)
    outside = (result.low > 0) | (result.high < 0)
    np.testing.assert_array_equal(result.p_value < 0.05, outside)


def test_skew_methods_name_why_there_is_none() -> None:
    empty = Moments(0, math.nan, math.nan)
    flat = Moments(10, 1.0, 0.0)
    assert int(normal_limit(empty, flat, 1.0, 1.0).reason) == Reason.EMPTY
    assert int(normal_limit(flat, flat, math.nan, math.nan).reason) == Reason.ZERO_VARIANCE
    assert not bool(normal_limit(flat, flat, math.nan, math.nan).good)
    unknown = skew_adjusted_difference(Moments(10, 1.0, 1.0), Moments(10, 1.0, 1.0), math.nan, 1.0)
    assert unknown.at() == NoEstimate(Reason.NOT_FINITE, "skew_adjusted_difference")
