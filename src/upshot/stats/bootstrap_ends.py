"""Ends of bootstrap intervals from redrawn values, for any number of statistics at once.

Sources: Efron, "Better bootstrap confidence intervals", JASA 82 (1987), eq. 2.3 and 6.6; Efron and Tibshirani, "An
Introduction to the Bootstrap" (1993), sec. 13.3 for percentiles and 14.3 for BCa.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, ndtri

from upshot.core.errors import InvalidInput
from upshot.stats.wald import checked_level

if TYPE_CHECKING:
    from upshot.stats.result import FloatArray

__all__ = ["at_rank", "bca_ends", "checked_tail", "percentile_ends"]


def checked_tail(level: float, resamples: int) -> float:
    """The share of draws beyond each end.

    Raises:
        InvalidInput: The level is not in (0, 1), or fewer than 10 draws would lie beyond an end.

    Examples:
        >>> round(checked_tail(0.9, 1000), 12)
        0.05
    """
    tail = (1.0 - checked_level(level)) / 2.0
    if resamples * tail < 10.0:
        raise InvalidInput(
            f"{resamples} resamples leave fewer than 10 in each tail at a level of {level}.",
            hint="4,000 are enough for 0.95, 20,000 for 0.99.",
        )
    return tail


def percentile_ends(drawn: FloatArray, tail: float) -> tuple[FloatArray, FloatArray]:
    """Plain percentiles of the draws.

    Args:
        drawn: Redrawn values, shape (resamples, …); NaN where a redrawn sample has none, which counts as beyond both
            ends.
        tail: Share of draws beyond each end.

    Returns:
        Lower and upper end, shape (…); infinite where draws without a value reach the end.

    Examples:
        >>> [float(end) for end in percentile_ends(np.arange(1.0, 100.0), 0.05)]
        [5.0, 95.0]
    """
    return _ends(drawn, np.full(drawn.shape[1:], tail), np.full(drawn.shape[1:], 1.0 - tail))


def bca_ends(
    drawn: FloatArray, value: FloatArray, acceleration: FloatArray, tail: float
) -> tuple[FloatArray, FloatArray]:
    """Percentiles corrected for bias and acceleration.

    Args:
        drawn: As in ``percentile_ends``.
        value: The statistic of the sample itself, shape (…).
        acceleration: A sixth of the skewness of the units' influences, shape (…).
        tail: Share of draws beyond each end.

    Returns:
        As ``percentile_ends``.

    Examples:
        >>> [float(end) for end in bca_ends(np.arange(1.0, 100.0), np.asarray(50.0), np.asarray(0.0), 0.05)]
        [5.0, 95.0]
    """
    resamples = drawn.shape[0]
    known = np.maximum(resamples - np.isnan(drawn).sum(axis=0), 1)
    # Ties count half: a statistic with few distinct values repeats the estimate itself often.
    below = ((drawn < value).sum(axis=0) + 0.5 * (drawn == value).sum(axis=0)) / known
    bias = ndtri(np.clip(below, 0.5 / resamples, 1.0 - 0.5 / resamples))
    low, high = (_adjusted(share, bias, acceleration) for share in (tail, 1.0 - tail))
    return _ends(drawn, low, high)


def at_rank(ordered: FloatArray, share: FloatArray) -> FloatArray:
    """The value below which a share of the ordered draws lies, at rank (B + 1) · share.

    Args:
        ordered: Draws in order along the first axis, shape (resamples, …).
        share: Shares in (0, 1), shape (…); NaN gives NaN.

    Examples:
        >>> float(at_rank(np.arange(1.0, 100.0), np.asarray(0.25)))
        25.0
    """
    rank = np.clip(np.rint((ordered.shape[0] + 1.0) * share) - 1.0, 0.0, ordered.shape[0] - 1.0)
    known = np.isfinite(rank)
    found = np.take_along_axis(ordered, np.where(known, rank, 0.0).astype(np.int64)[None], axis=0)[0]
    return np.asarray(np.where(known, found, np.nan))


def _ends(drawn: FloatArray, low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray]:
    ordered = np.sort(drawn, axis=0)  # those without a value come last, which is beyond the upper end
    lost = np.isnan(ordered)
    upper = at_rank(np.where(lost, np.inf, ordered), high)
    lower = at_rank(np.sort(np.where(lost, -np.inf, ordered), axis=0) if lost.any() else ordered, low)
    return lower, upper


def _adjusted(share: float, bias: FloatArray, acceleration: FloatArray) -> FloatArray:
    z = bias + ndtri(share)
    return np.asarray(ndtr(bias + z / (1.0 - acceleration * z)))
