import numpy as np
import pytest

from upshot.causal.description import BeforeAfter, before_after
from upshot.causal.refusal import Refusal, RefusalCode
from upshot.causal.series import Series, Window


def described(series: Series, window: Window) -> BeforeAfter:
    found = before_after(series, window)
    assert isinstance(found, BeforeAfter)
    return found


def test_description_compares_whole_weeks() -> None:
    y = np.tile([5.0, 5, 5, 5, 5, 1, 1], 20)
    y[70:] += 2.0
    found = described(Series(y, 70), Window(0, 29))
    assert found.steps_before == found.steps_after == 28
    assert found.whole_seasons
    assert found.change == pytest.approx(2.0)
    assert found.relative == pytest.approx(2.0 / y[42:70].mean())
    assert found.usual == 0.0


def test_description_says_how_usual_such_a_change_is() -> None:
    y = np.cumsum(np.random.default_rng(1).standard_normal(400)) + 100.0
    found = described(Series(y, 300), Window(0, 27))
    means = np.convolve(y[:300], np.ones(28) / 28, mode="valid")
    changes = means[28:] - means[:-28]
    assert found.usual == pytest.approx(np.mean(np.abs(changes) >= abs(found.change)))


def test_description_of_a_zero_baseline_has_no_share() -> None:
    y = np.zeros(40)
    y[20:] = 3.0
    assert np.isnan(described(Series(y, 20), Window(0, 6)).relative)


@pytest.mark.parametrize(
    ("series", "code"),
    [
        (Series(np.ones(20), 18), RefusalCode.NOTHING_OBSERVED),
        (Series(np.ones(20), 3), RefusalCode.HISTORY_TOO_SHORT),
        (Series(np.full(40, np.nan), 20), RefusalCode.GAPS_AT_LAUNCH),
    ],
)
def test_description_needs_both_sides(series: Series, code: RefusalCode) -> None:
    found = before_after(series, Window(0, 6))
    assert isinstance(found, Refusal)
    assert found.code is code
    assert "{" not in found.sentence
