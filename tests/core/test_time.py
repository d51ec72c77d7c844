"""Ranges of days."""

from datetime import date

import pytest

from upshot.core.errors import InvalidInput
from upshot.core.time import DayRange


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (date(1000, 1, 1), date(2026, 11, 1), "1900 to 2200"),
        (date(2026, 11, 1), date(9999, 12, 31), "1900 to 2200"),
        (date(2026, 11, 30), date(2026, 11, 1), "Swap"),
    ],
)
def test_days_that_nobody_can_ask_about_are_refused(first: date, last: date, words: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        DayRange.asked(first, last)
    assert words in refused.value.hint
