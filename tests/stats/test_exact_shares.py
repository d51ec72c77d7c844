import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import barnard_exact, boschloo_exact

from upshot.core.errors import InvalidInput
from upshot.stats import Alternative, ExactTest, Reason, Successes, barnard_test, boschloo_test, fisher_test

TABLES = [(9, 1, 8, 6), (20, 5, 30, 17), (12, 0, 10, 3), (40, 11, 35, 10), (7, 7, 9, 2)]
PAIRS = [(boschloo_test, boschloo_exact), (barnard_test, barnard_exact)]


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_exact_tests_of_shares_agree_with_scipy(
    ours: Callable[..., ExactTest],
    theirs: Callable[..., object],
    table: tuple[int, int, int, int],
    alternative: Alternative,
) -> None:
    n_c, x_c, n_t, x_t = table
    found = ours(Successes(n_c, x_c), Successes(n_t, x_t), alternative=alternative)
    # SciPy's rows are success and failure, its columns the groups; its first column is asked about.
    expected = theirs([[x_t, x_c], [n_t - x_t, n_c - x_c]], alternative=alternative, n=64)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-6)  # type: ignore[attr-defined]


@pytest.mark.parametrize("test", [boschloo_test, barnard_test])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.5])
def test_exact_tests_of_shares_never_exceed_their_level(test: Callable[..., ExactTest], share: float) -> None:
    n_c, n_t = 9, 7
    chances = [np.asarray([_binomial(n, k, share) for k in range(n + 1)]) for n in (n_c, n_t)]
    rejected = sum(
        chances[0][x_c] * chances[1][x_t]
        for x_c in range(n_c + 1)
        for x_t in range(n_t + 1)
        if test(Successes(n_c, x_c), Successes(n_t, x_t)).p_value <= 0.05
    )
    assert rejected <= 0.05


def test_boschloo_is_never_weaker_than_fisher() -> None:
    for n_c, x_c, n_t, x_t in TABLES:
        arms = Successes(n_c, x_c), Successes(n_t, x_t)
        ours = boschloo_test(*arms, alternative="greater").p_value
        assert ours <= fisher_test(*arms, alternative="greater").p_value + 1e-12


def test_exact_tests_of_shares_say_why_there_is_none() -> None:
    assert boschloo_test(Successes(0, 0), Successes(5, 1)).reason == Reason.EMPTY
    assert barnard_test(Successes(5, 6), Successes(5, 1)).reason == Reason.INVALID_STATISTICS
    assert barnard_test(Successes(np.nan, 6), Successes(5, 1)).reason == Reason.NOT_FINITE
    with pytest.raises(InvalidInput, match="251,001 tables"):
        boschloo_test(Successes(500, 1), Successes(500, 6))


def _binomial(n: int, k: int, share: float) -> float:
    return math.comb(n, k) * share**k * (1.0 - share) ** (n - k)
