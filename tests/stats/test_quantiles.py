from __future__ import annotations

from typing import TYPE_CHECKING, Any  # scipy's stub for quantile_test names a float

import numpy as np
import pytest
from scipy import stats

from upshot.core.errors import InvalidInput
from upshot.stats.moments import PairMoments
from upshot.stats.quantiles import (
    Quantiles,
    outer_shares,
    quantile_difference,
    quantile_interval,
    quantile_lift,
)
from upshot.stats.result import Estimate, NoEstimate, Reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from upshot.stats.result import FloatArray, IntArray

RNG = np.random.default_rng(31)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_quantile_is_the_observed_value_of_numpy(share: float) -> None:
    x = RNG.exponential(size=997)
    found = Quantiles.of(x, share)
    assert float(found.value) == float(np.quantile(x, share, method="inverted_cdf"))


def test_weighted_quantile_is_that_of_repeated_values() -> None:
    x, w = RNG.normal(size=50), RNG.integers(1, 5, 50)
    assert float(Quantiles.of(x, 0.7, weights=w).value) == float(
        np.quantile(np.repeat(x, w), 0.7, method="inverted_cdf")
    )


def test_quantile_interval_is_nearly_the_exact_one_by_order_statistics() -> None:
    x = np.sort(RNG.normal(size=2001))
    found = quantile_interval(Quantiles.of(x, 0.5)).at()
    assert isinstance(found, Estimate)
    oracle: Any = stats.quantile_test(x, q=0, p=0.5)
    exact = oracle.confidence_interval(0.95)
    # Binomial and normal ranks differ by at most two places.
    low, high = np.searchsorted(x, [found.low, found.high])
    assert abs(low - np.searchsorted(x, exact.low)) <= 2
    assert abs(high - np.searchsorted(x, exact.high)) <= 2


def test_quantile_standard_error_is_the_asymptotic_one() -> None:
    x = RNG.normal(size=200_000)
    moments = Quantiles.of(x, 0.9).moments
    z = stats.norm.ppf(0.9)
    truth = np.sqrt(0.9 * 0.1 / x.size) / stats.norm.pdf(z)
    # The density is estimated from about 260 order statistics each way: some 6 % of error.
    assert float(np.sqrt(moments.variance / moments.n)) == pytest.approx(truth, rel=0.15)


def test_outer_shares_count_clusters_not_events() -> None:
    units, events = 300, 20
    unit_effect = np.repeat(RNG.normal(size=units), events)
    x = unit_effect + 0.5 * RNG.normal(size=units * events)
    labels = np.repeat(np.arange(units), events)
    naive, clustered = Quantiles.of(x, 0.5), Quantiles.of(x, 0.5, clusters=labels)
    assert float(clustered.n) == units
    assert float(naive.value) == float(clustered.value)
    assert (clustered.high - clustered.low) > 2.5 * (naive.high - naive.low)


def test_outer_shares_of_units_are_the_binomial_ones() -> None:
    below = PairMoments.of([1.0] * 90 + [0.0] * 10, np.ones(100))
    low, high, reason = outer_shares(below, 0.9)
    assert float(high - low) / 2 == pytest.approx(1.959964 * np.sqrt(0.9 * 0.1 / 99), rel=1e-6)
    assert int(reason) == Reason.OK


def test_quantile_difference_of_shifted_data_is_the_shift() -> None:
    x = RNG.lognormal(size=500)
    found = quantile_difference(Quantiles.of(x, 0.9), Quantiles.of(x + 3.0, 0.9)).at()
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(3.0)
    assert found.method == "quantile_difference"
    scaled = quantile_lift(Quantiles.of(x, 0.9), Quantiles.of(1.2 * x, 0.9)).at()
    assert isinstance(scaled, Estimate)
    assert scaled.value == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("values", "share", "reason"),
    [
        ([], 0.5, Reason.EMPTY),
        ([1.0], 0.5, Reason.TOO_FEW_UNITS),
        ([1.0, 2.0, 3.0], 0.99, Reason.TOO_FEW_UNITS),
        ([1.0, np.nan, 3.0], 0.5, Reason.NOT_FINITE),
    ],
)
def test_quantiles_name_why_there_is_none(values: list[float], share: float, reason: Reason) -> None:
    sample, fine = Quantiles.of(values, share), Quantiles.of(np.arange(100.0), 0.5)
    assert quantile_interval(sample).at() == NoEstimate(reason, "quantile_interval")
    assert quantile_difference(fine, sample).at() == NoEstimate(reason, "quantile_difference")
    assert quantile_lift(sample, fine).at() == NoEstimate(reason, "quantile_lift")


def test_quantiles_where_values_tie_have_no_spread() -> None:
    tied = Quantiles.of([0.0] * 80 + [1.0] * 20, 0.5)
    assert quantile_interval(tied).at() == NoEstimate(Reason.TIED_VALUES, "quantile_interval")
    assert quantile_difference(tied, tied).at() == NoEstimate(Reason.TIED_VALUES, "quantile_difference")


def test_quantiles_from_an_engine_compare_as_arrays() -> None:
    ok = np.zeros(2, np.int64)
    few = np.asarray([Reason.OK, Reason.TOO_FEW_UNITS], np.int64)
    n, value, low, high = (np.asarray([v, v]) for v in (100.0, 5.0, 4.0, 6.0))
    control, treatment = Quantiles(n, value, low, high, ok, 0.95), Quantiles(n, value, low, high, few, 0.95)
    found = quantile_difference(control, treatment)
    assert found.reason.tolist() == [Reason.OK, Reason.TOO_FEW_UNITS]
    assert found.standard_error[0] == pytest.approx(np.sqrt(2.0) * 2.0 / (2 * 1.959964))


