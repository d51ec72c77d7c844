"""The arithmetic of sums and merges behind the sufficient statistics.

Source: Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances" (1979),
eq. 1.5 and 1.7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from upshot.stats.result import FloatArray

__all__ = ["LOST", "blended", "merged", "scatter", "two_pass", "variance_from_sums"]

LOST = 64 * float(np.finfo(np.float64).eps)
"""Relative size below which a difference of sums of squares has no digit left."""


def two_pass(x: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Count, mean and variance along the last axis."""
    count = np.float64(x.shape[-1])
    with np.errstate(all="ignore"):
        mean = np.asarray(x.sum(axis=-1) / count)
        centred = x - mean[..., None]
        # The second term removes the rounding of the mean itself (Chan et al., eq. 1.7).
        slip = centred.sum(axis=-1)
        variance = (np.vecdot(centred, centred) - slip * slip / count) / (count - 1.0)
    return np.full(mean.shape, count), mean, np.maximum(variance, 0.0)


def variance_from_sums(n: FloatArray, total: FloatArray, squares: FloatArray) -> FloatArray:
    """Variance (divisor n − 1) from Σx and Σx²; NaN where cancellation left no digit."""
    mean = total / n
    rest = squares - total * mean
    lost = np.abs(rest) <= LOST * squares
    # Whole numbers add up exactly below 2^53: there a scatter of zero is known, not rounded.
    exact = (rest == 0.0) & (squares < 2.0**53) & (mean == np.rint(mean)) & (total == np.rint(total))
    return np.asarray(np.where(lost, np.where(exact, 0.0, np.nan), rest / (n - 1.0)), np.float64)


def scatter(covariance: FloatArray, n: FloatArray) -> FloatArray:
    """Sum of squared deviations; zero below two units, where a variance is not defined."""
    return np.asarray(np.where(n >= 2.0, covariance * (n - 1.0), 0.0), np.float64)


def blended(mean: FloatArray, other: FloatArray, share: FloatArray, other_share: FloatArray) -> FloatArray:
    """The mean of both groups together; an empty group's NaN does not enter."""
    mixed = mean + (other - mean) * other_share
    kept = np.where(other_share == 0.0, mean, np.where(share == 0.0, other, mixed))
    return np.asarray(kept, np.float64)


def merged(
    n: FloatArray,
    other_n: FloatArray,
    means: FloatArray,
    other_means: FloatArray,
    spreads: list[tuple[FloatArray, FloatArray, int, int]],
) -> tuple[FloatArray, FloatArray, list[FloatArray]]:
    """Chan's update for any set of (co)variances; means have the values along the last axis."""
    with np.errstate(all="ignore"):
        both = n + other_n
        share, other_share = n / both, other_n / both
        merged_means = blended(means, other_means, share[..., None], other_share[..., None])
        gap = np.where((share * other_share)[..., None] > 0.0, other_means - means, 0.0)
        spread = [
            (scatter(a, n) + scatter(b, other_n) + gap[..., i] * gap[..., j] * n * other_share) / (both - 1.0)
            for a, b, i, j in spreads
        ]
    return both, merged_means, spread
