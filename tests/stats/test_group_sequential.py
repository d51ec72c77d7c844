"""Oracle for the stage-wise ordering: SciPy's multivariate normal distribution function, which knows no recursion."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from upshot.core.errors import InvalidInput
from upshot.stats.group_sequential import Outcome, group_sequential, repeated_intervals
from upshot.stats.group_sequential_boundaries import (
    Boundaries,
    Futility,
    GroupSequentialDesign,
    spending_boundaries,
)
from upshot.stats.result import Alternative, Estimate, FloatArray, Reason
from upshot.stats.spending import POCOCK


def paths(looks: FloatArray, drift: float, simulations: int, seed: int) -> tuple[FloatArray, FloatArray]:
    """Estimates and standard errors of Brownian paths with the given drift."""
    steps = np.diff(looks, prepend=0.0)
    rng = np.random.default_rng(seed)
    score = np.cumsum(rng.normal(drift * steps, np.sqrt(steps), (simulations, looks.size)), axis=1)
    return score / looks, np.broadcast_to(1 / np.sqrt(looks), score.shape)


def exceedance(bounds: Boundaries, k: int, z: float, drift: float) -> float:
    """P(stop above before look k, or no stop before and Z_k ≥ z), by rectangles of the multivariate normal."""
    t, total = bounds.fractions, 0.0
    for j in range(k + 1):
        low = np.append(bounds.lower[:j], bounds.efficacy[j] if j < k else z) * np.sqrt(t[: j + 1])
        high = np.append(bounds.efficacy[:j], 40.0) * np.sqrt(t[: j + 1])
        covariance = np.minimum.outer(t[: j + 1], t[: j + 1])
        total += float(
            multivariate_normal.cdf(
                high, drift * t[: j + 1], covariance, lower_limit=low, abseps=1e-9, maxpts=4_000_000
            )
        )
    return total


@pytest.mark.parametrize(("k", "z"), [(0, 3.9), (1, 2.9), (2, 1.1), (2, -2.3)])
def test_adjusted_estimate_solves_the_stagewise_equations(k: int, z: float) -> None:
    looks = np.array([0.3, 0.6, 1.0])
    bounds = spending_boundaries(looks, GroupSequentialDesign(spending=POCOCK))
    se = 1 / np.sqrt(looks)
    found = group_sequential(
        np.where(np.arange(3) == k, z, 0.0) * se,
        se,
        looks,
        1000,
        totals="final",
        design=GroupSequentialDesign(spending=POCOCK),
    )
    assert int(found.stopped_at) == k
    at = found.adjusted.at()
    assert isinstance(at, Estimate)
    # abseps of the oracle is 1e-9; its own error estimate is a few times that.
    assert exceedance(bounds, k, z, at.value) == pytest.approx(0.5, abs=1e-6)
    assert exceedance(bounds, k, z, at.low) == pytest.approx(0.025, abs=1e-6)
    assert exceedance(bounds, k, z, at.high) == pytest.approx(0.975, abs=1e-6)
    p = exceedance(bounds, k, z, 0.0)
    assert at.p_value == pytest.approx(2 * min(p, 1 - p), abs=1e-6)


def test_stop_at_the_first_look_needs_no_adjustment() -> None:
    found = group_sequential([0.5, 0.4], [0.1, 0.08], [0.5, 1.0], 1000, totals="final").adjusted.at()
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(0.5, abs=1e-9)
    assert found.low == pytest.approx(0.5 - 0.1 * norm.ppf(0.975), abs=1e-9)
    assert found.p_value == pytest.approx(2 * norm.sf(5.0), rel=1e-6)


@pytest.mark.parametrize("drift", [0.0, 2.5])
def test_adjusted_estimate_is_median_unbiased_and_covers(drift: float) -> None:
    looks, simulations = np.array([0.2, 0.45, 0.7, 1.0]), 4000
    estimate, se = paths(looks, drift, simulations, seed=11)
    found = group_sequential(estimate, se, looks, 1000, totals="final", design=GroupSequentialDesign(spending=POCOCK))
    adjusted = found.adjusted
    assert set(adjusted.reason.tolist()) == {0}
    # Exact in theory: binomial bounds at 4.5 standard deviations, which a right method fails once in 150,000 runs.
    tolerance = 4.5 / np.sqrt(simulations)
    assert np.mean(adjusted.value < drift) == pytest.approx(0.5, abs=0.5 * tolerance)
    covered = np.mean((adjusted.low < drift) & (drift < adjusted.high))
    assert covered == pytest.approx(0.95, abs=np.sqrt(0.95 * 0.05) * tolerance)
    rejected = np.isin(found.outcome, [Outcome.GREATER, Outcome.LESS])
    np.testing.assert_array_equal(rejected, adjusted.p_value < 0.05)
    np.testing.assert_array_equal(rejected, (adjusted.low > 0) | (adjusted.high < 0))
    if drift == 0.0:
        assert rejected.mean() == pytest.approx(0.05, abs=np.sqrt(0.95 * 0.05) * tolerance)
    else:
        stopped = np.take_along_axis(estimate, found.stopped_at[:, None], 1)[:, 0]
        assert np.median(stopped) - drift > 0.1
        assert abs(np.median(adjusted.value) - drift) < 0.5 * (np.median(stopped) - drift)


def test_repeated_intervals_cover_at_all_looks_together_without_a_stop() -> None:
    looks, simulations = np.array([0.25, 0.5, 0.75, 1.0]), 4000
    estimate, se = paths(looks, 1.3, simulations, seed=12)
    found = repeated_intervals(estimate, se, spending_boundaries(looks), 1000, totals="final")
    covered = np.all((found.low < 1.3) & (found.high > 1.3), axis=1).mean()
    assert covered == pytest.approx(0.95, abs=4.5 * np.sqrt(0.95 * 0.05 / simulations))


@pytest.mark.parametrize("alternative", ["greater", "less"])
def test_one_sided_tests_mirror_each_other(alternative: Alternative) -> None:
    sign = 1.0 if alternative == "greater" else -1.0
    design = GroupSequentialDesign(0.025, alternative, futility=Futility(3.2))
    estimate = sign * np.array([[0.5, 0.4], [-0.1, 0.0], [0.2, 0.14], [0.2, 0.3]])
    found = group_sequential(estimate, [0.1, 0.08], [0.6, 1.0], 1000, totals="final", design=design)
    expected = Outcome.GREATER if alternative == "greater" else Outcome.LESS
    assert found.outcome.tolist() == [expected, Outcome.FUTILE, Outcome.NOT_REJECTED, expected]
    assert found.stopped_at.tolist() == [0, 0, 1, 1]
    value = sign * found.adjusted.value
    near, far = (found.adjusted.low, found.adjusted.high) if sign > 0 else (-found.adjusted.high, -found.adjusted.low)
    assert np.all(far == np.inf)
    assert np.all(near < value)
    np.testing.assert_array_equal(near > 0, [True, False, False, True])
    np.testing.assert_array_equal(found.adjusted.p_value < 0.025, [True, False, False, True])


def test_running_experiment_has_intervals_but_no_adjusted_estimate() -> None:
    found = group_sequential([[0.1, 0.1]], [0.1, 0.08], [0.3, 0.6], 1000, totals="final")
    assert found.outcome.tolist() == [Outcome.CONTINUE]
    assert found.adjusted.reason.tolist() == [Reason.NOT_IDENTIFIED]
    assert np.isfinite(found.repeated.low).all()
    ended = group_sequential([[0.1, 0.1]], [0.1, 0.08], [0.3, 0.6], 1000, totals="final", final=True)
    assert ended.outcome.tolist() == [Outcome.NOT_REJECTED]
    assert np.isfinite(ended.adjusted.value).all()


def test_growing_totals_and_small_samples_are_refused() -> None:
    growing = group_sequential([0.5, 0.5], [0.1, 0.08], [0.5, 1.0], 1000, totals="growing")
    assert growing.outcome == Outcome.CONTINUE
    assert growing.adjusted.reason == Reason.GROWING_UNITS
    assert set(growing.repeated.reason.tolist()) == {Reason.GROWING_UNITS}
    small = group_sequential([0.5, 0.5], [0.1, 0.08], [0.5, 1.0], [120, 240], totals="final")
    assert small.repeated.reason.tolist() == [Reason.BELOW_VALID_SAMPLE, Reason.OK]
    assert int(small.stopped_at) == 1


def test_experiment_that_ran_over_is_decided_at_its_planned_end() -> None:
    found = group_sequential([0.05, 0.05, 9.0], [0.1, 0.07, 0.05], [0.5, 1.2, 1.6], 1000, totals="final")
    assert found.outcome == Outcome.NOT_REJECTED
    assert found.stopped_at == 1


def test_later_stop_is_never_stronger_evidence_than_an_earlier_one() -> None:
    looks, se = [0.5, 1.0], [1.0, 1.0]
    late = group_sequential([0.0, 50.0], se, looks, 1000, totals="final").adjusted.at()
    just_early = group_sequential([3.0, 3.0], se, looks, 1000, totals="final").adjusted.at()
    assert isinstance(late, Estimate)
    assert isinstance(just_early, Estimate)
    assert just_early.p_value < late.p_value
    far_early = group_sequential([30.0, 30.0], se, looks, 1000, totals="final").adjusted.at()
    assert isinstance(far_early, Estimate)
    assert far_early.value == pytest.approx(30.0, abs=1e-9)
    assert 0.0 < far_early.p_value < 1e-190


def test_looks_must_fit_the_estimates() -> None:
    with pytest.raises(InvalidInput, match="looks"):
        group_sequential([0.1, 0.2, 0.3], 0.1, [0.5, 1.0], 1000, totals="final")
