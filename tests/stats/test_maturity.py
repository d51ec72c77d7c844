import numpy as np
import pytest

from upshot.core.errors import InvalidInput
from upshot.stats.maturity import longitudinal_difference, mature, minimum_units, sequential_reasons
from upshot.stats.result import FloatArray, Reason


def growing_totals(rng: np.random.Generator, units: int, entry: list[float]) -> FloatArray:
    """Cumulative totals of units that enter at random looks; NaN before."""
    looks = len(entry)
    age = np.arange(looks) - rng.choice(looks, units, p=entry)[:, None]
    daily = np.where(age >= 0, rng.exponential(size=(units, looks)), 0.0)
    return np.where(age >= 0, daily.cumsum(axis=1), np.nan)


def test_longitudinal_covariance_agrees_with_simulation() -> None:
    rng = np.random.default_rng(41)
    entry = [0.5, 0.2, 0.3]
    draws = [
        longitudinal_difference(growing_totals(rng, 60, entry), growing_totals(rng, 90, entry)) for _ in range(3000)
    ]
    simulated = np.cov(np.array([draw.estimate for draw in draws]).T)
    stated = np.mean([draw.covariance for draw in draws], axis=0)
    # A simulated variance of 3000 draws has a relative standard error of 2.6 %; the sample is finite, too.
    np.testing.assert_allclose(stated, simulated, rtol=0.12)


def test_longitudinal_covariance_of_final_totals_has_independent_increments() -> None:
    rng = np.random.default_rng(42)
    arms = []
    for _ in range(2):
        totals = growing_totals(rng, 4000, [0.3, 0.3, 0.4])
        first = np.nanmin(totals, axis=1, keepdims=True)
        arms.append(np.where(np.isnan(totals), np.nan, first))
    found = longitudinal_difference(*arms)
    for j in range(3):
        np.testing.assert_allclose(found.covariance[j, j:], np.diagonal(found.covariance)[j:], rtol=0.08)
    np.testing.assert_array_equal(found.smallest_n <= found.n / 2, True)


def test_units_stay_once_they_are_in() -> None:
    with pytest.raises(InvalidInput, match="stays"):
        longitudinal_difference([[1.0, np.nan], [1.0, 2.0]], [[1.0, 1.0]])
    with pytest.raises(InvalidInput, match="looks"):
        longitudinal_difference([[1.0, 2.0]], [[1.0]])


def test_arm_with_one_unit_has_no_covariance() -> None:
    found = longitudinal_difference([[1.0, 2.0]], [[1.0, 2.0], [2.0, 3.0]])
    assert np.isnan(found.covariance).all()


def test_window_must_be_complete() -> None:
    entered = np.array([0.0, 23.0, 24.0, 25.0])
    assert mature(entered, as_of=48.0, window=24.0).tolist() == [True, True, True, False]
    with pytest.raises(InvalidInput, match="window"):
        mature(entered, as_of=48.0, window=0.0)


def test_minimum_units_grow_with_squared_skewness() -> None:
    p = 0.01
    skewness = (1 - 2 * p) / np.sqrt(p * (1 - p))
    assert float(minimum_units(skewness)) * p == pytest.approx(25.0, rel=0.05)
    assert minimum_units([-10.0, 10.0]).tolist() == [2500.0, 2500.0]
    assert minimum_units([0.0, 10.0], "group-sequential").tolist() == [200.0, 20_000.0]


def test_reasons_name_the_first_thing_that_is_wrong() -> None:
    one = np.ones(6)
    se = np.array([0.1, 0.0, -0.1, np.inf, 0.1, 0.1])
    n = np.array([500.0, 500.0, 500.0, 500.0, 99.0, 0.0])
    found = sequential_reasons(one, se, n, 100.0, "final")
    assert [Reason(int(code)).name for code in found] == [
        *("OK", "ZERO_VARIANCE", "INVALID_STATISTICS", "NOT_FINITE", "BELOW_VALID_SAMPLE", "EMPTY")
    ]
    assert set(sequential_reasons(one, se, n, 100.0, "growing").tolist()) == {Reason.GROWING_UNITS}
