import numpy as np
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

from upshot.core.errors import InvalidInput
from upshot.stats import (
    AlwaysValid,
    Baseline,
    Moments,
    Plan,
    Reason,
    Successes,
    difference,
    interval_units,
    lift,
    more_units,
    newcombe_difference,
)


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5])
def test_interval_of_planned_units_has_the_planned_width(share: float) -> None:
    units = float(interval_units(Plan(Baseline.of_proportion(share)), 0.005).value)
    half = units / 2
    low, high = confint_proportions_2indep(half * share, half, half * share, half, method="wald")
    assert (high - low) / 2 == pytest.approx(0.005, rel=2e-3)


def test_planned_width_holds_for_lifts_and_uneven_splits() -> None:
    plan = Plan(Baseline.of_mean(10.0, 5.0), scale="relative", control_share=0.8)
    n = float(interval_units(plan, 0.02).value)
    found = lift(Moments(0.8 * n, 10.0, 25.0), Moments(0.2 * n, 10.0, 25.0))
    assert (found.high - found.low) / 2 == pytest.approx(0.02, rel=2e-3)


def test_more_units_bring_the_interval_to_the_width_asked_for() -> None:
    rng = np.random.default_rng(51)
    drawn = rng.gamma(2.0, 3.0, (2, 400_000))
    found = difference(*(Moments.of(arm[:2000]) for arm in drawn))
    more = float(more_units(found, 0.05).value)
    n = round((4000 + more) / 2)
    later = difference(*(Moments.of(arm[:n]) for arm in drawn))
    # The spread of 2,000 skewed values is known to about 4 %.
    assert (later.high - later.low) / 2 == pytest.approx(0.05, rel=0.08)
    assert more_units(later, 0.2).value == 0.0


def test_more_units_serve_any_method() -> None:
    found = newcombe_difference(Successes(1000, 100), Successes(1000, 120))
    assert more_units(found, [0.01, 0.02]).value[0] > more_units(found, [0.01, 0.02]).value[1] > 0.0


def test_width_says_why_there_is_no_plan() -> None:
    assert interval_units(Plan(Baseline.of_mean(0.0, 1.0), scale="relative"), 0.1).reason == Reason.ZERO_BASELINE
    assert more_units(difference(Moments(0, np.nan, np.nan), Moments(9, 1.0, 1.0)), 0.1).reason == Reason.NOT_FINITE
    with pytest.raises(InvalidInput, match="looks more than once"):
        interval_units(Plan(Baseline.of_proportion(0.1), monitoring=AlwaysValid()), 0.01)
    with pytest.raises(InvalidInput, match="one side"):
        more_units(difference(Moments(9, 1.0, 1.0), Moments(9, 1.0, 1.0), alternative="greater"), 0.1)
    with pytest.raises(InvalidInput, match=r"half_width is 0\.0"):
        interval_units(Plan(Baseline.of_proportion(0.1)), 0.0)
