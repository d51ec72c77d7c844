from __future__ import annotations

import numpy as np
import pytest
from scipy.stats.mstats import winsorize

from upshot.core.errors import InvalidInput
from upshot.stats.winsor import Thresholds, pooled_thresholds, winsorise


def test_winsorised_values_agree_with_scipy() -> None:
    x = np.random.default_rng(5).lognormal(size=200)
    thresholds = pooled_thresholds([x[:80], x[80:]], lower=0.05, upper=0.95)
    capped, _ = winsorise(x, thresholds)
    # scipy moves exactly 10 values up to the 11th smallest; the 5 % quantile (inverse ECDF) is the 10th smallest.
    np.testing.assert_allclose(capped, np.asarray(winsorize(x, limits=(9 / 200, 10 / 200))))


def test_thresholds_are_those_of_all_groups_together() -> None:
    found = pooled_thresholds([np.arange(50.0), np.arange(50.0, 100.0)], lower=0.1, upper=0.9)
    assert (found.lower, found.upper) == (9.0, 89.0)


def test_winsorising_leaves_missing_values_and_open_sides_alone() -> None:
    capped, share = winsorise([np.nan, -1e9, 5.0, 7.0], Thresholds(upper=6.0))
    np.testing.assert_array_equal(capped, [np.nan, -1e9, 5.0, 6.0])
    assert float(share) == 0.25


def test_winsorising_nothing_has_no_share() -> None:
    capped, share = winsorise([], Thresholds(upper=6.0))
    assert capped.size == 0
    assert np.isnan(share)


@pytest.mark.parametrize(("lower", "upper"), [(0.9, 0.1), (-0.1, 0.9), (0.0, 1.1), (float("nan"), 0.9)])
def test_thresholds_refuse_quantiles_out_of_order(lower: float, upper: float) -> None:
    with pytest.raises(InvalidInput, match=r"not in order|lower is|upper is"):
        pooled_thresholds([[1.0, 2.0]], lower=lower, upper=upper)


def test_thresholds_refuse_missing_values_and_no_values() -> None:
    cases: list[list[list[float]]] = [[[1.0, np.nan]], [[]], []]
    for groups in cases:
        with pytest.raises(InvalidInput, match="Thresholds need values"):
            pooled_thresholds(groups)
    with pytest.raises(InvalidInput, match="exceeds the upper"):
        Thresholds(lower=2.0, upper=1.0)
