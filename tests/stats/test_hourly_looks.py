"""Size under hourly looks over four weeks, from the stated minimum n on: small versions of the calibration studies.

A right method fails a test here less than once in ten thousand runs; the seeds are fixed.
"""

import numpy as np
import pytest
from bench.calibrate import stats_planning, stats_sequential
from bench.calibrate.row import CalibrationRow

from upshot.stats.confidence_sequences import mean_difference_sequence
from upshot.stats.maturity import minimum_units
from upshot.stats.result import Reason

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def rows() -> list[CalibrationRow]:
    return stats_sequential.rows(simulations=400, seed=3)


def test_no_sequential_method_fails_its_promise(rows: list[CalibrationRow]) -> None:
    assert [row for row in rows if row.verdict == "fails"] == []
    methods = {row.method for row in rows}
    assert methods >= {"mean_difference_sequence", "mixture_sprt_difference", "group_sequential", "adjusted_after_stop"}


def test_always_valid_size_is_below_five_percent_on_every_metric_and_split(rows: list[CalibrationRow]) -> None:
    sizes = [row for row in rows if row.method in ("mean_difference_sequence", "mixture_sprt_difference")]
    sizes = [row for row in sizes if row.quantity == "size"]
    assert len(sizes) == 2 * 3 * len(stats_sequential.POPULATIONS)
    # Below 5 % in each, and by a wide margin in all together.
    assert all(row.low <= 0.05 for row in sizes)
    assert np.mean([row.estimate for row in sizes]) < 0.04


def test_fixed_sample_test_at_every_hour_is_wrong_many_times_as_often() -> None:
    population = stats_sequential.POPULATIONS[1]
    control, treatment = stats_sequential.cumulative_arms(population, 300, 0.5, np.random.default_rng(9))
    z = (treatment.mean - control.mean) / np.sqrt(control.variance / control.n + treatment.variance / treatment.n)
    assert np.mean((np.abs(z) > 1.96).any(axis=1)) > 0.25


def test_looks_below_the_minimum_are_refused() -> None:
    population = stats_sequential.POPULATIONS[2]
    control, treatment = stats_sequential.cumulative_arms(population, 2, 0.5, np.random.default_rng(9))
    least = float(minimum_units(population.skewness)) * 3
    found = mean_difference_sequence(control, treatment, totals="final", tuned_units=1e5, minimum_units=least)
    below = np.broadcast_to(control.n < least, found.shape)
    np.testing.assert_array_equal(found.reason == Reason.BELOW_VALID_SAMPLE, below)
    assert below.any()
    assert not below.all()


def test_planned_power_is_the_simulated_power() -> None:
    found = stats_planning.rows(simulations=600, seed=4)
    assert len(found) == 11
    assert [row for row in found if row.verdict == "fails"] == []
