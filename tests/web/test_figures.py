from datetime import date

import pytest

from upshot.api.metrics import MetricView, Point
from upshot.web.figures import Words, change

DAY = date(2024, 3, 1)
WORDS = Words("percent", "EUR")


def metric(shape: str) -> MetricView:
    return MetricView("m", "M", "", shape, "percent", "up", "person", 1, "", "", additive=False)


@pytest.mark.parametrize(
    ("shape", "complete", "shown"), [("conversion", False, False), ("conversion", True, True), ("mean", False, False)]
)
def test_what_is_not_over_has_no_change(shape: str, complete: bool, shown: bool) -> None:
    now, before = Point(DAY, 0.4, complete), Point(DAY, 0.5, complete=True)
    found = change(metric(shape), now, before, WORDS)
    assert (found is not None) == shown
    if found is not None:
        assert (found.arrow, found.text, found.tone) == ("▼", "20.0%", "bad")


def test_change_from_nothing_is_none() -> None:
    assert change(metric("mean"), Point(DAY, 1.0, complete=True), Point(DAY, 0.0, complete=True), WORDS) is None
