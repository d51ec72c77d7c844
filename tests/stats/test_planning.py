"""Oracle: statsmodels. Each size is also put back into the power that it was made for."""

import numpy as np
import pytest
from statsmodels.stats.power import NormalIndPower, normal_power_het

from upshot.core.errors import InvalidInput
from upshot.stats.moments import PairMoments
from upshot.stats.planning import (
    Equivalence,
    NonInferiority,
    Plan,
    Superiority,
    curve_by_week,
    duration_weeks,
    minimum_effect,
    plan_power,
    sample_size,
)
from upshot.stats.planning_baseline import Baseline
from upshot.stats.power import FIXED, AlwaysValid, GroupSequential, even_looks
from upshot.stats.result import NoEstimate, Reason

MEAN = Baseline.of_mean(10.0, 3.0)
SHARE = Baseline.of_proportion(0.08)
RATE = Baseline.of_rate(0.6, exposure=7.0, dispersion=2.5)
WAYS = [FIXED, GroupSequential(even_looks(4)), AlwaysValid(even_looks(28))]


@pytest.mark.parametrize("control_share", [None, 0.2, 0.9])
def test_sample_size_of_a_mean_agrees_with_statsmodels(control_share: float | None) -> None:
    plan = Plan(MEAN, control_share=control_share, power=0.9)
    share = plan.shares[0]
    per_control = NormalIndPower().solve_power(0.2 / 3.0, alpha=0.05, power=0.9, ratio=(1 - share) / share)
    found = sample_size(plan, 0.2).at()
    assert not isinstance(found, NoEstimate)
    assert found == np.ceil(per_control / share)


def test_power_of_a_proportion_agrees_with_statsmodels() -> None:
    p, q, n = 0.08, 0.09, 9000.0
    spread = np.sqrt(p * (1 - p) + q * (1 - q))
    expected = normal_power_het(q - p, n, 0.05, std_null=spread, std_alternative=spread)
    found = plan_power(Plan(SHARE), 2 * n, q - p)
    # statsmodels leaves out the tail on the wrong side.
    assert float(found) == pytest.approx(expected, abs=1e-5)


def test_relative_and_absolute_plans_of_a_known_baseline_differ_by_its_uncertainty() -> None:
    # The variance of a lift has the treatment's part and (1 + lift)² times the control's.
    plan = Plan(MEAN, scale="relative")
    lift, n = 0.05, 4000.0
    se = np.sqrt((9.0 + 1.05**2 * 9.0) / (n / 2)) / 10.0
    expected = NormalIndPower().power(lift / se, 2.0, 0.05)
    assert float(plan_power(plan, n, lift)) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("baseline", [MEAN, SHARE, RATE], ids=["mean", "proportion", "rate"])
@pytest.mark.parametrize("monitoring", WAYS, ids=["fixed", "group-sequential", "always-valid"])
@pytest.mark.parametrize("scale", ["absolute", "relative"])
def test_size_smallest_effect_and_power_are_inverses(baseline: Baseline, monitoring: object, scale: str) -> None:
    plan = Plan(baseline, scale=scale, monitoring=monitoring)  # type: ignore[arg-type]
    effect = 0.06 if scale == "relative" else 0.06 * float(baseline.mean)
    size = sample_size(plan, effect)
    assert float(plan_power(plan, size.value, effect)) == pytest.approx(0.8, abs=2e-3)
    assert float(plan_power(plan, size.value, effect)) >= 0.8 - 1e-9
    assert float(minimum_effect(plan, size.value).value) == pytest.approx(effect, rel=2e-3)


def test_decreases_are_planned_too() -> None:
    plan = Plan(SHARE, Superiority("less"), scale="relative", alpha=0.025)
    smallest = float(minimum_effect(plan, 50_000).value)
    assert float(plan_power(plan, 50_000, -smallest)) == pytest.approx(0.8, abs=1e-8)
    # A decrease makes a proportion less variable, so it is found sooner than an increase of the same size.
    up = Plan(SHARE, Superiority("greater"), scale="relative", alpha=0.025)
    assert smallest < float(minimum_effect(up, 50_000).value)
    assert sample_size(plan, 0.05).reason == Reason.NOT_REACHED


def test_non_inferiority_agrees_with_statsmodels() -> None:
    plan = Plan(MEAN, NonInferiority(0.3), alpha=0.025, power=0.9)
    expected = NormalIndPower().solve_power(0.3 / 3.0, alpha=0.025, power=0.9, alternative="larger")
    assert sample_size(plan, 0.0).at() == np.ceil(2 * expected)
    harmless = sample_size(plan, 0.1).value
    assert harmless < sample_size(plan, 0.0).value
    assert sample_size(plan, -0.3).reason == Reason.NOT_REACHED
    lower = Plan(MEAN, NonInferiority(0.3, better="lower"), alpha=0.025, power=0.9)
    assert sample_size(lower, -0.1).value == harmless
    assert float(minimum_effect(plan, sample_size(plan, 0.0).value).value) == pytest.approx(0.3, rel=1e-3)


