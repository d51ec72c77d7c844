"""Absolute difference of two means, with Welch's interval.

Assumes independent units, groups assigned at random, and samples large enough (or values normal enough) for the means
to be nearly normal. Variances may differ between groups.

Source: Welch, Biometrika 34 (1947), eq. 28.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from upshot.stats.arguments import compared
from upshot.stats.contrast import contrast
from upshot.stats.moments import Moments, group_reasons
from upshot.stats.wald import wald

if TYPE_CHECKING:
    from upshot.stats.result import Alternative, Estimates, FloatArray

__all__ = ["difference"]


def difference(
    control: Moments,
    treatment: Moments,
    *,
    level: float = 0.95,
    alternative: Alternative = "two-sided",
    null: FloatArray | float = 0.0,
) -> Estimates:
    """Mean of treatment minus mean of control (Welch's t).

    Means of ratios, of clustered or weighted observations, adjusted means and quantiles compare alike, once they are
    ``Moments``. Control and treatment broadcast: a control of shape (m, 1) meets treatments of shape (m, k).

    Args:
        control: Moments of the control group.
        treatment: Moments of one or many treatment groups.
        level: Coverage of the interval, in (0, 1).
        alternative: ``greater`` asks whether treatment exceeds control by more than ``null``.
        null: Difference under the null hypothesis, in the metric's unit: −margin for non-inferiority.

    Returns:
        Estimates in the metric's unit. Reasons: EMPTY, TOO_FEW_UNITS (fewer than two in a group), ZERO_VARIANCE (in
        both groups), NOT_FINITE, INVALID_STATISTICS, PRECISION_LOST.

    Raises:
        InvalidInput: ``level`` is not in (0, 1).

    Examples:
        >>> effect = difference(Moments(1000, 10.0, 4.0), Moments(1000, [10.2, 10.0], [4.0, 5.0]))
        >>> effect.at(0).value, effect.at(0).low, effect.at(0).high
        (0.1999..., 0.0245..., 0.3754...)
        >>> round(effect.at(1).p_value, 6)
        1.0
    """
    compared(Moments, control, treatment)
    n_c, n_t = control.n[()], treatment.n[()]
    with np.errstate(all="ignore"):
        return wald(
            treatment.mean[()] - control.mean[()],
            *contrast(control, treatment),
            n=n_c + n_t,
            reason=group_reasons(control, treatment),
            level=level,
            alternative=alternative,
            null=null,
            method="difference",
            scale="absolute",
        )
