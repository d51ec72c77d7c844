from dataclasses import replace

import numpy as np
import pytest

from tests.causal.worlds import MONTH, WEEK, outcome, with_control
from upshot.causal.assessment import Assessment, Reading, assess
from upshot.causal.planning import Detectable, Split, minimal_detectable_effect, ways_of_launching
from upshot.causal.refusal import Refusal, RefusalCode
from upshot.causal.series import Series
from upshot.stats.planning_baseline import Baseline
from upshot.stats.result import NoEstimate


def detectable(history: Series) -> float:
    found = minimal_detectable_effect(history, MONTH, rng=0)
    assert isinstance(found, Detectable)
    return found.relative


def test_detectable_effect_is_what_a_reading_at_the_end_reports() -> None:
    history = outcome(1)
    found = assess(replace(history, launch=len(history.y) - 28), (MONTH,), rng=0)
    assert isinstance(found, Assessment)
    assert isinstance(found.readings[0], Reading)
    assert detectable(history) == pytest.approx(found.readings[0].detectable, rel=0.1)


def test_control_makes_smaller_effects_detectable() -> None:
    history = with_control(1)
    assert detectable(history) < 0.7 * detectable(replace(history, controls=np.zeros((0, 0)), names=()))


def test_history_that_is_too_short_is_refused_with_its_numbers() -> None:
    found = minimal_detectable_effect(Series(outcome(2).y[:70], 70), MONTH, rng=0)
    assert isinstance(found, Refusal)
    assert found.code is RefusalCode.HISTORY_TOO_SHORT
    assert found.numbers["values"] == 42


def test_other_launches_near_the_end_do_not_stop_planning() -> None:
    history = outcome(3)
    found = minimal_detectable_effect(replace(history, others=(len(history.y) - 3,)), WEEK, rng=0)
    assert isinstance(found, Detectable)


def test_ways_of_launching_stand_most_telling_first() -> None:
    splits = {
        "half of all": Split(Baseline.of_mean(10.0, 12.0), 40_000, 0.5),
        "holdout of 1 %": Split(Baseline.of_mean(10.0, 12.0), 40_000, 0.99),
        "nobody": Split(Baseline.of_mean(0.0, 12.0), 40_000, 0.5),
    }
    ways = ways_of_launching(outcome(4), MONTH, splits, rng=0)
    assert [way.name for way in ways] == ["half of all", "everyone at once", "holdout of 1 %", "nobody"]
    assert [way.grade for way in ways] == ["A", "C", "A", "A"]
    assert isinstance(ways[-1].why_not, NoEstimate)
    assert ways[0].detectable == pytest.approx(2.8 * 1.2 * 2 / np.sqrt(40_000), rel=0.03)


def test_split_of_counts_has_the_noise_of_the_counts() -> None:
    way = ways_of_launching(outcome(5), MONTH, {"half": Split.of_counts(40_000, 0.5, 4.0)}, rng=0)
    half = next(w for w in way if w.name == "half")
    assert half.detectable == pytest.approx(2.8 * 2 * np.sqrt(4.0 / 40_000), rel=0.05)
