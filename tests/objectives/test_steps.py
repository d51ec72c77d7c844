"""A window's value from the steps of a series, and what is missing in it."""

from datetime import date, timedelta

import pytest

from upshot.metrics.kinds import Combine
from upshot.objectives.steps import Reading, Step, blocks, readings, value_over, without_gaps

MONDAY = date(2026, 3, 2)


def day(number: int) -> date:
    return MONDAY + timedelta(days=number)


def daily(*values: float | None) -> tuple[Step, ...]:
    return tuple(Step(day(at), 1, value) for at, value in enumerate(values) if value is not None)


def test_counts_add_up_and_daily_actives_are_averaged() -> None:
    steps = daily(1, 2, 3, 4)
    assert value_over(steps, day(1), day(3), Combine.SUM) == 9
    assert value_over(steps, day(1), day(3), Combine.MEAN) == 3


def test_rates_pool_their_parts() -> None:
    steps = (Step(day(0), 1, 0.5, 1, 2), Step(day(1), 1, 0.1, 1, 10))
    assert value_over(steps, day(0), day(1), Combine.POOL) == pytest.approx(2 / 12)
    assert value_over((Step(day(0), 1, 0.0, 0, 0),), day(0), day(0), Combine.POOL) is None


def test_sum_is_scaled_up_to_days_that_are_missing_until_too_many_are() -> None:
    assert value_over(daily(10, 10, 10, 10, None), day(0), day(4), Combine.SUM) == 50
    assert value_over(daily(10, 10, 10, None, None), day(0), day(4), Combine.SUM) is None
    assert value_over((), day(0), day(4), Combine.SUM) is None


def test_longer_steps_stand_for_a_window_while_they_are_the_newest() -> None:
    months = (Step(date(2026, 1, 31), 31, 5.0), Step(date(2026, 2, 28), 28, 6.0))
    assert value_over(months, date(2026, 3, 3), date(2026, 3, 9), Combine.MEAN) == 6.0
    assert value_over(months, date(2026, 2, 10), date(2026, 3, 9), Combine.MEAN) == 6.0
    assert value_over(months, date(2026, 1, 31), date(2026, 2, 28), Combine.MEAN) == 5.5
    assert value_over(months, date(2026, 6, 1), date(2026, 6, 28), Combine.MEAN) is None


def test_few_empty_days_of_a_busy_series_are_gaps_and_those_of_a_quiet_one_are_not() -> None:
    busy = daily(*([50] * 39), 0)
    assert without_gaps(busy) == (busy[:-1], (day(39),))
    quiet = daily(*([3] * 39), 0)
    assert without_gaps(quiet) == (quiet, ())
    closed_at_weekends = daily(*([50, 50, 50, 50, 50, 0, 0] * 6))
    assert without_gaps(closed_at_weekends) == (closed_at_weekends, ())


def test_blocks_end_with_the_last_day_and_break_off_at_a_hole() -> None:
    steps = daily(*range(21))
    assert blocks(steps, day(20), 7, 9, Combine.MEAN) == (
        Reading(day(6), 3),
        Reading(day(13), 10),
        Reading(day(20), 17),
    )
    assert len(blocks(steps, day(20), 7, 2, Combine.MEAN)) == 2
    holed = (*daily(*range(5)), *steps[14:])
    assert blocks(holed, day(20), 7, 9, Combine.MEAN) == (Reading(day(20), 17),)


def test_readings_are_none_where_the_steps_do_not_reach() -> None:
    assert readings(daily(1, 2, 3), (day(0), day(2)), 3, Combine.SUM) == ((day(0), None), (day(2), 6))
