from datetime import date, timedelta

import pytest

from upshot.answers.ends import day_is_whole
from upshot.answers.extent import NOT_COMPARED, Extent
from upshot.core.time import DayRange, Grain
from upshot.metrics.ripening import Lookback, Ripening

RETAIL = Extent(date(2010, 12, 1), date(2011, 12, 9), date(2026, 1, 1))


def days(first: str, last: str) -> DayRange:
    return DayRange.of(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("start", "grain", "note"),
    [
        ("2010-11-01", Grain.MONTH, "before the first event"),
        ("2010-12-01", Grain.MONTH, ""),
        ("2011-11-01", Grain.MONTH, ""),
        ("2011-12-01", Grain.MONTH, "the data end inside"),
        ("2012-01-01", Grain.MONTH, "after the last event"),
        ("2010-11-29", Grain.WEEK, "the data begin inside"),
        ("2011-12-09", Grain.DAY, ""),
        ("2026-01-01", Grain.MONTH, "after the last event"),
        ("2026-02-01", Grain.MONTH, "not begun"),
    ],
)
def test_point_says_why_it_is_not_complete(start: str, grain: Grain, note: str) -> None:
    first = date.fromisoformat(start)
    assert RETAIL.note(first, grain.next(first), days("2000-01-01", "2030-12-31")) == note


@pytest.mark.parametrize(("last", "note"), [(29, "after the last event"), (30, "not over"), (31, "not over")])
def test_running_day_without_an_event_is_open_only_where_the_data_reach_it(last: int, note: str) -> None:
    extent = Extent(date(2024, 1, 1), date(2024, 3, last), date(2024, 3, 31))
    assert extent.note(date(2024, 3, 31), date(2024, 4, 1), days("2024-03-01", "2024-03-31")) == note


def test_point_asked_for_in_part_is_not_complete() -> None:
    assert RETAIL.note(date(2011, 3, 1), date(2011, 4, 1), days("2011-03-05", "2011-12-31")) == "asked for in part"


def test_point_of_an_empty_store_is_before_the_first_event() -> None:
    empty = Extent(None, None, date(2026, 1, 1))
    assert empty.note(date(2020, 1, 1), date(2020, 1, 2), days("2020-01-01", "2020-01-01")) == "before the first event"


def test_period_whose_units_still_have_time_to_convert_is_not_complete() -> None:
    extent = Extent(date(2024, 1, 1), date(2024, 3, 31), date(2026, 4, 1), Ripening(days=10))
    for end, note in ((date(2024, 3, 22), ""), (date(2024, 3, 23), "units still have time to convert")):
        window = DayRange(end - timedelta(days=1), end)
        assert extent.note(window.start, window.end, window) == note


def test_cohort_whose_period_is_not_covered_by_the_data_is_not_complete() -> None:
    weeks = Extent(date(2024, 1, 1), date(2024, 3, 30), date(2026, 1, 1), Ripening(grain=Grain.WEEK, periods=1))
    for start, note in ((date(2024, 3, 11), ""), (date(2024, 3, 18), "units can still come back")):
        window = DayRange(start, Grain.WEEK.next(start))
        assert weeks.note(window.start, window.end, window) == note
    assert weeks.ripe == date(2024, 3, 17)


def test_rolling_window_that_reaches_before_the_data_is_not_complete() -> None:
    rolling = Extent(date(2024, 1, 1), date(2024, 3, 31), date(2026, 1, 1), lookback=Lookback(27))
    assert (
        rolling.note(date(2024, 1, 27), date(2024, 1, 28), days("2024-01-01", "2024-03-31")) == "the data begin inside"
    )
    assert not rolling.note(date(2024, 1, 28), date(2024, 1, 29), days("2024-01-01", "2024-03-31"))


@pytest.mark.parametrize(
    ("first", "start", "grain", "note"),
    [
        (date(2024, 1, 1), date(2024, 1, 1), Grain.MONTH, NOT_COMPARED),
        (date(2024, 1, 1), date(2024, 2, 1), Grain.MONTH, ""),
        (date(2024, 1, 2), date(2024, 2, 1), Grain.MONTH, NOT_COMPARED),
        (date(2024, 1, 2), date(2024, 3, 1), Grain.MONTH, ""),
        (date(2024, 1, 2), date(2024, 1, 2), Grain.DAY, NOT_COMPARED),
        (date(2024, 1, 2), date(2024, 1, 3), Grain.DAY, ""),
    ],
)
def test_period_is_told_by_its_past_only_where_the_data_hold_all_of_the_period_before(
    first: date, start: date, grain: Grain, note: str
) -> None:
    extent = Extent(first, date(2024, 6, 30), date(2026, 1, 1), lookback=Lookback(compared=(None,)))
    assert extent.note(start, grain.next(start), days("2024-01-01", "2024-06-30")) == note
    assert extent.is_too_early(first)
    assert not extent.is_too_early(first + timedelta(days=1))


def test_day_in_which_the_data_end_is_not_complete() -> None:
    half = Extent(date(2010, 12, 1), date(2011, 12, 9), date(2026, 1, 1), last_is_whole=False)
    assert half.note(date(2011, 12, 9), date(2011, 12, 10), days("2010-12-01", "2011-12-31")) == "the data end inside"
    assert half.known == date(2011, 12, 8)


def test_total_of_what_is_final_with_its_day_keeps_the_day_in_which_the_data_end() -> None:
    half = Extent(date(2010, 12, 1), date(2011, 12, 9), date(2026, 1, 1), last_is_whole=False)
    asked = days("2010-12-01", "2011-12-31")
    assert half.ripe_part(asked) == asked, "counts, users and means are over the same days"
    week = Extent(half.first, half.last, half.today, Ripening(days=7), last_is_whole=False)
    assert week.ripe_part(asked) == days("2010-12-01", "2011-12-01")


def test_day_is_judged_by_when_the_days_before_it_ended() -> None:
    shop = [timedelta(hours=h) for h in (16, 17, 18, 20, 17, 18, 19, 16)]
    assert not day_is_whole(timedelta(hours=12, minutes=50), shop)
    assert day_is_whole(timedelta(hours=16), shop)
    assert day_is_whole(timedelta(0), [timedelta(0)] * 5), "a file with days only"
    assert day_is_whole(timedelta(hours=1), shop[:2]), "two days say nothing"
