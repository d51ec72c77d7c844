from dataclasses import replace

import numpy as np
import pytest

from tests.causal.worlds import DAYS, LAUNCH, MONTH, outcome
from upshot.causal.assessment import Assessment, Reading, assess
from upshot.causal.series import Series, prepared


def test_scale_is_logarithmic_for_counts_that_are_large_and_never_zero() -> None:
    assert prepared(outcome(1), ahead=0).transform == "log"
    with_zero = outcome(1)
    with_zero.y[5] = 0.0
    assert prepared(with_zero, ahead=0).transform == "identity"
    assert prepared(Series(outcome(1).y / 1000.0, LAUNCH), ahead=0).transform == "identity"


@pytest.mark.parametrize("factor", [1.0, 0.001])
def test_scale_goes_back_to_the_unit(factor: float) -> None:
    series = Series(outcome(2).y * factor, LAUNCH)
    model = prepared(series, ahead=0)
    assert np.allclose(model.back(model.y), series.before)


def test_yearly_season_enters_where_the_history_can_tell_it() -> None:
    names = [prepared(outcome(3, days=days, launch=days - 30), ahead=0).design.names for days in (500, 800)]
    assert [n.count("year") for n in names] == [0, 4]


def test_months_have_a_season_of_twelve_and_weeks_none() -> None:
    y = np.linspace(100.0, 120.0, 80) + np.random.default_rng(4).standard_normal(80)
    counts = {
        step: prepared(Series(y, 70, step=step), ahead=0).design.names.count("season") for step in ("month", "week")
    }
    assert counts == {"month": 11, "week": 0}


def test_jumps_stand_at_what_is_known_before_the_launch_only() -> None:
    series = replace(outcome(5), others=(50, LAUNCH, LAUNCH + 5), changes=(90,))
    model = prepared(series, ahead=30)
    steps = model.design.x[:, [name == "jump" for name in model.design.names]]
    assert steps.shape == (DAYS, 2)
    assert steps.sum(axis=0).tolist() == [DAYS - 50, DAYS - 90]


def test_control_that_never_moves_is_left_out() -> None:
    series = replace(outcome(6), controls=np.full((DAYS, 1), 7.0))
    assert not any(name.startswith("control") for name in prepared(series, ahead=0).design.names)


def test_known_calendar_days_are_explained() -> None:
    """Sales days of +60 % that are told: the answer is that of the series without them, and the interval as narrow."""
    sale = np.zeros(DAYS)
    sale[[20, 55, 88, 121, 150, 185, 215, 222]] = 1.0
    plain = outcome(7)
    series = Series(plain.y * np.exp(0.47 * sale), LAUNCH)
    without, told, untold = (
        read(s) for s in (plain, replace(series, calendar=sale[:, None]), replace(series, calendar=np.zeros((DAYS, 0))))
    )
    assert told.detectable < 1.3 * without.detectable
    assert told.detectable < untold.detectable
    assert told.absolute.value / told.expected == pytest.approx(without.absolute.value / without.expected, abs=0.02)


def read(series: Series) -> Reading:
    found = assess(series, (MONTH,), rng=0)
    assert isinstance(found, Assessment)
    assert isinstance(found.readings[0], Reading)
    return found.readings[0]
