"""Ratio metrics: a sum over a sum, where units are randomised and the denominator is random too (clicks per session).

Assumes independent units. The ratio of means is linearised (delta method), which is good where the denominator's mean
is many standard errors from zero.

Sources: Deng, Knoblich and Lu, "Applying the delta method in metric analytics", KDD (2018), sec. 3; Cochran, "Sampling
Techniques" (3rd ed., 1977), eq. 6.13.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np

from upshot.stats.arguments import compared
from upshot.stats.difference import difference
from upshot.stats.lift import FiellerSets, fieller_lift, lift
from upshot.stats.moments import PairMoments, every
from upshot.stats.result import Alternative, Estimates, FloatArray, Reason

__all__ = ["ratio_difference", "ratio_fieller_lift", "ratio_lift"]

_Found = TypeVar("_Found", bound=Estimates)


def ratio_difference(
    control: PairMoments,
    treatment: PairMoments,
    *,
    level: float = 0.95,
    alternative: Alternative = "two-sided",
    null: FloatArray | float = 0.0,
) -> Estimates:
    """Difference of two ratios of means (x over y), with delta-method variances.

    Args:
        control: Moments of numerator and denominator by unit.
        treatment: Of one or many treatments; the two broadcast.
        level: Coverage of the interval, in (0, 1).
        alternative: ``greater`` asks whether treatment exceeds control by more than ``null``.
        null: Difference under the null hypothesis.

    Returns:
        Estimates in the ratio's unit. Reasons: as ``difference``, and NOT_IDENTIFIED where a denominator is zero.

    Raises:
        InvalidInput: ``level`` is not in (0, 1).

    Examples:
        >>> from upshot.stats.moments import PairMoments
        >>> control = PairMoments(500, 2.0, 10.0, 4.0, 9.0, 3.0)
        >>> treatment = PairMoments(500, 2.3, 10.0, 4.0, 9.0, 3.0)
        >>> effect = ratio_difference(control, treatment).at()
        >>> effect.value, effect.low, effect.high
        (0.0299..., 0.0080..., 0.0519...)
    """
    compared(PairMoments, control, treatment)
    found = difference(control.linearised(), treatment.linearised(), level=level, alternative=alternative, null=null)
    return _named(found, control, treatment, "ratio_difference")


def ratio_lift(
    control: PairMoments,
    treatment: PairMoments,
    *,
    level: float = 0.95,
    alternative: Alternative = "two-sided",
    null: FloatArray | float = 0.0,
) -> Estimates:
    """Relative lift of a ratio of means, by the delta method throughout.

    Args:
        control: Moments of numerator and denominator by unit.
        treatment: Of one or many treatments; the two broadcast.
        level: Coverage of the interval, in (0, 1).
        alternative: ``greater`` asks whether the lift exceeds ``null``.
        null: Lift under the null hypothesis, as a fraction.

    Returns:
        Estimates as fractions of |baseline|. Reasons: as ``lift``, and NOT_IDENTIFIED where a denominator is zero.

    Raises:
        InvalidInput: ``level`` is not in (0, 1).

    Examples:
        >>> from upshot.stats.moments import PairMoments
        >>> control = PairMoments(500, 2.0, 10.0, 4.0, 9.0, 3.0)
        >>> round(ratio_lift(control, PairMoments(500, 2.3, 10.0, 4.0, 9.0, 3.0)).at().value, 12)
        0.15
    """
    compared(PairMoments, control, treatment)
    found = lift(control.linearised(), treatment.linearised(), level=level, alternative=alternative, null=null)
    return _named(found, control, treatment, "ratio_lift")


def ratio_fieller_lift(
    control: PairMoments,
    treatment: PairMoments,
    *,
    level: float = 0.95,
    alternative: Alternative = "two-sided",
    null: FloatArray | float = 0.0,
) -> FiellerSets:
    """Relative lift of a ratio of means: each ratio linearised, the lift by Fieller's set.

    Args:
        control: Moments of numerator and denominator by unit.
        treatment: Of one or many treatments; the two broadcast.
        level: Coverage of the set, in (0, 1).
        alternative: One-sided sets are bounded on one side only.
        null: Lift under the null hypothesis, as a fraction.

    Returns:
        As ``fieller_lift``, and NOT_IDENTIFIED where a denominator is zero.

    Raises:
        InvalidInput: ``level`` is not in (0, 1).

    Examples:
        >>> from upshot.stats.moments import PairMoments
        >>> control = PairMoments(500, 2.0, 10.0, 4.0, 9.0, 3.0)
        >>> effect = ratio_fieller_lift(control, PairMoments(500, 2.3, 10.0, 4.0, 9.0, 3.0)).at()
        >>> effect.low > 0.0
        True
    """
    compared(PairMoments, control, treatment)
    ratios = control.linearised(), treatment.linearised()
    found = fieller_lift(*ratios, level=level, alternative=alternative, null=null)
    return _named(found, control, treatment, "ratio_fieller_lift")


def _named(found: _Found, control: PairMoments, treatment: PairMoments, method: str) -> _Found:
    without = ((control.mean_y == 0.0) & (control.n > 0.0)) | ((treatment.mean_y == 0.0) & (treatment.n > 0.0))
    if every(~without):
        return replace(found, method=method)
    return replace(found, method=method, reason=np.where(without, np.int64(Reason.NOT_IDENTIFIED), found.reason))
