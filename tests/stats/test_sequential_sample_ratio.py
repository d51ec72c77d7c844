import numpy as np
import pytest
from scipy.stats import dirichlet_multinomial, multinomial

from upshot.core.errors import InvalidInput
from upshot.stats.result import Reason
from upshot.stats.sequential_sample_ratio import sequential_sample_ratio


@pytest.mark.parametrize(
    ("counts", "planned", "concentration"),
    [([510, 490], [1, 1], 100.0), ([7, 0, 3], [0.2, 0.5, 0.3], 3.0), ([90_000, 10_500], [0.9, 0.1], 1000.0)],
)
def test_e_value_is_the_bayes_factor_of_scipy(counts: list[int], planned: list[float], concentration: float) -> None:
    theta = np.array(planned) / np.sum(planned)
    n = np.sum(counts)
    expected = dirichlet_multinomial.logpmf(counts, concentration * theta, n) - multinomial.logpmf(counts, n, theta)
    found = sequential_sample_ratio(counts, planned, concentration=concentration)
    assert float(found.log_e_value) == pytest.approx(float(expected), abs=1e-6)  # logarithms of factorials near 1e6


def test_test_that_runs_after_every_unit_keeps_its_size() -> None:
    rng = np.random.default_rng(6)
    simulations, alpha = 1500, 0.1
    in_treatment = np.cumsum(rng.random((simulations, 3000)) < 0.3, axis=1)
    n = np.arange(1, 3001)
    counts = np.stack([n - in_treatment, in_treatment], axis=-1)
    found = sequential_sample_ratio(counts, [0.7, 0.3]).running()
    share = np.mean(found.p_value[:, -1] <= alpha)
    assert share <= alpha + 4.5 * np.sqrt(alpha * (1 - alpha) / simulations)
    assert share > 0.01


def test_broken_split_is_found() -> None:
    rng = np.random.default_rng(7)
    in_treatment = np.cumsum(rng.binomial(500, 0.53, size=(200, 40)), axis=1)
    n = 500 * np.arange(1, 41)
    found = sequential_sample_ratio(np.stack([n - in_treatment, in_treatment], axis=-1), [0.5, 0.5]).running()
    assert np.mean(found.p_value[:, -1] < 0.001) > 0.95


def test_e_value_is_a_martingale_in_expectation() -> None:
    n = 12
    outcomes = np.arange(n + 1)
    counts = np.stack([outcomes, n - outcomes], axis=-1)
    chance = multinomial.pmf(counts, n, [0.4, 0.6])
    e = np.exp(sequential_sample_ratio(counts, [0.4, 0.6], concentration=5.0).log_e_value)
    assert float(chance @ e) == pytest.approx(1.0, rel=1e-12)


def test_counts_that_allow_no_test_say_why() -> None:
    found = sequential_sample_ratio(np.array([[0.0, 0.0], [np.nan, 3.0], [-1.0, 5.0], [3.0, 4.0]]), [0.5, 0.5])
    assert found.reason.tolist() == [Reason.EMPTY, Reason.NOT_FINITE, Reason.INVALID_STATISTICS, Reason.OK]
    np.testing.assert_array_equal(np.isnan(found.p_value), found.reason != 0)


def test_billions_of_units_give_finite_evidence() -> None:
    found = sequential_sample_ratio([[2_000_000_000, 2_000_100_000]], [1, 1])
    assert np.isfinite(found.log_e_value).all()
    fair = sequential_sample_ratio([[2_000_000_000, 2_000_000_000]], [1, 1])
    assert fair.p_value.tolist() == [1.0]


def test_plans_that_cannot_be_are_rejected() -> None:
    with pytest.raises(InvalidInput, match="arms"):
        sequential_sample_ratio([5], [1.0])
    with pytest.raises(InvalidInput, match="above 0"):
        sequential_sample_ratio([5, 5], [1.0, 0.0])
    with pytest.raises(InvalidInput, match="above 0"):
        sequential_sample_ratio([5, 5], [1.0, 1.0], concentration=0.0)
