from datetime import date

import numpy as np
import pytest

from upshot.core.time import DayRange, Grain
from upshot.feedback.score import Scored, score_periods
from upshot.stats.scores import net_promoter


def test_score_of_each_period_is_that_of_its_answers_alone() -> None:
    days = [date(2026, 1, 3)] * 6 + [date(2026, 2, 1)] * 4
    scores = np.array([10, 9, 9, 8, 7, 0, 10, 10, 6, 6.5])
    periods, total = score_periods(
        Scored(days, scores, None), DayRange.of(date(2026, 1, 1), date(2026, 3, 31)), Grain.MONTH, 0.95
    )
    by_hand = [net_promoter(3, 2, 1), net_promoter(2, 1, 1)]
    assert [p.answers for p in periods] == [6, 4, 0]
    for period, expected in zip(periods, by_hand, strict=False):
        assert period.score is not None
        assert (period.score.value, period.score.low) == pytest.approx((float(expected.value), float(expected.low)))
    assert (periods[2].score, periods[2].why_not) == (None, "Nobody answered.")
    assert total.score is not None
    assert total.score.value == pytest.approx(100 * (5 - 2) / 10)
    assert (periods[1].promoters, periods[1].detractors, periods[1].passives) == (0.5, 0.25, 0.25)


def test_weights_change_the_score_as_if_answers_were_repeated() -> None:
    days = [date(2026, 1, 3)] * 3
    scored = Scored(days, np.array([10.0, 8.0, 2.0]), np.array([3.0, 1.0, 1.0]))
    _, total = score_periods(scored, DayRange.of(days[0], days[0]), Grain.DAY, 0.95)
    assert total.score is not None
    assert total.score.value == pytest.approx(100 * (3 - 1) / 5)
