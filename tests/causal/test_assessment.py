from dataclasses import replace

import numpy as np
import pytest

from tests.causal.worlds import DAYS, LAUNCH, MONTH, WEEK, outcome, with_control
from upshot.causal.assessment import Assessment, Reading, assess
from upshot.causal.refusal import Refusal, RefusalCode
from upshot.causal.series import Series, Window
from upshot.stats.result import Estimate, NoEstimate


def assessed(series: Series, *windows: Window, seed: int = 0, placebos: int = 24) -> Assessment:
    found = assess(series, windows or (WEEK, MONTH), rng=seed, placebos=placebos)
    assert isinstance(found, Assessment), found
    return found


def reading(found: Assessment, index: int = 0) -> tuple[Reading, Estimate]:
    one = found.readings[index]
    assert isinstance(one, Reading)
    assert isinstance(one.relative, Estimate)
    return one, one.relative


def refusal(series: Series, *windows: Window) -> Refusal:
    found = assess(series, windows or (WEEK, MONTH), rng=0)
    assert isinstance(found, Refusal)
    assert "{" not in found.sentence
    return found


def test_large_effect_is_found_with_all_its_parts() -> None:
    found = assessed(outcome(1, 0.3))
    for index in range(2):
        one, relative = reading(found, index)
        assert 0 < relative.low < 0.3 < relative.high < 0.6
        assert one.claimed
        assert relative.p_value < 0.001
        assert one.absolute.value == pytest.approx(one.observed - one.expected)
        assert relative.value == pytest.approx(one.absolute.value / one.expected)
        assert 0.02 < one.detectable < 0.3
        assert one.false_alarms.placebos >= 3
        assert one.false_alarms.low <= one.false_alarms.alarms / one.false_alarms.placebos <= one.false_alarms.high
    assert found.grade == "C"
    assert found.transform == "log"
    assert found.history == LAUNCH


def test_same_seed_gives_the_same_digits_and_another_nearly_the_same() -> None:
    first, again, other = (assessed(outcome(2, 0.1), seed=seed) for seed in (5, 5, 6))
    assert first.readings == again.readings
    width = reading(first)[1].high - reading(first)[1].low
    assert reading(other)[1].value == pytest.approx(reading(first)[1].value, abs=0.1 * width)


def test_path_holds_each_step_and_its_band_holds_the_median() -> None:
    path = assessed(outcome(3)).path
    assert len(path.observed) == len(path.expected) == DAYS - LAUNCH
    assert (path.low < path.expected).all()
    assert (path.expected < path.high).all()


def test_control_that_shares_the_shocks_narrows_the_interval_and_lifts_the_grade() -> None:
    series = with_control(1)
    beside, alone = assessed(series), assessed(Series(series.y, LAUNCH))
    widths = [reading(found, 1)[1].high - reading(found, 1)[1].low for found in (beside, alone)]
    assert widths[0] < 0.6 * widths[1]
    assert beside.grade == "B"
    assert alone.grade == "C"
    assert beside.controls[0].held
    assert beside.controls[0].weight > 0.3


def test_window_beyond_a_neighbour_is_refused_and_the_one_before_it_is_read() -> None:
    found = assessed(replace(outcome(4, 0.2), others=(LAUNCH + 10,)))
    week, month = found.readings
    assert isinstance(week, Reading)
    assert isinstance(month, Refusal)
    assert month.code is RefusalCode.NEIGHBOUR_TOO_NEAR
    assert month.numbers["distance"] == 10


def test_placebos_keep_away_from_other_launches() -> None:
    other = 120
    found = assessed(replace(outcome(5), others=(other,)))
    one, _ = reading(found, 1)
    assert one.placebos
    assert all(p.step > other or p.step + MONTH.last < other for p in one.placebos)