@pytest.mark.parametrize("share", [0.0, 1.0, 50.0])
def test_quantiles_refuse_a_share_that_is_none(share: float) -> None:
    with pytest.raises(InvalidInput, match=r"share is .* above 0 and below 1"):
        Quantiles.of([1.0, 2.0], share)


def test_quantile_difference_of_clustered_events_keeps_its_size() -> None:
    rng = np.random.default_rng(6)
    rejected, simulations, units = 0, 300, 400
    for _ in range(simulations):
        groups = []
        for _ in range(2):
            counts = 1 + rng.poisson(3.0, units)
            labels = np.repeat(np.arange(units), counts)
            latency = np.exp(0.6 * rng.normal(size=units)[labels] + 0.5 * rng.normal(size=labels.size))
            groups.append(Quantiles.of(latency, 0.9, clusters=labels))
        rejected += float(quantile_difference(*groups).p_value) < 0.05
    assert 4 <= rejected <= 29  # 99.9 % bounds of Binomial(300, 0.05)


def _apart(draw: Callable[[], tuple[FloatArray, IntArray | None]], truth: float, comparisons: int) -> tuple[int, int]:
    """How many of the differences of two 90th percentiles exclude the truth, and how many there are."""
    missed = told = 0
    for _ in range(comparisons):
        arms = []
        for _ in range(2):
            values, clusters = draw()
            arms.append(Quantiles.of(values, 0.9, clusters=clusters))
        found = quantile_difference(*arms)
        if int(found.reason) == Reason.OK:
            told += 1
            missed += not float(found.low) <= truth <= float(found.high)
    return missed, told


@pytest.mark.parametrize("kind", ["Poisson", "geometric", "rounded", "clustered", "continuous"])
def test_quantiles_of_whole_numbers_differ_falsely_as_seldom_as_promised(kind: str) -> None:
    rng = np.random.default_rng(len(kind))
    sizes = {"clustered": 600}

    def draw() -> tuple[FloatArray, IntArray | None]:
        size = sizes.get(kind, 200)
        match kind:
            case "Poisson":
                return rng.poisson(3.0, size).astype(float), None
            case "geometric":
                return rng.geometric(0.2, size).astype(float), None
            case "rounded":
                return np.round(rng.lognormal(1.0, 1.0, size)), None
            case "clustered":
                return rng.poisson(np.repeat(rng.gamma(6.0, 0.5, 200), 3)).astype(float), np.repeat(np.arange(200), 3)
            case _:
                return rng.lognormal(1.0, 1.0, size), None

    missed, told = _apart(draw, 0.0, 500)
    assert told > 400
    # 99.9 % upper bound of Binomial(500, 0.05); without care for ties it is 8 to 30 % of them.
    assert missed <= 42


def test_steps_cover_the_true_difference_of_discrete_quantiles() -> None:
    rng = np.random.default_rng(4)
    truth = float(stats.poisson.ppf(0.9, 6.0) - stats.poisson.ppf(0.9, 3.0))
    missed = 0
    for _ in range(400):
        a, b = (Quantiles.of(rng.poisson(rate, 300).astype(float), 0.9) for rate in (3.0, 6.0))
        found = quantile_difference(a, b)
        assert np.isnan(found.p_value)
        relative = quantile_lift(a, b)
        if int(found.reason) == Reason.TIED_VALUES:
            continue
        missed += not float(found.low) <= truth <= float(found.high)
        assert float(relative.low) <= float(relative.value) <= float(relative.high)
    assert missed <= 35


def test_ties_are_noticed_where_they_matter() -> None:
    x = RNG.lognormal(3.0, 1.0, 2000)
    assert not Quantiles.of(x, 0.9).tied
    assert Quantiles.of(np.round(x / 20.0), 0.9).tied
    # Ties far from the quantile are none of its business.
    assert not Quantiles.of(np.where(x < 10.0, 0.0, x), 0.9).tied


def test_bounds_in_steps_are_those_of_the_wider_shares() -> None:
    control = Quantiles.of(RNG.poisson(3.0, 400).astype(float), 0.9)
    treatment = Quantiles.of(RNG.poisson(5.0, 400).astype(float), 0.9)
    found = quantile_difference(control, treatment).at()
    assert isinstance(found, Estimate)
    assert control.widest is not None
    assert treatment.widest is not None
    (low_c, high_c), (low_t, high_t) = control.widest, treatment.widest
    assert (found.low, found.high) == (float(low_t - high_c), float(high_t - low_c))
    one_sided = quantile_difference(control, treatment, alternative="greater").at()
    assert isinstance(one_sided, Estimate)
    assert (one_sided.low, one_sided.high) == (found.low, np.inf)
    lifted = quantile_lift(control, treatment).at()
    assert isinstance(lifted, Estimate)
    assert lifted.low == pytest.approx(float(low_t / high_c) - 1.0)
    assert quantile_difference(control, treatment, level=0.99).at() == NoEstimate(
        Reason.NOT_IDENTIFIED, "quantile_difference"
    )


def test_a_lift_of_tied_quantiles_that_may_start_at_zero_has_no_bounds() -> None:
    control = Quantiles.of(np.repeat([0.0, 1.0, 2.0], [168, 20, 12]), 0.85)
    treatment = Quantiles.of(np.repeat([0.0, 1.0, 2.0], [120, 50, 30]), 0.85)
    assert quantile_lift(control, treatment).at() == NoEstimate(Reason.UNBOUNDED, "quantile_lift")
