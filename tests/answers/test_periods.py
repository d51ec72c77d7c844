from datetime import date, timedelta

import pytest

from upshot.answers.periods import Extent, compared, periods_of
from upshot.core.time import DayRange, Grain

RETAIL = Extent(date(2010, 12, 1), date(2011, 12, 9), date(2026, 1, 1))


def days(first: str, last: str) -> DayRange:
    return DayRange.of(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("first", "last", "grain", "with_", "start", "end"),
    [
        ("2024-03-01", "2024-03-10", Grain.DAY, "previous", "2024-02-20", "2024-02-29"),
        ("2024-03-04", "2024-03-17", Grain.WEEK, "previous", "2024-02-19", "2024-03-03"),
        ("2024-03-01", "2024-03-31", Grain.MONTH, "previous", "2024-02-01", "2024-02-29"),
        ("2024-02-01", "2024-03-15", Grain.MONTH, "previous", "2023-12-01", "2024-01-15"),
        ("2024-04-01", "2024-06-30", Grain.QUARTER, "previous", "2024-01-01", "2024-03-31"),
        ("2024-02-29", "2024-02-29", Grain.DAY, "year", "2023-02-28", "2023-02-28"),
        ("2024-03-04", "2024-03-10", Grain.WEEK, "year", "2023-03-06", "2023-03-12"),
        ("2024-01-01", "2024-12-31", Grain.YEAR, "previous", "2023-01-01", "2023-12-31"),
    ],
)
def test_compared_window_holds_as_many_periods(
    first: str, last: str, grain: Grain, with_: str, start: str, end: str
) -> None:
    window = days(first, last)
    before = compared(window, grain, "year" if with_ == "year" else "previous")
    assert before == days(start, end)
    assert len(periods_of(before, grain)) == len(periods_of(window, grain))


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
        ("2026-01-01", Grain.MONTH, "not over"),
        ("2026-02-01", Grain.MONTH, "not begun"),
    ],
)
def test_point_says_why_it_is_not_complete(start: str, grain: Grain, note: str) -> None:
    first = date.fromisoformat(start)
    assert RETAIL.note(first, grain.next(first), days("2000-01-01", "2030-12-31")) == note


def test_point_asked_for_in_part_is_not_complete() -> None:
    assert RETAIL.note(date(2011, 3, 1), date(2011, 4, 1), days("2011-03-05", "2011-12-31")) == "asked for in part"


def test_point_of_an_empty_store_is_before_the_first_event() -> None:
    empty = Extent(None, None, date(2026, 1, 1))
    assert empty.note(date(2020, 1, 1), date(2020, 1, 2), days("2020-01-01", "2020-01-01")) == "before the first event"


def test_period_whose_units_still_have_time_to_convert_is_not_complete() -> None:
    extent = Extent(date(2024, 1, 1), date(2024, 3, 31), date(2024, 4, 1), ripening_days=10)
    for end, note in ((date(2024, 3, 22), ""), (date(2024, 3, 23), "units still have time to convert")):
        window = DayRange(end - timedelta(days=1), end)
        assert extent.note(window.start, window.end, window) == note
