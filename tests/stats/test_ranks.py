from typing import Literal

import numpy as np
import pytest
from scipy.stats import brunnermunzel, mannwhitneyu

from upshot.core.errors import InvalidInput
from upshot.stats import Alternative, Estimate, Reason, superiority_probability

RNG = np.random.default_rng(31)
# SciPy's directions are those of its first sample.
THEIRS: dict[Alternative, Literal["two-sided", "less", "greater"]] = {
    "two-sided": "two-sided",
    "greater": "less",
    "less": "greater",
}


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
@pytest.mark.parametrize("sizes", [(40, 35), (12, 90)])
def test_superiority_agrees_with_scipy(alternative: Alternative, sizes: tuple[int, int]) -> None:
    c, t = RNG.poisson(3.0, sizes[0]), RNG.poisson(4.0, sizes[1])
    found = superiority_probability(c, t, alternative=alternative)
    assert found.value == pytest.approx(mannwhitneyu(t, c).statistic / (sizes[0] * sizes[1]), rel=1e-12)
    assert found.p_value == pytest.approx(brunnermunzel(c, t, alternative=THEIRS[alternative]).pvalue, rel=1e-9)


def test_superiority_keeps_coverage_where_spreads_differ() -> None:
    # Means and variances differ, and the truth is one half by symmetry: Mann and Whitney's own test fails here.
    rng, runs = np.random.default_rng(32), 2000
    found = [superiority_probability(rng.normal(0, 1, 60), rng.normal(0, 5, 20)).at() for _ in range(runs)]
    held = np.mean([isinstance(one, Estimate) and one.low <= 0.5 <= one.high for one in found])
    # Five standard errors of 2,000 runs at 95 %.
    assert abs(held - 0.95) < 5 * np.sqrt(0.95 * 0.05 / runs)


def test_superiority_finds_a_shift() -> None:
    rng = np.random.default_rng(33)
    p = [float(superiority_probability(rng.normal(0, 1, 50), rng.normal(0.7, 1, 50)).p_value) for _ in range(300)]
    # Welch's test has a power of 0.93 here, ranks of 3/π of the information: 0.92.
    assert 0.84 < np.mean(np.asarray(p) <= 0.05) < 0.98


def test_superiority_says_why_there_is_no_interval() -> None:
    assert superiority_probability([], [1.0]).reason == Reason.EMPTY
    assert superiority_probability([1.0], [1.0, 2.0]).reason == Reason.TOO_FEW_UNITS
    assert superiority_probability([1.0, 2.0], [3.0, 4.0]).reason == Reason.SEPARATED_GROUPS
    assert superiority_probability([3.0, 4.0], [1.0, 2.0]).reason == Reason.SEPARATED_GROUPS
    assert superiority_probability([3.0, 3.0], [3.0, 3.0]).reason == Reason.ZERO_VARIANCE
    with pytest.raises(InvalidInput, match="treatment has missing values"):
        superiority_probability([1.0, 2.0], [3.0, np.nan])


def test_superiority_stays_a_probability() -> None:
    found = superiority_probability([1.0, 2.0, 3.0, 4.5], [4.0, 5.0, 6.0, 7.0], level=0.99)
    assert found.high == 1.0
