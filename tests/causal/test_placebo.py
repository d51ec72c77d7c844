"""Laws that placebos are judged by, against scipy.stats, which the program itself does not load."""

import pytest
from scipy import stats

from upshot.causal.placebo import Calibration, Placebo, false_alarms


def placebos(alarms: int, of: int) -> tuple[Placebo, ...]:
    return tuple(
        Placebo(step, 1.0, 0.5 if step < alarms else -0.5, 1.5, "relative", 0.0, disjoint=True) for step in range(of)
    )


@pytest.mark.parametrize(("alarms", "of"), [(0, 7), (1, 1), (1, 20), (3, 20), (20, 20), (9, 140)])
def test_chance_of_so_many_alarms_is_the_binomial_tail(alarms: int, of: int) -> None:
    found = false_alarms(placebos(alarms, of), 0.95)
    assert (found.alarms, found.placebos) == (alarms, of)
    assert found.chance == pytest.approx(stats.binom.sf(alarms - 1, of, 0.05), rel=1e-11)


@pytest.mark.parametrize("degrees", [3.0, 8.5, 200.0])
def test_margins_and_p_values_are_of_the_t_distribution(degrees: float) -> None:
    calibration = Calibration(1.3, degrees)
    law = stats.t(degrees)
    assert calibration.margin(0.95) == pytest.approx(1.3 * law.ppf(0.975), rel=1e-11)
    assert calibration.detectable(0.95, 0.8) == pytest.approx(1.3 * (law.ppf(0.975) + law.ppf(0.8)), rel=1e-11)
    assert calibration.p_value(-2.6) == pytest.approx(2 * law.sf(2.0), rel=1e-11)
    assert calibration.p_value(2.6) == calibration.p_value(-2.6)
