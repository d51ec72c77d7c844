from __future__ import annotations

from typing import Any  # scipy's stub for quantile_test names a float

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
    assert quantile_interval(tied).at() == NoEstimate(Reason.ZERO_VARIANCE, "quantile_interval")
    assert quantile_difference(tied, tied).at() == NoEstimate(Reason.ZERO_VARIANCE, "quantile_difference")


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
    with pytest.raises(InvalidInput, match="not between 0 and 1"):
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
