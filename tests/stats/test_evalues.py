import numpy as np
import pytest
from scipy.integrate import quad

from upshot.core.errors import InvalidInput
from upshot.stats.evalues import average_e, e_benjamini_hochberg, e_from_p, p_from_e, product_e


@pytest.mark.parametrize("kappa", [0.1, 0.5, 0.9])
def test_power_calibrator_integrates_to_one(kappa: float) -> None:
    assert quad(lambda p: float(e_from_p(p, kappa=kappa)), 0, 1, epsabs=1e-9)[0] == pytest.approx(1.0, abs=1e-6)


def test_mixture_calibrator_is_the_mean_of_the_power_calibrators() -> None:
    for p in (1e-9, 0.01, 0.3, 0.95, 0.9985, 0.9995, 1.0):
        mean = quad(lambda kappa, p=p: kappa * p ** (kappa - 1), 0, 1, epsabs=0, epsrel=1e-12)[0]
        assert float(e_from_p(p)) == pytest.approx(mean, rel=1e-8)  # the series near 1 is cut at third order
    assert float(e_from_p(0.0)) == np.inf


def test_e_values_become_p_values_that_keep_their_size() -> None:
    p = np.random.default_rng(2).uniform(size=200_000)
    back = p_from_e(e_from_p(p))
    for alpha in (0.05, 0.2, 0.5):
        assert np.mean(back <= alpha) <= alpha
    assert np.all(back >= p)


def test_averages_and_products_are_e_values() -> None:
    rng = np.random.default_rng(3)
    e = e_from_p(rng.uniform(size=(400_000, 2)), kappa=0.7)
    same = np.stack([e[:, 0], e[:, 0] ** 0.5 / np.mean(e[:, 0] ** 0.5)], axis=1)  # as dependent as can be
    # The mean of an e-value is 1; its variance at kappa 0.7 is finite (0.225), so 4.5 standard errors are 0.004.
    assert average_e(same).mean() == pytest.approx(1.0, abs=0.01)
    assert product_e(e).mean() == pytest.approx(1.0, abs=0.01)


def test_merging_leaves_out_what_was_not_tested() -> None:
    assert average_e([2.0, np.nan, 4.0]).item() == 3.0
    assert product_e([2.0, np.nan, 4.0]).item() == 8.0
    assert np.isnan(average_e([np.nan, np.nan]))
    assert product_e([0.0, np.inf]).item() == 0.0
    assert product_e([np.nan]).item() == 1.0


def test_e_bh_discovers_by_its_definition() -> None:
    rng = np.random.default_rng(4)
    e = np.exp(rng.normal(0, 3, size=(50, 12)))
    for q in (0.05, 0.1, 0.3):
        found = e_benjamini_hochberg(e) <= q
        for row, marks in zip(e, found, strict=True):
            ordered = np.sort(row)[::-1]
            ranks = [k for k in range(1, 13) if ordered[k - 1] >= 12 / (q * k)]
            expected = row >= ordered[max(ranks) - 1] if ranks else np.zeros(12, bool)
            np.testing.assert_array_equal(marks, expected)


def test_e_values_must_be_possible() -> None:
    with pytest.raises(InvalidInput, match="Give numbers of 0 or more"):
        p_from_e(-1.0)
    with pytest.raises(InvalidInput, match="p_values is"):
        e_from_p(1.5)
    with pytest.raises(InvalidInput, match="kappa"):
        e_from_p(0.5, kappa=1.0)
