from collections.abc import Callable

import numpy as np
import pytest

from upshot.causal.counterfactual import Counterfactual, Series, counterfactual, effect_on_sum, placebos_in_time
from upshot.stats.result import Estimate, NoEstimate, Reason

DAYS, LAUNCH = 200, 170


def series(seed: int, effect: float = 0.0, *, controls: int = 0) -> Series:
    rng = np.random.default_rng(seed)
    shared = np.cumsum(0.01 * rng.standard_normal(DAYS))
    log_y = 7.0 + shared + 0.08 * np.cos(2 * np.pi * np.arange(DAYS) / 7) + 0.03 * rng.standard_normal(DAYS)
    log_y[LAUNCH:] += np.log1p(effect)
    x = np.exp(5.0 + shared[:, None] + 0.02 * rng.standard_normal((DAYS, controls)))
    return Series(np.exp(log_y), LAUNCH, x)


def measured(s: Series, seed: int = 0) -> tuple[Counterfactual, Estimate]:
    without = counterfactual(s, seed=seed)
    assert isinstance(without, Counterfactual)
    estimate = effect_on_sum(s, without, first=0, last=29)
    assert isinstance(estimate, Estimate)
    return without, estimate


def test_counterfactual_finds_a_large_effect_and_repeats_to_the_digit() -> None:
    s = series(1, effect=0.6)
    _, estimate = measured(s)
    assert estimate.low > 0
    assert estimate.low < 0.6 < estimate.high
    assert measured(s)[1] == estimate


def test_control_series_narrows_the_interval() -> None:
    _, alone = measured(series(2))
    _, with_control = measured(series(2, controls=1))
    assert with_control.high - with_control.low < 0.8 * (alone.high - alone.low)


def test_band_contains_its_median() -> None:
    without, _ = measured(series(3))
    middle, low, high = without.band(0.9)
    assert (low < middle).all()
    assert (middle < high).all()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda s: Series(s.y, 40, s.controls), Reason.TOO_FEW_UNITS),
        (lambda s: Series(np.full(DAYS, 5.0), LAUNCH, s.controls), Reason.ZERO_VARIANCE),
        (lambda s: Series(s.y, LAUNCH, np.full((DAYS, 1), np.nan)), Reason.NOT_FINITE),
        (lambda s: Series(np.full(DAYS, np.nan), LAUNCH, s.controls), Reason.TOO_FEW_UNITS),
        (lambda s: Series(s.y, DAYS, s.controls), Reason.TOO_FEW_UNITS),
    ],
)
def test_counterfactual_refuses_with_a_reason(change: Callable[[Series], Series], reason: Reason) -> None:
    refused = counterfactual(change(series(4)), seed=0)
    assert isinstance(refused, NoEstimate)
    assert refused.reason is reason


def test_effect_leaves_days_without_an_observation_out_of_both_sums() -> None:
    s = series(5, effect=0.5)
    without, whole = measured(s)
    y = s.y.copy()
    y[LAUNCH + 3 : LAUNCH + 6] = np.nan
    part = effect_on_sum(Series(y, LAUNCH, s.controls), without, first=0, last=29)
    assert isinstance(part, Estimate)
    assert part.n == whole.n - 3
    assert part.value == pytest.approx(whole.value, abs=0.05)


def test_placebos_lie_before_the_launch_and_outside_masks() -> None:
    s = series(6)
    without, _ = measured(s)
    placebos = placebos_in_time(s, without, first=0, last=13, masked=((100, 110),), seed=1)
    assert len(placebos) >= 8
    for placebo in placebos:
        assert placebo.day + 13 < LAUNCH
        assert placebo.day + 13 < 100 or placebo.day > 110


def test_interval_covers_no_effect_in_a_drifting_series() -> None:
    """A small study; the large one is in the calibration. 24 series at 90 %: fewer than 17 covered has chance 0.5 %."""
    covered = 0
    for seed in range(24):
        s = series(100 + seed)
        without = counterfactual(s, seed=seed)
        assert isinstance(without, Counterfactual)
        estimate = effect_on_sum(s, without, first=0, last=20, level=0.9)
        assert isinstance(estimate, Estimate)
        covered += estimate.low <= 0 <= estimate.high
    assert covered >= 17