def test_jump_in_the_history_is_taken_as_known_where_it_is_told_and_refused_where_not() -> None:
    series = outcome(6)
    y = series.y.copy()
    y[150:] *= 2.0
    told = reading(assessed(replace(series, y=y, changes=(150,))), 1)[0]
    assert told.detectable < 0.2
    assert refusal(replace(series, y=y), MONTH).code is RefusalCode.PLACEBOS_FAIL


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"launch": 40}, RefusalCode.HISTORY_TOO_SHORT),
        ({"launch": DAYS}, RefusalCode.NOTHING_OBSERVED),
        ({"launch": DAYS - 3}, RefusalCode.NOTHING_OBSERVED),
        ({"others": (LAUNCH,)}, RefusalCode.NEIGHBOUR_TOO_NEAR),
        ({"others": (LAUNCH - 5,)}, RefusalCode.NEIGHBOUR_TOO_NEAR),
        ({"others": (LAUNCH + 2,)}, RefusalCode.NEIGHBOUR_TOO_NEAR),
        ({"changes": (LAUNCH,)}, RefusalCode.LOGGING_CHANGED),
        ({"y": np.full(DAYS, 5.0)}, RefusalCode.ZERO_VARIANCE),
        ({"y": np.where(np.arange(DAYS) % 3 == 0, 1.0, 0.0)}, RefusalCode.COUNTS_TOO_LOW),
        ({"controls": np.full((DAYS, 1), np.nan)}, RefusalCode.CONTROL_UNUSABLE),
    ],
)
def test_launch_that_cannot_be_read_is_refused_by_name(change: dict[str, object], code: RefusalCode) -> None:
    assert refusal(replace(outcome(7), **change)).code is code  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize(
    ("gap", "code"),
    [
        (slice(LAUNCH - 4, LAUNCH), RefusalCode.GAPS_AT_LAUNCH),
        (slice(LAUNCH, LAUNCH + 4), RefusalCode.GAPS_AT_LAUNCH),
        (slice(20, 100), RefusalCode.TOO_MANY_GAPS),
    ],
)
def test_gaps_are_refused_where_they_matter(gap: slice, code: RefusalCode) -> None:
    series = outcome(8)
    series.y[gap] = np.nan
    assert refusal(series).code is code


def test_gap_far_from_the_launch_is_bridged() -> None:
    series = outcome(9, 0.3)
    series.y[100:110] = np.nan
    assert reading(assessed(series), 1)[1].low > 0


def test_missing_days_of_a_window_are_left_out_of_both_sums() -> None:
    series = outcome(10, 0.3)
    whole, _ = reading(assessed(series), 1)
    series.y[LAUNCH + 10 : LAUNCH + 13] = np.nan
    part, relative = reading(assessed(series), 1)
    assert relative.n == 25
    assert part.expected == pytest.approx(whole.expected * 25 / 28, rel=0.05)


def test_dip_before_the_launch_is_refused() -> None:
    series = outcome(11)
    series.y[LAUNCH - 7 : LAUNCH] *= 0.6
    found = refusal(series)
    assert found.code is RefusalCode.UNSETTLED_BEFORE_LAUNCH
    assert found.numbers["moved"] == pytest.approx(-0.4, abs=0.15)


def test_control_that_breaks_at_the_launch_is_refused() -> None:
    found = refusal(with_control(2, control_effect=-0.5))
    assert found.code is RefusalCode.CONTROL_MOVED
    assert found.numbers["moved"] < -0.3


def test_series_that_jumps_without_a_known_reason_is_refused_or_read_with_wide_intervals() -> None:
    """Jumps of ±40 % every 30 days: the model knows nothing of them, the placebos do."""
    series = outcome(12)
    for index, day in enumerate(range(40, LAUNCH - 10, 30)):
        series.y[day:] *= 1.4 if index % 2 else 1 / 1.4
    found = assess(series, (MONTH,), rng=0)
    calm, _ = reading(assessed(outcome(12), MONTH))
    assert isinstance(found, Refusal) or reading(found)[0].detectable > 3 * calm.detectable


@pytest.mark.parametrize(
    ("effect", "courses"),
    [
        (0.5, {"lasting"}),
        (0.5 * np.exp(-np.arange(30) / 5.0), {"transient"}),
        (0.02 * np.arange(30), {"growing"}),
        (0.0, {"none"}),
    ],
)
def test_course_of_an_effect_is_named(effect: float, courses: set[str]) -> None:
    trajectory = assessed(outcome(13, effect), MONTH).trajectory
    assert trajectory is not None
    assert trajectory.course in courses


def test_series_around_zero_has_an_absolute_effect_and_no_relative_one() -> None:
    rng = np.random.default_rng(14)
    y = rng.normal(0.0, 1.0, DAYS)
    y[LAUNCH:] += 3.0
    one = assessed(Series(y, LAUNCH), MONTH).readings[0]
    assert isinstance(one, Reading)
    assert isinstance(one.relative, NoEstimate)
    assert one.absolute.low < 3.0 * 28 < one.absolute.high
    assert one.claimed
