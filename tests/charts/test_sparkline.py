"""The shape of a series in the size of a word."""

import re
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from upshot.charts import ChartPoint, sparkline


def points(*values: float | None, open_from: int = 99) -> tuple[ChartPoint, ...]:
    day = date(2024, 1, 1)
    return tuple(
        ChartPoint(day + timedelta(days=at), value, "", "", complete=at < open_from) for at, value in enumerate(values)
    )


def test_sparkline_goes_from_the_lowest_to_the_highest() -> None:
    assert sparkline(points(0, 10, 5)).line == "M0.0 28.0L50.0 2.0L100.0 15.0"


def test_sparkline_dots_what_is_not_over() -> None:
    line = sparkline(points(0, 10, 5, open_from=2))
    assert (line.line, line.open) == ("M0.0 28.0L50.0 2.0", "M50.0 2.0L100.0 15.0")


def test_sparkline_leaves_gaps_open() -> None:
    assert sparkline(points(1, 2, None, 2, 1)).line.count("M") == 2


def test_sparkline_of_one_value_is_empty() -> None:
    assert sparkline(points(None, 3.0, None)).line == ""


@given(st.lists(st.none() | st.floats(-1e300, 1e300, allow_nan=False), max_size=40))
def test_sparkline_stays_in_its_box(values: list[float | None]) -> None:
    line = sparkline(points(*values))
    for x, y in re.findall(r"[ML](\S+?) ([^ML]+)", line.line + line.open):
        assert 0 <= float(x) <= line.width
        assert 0 <= float(y) <= line.height
