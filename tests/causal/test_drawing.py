from datetime import date
from pathlib import Path

import numpy as np
import pytest

from tests.causal.worlds import LAUNCH, outcome
from upshot.causal import Assessment, Series, Window, assess, drawn
from upshot.core.errors import InvalidInput

DAYS = np.datetime64("2026-01-01") + np.arange(len(outcome(1).y))


@pytest.fixture(scope="module")
def assessed() -> tuple[Series, Assessment]:
    series = Series.of(outcome(1).y, int(LAUNCH), dates=[day.item() for day in DAYS])
    answer = assess(series, (Window(0, 6), Window(0, 27)), rng=1)
    assert isinstance(answer, Assessment)
    return series, answer


def test_chart_holds_the_series_and_what_was_expected(assessed: tuple[Series, Assessment], tmp_path: Path) -> None:
    series, answer = assessed
    chart = drawn(series, answer)
    svg = chart.svg()
    assert "launch" in str(chart.option)
    assert svg.startswith("<svg")
    chart.save(str(tmp_path / "orders.svg"))  # a notebook's user writes a name, not a path
    assert (tmp_path / "orders.svg").read_text() == svg
    assert chart.title == answer.summary


def test_summary_is_one_line_with_effect_interval_and_evidence(assessed: tuple[Series, Assessment]) -> None:
    reading = assessed[1].readings[1]
    words = assessed[1].summary
    assert "\n" not in words
    assert f"{reading.relative.value:+.1%}" in words  # type: ignore[union-attr]
    assert "95% interval) over steps 0 to 27" in words
    assert "evidence C" in words
    assert len(repr(assessed[1])) < 300
    assert len(repr(assessed[0])) < 100


def test_drawing_refuses_another_series_and_one_without_dates(assessed: tuple[Series, Assessment]) -> None:
    series, answer = assessed
    with pytest.raises(InvalidInput, match="no dates"):
        drawn(Series(series.y, series.launch), answer)
    with pytest.raises(InvalidInput, match="steps from the launch on"):
        drawn(Series(series.y, series.launch + 1, start=date(2026, 1, 1)), answer)
