r"""Scores of surveys: Net Promoter Score, top-box shares (CSAT), with weights, strata and clusters.

**NPS** is the share of promoters (9–10) minus that of detractors (0–6), in points from −100 to 100. From a plain sample
the interval inverts the score test of a difference of two multinomial shares; it keeps its coverage for a handful of
answers and for scores near ±100, where the usual ± 1.96 standard errors do not.

**With weights or a survey design** the variance is linearised (strata, clusters, weights); the answers are then worth
an *effective* number of plain ones, and the same score interval is formed from that number, so that small and one-sided
samples stay covered (Korn and Graubard's idea, with score intervals in place of exact ones).

Answers that are missing must be left out before; weights say how many customers an answer stands for.

Sources: Rocks, "Interval estimation for the Net Promoter Score", The American Statistician 70 (2016), for what works;
Tango, Statistics in Medicine 17 (1998), eq. 9–12, for the score test (a score is a difference of paired shares);
Särndal, Swensson and Wretman, "Model Assisted Survey Sampling" (1992), sec. 5.7, and Cochran, "Sampling Techniques"
(1977), sec. 5A, for linearisation and strata; Korn and Graubard, Survey Methodology 24 (1998), for effective sizes;
Zou and Donner, Statistics in Medicine 27 (2008), for the interval of a difference of two scores.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from upshot.core.errors import InvalidInput
from upshot.stats.arguments import compared, fitting, floats, given, number
from upshot.stats.proportions import Successes, wilson
from upshot.stats.result import Estimates, FloatArray, IntArray, Reason
from upshot.stats.score import falling_root
from upshot.stats.scores_design import AnswerDesign, design_variance
from upshot.stats.wald import checked_level, critical_value, masked, shaped_estimates

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["csat", "net_promoter", "net_promoter_of", "net_score", "score_gap", "top_box", "top_box_of"]

_POINTS = 100.0


def net_promoter(promoters: ArrayLike, passives: ArrayLike, detractors: ArrayLike, *, level: float = 0.95) -> Estimates:
    """Net Promoter Score of a plain sample, in points, with the score interval.

    Args:
        promoters: Answers of 9 and 10.
        passives: Answers of 7 and 8.
        detractors: Answers of 0 to 6; the three broadcast, so that many segments are one call.
        level: Coverage, in (0, 1).

    Returns:
        Estimates in points, −100 to 100; the p-value is NaN. Reasons: EMPTY, NOT_FINITE, INVALID_STATISTICS (a negative
        count), NOT_CONVERGED.

    Raises:
        InvalidInput: ``level`` is not in (0, 1).

    Examples:
        >>> score = net_promoter(10, 0, 0).at()
        >>> score.value, round(score.low, 1), score.high
        (100.0, 44.5, 100.0)
    """
    up, middle, down = _together(promoters=promoters, passives=passives, detractors=detractors)
    return replace(_points(net_score(up, down, up + middle + down, level=level)), method="net_promoter")


def net_score(up: ArrayLike, down: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> Estimates:
    """Share of one answer minus share of another among n, with Tango's score interval.

    Args:
        up: Answers that count +1; need not be whole (effective counts).
        down: Answers that count −1.
        n: All answers.
        level: Coverage, in (0, 1).

    Returns:
        Estimates in [−1, 1]; the p-value is NaN. Reasons: as ``net_promoter``.

    Raises:
        InvalidInput: ``level`` is not in (0, 1).

    Examples:
        >>> score = net_score(30, 10, 60).at()
        >>> round(score.value, 4), round(score.low, 4), round(score.high, 4)
        (0.3333, 0.1317, 0.5056)
    """
    u, d, count = _together(up=up, down=down, n=n)
    reason = np.select(
        [~np.isfinite(u + d + count), count == 0.0, (u < 0.0) | (d < 0.0) | (u + d > count * (1.0 + 1e-12))],
        [np.int64(Reason.NOT_FINITE), np.int64(Reason.EMPTY), np.int64(Reason.INVALID_STATISTICS)],
        np.int64(Reason.OK),
    )
    reach = critical_value(checked_level(level), "two-sided")
    with np.errstate(all="ignore"):
        value = (u - d) / count
        error = np.sqrt(np.maximum((u + d) / count - value * value, 0.0) / count)
        # The upper bound is the lower one of the score with the answers exchanged.
        first, second, centre = np.stack([u, d]), np.stack([d, u]), np.stack([value, -value])

        def excess(delta: FloatArray) -> FloatArray:
            return np.asarray((centre - delta) - reach * _null_error(first, second, count, delta))

        roots = falling_root(excess, np.full_like(centre, -1.0), centre)
    low, high = roots[0], -roots[1]
    lost = (reason == Reason.OK) & (np.isnan(low) | np.isnan(high))
    reason = np.asarray(np.where(lost, np.int64(Reason.NOT_CONVERGED), reason), np.int64)
    numbers = masked(reason, value, low, high, error, np.full_like(value, np.nan))
    return shaped_estimates((*numbers, count), reason, level=level, method="net_score", scale="absolute")


def top_box(top: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> Estimates:
    """Share of answers in the top boxes of a plain sample, with Wilson's interval.

    Args:
        top: Answers that count as satisfied.
        n: All answers.
        level: Coverage, in (0, 1).

    Returns:
        Estimates in [0, 1]. Reasons: as ``wilson``.

    Raises:
        InvalidInput: ``level`` is not in (0, 1).

    Examples:
        >>> satisfied = top_box(45, 50).at()
        >>> satisfied.value, round(satisfied.low, 4), round(satisfied.high, 4)
        (0.9, 0.7864, 0.9565)
    """
    return replace(wilson(Successes(n, top), level=level), method="top_box")


def csat(answers: ArrayLike, *, top: float = 4.0, level: float = 0.95, design: AnswerDesign | None = None) -> Estimates:
    """Customer satisfaction: the share of answers of ``top`` or more (4 and 5 on the usual scale of 1 to 5).

    Args:
        answers: One answer each, shape (n,); none missing.
        top: Lowest answer that counts as satisfied.
        level: Coverage, in (0, 1).
        design: Weights, strata and clusters of the answers; None for a plain sample.

    Returns:
        A single estimate in [0, 1] (0-d). Reasons: as ``top_box_of``.

    Raises:
        InvalidInput: ``level`` or the design is not valid.

    Examples:
        >>> satisfied = csat([5, 5, 4, 3, 5, 2, 4, 5, 5, 4]).at()
        >>> satisfied.value, round(satisfied.low, 3), round(satisfied.high, 3)
        (0.8, 0.49, 0.943)
    """
    top = number("top", top)
    return replace(top_box_of(floats("answers", answers) >= top, level=level, design=design), method="csat")


def top_box_of(satisfied: ArrayLike, *, level: float = 0.95, design: AnswerDesign | None = None) -> Estimates:
    """Weighted share of yes-answers with an interval that knows the survey's design.

    Args:
        satisfied: True or false for each answer, shape (n,).
        level: Coverage, in (0, 1).
        design: Weights, strata and clusters; None for a plain sample.

    Returns:
        A single estimate in [0, 1] (0-d): Wilson's interval from the effective number of answers; ``n`` is the number
        of answers. Reasons: EMPTY, TOO_FEW_UNITS (a single cluster, or no stratum with two), NOT_FINITE.

    Raises:
        InvalidInput: ``level`` or the design is not valid.

    Examples:
        >>> plain = top_box_of([True, True, False, True]).at()
        >>> weighted = top_box_of([True, True, False, True], design=AnswerDesign(weights=[1, 1, 3, 1])).at()
        >>> plain.value, weighted.value
        (0.75, 0.5)
    """
    yes = floats("satisfied", satisfied)
    value, error, effective, reason = _effective(yes, design, level)
    if reason is not Reason.OK:
        return _none(reason, yes.size, level, "top_box_of")
    flat = wilson(Successes(effective, np.clip(value, 0.0, 1.0) * effective), level=level)
    return replace(flat, standard_error=np.asarray(error), n=np.asarray(float(yes.size)), method="top_box_of")


def net_promoter_of(answers: ArrayLike, *, level: float = 0.95, design: AnswerDesign | None = None) -> Estimates:
    """Net Promoter Score of raw answers of 0 to 10, with weights, strata and clusters if there are any.

    Args:
        answers: One answer each, shape (n,), whole numbers from 0 to 10; missing answers left out.
        level: Coverage, in (0, 1).
        design: Weights, strata and clusters; None for a plain sample.

    Returns:
        A single estimate in points (0-d); ``n`` is the number of answers. Reasons: as ``top_box_of``.

    Raises:
        InvalidInput: An answer is not between 0 and 10, or ``level`` or the design is not valid.

    Examples:
        >>> score = net_promoter_of([10, 9, 9, 8, 7, 6, 10, 3]).at()
        >>> score.value, round(score.low, 1), round(score.high, 1)
        (25.0, -32.8, 68.3)
    """
    x = floats("answers", answers)
    if not ((x >= 0.0) & (x <= 10.0)).all():
        raise InvalidInput("An answer is not between 0 and 10.", hint="Leave missing answers out, with their weights.")
    up, down = (x >= 9.0).astype(np.float64), (x <= 6.0).astype(np.float64)
    _, error, effective, reason = _effective(up - down, design, level)
    if reason is not Reason.OK:
        return _none(reason, x.size, level, "net_promoter_of")
    weights = np.ones(x.size) if design is None else design.of(x.size).weights
    total = float(weights.sum())
    shares = float(weights @ up) / total, float(weights @ down) / total
    flat = net_score(shares[0] * effective, shares[1] * effective, effective, level=level)
    points = _points(replace(flat, standard_error=np.asarray(error)))
    return replace(points, n=np.asarray(float(x.size)), method="net_promoter_of")


def score_gap(control: Estimates, treatment: Estimates) -> Estimates:
    """Difference of two independent scores, treatment − control, from their own intervals (MOVER).

    Args:
        control: A score with its interval.
        treatment: Another, of the same level; the two broadcast.

    Returns:
        Estimates on the scores' scale: the interval is d ± the root of the squared distances to the nearer ends (Zou
        and Donner), as wide on each side as the scores' own asymmetry asks for. The p-value is NaN. Reasons: those
        of the scores.

    Raises:
        InvalidInput: The levels differ.

    Examples:
        >>> gap = score_gap(net_promoter(40, 30, 30), net_promoter(60, 30, 10)).at()
        >>> gap.value, round(gap.low, 1), round(gap.high, 1)
        (40.0, 18.6, 60.3)
    """
    compared(Estimates, control, treatment)
    if control.level != treatment.level:
        raise InvalidInput(f"Levels of {control.level} and {treatment.level} differ.", hint="Use one level for both.")
    with np.errstate(all="ignore"):
        value = treatment.value - control.value
        low = value - np.hypot(treatment.value - treatment.low, control.high - control.value)
        high = value + np.hypot(treatment.high - treatment.value, control.value - control.low)
        error = np.hypot(treatment.standard_error, control.standard_error)
    reason = np.where(control.reason == Reason.OK, treatment.reason, control.reason)
    numbers = masked(reason, *(np.asarray(a) for a in (value, low, high, error, np.full(np.shape(value), np.nan))))
    return shaped_estimates(
        (*numbers, control.n + treatment.n), reason, level=control.level, method="score_gap", scale="absolute"
    )


def _together(**counts: ArrayLike) -> tuple[FloatArray, ...]:
    """The counts as arrays of one shape."""
    arrays = {name: floats(name, count) for name, count in counts.items()}
    fitting(**{name: array.shape for name, array in arrays.items()})
    return np.broadcast_arrays(*arrays.values())


def _null_error(up: FloatArray, down: FloatArray, n: FloatArray, delta: FloatArray) -> FloatArray:
    """Standard error of the score at the likeliest shares whose difference is ``delta`` (Tango, eq. 11)."""
    b = -up - down + (2.0 * n - up + down) * delta
    c = -down * delta * (1.0 - delta)
    root = np.sqrt(np.maximum(b * b - 8.0 * n * c, 0.0))
    # The likeliest share of the second answer; in the form that does not cancel.
    share = np.where(b > 0.0, -2.0 * c / np.where(b + root > 0.0, b + root, 1.0), (root - b) / (4.0 * n))
    share = np.clip(share, np.maximum(-delta, 0.0), np.minimum(0.5 * (1.0 - delta), 1.0))
    return np.asarray(np.sqrt(np.maximum(2.0 * share + delta * (1.0 - delta), 0.0) / n))


def _effective(values: FloatArray, design: AnswerDesign | None, level: float) -> tuple[float, float, float, Reason]:
    """Weighted mean, its standard error, and how many plain answers it is worth."""
    missing = float("nan")
    if values.ndim != 1:
        raise InvalidInput(f"Answers have shape {values.shape}.", hint="Give one row of answers.")
    if values.size == 0:
        return missing, missing, missing, Reason.EMPTY
    given("design", design, AnswerDesign, type(None))
    checked = (AnswerDesign() if design is None else design).of(values.size)
    if not (np.isfinite(values).all() and np.isfinite(checked.weights).all()):
        return missing, missing, missing, Reason.NOT_FINITE
    total = float(checked.weights.sum())
    if total == 0.0:
        return missing, missing, missing, Reason.EMPTY
    value = float(checked.weights @ values) / total
    variance, freedom = design_variance(values, checked)
    plain = float(checked.weights @ (values - value) ** 2) / total
    if design is None:
        return value, (plain / values.size) ** 0.5, float(values.size), Reason.OK
    if freedom < 1.0:
        return missing, missing, missing, Reason.TOO_FEW_UNITS
    kish = total * total / float(checked.weights @ checked.weights)
    # Where all answers are alike the variance says nothing: the weights alone do.
    worth = plain / variance if variance > 0.0 else min(kish, freedom + 1.0)
    # A variance from few clusters is itself uncertain: Student's quantile instead of the normal one.
    stretch = critical_value(level, "two-sided") / critical_value(level, "two-sided", np.asarray(freedom))
    return value, variance**0.5, worth * float(stretch) ** 2, Reason.OK


def _points(score: Estimates) -> Estimates:
    return replace(
        score,
        value=_POINTS * score.value,
        low=_POINTS * score.low,
        high=_POINTS * score.high,
        standard_error=_POINTS * score.standard_error,
    )


def _none(reason: Reason, n: int, level: float, method: str) -> Estimates:
    codes: IntArray = np.asarray(reason, np.int64)
    return shaped_estimates(
        [*[np.asarray(np.nan)] * 5, np.asarray(float(n))], codes, level=level, method=method, scale="absolute"
    )
