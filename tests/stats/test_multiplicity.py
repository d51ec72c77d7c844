import typing

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr
from statsmodels.stats.multitest import multipletests

from upshot.core.errors import InvalidInput
from upshot.stats.multiplicity import (
    AlphaMethod,
    adjusted_alpha,
    benjamini_hochberg,
    benjamini_yekutieli,
    bonferroni,
    hochberg,
    holm,
    hommel,
    sidak,
)

METHODS = [
    (bonferroni, "bonferroni"),
    (holm, "holm"),
    (benjamini_hochberg, "fdr_bh"),
    (benjamini_yekutieli, "fdr_by"),
    (sidak, "sidak"),
    (hochberg, "simes-hochberg"),
    (hommel, "hommel"),
]


@pytest.mark.parametrize(("adjust", "name"), METHODS)
@settings(max_examples=50, deadline=None)
@given(p=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=40))
def test_adjusted_p_values_agree_with_statsmodels(adjust: object, name: str, p: list[float]) -> None:
    assert callable(adjust)
    with np.errstate(divide="ignore"):  # theirs takes the logarithm of zero for a p-value of one
        expected = multipletests(p, method=name)[1]
    np.testing.assert_allclose(adjust(p), expected, rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize(("adjust", "name"), METHODS)
def test_many_families_at_once_and_untested_hypotheses(adjust: object, name: str) -> None:
    assert callable(adjust)
    p = np.random.default_rng(5).uniform(size=(7, 3, 4)) ** 3
    p[2, 1, 0], p[0, 1, :] = np.nan, np.nan
    found = adjust(p, axis=0)
    assert found.shape == p.shape
    np.testing.assert_array_equal(np.isnan(found), np.isnan(p))
    for i in range(3):
        for j in range(4):
            tested = ~np.isnan(p[:, i, j])
            expected = multipletests(p[tested, i, j], method=name)[1]
            np.testing.assert_allclose(found[tested, i, j], expected, rtol=1e-12)


@pytest.mark.parametrize(("adjust", "name"), METHODS)
def test_edge_cases_of_families(adjust: object, name: str) -> None:
    assert callable(adjust)
    assert adjust(0.03).tolist() == [0.03], name
    assert adjust([]).shape == (0,)
    assert np.isnan(adjust([np.nan, np.nan])).all()
    assert adjust([0.0, 1.0, 1.0])[0] == 0.0
    with pytest.raises(InvalidInput, match="p_values holds"):
        adjust([0.5, 1.5])


def test_family_wise_error_and_false_discovery_rate_are_kept() -> None:
    rng = np.random.default_rng(8)
    simulations, null = 20_000, 6
    p = rng.uniform(size=(simulations, 10))
    p[:, null:] = p[:, null:] ** 8  # four hypotheses with effects
    margin = 4.5 / np.sqrt(simulations)
    assert np.mean((holm(p)[:, :null] <= 0.05).any(axis=1)) <= 0.05 + margin * np.sqrt(0.05)
    found = benjamini_hochberg(p) <= 0.1
    rate = np.mean(found[:, :null].sum(axis=1) / np.maximum(found.sum(axis=1), 1))
    assert rate == pytest.approx(0.1 * null / 10, abs=margin * 0.25)  # exact under independence: m0/m q


@pytest.mark.parametrize("adjust", [sidak, hochberg, hommel])
def test_family_keeps_its_error_under_independence(adjust: object) -> None:
    assert callable(adjust)
    p = np.random.default_rng(11).uniform(size=(4000, 8))
    false_alarms = (adjust(p) <= 0.05).any(axis=-1).mean()
    # Exact (Šidák) or nearly so: five standard errors of the simulation on either side.
    assert 0.034 < false_alarms < 0.067


def test_stepwise_procedures_find_what_bonferroni_misses() -> None:
    rng = np.random.default_rng(12)
    z = np.abs(rng.normal([3.0, 3.0, 3.0, 3.0, 0.0, 0.0], size=(1000, 6)))
    p = 2.0 * ndtr(-z)
    found = {adjust: (adjust(p)[:, :4] <= 0.05).mean() for adjust in (bonferroni, holm, hochberg, hommel)}
    assert found[bonferroni] < found[holm] <= found[hochberg] <= found[hommel]
    assert found[hommel] > found[bonferroni] + 0.05


@pytest.mark.parametrize("method", typing.get_args(AlphaMethod))
def test_adjusted_alpha_decides_as_adjusted_p_values_do(method: AlphaMethod) -> None:
    adjust = {"bonferroni": bonferroni, "sidak": sidak, "holm": holm, "hochberg": hochberg}.get(
        method, benjamini_hochberg
    )
    for p in np.random.default_rng(13).uniform(size=(200, 5)) ** 3:
        passed = np.sort(p) <= adjusted_alpha(0.1, 5, method=method)
        if method == "holm":
            passed = np.logical_and.accumulate(passed)
        elif method in ("hochberg", "benjamini-hochberg"):
            passed = np.logical_or.accumulate(passed[::-1])[::-1]
        assert passed.tolist() == (np.sort(adjust(p)) <= 0.1).tolist()


@pytest.mark.parametrize("size", [1, 2, 20, 32, 33, 50])
def test_many_families_at_once_are_each_by_itself_to_the_last_digit(size: int) -> None:
    rng = np.random.default_rng(size)
    p = rng.random((1700, size)) ** rng.integers(1, 9, (1700, 1))
    p[rng.random(p.shape) < 0.1] = -0.0
    near = np.take_along_axis(p, rng.integers(0, size, p.shape), axis=1)
    # Twins that differ in the last bits, which is where a place is kept while sorting.
    p = np.where(rng.random(p.shape) < 0.4, near * (1.0 + rng.integers(-40, 40, p.shape) * 2.0**-52), p).clip(-0.0, 1.0)
    given = p.copy()
    found = benjamini_hochberg(p)
    np.testing.assert_array_equal(p, given)
    np.testing.assert_allclose(found, [benjamini_hochberg(family) for family in p], rtol=4e-16, atol=0.0)
