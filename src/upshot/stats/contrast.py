r"""The variance of ``treatment − ρ · control``: the one place that knows what two arms share.

ρ = 1 is a difference; the ratio of the means gives the delta method's lift, and Fieller's set tests every ρ. For
independent arms the variance is :math:`v_t + ρ² v_c`. Adjusted arms (``upshot.stats.shared``) have parts in common:

.. math:: D_t + ρ² D_c + |L_t - ρ L_c|² + 2 (G_t - ρ G_c) \cdot (L_t - ρ L_c),

with D the variances of the arms' own parts. Loadings are subtracted before they are squared, so that what cancels
leaves no rounding behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from upshot.stats.shared import Shared, mixed_arms
from upshot.stats.wald import satterthwaite

if TYPE_CHECKING:
    from upshot.stats.moments import Moments
    from upshot.stats.result import FloatArray

__all__ = ["arm_covariance", "contrast", "contrast_variance", "mean_variance"]


def contrast(control: Moments, treatment: Moments, ratio: FloatArray | float = 1.0) -> tuple[FloatArray, FloatArray]:
    """Variance of mean_t − ρ mean_c and its degrees of freedom.

    Args:
        control: Moments of the control group.
        treatment: Moments of one or many treatment groups; the two broadcast.
        ratio: ρ.

    Returns:
        The variance, in the metric's unit squared, and Satterthwaite's degrees of freedom; NaN where a group has none.

    Raises:
        InvalidInput: The arms were not adjusted together.

    Examples:
        >>> from upshot.stats.adjust import cuped
        >>> from upshot.stats.moments import PairMoments
        >>> arms = cuped(PairMoments([1000, 1000], [10.0, 5.0], 0.0, 100.0, 1.0, 9.0))
        >>> variance, freedom = contrast(arms[0], arms[1], 0.5)
        >>> round(float(variance) ** 0.5 / 10.0, 4)
        0.0184
    """
    n_c, n_t = control.n[()], treatment.n[()]
    from_t = treatment.variance[()] / n_t
    from_c = ratio * ratio * (control.variance[()] / n_c)
    if control.shared is None and treatment.shared is None:
        return from_t + from_c, satterthwaite(from_t, n_t - 1.0, from_c, n_c - 1.0)
    common, freedom = _common(control, treatment, ratio)
    total = from_t + from_c + common
    squares = from_t * from_t / (n_t - 1.0) + from_c * from_c / (n_c - 1.0) + common * common / freedom
    return total, total * total / squares


def contrast_variance(control: Moments, treatment: Moments, ratio: FloatArray | float = 1.0) -> FloatArray:
    """The variance alone, as in ``contrast``."""
    own = treatment.variance[()] / treatment.n[()] + ratio * ratio * (control.variance[()] / control.n[()])
    if control.shared is None and treatment.shared is None:
        return own
    return own + _common(control, treatment, ratio)[0]


def arm_covariance(control: Moments, treatment: Moments) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Variance of the treatment's mean, of the control's, and their covariance, in the metric's unit squared.

    Raises:
        InvalidInput: The arms were not adjusted together.
    """
    v_t, v_c = mean_variance(treatment), mean_variance(control)
    if control.shared is None and treatment.shared is None:
        return v_t, v_c, np.float64(0.0)  # type: ignore[return-value]
    a, b = _checked(control.shared, treatment.shared)
    return v_t, v_c, (a.loadings * b.loadings + b.own * a.loadings + a.own * b.loadings).sum(axis=0)


def mean_variance(moments: Moments) -> FloatArray:
    """Squared standard error of each mean by itself, what it shares with others included.

    Examples:
        >>> from upshot.stats.moments import Moments
        >>> float(mean_variance(Moments(100, 1.0, 4.0)))
        0.04
    """
    own: FloatArray = moments.variance[()] / moments.n[()]
    if moments.shared is None:
        return own
    loadings = moments.shared.loadings
    return np.asarray(own + (loadings * (loadings + 2.0 * moments.shared.own)).sum(axis=0))[()]


def _common(control: Moments, treatment: Moments, ratio: FloatArray | float) -> tuple[FloatArray, FloatArray]:
    a, b = _checked(control.shared, treatment.shared)
    gap = b.loadings - ratio * a.loadings
    return (gap * (gap + 2.0 * (b.own - ratio * a.own))).sum(axis=0), b.freedom


def _checked(control: Shared | None, treatment: Shared | None) -> tuple[Shared, Shared]:
    if control is None or treatment is None:
        raise mixed_arms()
    together = control.loadings.shape[0] == treatment.loadings.shape[0]
    first, second = np.broadcast_arrays(control.freedom, treatment.freedom)
    if not (together and np.array_equal(first, second, equal_nan=True)):
        raise mixed_arms()
    return control, treatment
