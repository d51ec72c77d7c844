import math

import numpy as np
import pytest
from scipy import stats

from upshot.core.errors import InvalidInput
from upshot.stats.bootstrap import Sample, bootstrap_bca, bootstrap_t
from upshot.stats.difference import difference
from upshot.stats.moments import Moments
from upshot.stats.result import NoEstimate, Reason

RNG = np.random.default_rng(12)
CONTROL, TREATMENT = RNG.exponential(2.0, (120,)), RNG.exponential(2.6, (90,))
C, T = Sample.of(CONTROL), Sample.of(TREATMENT)


def test_bca_agrees_with_scipy() -> None:
    expected = stats.bootstrap(
        (TREATMENT, CONTROL),
        lambda t, c, axis: t.mean(axis=axis) - c.mean(axis=axis),
        method="BCa",
        n_resamples=20_000,
        rng=np.random.default_rng(1),
        batch=2000,
    ).confidence_interval
    result = bootstrap_bca(C, T, rng=np.random.default_rng(2), resamples=20_000)
    # Each end is a quantile of 20,000 draws, known to 0.019 standard errors; the gap of two such to 0.027.
    slack = 4 * 0.027 * float(result.standard_error)
    assert float(result.low) == pytest.approx(float(expected.low), abs=slack)
    assert float(result.high) == pytest.approx(float(expected.high), abs=slack)


def test_bootstrap_t_is_welch_for_normal_values() -> None:
    c, t = RNG.normal(0.0, 1.0, (400,)), RNG.normal(0.1, 1.5, (300,))
    plain = difference(Moments.of(c), Moments.of(t))
    result = bootstrap_t(Sample.of(c), Sample.of(t), rng=np.random.default_rng(5), resamples=20_000)
    slack = 0.08 * float(plain.standard_error)
    assert float(result.value) == pytest.approx(float(plain.value), rel=1e-12)
    assert float(result.standard_error) == pytest.approx(float(plain.standard_error), rel=1e-12)
    assert float(result.low) == pytest.approx(float(plain.low), abs=slack)
    assert float(result.high) == pytest.approx(float(plain.high), abs=slack)
    assert float(result.p_value) == pytest.approx(float(plain.p_value), abs=0.02)


def test_aggregated_values_give_what_raw_ones_give() -> None:
    raw = np.repeat([0.0, 1.0, 5.0], [70, 20, 10])
    first = bootstrap_t(Sample.of(raw), T, rng=np.random.default_rng(3), scale="relative")
    second = bootstrap_t(Sample.of([0.0, 1.0, 5.0], [70, 20, 10]), T, rng=np.random.default_rng(3), scale="relative")
    assert (float(first.low), float(first.high)) == (float(second.low), float(second.high))


def test_intervals_repeat_with_their_seed() -> None:
    for method in (bootstrap_t, bootstrap_bca):
        first, second = (method(C, T, rng=np.random.default_rng(9), resamples=1000) for _ in range(2))
        assert (float(first.low), float(first.high)) == (float(second.low), float(second.high))


def test_lift_is_positive_for_an_increase_from_a_negative_baseline() -> None:
    result = bootstrap_t(Sample.of(-CONTROL), Sample.of(-CONTROL / 2), rng=np.random.default_rng(1), scale="relative")
    assert float(result.value) == pytest.approx(0.5)
    assert float(result.low) < 0.5 < float(result.high)


@pytest.mark.parametrize(
    ("control", "reason"),
    [
        (Sample.of([]), Reason.EMPTY),
        (Sample.of([1.0, 2.0]), Reason.TOO_FEW_UNITS),
        (Sample.of([1.0, math.inf, 2.0]), Reason.NOT_FINITE),
        (Sample.of([0.0, 0.0, 0.0]), Reason.ZERO_BASELINE),
    ],
)
def test_bootstrap_names_why_there_is_none(control: Sample, reason: Reason) -> None:
    rng = np.random.default_rng(1)
    assert bootstrap_t(control, T, rng=rng, scale="relative").at() == NoEstimate(reason, "bootstrap_t")
    assert bootstrap_bca(control, T, rng=rng, scale="relative").at() == NoEstimate(reason, "bootstrap_bca")


def test_bootstrap_without_variance_is_none_and_bad_input_is_refused() -> None:
    flat = Sample.of([2.0, 2.0, 2.0])
    assert int(bootstrap_t(flat, flat, rng=np.random.default_rng(1)).reason) == Reason.ZERO_VARIANCE
    with pytest.raises(InvalidInput):
        bootstrap_t(C, T, rng=np.random.default_rng(1), resamples=100)
    with pytest.raises(InvalidInput):
        Sample.of([[1.0]])
    with pytest.raises(InvalidInput):
        Sample.of([1.0, 2.0], [1, -1])


def test_bootstrap_t_covers_a_skewed_mean_better_than_welch() -> None:
    rng = np.random.default_rng(21)
    simulations = 600
    welch, boot = np.zeros(2), np.zeros(2)
    for _ in range(simulations):
        c, t = rng.exponential(1.0, (300,)), rng.exponential(1.0, (20,))
        for missed, result in (
            (welch, difference(Moments.of(c), Moments.of(t))),
            (boot, bootstrap_t(Sample.of(c), Sample.of(t), rng=rng, resamples=800)),
        ):
            missed += [float(result.high) < 0.0, float(result.low) > 0.0]
    # Too low an interval is what an upper tail does to Welch.
    assert welch[0] > 2 * 0.025 * simulations
    assert boot[0] < 0.75 * welch[0]
    low, high = stats.binomtest(simulations - int(boot.sum()), simulations).proportion_ci(0.999)
    assert low <= 0.95 <= high
