from typing import Any  # statistics that return what they should not are what some of this is about

import numpy as np
import pytest
from scipy import stats

from upshot.core.errors import InvalidInput
from upshot.stats import BootstrapMethod, Estimates, FloatArray, NoEstimate, Reason, bootstrap_bca, bootstrap_statistic
from upshot.stats.bootstrap import Sample

RNG = np.random.default_rng(21)
WAITS, FASTER = RNG.exponential(2.0, 80), RNG.exponential(1.6, 60)
PAIRS = RNG.multivariate_normal([0.0, 0.0], [[1.0, 0.6], [0.6, 1.0]], size=70)
METHODS: list[BootstrapMethod] = ["bca", "percentile"]


def spread(x: FloatArray) -> FloatArray:
    return np.asarray(x.std(axis=1, ddof=1))


def ratio_of_spreads(x: FloatArray, y: FloatArray) -> FloatArray:
    return np.asarray(y.std(axis=1, ddof=1) / x.std(axis=1, ddof=1))


def correlation(rows: FloatArray) -> FloatArray:
    centred = rows - rows.mean(axis=1, keepdims=True)
    products = np.einsum("sni,snj->sij", centred, centred)
    return np.asarray(products[:, 0, 1] / np.sqrt(products[:, 0, 0] * products[:, 1, 1]))


def redrawn(seed: int, groups: list[FloatArray], statistic: Any, method: BootstrapMethod) -> Estimates:
    rng = np.random.default_rng(seed)
    return bootstrap_statistic(groups, statistic, rng=rng, method=method, resamples=2000)


@pytest.mark.parametrize("method", METHODS)
def test_bootstrap_of_the_same_draws_is_that_of_scipy(method: BootstrapMethod) -> None:
    named: Any = {"bca": "BCa", "percentile": "percentile"}[method]
    expected = stats.bootstrap(
        (WAITS, FASTER),
        lambda x, y, axis: y.std(axis=axis, ddof=1) / x.std(axis=axis, ddof=1),
        method=named,
        n_resamples=2000,
        rng=np.random.default_rng(3),
    )
    found = redrawn(3, [WAITS, FASTER], ratio_of_spreads, method)
    assert found.standard_error == pytest.approx(expected.standard_error, rel=1e-12)
    # Both read the same draws; SciPy interpolates between two, so that ends differ by a rank or two of 2,000.
    ordered = np.sort(expected.bootstrap_distribution)
    for ours, theirs in (
        (found.low, expected.confidence_interval.low),
        (found.high, expected.confidence_interval.high),
    ):
        assert abs(int(np.searchsorted(ordered, float(ours))) - int(np.searchsorted(ordered, float(theirs)))) <= 2


def test_bootstrap_of_rows_keeps_them_whole_as_scipy_does() -> None:
    expected = stats.bootstrap(
        (PAIRS[:, 0], PAIRS[:, 1]),
        lambda x, y, axis: correlation(np.stack([x, y], -1).reshape(-1, x.shape[axis], 2)).reshape(x.shape[:-1]),
        paired=True,
        vectorized=True,
        n_resamples=20_000,
        rng=np.random.default_rng(4),
        batch=2000,
    )
    found = bootstrap_statistic([PAIRS], correlation, rng=np.random.default_rng(5), resamples=20_000)
    # Each end is a quantile of 20,000 draws, known to 0.019 standard errors; the gap of two such to 0.027.
    slack = 4 * 0.027 * float(found.standard_error)
    assert float(found.low) == pytest.approx(float(expected.confidence_interval.low), abs=slack)
    assert float(found.high) == pytest.approx(float(expected.confidence_interval.high), abs=slack)


def test_bootstrap_of_a_difference_of_means_is_that_of_samples() -> None:
    rng = np.random.default_rng(6)
    mine = bootstrap_statistic([WAITS, FASTER], lambda x, y: y.mean(axis=1) - x.mean(axis=1), rng=rng, resamples=20_000)
    theirs = bootstrap_bca(Sample.of(WAITS), Sample.of(FASTER), rng=rng, resamples=20_000)
    slack = 4 * 0.027 * float(theirs.standard_error)
    assert float(mine.low) == pytest.approx(float(theirs.low), abs=slack)
    assert float(mine.high) == pytest.approx(float(theirs.high), abs=slack)


def test_percentiles_respect_transformations() -> None:
    plain = redrawn(7, [WAITS], spread, "percentile")
    logarithm = redrawn(7, [WAITS], lambda x: np.log(spread(x)), "percentile")
    assert np.exp(logarithm.low) == pytest.approx(float(plain.low))
    assert np.exp(logarithm.high) == pytest.approx(float(plain.high))


