import itertools
import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from upshot.core.errors import InvalidInput
from upshot.stats.exact import clopper_pearson, fisher_test, permutation_test
from upshot.stats.proportions import Successes
from upshot.stats.result import Alternative, NoEstimate, Reason

SIDES: list[Alternative] = ["two-sided", "greater", "less"]


@pytest.mark.parametrize("alternative", ["greater", "less"])
def test_complete_permutation_agrees_with_scipy(alternative: Alternative) -> None:
    c, t = [1.2, 0.7, 3.1, 2.2, 1.9, 0.3], [2.5, 4.1, 1.6, 3.9, 5.0]
    result = permutation_test(c, t, rng=np.random.default_rng(1), alternative=alternative)
    expected = stats.ttest_ind(
        t, c, equal_var=False, alternative=alternative, method=stats.PermutationMethod(n_resamples=10_000)
    )
    assert result.complete
    assert float(result.p_value) == pytest.approx(float(expected.pvalue), rel=1e-9)
    assert float(result.statistic) == pytest.approx(float(expected.statistic), rel=1e-9)


def test_two_sided_permutation_counts_every_larger_statistic() -> None:
    together = [1.2, 0.7, 3.1, 2.2, 1.9, 0.3, 2.5, 4.1, 1.6]
    result = permutation_test(together[:5], together[5:], rng=np.random.default_rng(1))
    larger = 0
    for chosen in itertools.combinations(range(9), 4):
        t = [together[i] for i in chosen]
        c = [together[i] for i in range(9) if i not in chosen]
        larger += abs(float(stats.ttest_ind(t, c, equal_var=False).statistic)) >= abs(float(result.statistic)) - 1e-12
    assert float(result.p_value) == pytest.approx(larger / math.comb(9, 4))


def test_random_permutations_approach_welch_in_large_samples() -> None:
    rng = np.random.default_rng(4)
    c, t = rng.normal(0.0, 1.0, (300,)), rng.normal(0.15, 2.0, (200,))
    result = permutation_test(c, t, rng=rng)
    assert not result.complete
    expected = float(stats.ttest_ind(t.tolist(), c.tolist(), equal_var=False).pvalue)
    assert float(result.p_value) == pytest.approx(expected, abs=4 * math.sqrt(expected / 10_000) + 0.01)


def test_permutations_repeat_with_their_seed_and_never_reach_zero() -> None:
    c, t = np.arange(40.0), np.arange(40.0) + 1000
    first = permutation_test(c, t, rng=np.random.default_rng(3), resamples=500)
    again = permutation_test(c, t, rng=np.random.default_rng(3), resamples=500)
    assert float(first.p_value) == float(again.p_value) == pytest.approx(1 / 501)


def test_permutation_names_why_there_is_none() -> None:
    rng = np.random.default_rng(1)
    for c, t, reason in [
        ([], [1.0, 2.0], Reason.EMPTY),
        ([1.0], [1.0, 2.0], Reason.TOO_FEW_UNITS),
        ([1.0, math.nan], [1.0, 2.0], Reason.NOT_FINITE),
        ([2.0, 2.0], [2.0, 2.0], Reason.ZERO_VARIANCE),
    ]:
        result = permutation_test(c, t, rng=rng)
        assert int(result.reason) == reason
        assert np.isnan(result.p_value)
    with pytest.raises(InvalidInput):
        permutation_test([[1.0]], [1.0], rng=rng)


@pytest.mark.parametrize("alternative", SIDES)
def test_fisher_agrees_with_scipy(alternative: Alternative) -> None:
    rng = np.random.default_rng(6)
    n_c, n_t = rng.integers(1, 60, (2, 200))
    x_c, x_t = rng.binomial(n_c, 0.2), rng.binomial(n_t, 0.35)
    result = fisher_test(Successes(n_c, x_c), Successes(n_t, x_t), alternative=alternative)
    for i in range(200):
        table = [[int(x_t[i]), int(n_t[i] - x_t[i])], [int(x_c[i]), int(n_c[i] - x_c[i])]]
        assert result.p_value[i] == pytest.approx(
            float(stats.fisher_exact(np.asarray(table), alternative)[1]), rel=1e-8
        )


def test_fisher_names_why_there_is_none() -> None:
    result = fisher_test(Successes([0, 5, 5, math.nan], [0, 6, 1.5, 1]), Successes(5, 1))
    assert result.reason.tolist() == [
        Reason.EMPTY,
        Reason.INVALID_STATISTICS,
        Reason.INVALID_STATISTICS,
        Reason.NOT_FINITE,
    ]


def test_clopper_pearson_agrees_with_statsmodels_and_covers() -> None:
    x = np.arange(0, 31)
    result = clopper_pearson(Successes(30, x))
    low, high = proportion_confint(x, 30, method="beta")
    np.testing.assert_allclose(result.low[1:], low[1:], rtol=1e-9)
    np.testing.assert_allclose(result.high[:-1], high[:-1], rtol=1e-9)
    assert (result.low[0], result.high[-1]) == (0.0, 1.0)
    for p in np.linspace(0.001, 0.999, 200):
        inside = (result.low <= p) & (p <= result.high)
        assert float(stats.binom.pmf(x, 30, p)[inside].sum()) >= 0.95
    assert clopper_pearson(Successes(0, 0)).at() == NoEstimate(Reason.EMPTY, "clopper_pearson")
