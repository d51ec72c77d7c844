from datetime import date

import numpy as np
import pandas as pd
import polars as pl
import pytest

from upshot.causal import Series
from upshot.causal.calendar import step_day

VALUES = [4.0, 5.0, 6.0]


@pytest.mark.parametrize(
    ("dates", "step", "position"),
    [
        (["2026-01-05", "2026-01-06", "2026-01-07"], "day", 4),
        (["2026-01-05", "2026-01-12", "2026-01-19"], "week", 0),
        (["2026-03-01", "2026-04-01", "2026-05-01"], "month", 2),
        (["2026-01-31", "2026-02-28", "2026-03-31"], "month", 0),
        (["2026-02-01", "2026-03-01", "2026-04-01"], "month", 1),
    ],
)
def test_step_and_place_in_the_year_are_read_from_the_dates(dates: list[str], step: str, position: int) -> None:
    series = Series.of(VALUES, dates[2], dates=dates)
    assert (series.step, series.position, series.launch, series.y.tolist()) == (step, position, 2, VALUES)


def test_dated_series_are_taken_as_they_are() -> None:
    days = pd.to_datetime(["2026-01-07", "2026-01-05", "2026-01-08"])
    with_index = Series.of(
        pd.Series(VALUES, index=days), "2026-01-07", controls={"abroad": pd.Series(VALUES, index=days)}
    )
    beside = Series.of(
        pl.Series(VALUES), "2026-01-07", dates=list(pl.Series(days)), controls={"abroad": [5, np.nan, 4, 6]}
    )
    for series in (with_index, beside):
        np.testing.assert_array_equal(series.y, [5.0, np.nan, 4.0, 6.0])
        np.testing.assert_array_equal(series.controls[:, 0], series.y)
        assert (series.launch, series.start, series.names) == (2, date(2026, 1, 5), ("abroad",))


def test_months_may_be_given_as_periods() -> None:
    series = Series.of(pd.Series(VALUES, index=pd.period_range("2025-11", periods=3, freq="M")), "2026-01-15")
    assert (series.step, series.launch, series.start) == ("month", 2, date(2025, 11, 1))


def test_known_days_stand_at_their_steps() -> None:
    series = Series.of(
        *(VALUES, "2026-01-03"),
        dates=["2026-01-01", "2026-01-02", "2026-01-03"],
        others=["2025-12-25"],
        changes=["2026-01-02"],
        special={"sale": ["2026-01-02", "2026-02-01"]},
    )
    assert (series.others, series.changes, series.calendar[:, 0].tolist()) == ((-7,), (1,), [0.0, 1.0, 0.0])


def test_step_of_a_year_is_its_twelfth_month() -> None:
    assert step_day(date(2025, 3, 1), 12, "month") == date(2026, 3, 1)
    assert step_day(date(2025, 3, 3), 2, "week") == date(2025, 3, 17)
