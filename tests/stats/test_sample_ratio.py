import math
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from scipy import stats

from upshot.core.errors import InvalidInput
from upshot.stats.result import Reason
from upshot.stats.sample_ratio import sample_ratio


def test_check_agrees_with_scipy_chi_square() -> None:
    counts = np.asarray([[500, 520, 480], [5000, 5000, 4700], [100, 90, 400]])
    planned = np.asarray([1.0, 1.0, 1.0])
    result = sample_ratio(counts, planned)
    for row, p in zip(counts, result.p_value, strict=True):
        assert p == pytest.approx(float(stats.chisquare(row).pvalue), rel=1e-12)
    assert not result.exact.any()


@pytest.mark.parametrize(("x", "y"), [(9, 1), (3, 2), (0, 4), (12, 5), (1, 0)])
@pytest.mark.parametrize("share", [0.5, 0.3])
def test_small_two_arm_check_is_the_exact_binomial_test(x: int, y: int, share: float) -> None:
    result = sample_ratio([x, y], [share, 1 - share])
    assert bool(result.exact)
    assert float(result.p_value) == pytest.approx(stats.binomtest(x, x + y, share).pvalue, rel=1e-9)


def test_small_three_arm_check_sums_the_multinomial() -> None:
    law = stats.multinomial(6, [0.5, 0.3, 0.2])
    seen = law.pmf([1, 1, 4])
    every = [law.pmf([i, j, 6 - i - j]) for i in range(7) for j in range(7 - i)]
    expected = sum(p for p in every if p <= seen * (1 + 1e-9))
    assert float(sample_ratio([1, 1, 4], [5, 3, 2]).p_value) == pytest.approx(expected, rel=1e-9)


def test_check_names_why_there_is_none() -> None:
    result = sample_ratio([[0.0, 0.0], [math.nan, 3.0], [-1.0, 5.0], [3.0, 3.0]])
    assert result.reason.tolist() == [Reason.EMPTY, Reason.NOT_FINITE, Reason.INVALID_STATISTICS, Reason.OK]
    assert np.isnan(result.p_value[:3]).all()
    assert not result.mismatched()[:3].any()


def test_check_holds_for_billions_of_units_and_one() -> None:
    assert float(sample_ratio([4_000_000_000, 4_000_000_000]).p_value) == 1.0
    assert float(sample_ratio([1, 0]).p_value) == pytest.approx(1.0)
    z = 3e5 / math.sqrt(8e9)
    assert float(sample_ratio([4e9 + 1.5e5, 4e9 - 1.5e5]).p_value) == pytest.approx(2 * stats.norm.sf(z), rel=1e-9)


def test_check_refuses_one_arm_and_weights_that_do_not_fit() -> None:
    with pytest.raises(InvalidInput):
        sample_ratio([5])
    with pytest.raises(InvalidInput):
        sample_ratio([5, 5], [1.0, 0.0])
    with pytest.raises(InvalidInput):
        sample_ratio([5, 5], [1.0, 1.0, 1.0])


@pytest.mark.parametrize("n", [12, 60, 5000])
def test_check_holds_its_size(n: int) -> None:
    rng = np.random.default_rng(n)
    planned = np.asarray([0.6, 0.3, 0.1])
    p = sample_ratio(rng.multinomial(n, planned, size=4000), planned).p_value
    for alpha in (0.05, 0.01):
        assert stats.binomtest(int((p < alpha).sum()), 4000).proportion_ci(0.999).low <= alpha


@pytest.mark.real_data
def test_check_finds_the_broken_split_of_upworthy(data_dir: Path) -> None:
    path = data_dir / "upworthy" / "upworthy_clean.parquet"
    table = pq.read_table(path, columns=["clickability_test_id", "impressions", "test_week"])
    tests = table.group_by("clickability_test_id").aggregate([("impressions", "list"), ("test_week", "min")])
    weeks = np.asarray(pc.cast(tests["test_week_min"], "int64"))
    p = np.asarray([float(sample_ratio(arms).p_value) for arms in tests["impressions_list"].to_pylist()])
    broken = (weeks >= 201326) & (weeks <= 201402)
    assert (int(broken.sum()), int((~broken).sum())) == (1055, 3818)
    assert round(100 * float((p[broken] < 0.001).mean()), 1) == 67.0
    assert round(100 * float((p[~broken] < 0.001).mean()), 1) == 1.2


@pytest.mark.parametrize("share", [0.5, 0.3, 0.1, 0.02])
def test_sample_ratio_of_two_arms_is_the_exact_binomial_test(share: float) -> None:
    rng = np.random.default_rng(int(100 * share))
    for n in (1, 7, 60, 500, 4000):
        counts = rng.binomial(n, np.clip(share * np.array([0.5, 0.9, 1.0, 1.2, 1.8]), 0.0, 1.0))
        found = sample_ratio(np.stack([n - counts, counts], axis=-1), [1 - share, share])
        for x, p_value, exact in zip(counts, found.p_value, found.exact, strict=True):
            if exact:
                assert float(p_value) == pytest.approx(stats.binomtest(int(x), n, share).pvalue, rel=1e-8)


@pytest.mark.parametrize("share", [0.5, 0.3, 0.1, 0.05, 0.02])
@pytest.mark.parametrize("expected", [5, 10, 12, 15, 20, 25, 33, 80, 300])
def test_sample_ratio_keeps_its_size_at_the_alarm_level(share: float, expected: int) -> None:
    n = round(expected / share)
    x = np.arange(n + 1)
    p_value = sample_ratio(np.stack([n - x, x], axis=-1), [1 - share, share]).p_value
    assert float(stats.binom.pmf(x, n, share)[p_value < 0.001].sum()) <= 0.001


@pytest.mark.parametrize("planned", [[1.0, 1.0, 1.0], [0.9, 0.05, 0.05], [0.25] * 4])
@pytest.mark.parametrize("expected", [12, 33, 90])
def test_sample_ratio_of_many_arms_keeps_its_size(planned: list[float], expected: int) -> None:
    shares = np.asarray(planned) / np.sum(planned)
    counts = np.random.default_rng(expected).multinomial(round(expected / shares.min()), shares, 30_000)
    distinct, repeats = np.unique(counts, axis=0, return_counts=True)
    # The far tail only: a split whose chi-square lies below 9 has no p-value near the alarm.
    statistic = ((distinct - counts[0].sum() * shares) ** 2 / (counts[0].sum() * shares)).sum(axis=-1)
    far = statistic > 9.0
    alarms = int(repeats[far][sample_ratio(distinct[far], planned).p_value < 0.001].sum())
    # 99.9 % upper bound of Binomial(30,000, 0.001).
    assert alarms <= 48
