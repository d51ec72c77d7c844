from datetime import date

import pytest

from upshot.answers.periods import compared, paired, periods_of
from upshot.core.time import DayRange, Grain


def days(first: str, last: str) -> DayRange:
    return DayRange.of(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("first", "last", "grain", "with_", "start", "end"),
    [
        ("2024-03-01", "2024-03-10", Grain.DAY, "previous", "2024-02-16", "2024-02-25"),
        ("2024-03-01", "2024-03-28", Grain.DAY, "previous", "2024-02-02", "2024-02-29"),
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
    ("first", "last", "partners"),
    [
        ("2025-02-27", "2025-03-02", ("2024-02-27", "2024-02-28", "2024-03-01", "2024-03-02")),
        ("2024-02-27", "2024-03-02", ("2023-02-27", "2023-02-28", None, "2023-03-01", "2023-03-02")),
    ],
)
def test_year_before_pairs_days_by_date(first: str, last: str, partners: tuple[str | None, ...]) -> None:
    found = paired(days(first, last), Grain.DAY, "year")
    assert tuple(None if day is None else str(day) for day in found) == partners


@pytest.mark.parametrize("length", [1, 6, 7, 10, 30])
def test_days_before_stand_beside_the_same_weekdays_and_do_not_overlap(length: int) -> None:
    window = DayRange(date(2024, 3, 1), date.fromordinal(date(2024, 3, 1).toordinal() + length))
    before = compared(window, Grain.DAY, "previous")
    assert before.end <= window.start
    pairs = zip(window.periods(Grain.DAY), paired(window, Grain.DAY, "previous"), strict=True)
    assert all(then is not None and day.weekday() == then.weekday() for day, then in pairs)
