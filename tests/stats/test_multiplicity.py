import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from upshot.core.errors import InvalidInput
from upshot.stats.multiplicity import benjamini_hochberg, benjamini_yekutieli, bonferroni, holm

METHODS = [
    (bonferroni, "bonferroni"),
    (holm, "holm"),
    (benjamini_hochberg, "fdr_bh"),
    (benjamini_yekutieli, "fdr_by"),
]


@pytest.mark.parametrize(("adjust", "name"), METHODS)
@settings(max_examples=50, deadline=None)
@given(p=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=40))
def test_adjusted_p_values_agree_with_statsmodels(adjust: object, name: str, p: list[float]) -> None:
    assert callable(adjust)
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
    with pytest.raises(InvalidInput, match="outside"):
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
