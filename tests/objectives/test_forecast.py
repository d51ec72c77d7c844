"""The forecast: against the exact answer where there is one, and its coverage in simulated worlds."""

import numpy as np
import pytest
from statsmodels.tsa.statespace.structural import UnobservedComponents

from upshot.objectives.forecast import LEAST_BLOCKS, Wandering, outlook, wandering


def test_straight_line_goes_on() -> None:
    found = wandering((np.arange(12.0) * 2 + 5).tolist())
    assert found is not None
    ahead = outlook(found, 4, 1, 34.9, upwards=True)
    assert (ahead.value, ahead.low, ahead.high, ahead.chance) == pytest.approx((35.0, 35.0, 35.0, 1.0))
    assert outlook(found, 4, 1, 35.1, upwards=True).chance == 0.0
    assert outlook(found, 4, 4, 32.0, upwards=False).value == pytest.approx(32.0), "the mean of the last four values"


def test_few_values_give_no_forecast() -> None:
    assert wandering(np.arange(LEAST_BLOCKS - 1.0).tolist()) is None
    assert wandering(np.arange(float(LEAST_BLOCKS)).tolist()) is not None


def test_chance_is_even_at_the_middle_and_counts_the_right_side() -> None:
    found = wandering(np.random.default_rng(3).normal(100, 5, 20).tolist())
    assert found is not None
    middle = outlook(found, 5, 4, 0.0, upwards=True).value
    assert outlook(found, 5, 4, middle, upwards=True).chance == pytest.approx(0.5)
    up, down = (outlook(found, 5, 4, middle + 5, upwards=upwards).chance for upwards in (True, False))
    assert up < 0.5 < down
    assert up + down == pytest.approx(1.0)


def test_level_is_that_of_a_kalman_filter_with_the_same_variances() -> None:
    values = np.cumsum(np.random.default_rng(7).normal(1, 2, 30)) + np.random.default_rng(8).normal(0, 4, 30)
    found = wandering(values.tolist())
    assert found is not None
    model = UnobservedComponents(values - found.drift * np.arange(30), level="local level", use_exact_diffuse=True)
    smoothed = model.smooth([found.noise, found.step])
    level = smoothed.filtered_state[0, -1] + found.drift * 29
    assert found.level == pytest.approx(level, rel=1e-6)
    assert found.level_variance == pytest.approx(smoothed.filtered_state_cov[0, 0, -1], rel=1e-6)


@pytest.mark.parametrize(("step", "noise"), [(0.0, 3.0), (1.0, 3.0), (3.0, 1.0), (1.0, 1.0)])
def test_interval_covers_in_simulated_worlds(step: float, noise: float) -> None:
    rng = np.random.default_rng(11)
    worlds, count, ahead = 600, 16, 10
    held = 0
    for _ in range(worlds):
        level = 100 + np.cumsum(rng.normal(0.3, step, count + ahead))
        values = level + rng.normal(0, noise, count + ahead)
        found = wandering(values[:count].tolist())
        assert isinstance(found, Wandering)
        seen = outlook(found, ahead, 4, 0.0, upwards=True)
        held += seen.low <= values[-4:].mean() <= seen.high
    assert held / worlds > 0.74, "80 % less three standard errors of 600 worlds, and what short series cost"