def test_many_statistics_rest_on_the_same_draws() -> None:
    wide = RNG.exponential(1.0, (50, 3))
    together = redrawn(8, [wide], lambda x: np.median(x, axis=1), "bca")
    alone = redrawn(8, [wide], lambda x: np.median(x[..., 1], axis=1), "bca")
    assert together.shape == (3,)
    assert (together.low[1], together.high[1]) == (alone.low[()], alone.high[()])


def test_blocks_of_large_groups_give_the_acceleration_of_single_units() -> None:
    values = RNG.exponential(1.0, 5000)
    # The mean's acceleration is a sixth of its skewness (Efron 1987, sec. 6); draws of the same seed are the same.
    by_blocks = redrawn(9, [values], lambda x: x.mean(axis=1), "bca")
    by_units = bootstrap_bca_of_one(values, seed=9)
    width = float(by_blocks.high - by_blocks.low)
    assert float(by_blocks.low) == pytest.approx(by_units[0], abs=0.02 * width)
    assert float(by_blocks.high) == pytest.approx(by_units[1], abs=0.02 * width)


def bootstrap_bca_of_one(values: FloatArray, seed: int) -> tuple[float, float]:
    found = stats.bootstrap((values,), np.mean, n_resamples=2000, rng=np.random.default_rng(seed), batch=500)
    return float(found.confidence_interval.low), float(found.confidence_interval.high)


def _held(statistic: Any, truth: float, size: int, method: BootstrapMethod, runs: int = 1000) -> int:
    rng = np.random.default_rng(10)
    held = 0
    for _ in range(runs):
        values = rng.exponential(1.0, size)
        found = bootstrap_statistic([values], statistic, rng=rng, method=method, resamples=800)
        held += bool(found.low <= truth <= found.high)
    return held


@pytest.mark.parametrize("method", METHODS)
def test_interval_of_a_median_holds_what_it_promises(method: BootstrapMethod) -> None:
    held = _held(lambda x: np.median(x, axis=1), float(np.log(2.0)), 51, method)
    interval = stats.binomtest(held, 1000).proportion_ci(0.999)
    assert interval.low < 0.96
    assert interval.high > 0.94


def test_bca_holds_more_than_percentiles_where_the_statistic_is_skewed() -> None:
    bca, percentile = (_held(spread, 1.0, 40, method) for method in ("bca", "percentile"))
    assert bca > percentile + 20


def test_bootstrap_repeats_with_its_seed_and_leaves_its_groups_alone() -> None:
    values = WAITS.copy()

    def sorting(x: FloatArray) -> FloatArray:
        x.sort(axis=1)
        return np.asarray(x[:, 10])

    first, second = (redrawn(11, [values], sorting, "bca") for _ in range(2))
    assert (first.low, first.high) == (second.low, second.high)
    assert (values == WAITS).all()


def test_statistic_without_a_value_says_why() -> None:
    def reason(groups: list[Any], statistic: Any) -> Reason:
        found = redrawn(12, groups, statistic, "bca").at()
        return found.reason if isinstance(found, NoEstimate) else Reason.OK

    assert reason([[]], spread) is Reason.EMPTY
    assert reason([[1.0, 2.0]], spread) is Reason.TOO_FEW_UNITS
    assert reason([[1.0, 2.0, np.nan]], spread) is Reason.NOT_FINITE
    assert reason([[1.0, 2.0, np.nan, 4.0]], lambda x: np.nan_to_num(x).mean(axis=1)) is Reason.OK
    assert reason([[2.0, 2.0, 2.0]], spread) is Reason.ZERO_VARIANCE
    assert reason([[2.0] * 40 + [3.0], [5.0] * 40], lambda x, y: np.median(y, axis=1) - np.median(x, axis=1)) is (
        Reason.CONSTANT_STATISTIC
    )
    assert reason([[1.0, 0.0, 0.0]], lambda x: 1.0 / x.mean(axis=1)) is Reason.NOT_IDENTIFIED


@pytest.mark.parametrize(
    ("statistic", "words"),
    [
        (lambda x: x.mean(), r"returns shape \(\)"),
        (lambda x: x.mean(axis=0), r"returns shape \(80,\)"),
        (lambda x: x.median(axis=1), "fails on samples of shape"),
        (lambda x, y: x.mean(axis=1) / y.mean(axis=1), "fails on samples of shape"),
        (lambda x: x.mean(axis=1) - x.mean(), "when others are beside it"),
        (lambda x: x.mean(axis=1) + np.random.default_rng().normal(size=len(x)), "when others are beside it"),
    ],
)
def test_statistic_that_mixes_samples_is_refused(statistic: Any, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        redrawn(13, [WAITS], statistic, "bca")