@pytest.mark.parametrize("effect", [0.0, 0.1, -0.25])
def test_equivalence_power_agrees_with_simulation(effect: float) -> None:
    plan = Plan(MEAN, Equivalence(0.4))
    size = float(sample_size(plan, effect).value)
    assert float(plan_power(plan, size, effect)) == pytest.approx(0.8, abs=1e-3)
    assert float(plan_power(plan, size * 0.99, effect)) < 0.8
    rng = np.random.default_rng(31)
    se = 3.0 * np.sqrt(4.0 / size)
    estimate = rng.normal(effect, se, 40_000)
    shown = (estimate - 1.6448536 * se > -0.4) & (estimate + 1.6448536 * se < 0.4)
    assert shown.mean() == pytest.approx(0.8, abs=4.5 * np.sqrt(0.16 / 40_000))


def test_ratio_plans_by_its_linearised_variance() -> None:
    pair = PairMoments(1000, 2.0, 5.0, 4.0, 9.0, 3.0)
    linear = pair.linearised()
    by_hand = Plan(Baseline.of_mean(float(linear.mean), float(np.sqrt(linear.variance))))
    assert sample_size(Plan(Baseline.of_ratio(pair)), 0.02).value == sample_size(by_hand, 0.02).value


def test_cuped_saves_the_explained_share_of_units() -> None:
    plain, adjusted = (sample_size(Plan(b), 0.05).value for b in (MEAN, MEAN.cuped(0.7)))
    assert float(adjusted) == pytest.approx(float(plain) * (1 - 0.49), rel=1e-4)


def test_many_variants_share_alpha_and_the_control() -> None:
    one, three = Plan(MEAN), Plan(MEAN, variants=3)
    assert three.shares == pytest.approx((0.25, 0.25))
    assert three.comparison_alpha == pytest.approx(0.05 / 3)
    assert sample_size(three, 0.2).value > 2 * sample_size(one, 0.2).value
    best = Plan(MEAN, variants=3, control_share=1 / (1 + np.sqrt(3)))
    around = [Plan(MEAN, variants=3, control_share=best.shares[0] + step) for step in (-0.03, 0.03)]
    assert all(sample_size(best, 0.2).value < sample_size(other, 0.2).value for other in around)


def test_weeks_follow_the_traffic() -> None:
    plan = Plan(MEAN, monitoring=GroupSequential(even_looks(3)))
    weekly = np.array([3000.0, 2000.0, 1500.0, 1200.0, 1000.0])
    curve = curve_by_week(plan, 0.25, weekly)
    np.testing.assert_array_equal(curve.units, np.cumsum(weekly))
    assert np.all(np.diff(curve.power) > 0)
    assert np.all(np.diff(curve.minimum_effect) < 0)
    assert np.all(curve.expected_units <= curve.units)
    week = float(duration_weeks(plan, 0.25, weekly).value)
    assert curve.power[int(week) - 1] >= 0.8 > curve.power[int(week) - 2]
    late = duration_weeks(plan, [0.01, 0.25], weekly)
    assert late.reason.tolist() == [Reason.NOT_REACHED, Reason.OK]


def test_plans_without_an_answer_say_why() -> None:
    assert sample_size(Plan(MEAN), 0.0).reason == Reason.NOT_REACHED
    assert sample_size(Plan(Baseline.of_mean(0.0, 1.0), scale="relative"), 0.1).reason == Reason.ZERO_BASELINE
    assert sample_size(Plan(SHARE), 0.95).reason == Reason.NOT_FINITE
    assert minimum_effect(Plan(Baseline.of_proportion(0.5)), 8).reason == Reason.NOT_REACHED
    assert minimum_effect(Plan(Baseline.of_mean(1.0, 50.0), scale="relative"), 100).reason == Reason.NOT_REACHED
    found = minimum_effect(Plan(MEAN), [0.0, np.nan, 100.0])
    assert found.reason.tolist() == [Reason.NOT_FINITE, Reason.NOT_FINITE, Reason.OK]
    assert isinstance(found.at(0), NoEstimate)


def test_many_plans_are_one_call() -> None:
    baseline = Baseline.of_proportion(np.linspace(0.01, 0.9, 50)[:, None])
    found = minimum_effect(Plan(baseline, scale="relative"), np.array([1e4, 1e5, 1e6]))
    assert found.value.shape == (50, 3)
    assert np.all(np.diff(found.value[found.reason.all(axis=1) == 0], axis=1) < 0)


def test_large_effect_on_a_proportion_near_its_limit_is_still_found() -> None:
    plan = Plan(Baseline.of_proportion(0.6), scale="absolute")
    n = 24.0
    found = minimum_effect(plan, n)
    assert found.reason == Reason.OK
    assert 0.35 < float(found.value) < 0.4
    assert float(plan_power(plan, n, found.value)) == pytest.approx(0.8, abs=1e-6)


def test_contradictory_plans_are_rejected() -> None:
    for broken in (
        lambda: Plan(MEAN, variants=0),
        lambda: Plan(MEAN, control_share=1.0),
        lambda: Plan(MEAN, alpha=0.9),
        lambda: NonInferiority(0.0),
        lambda: Equivalence(-1.0),
        lambda: Baseline.of_proportion(1.0),
        lambda: Baseline.of_mean(1.0, -1.0),
        lambda: Baseline.of_rate(0.0),
        lambda: MEAN.cuped(1.0),
        lambda: curve_by_week(Plan(MEAN), 0.1, [0.0, 10.0]),
    ):
        with pytest.raises(InvalidInput):
            broken()
