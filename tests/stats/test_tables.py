import math

import numpy as np
import pytest
from scipy.stats import binomtest, chi2, chi2_contingency, hypergeom, ncx2

from upshot.core.errors import InvalidInput
from upshot.stats import Reason, g_test

TABLES = [
    [[9, 1], [8, 6]],
    [[120, 60, 20], [100, 62, 38]],
    [[5, 0, 12, 3], [7, 4, 9, 1], [30, 11, 40, 8]],
    [[400_000, 600_000], [401_500, 598_500]],
]


@pytest.mark.parametrize("table", TABLES)
def test_g_agrees_with_scipy(table: list[list[int]]) -> None:
    found = g_test(table, williams=False)
    expected = chi2_contingency(table, lambda_="log-likelihood", correction=False)
    assert found.statistic == pytest.approx(expected.statistic, rel=1e-9)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9)
    assert found.df == expected.dof
    assert found.least_expected == pytest.approx(expected.expected_freq.min())


def test_williams_factor_is_that_of_a_table_with_equal_margins() -> None:
    table = np.asarray([[14, 10, 6], [6, 10, 14]])
    rows, columns, n = 2, 3, 60
    # With equal margins the factor is 1 + (rows + 1)(columns + 1) / 6n (Williams 1976).
    factor = 1.0 + (rows + 1) * (columns + 1) / (6 * n)
    assert g_test(table, williams=False).statistic / g_test(table).statistic == pytest.approx(factor)


@pytest.mark.parametrize(("n_c", "n_t", "total"), [(40, 60, 30), (120, 30, 60), (80, 80, 90)])
def test_williams_factor_brings_the_mean_of_g_to_its_degrees_of_freedom(n_c: int, n_t: int, total: int) -> None:
    # The exact mean, over all tables with these margins.
    x = np.arange(max(0, total - n_c), min(n_t, total) + 1)
    tables = np.stack([np.stack([total - x, n_c - total + x], -1), np.stack([x, n_t - x], -1)], axis=-2)
    chance = hypergeom(n_c + n_t, total, n_t).pmf(x)
    plain, corrected = (float(chance @ g_test(tables, williams=w).statistic) for w in (False, True))
    assert abs(corrected - 1.0) < 0.35 * abs(plain - 1.0)


@pytest.mark.parametrize(
    ("sizes", "shares"),
    [
        ((50, 50), (0.9, 0.1)),
        ((100, 2000), (0.95, 0.05)),
        ((100, 100), (0.5, 0.3, 0.15, 0.05)),
        ((50, 60, 70), (0.2, 0.2, 0.2, 0.2, 0.2)),
    ],
)
def test_g_holds_its_level_where_five_are_expected(sizes: tuple[int, ...], shares: tuple[float, ...]) -> None:
    generator = np.random.default_rng(11)
    runs = 20_000
    tables = np.stack([generator.multinomial(n, shares, size=runs) for n in sizes], axis=1)
    rejected = int((g_test(tables).p_value < 0.05).sum())
    size = binomtest(rejected, runs).proportion_ci(0.999)
    assert size.low < 0.06
    assert size.high > 0.04


@pytest.mark.parametrize(
    ("sizes", "shares", "most"),
    [
        ((50, 1000), (0.95, 0.05), 0.095),  # 2.5 expected: the worst that was found
        ((100, 100), (0.8, 0.1, 0.05, 0.03, 0.02), 0.06),
        ((50, 1000), (0.99, 0.01), 0.02),  # half a unit expected
        ((20,) * 5, (0.95, 0.05), 0.04),
    ],
)
def test_g_with_few_expected_errs_no_more_than_its_words_say(
    sizes: tuple[int, ...], shares: tuple[float, ...], most: float
) -> None:
    generator = np.random.default_rng(14)
    tables = np.stack([generator.multinomial(n, shares, size=20_000) for n in sizes], axis=1)
    assert float((g_test(tables).p_value < 0.05).mean()) < most


def test_williams_factor_cures_what_plain_g_gets_wrong() -> None:
    generator = np.random.default_rng(12)
    tables = np.stack([generator.multinomial(20, [0.2] * 5, size=20_000) for _ in range(2)], axis=1)
    plain, corrected = (float((g_test(tables, williams=w).p_value < 0.05).mean()) for w in (False, True))
    assert plain > 0.07
    assert corrected < 0.065


def test_g_finds_what_its_power_promises() -> None:
    generator = np.random.default_rng(13)
    shares = np.asarray([[0.5, 0.3, 0.2], [0.44, 0.33, 0.23]])
    n = 800
    tables = np.stack([generator.multinomial(n, row, size=20_000) for row in shares], axis=1)
    # The noncentral chi-square of the mean table.
    centre = float(g_test(np.rint(n * shares), williams=False).statistic)
    promised = float(ncx2.sf(chi2.isf(0.05, 2), 2, centre))
    assert float((g_test(tables).p_value < 0.05).mean()) == pytest.approx(promised, abs=0.015)


def test_category_in_which_nobody_is_changes_nothing() -> None:
    table, wide = [[9, 1], [8, 6]], [[9, 0, 1], [8, 0, 6]]
    assert g_test(wide).p_value == g_test(table).p_value
    assert g_test(wide).df == 1.0


def test_many_units_lose_no_digit() -> None:
    half = 500_000_000
    gap = 20_000
    table = [[half + gap, half - gap], [half - gap, half + gap]]
    # For a small shift the likelihood ratio is n ((1+d) ln(1+d) + (1-d) ln(1-d)), d = gap / half, by its series.
    d = gap / half
    series = 4.0 * half * (d**2 + d**4 / 6.0 + d**6 / 15.0)
    assert g_test(table, williams=False).statistic == pytest.approx(series, rel=1e-10)


def test_table_without_a_test_says_why() -> None:
    tables = np.asarray(
        [[[9, 1], [8, 6]], [[0, 0], [8, 6]], [[9, 0], [8, 0]], [[-1, 2], [3, 4]], [[1.5, 2], [3, 4]], [[1, np.nan]] * 2]
    )
    found = g_test(tables)
    assert found.reason.tolist() == [
        Reason.OK,
        Reason.EMPTY,
        Reason.ZERO_VARIANCE,
        Reason.INVALID_STATISTICS,
        Reason.INVALID_STATISTICS,
        Reason.NOT_FINITE,
    ]
    assert np.isnan(found.p_value[1:]).all()
    assert math.isfinite(found.p_value[0])
    with pytest.raises(InvalidInput, match="two rows and two columns"):
        g_test([3, 4])
