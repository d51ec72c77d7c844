"""The net promoter score of answers, by period."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from upshot.core.time import DayRange, Grain
from upshot.feedback.answers import DETRACTOR_TO, PROMOTER_FROM
from upshot.stats.result import Estimate
from upshot.stats.scores import net_promoter_of
from upshot.stats.scores_design import AnswerDesign

__all__ = ["Period", "Scored", "score_periods"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scored:
    """Answers with a score.

    Attributes:
        days: Local day of each.
        scores: 0 to 10, shape (n,).
        weights: Above 0, shape (n,); None for a plain sample.
    """

    days: Sequence[date]
    scores: Floats
    weights: Floats | None


@dataclass(frozen=True, slots=True)
class Period:
    """The score of one period, in points from -100 to 100; an estimate, or in words why there is none.

    Attributes:
        start: Its first day.
        score: The estimate with its interval; None where there is none.
        why_not: Why; empty where there is one.
        promoters: Share of answers of 9 and 10, weighted as the score is.
        passives: Of 7 and 8.
        detractors: Of 0 to 6.
        answers: How many there are.
    """

    start: date
    score: Estimate | None
    why_not: str
    promoters: float
    passives: float
    detractors: float
    answers: int


def score_periods(scored: Scored, days: DayRange, grain: Grain, level: float) -> tuple[tuple[Period, ...], Period]:
    """The score of each period of ``days``, and of all of them together.

    Args:
        scored: Answers within ``days``.
        days: The window.
        grain: Length of a period.
        level: Coverage of the intervals, in (0, 1).
    """
    starts = np.array([grain.floor(day).toordinal() for day in scored.days], dtype=np.int64)
    periods = tuple(
        _period(start, scored, np.flatnonzero(starts == start.toordinal()), level) for start in days.periods(grain)
    )
    return periods, _period(days.start, scored, np.arange(len(scored.scores)), level)


def _period(start: date, scored: Scored, chosen: NDArray[np.int64], level: float) -> Period:
    scores = scored.scores[chosen]
    if not len(scores):
        return Period(start, None, "Nobody answered.", 0.0, 0.0, 0.0, 0)
    weights = None if scored.weights is None else scored.weights[chosen]
    found = net_promoter_of(scores, level=level, design=None if weights is None else AnswerDesign(weights=weights))
    estimate = found.at()
    shares = np.ones(len(scores)) if weights is None else weights
    total = shares.sum()
    up, down = float(shares[scores >= PROMOTER_FROM].sum() / total), float(shares[scores <= DETRACTOR_TO].sum() / total)
    return Period(
        start=start,
        score=estimate if isinstance(estimate, Estimate) else None,
        why_not="" if isinstance(estimate, Estimate) else estimate.sentence,
        promoters=up,
        passives=max(1.0 - up - down, 0.0),
        detractors=down,
        answers=len(scores),
    )
