r"""When is the normal limit good enough? And what to do where it is not.

The t-statistic of a difference of means has tails that are off by skewness (first Edgeworth term, Hall, "The Bootstrap
and Edgeworth Expansion", 1992, ch. 2):

    P(T ≤ x) = Φ(x) + κ (2x² + 1)/6 · φ(x) + O(1/n),
    κ = (γ_t s_t³/n_t² − γ_c s_c³/n_c²) / (s_t²/n_t + s_c²/n_c)^{3/2}

κ is the skewness of the difference: equal groups cancel it, a 99/1 split does not. Two-sided coverage suffers less,
because one tail gains what the other loses; but a tail is what decides. ``normal_limit`` predicts that error and how
many times more units would make it small. Where it is too large there are three ways out: capping
(``upshot.stats.winsor``), the bootstrap (``upshot.stats.bootstrap``), or ``skew_adjusted_difference``, which needs only
moments: Hall's cubic transformation removes the skewness term.

Sources: Hall, "On the removal of skewness by transformation", J. R. Stat. Soc. B 54 (1992); Zhou and Dinh,
"Nonparametric confidence intervals for the one- and two-sample problems", Biostatistics 6 (2005); Kohavi
et al., "Seven rules of thumb for web site experimenters" (KDD 2014), rule 7, for 355 γ².
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from upshot.stats.arguments import chosen, compared, fitting, floats, number, rows
from upshot.stats.contrast import contrast, contrast_variance
from upshot.stats.moments import Moments, first_reason, group_reasons
from upshot.stats.result import ALTERNATIVES, Estimates, FloatArray, IntArray, Reason, Tabular
from upshot.stats.wald import checked_level, critical_value, masked, shaped_estimates, tail_probability

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from upshot.stats.result import Alternative

__all__ = ["NormalLimit", "normal_limit", "rule_of_thumb_units", "skew_adjusted_difference", "skewness"]

_KOHAVI = 355.0


@dataclass(frozen=True, slots=True, repr=False)
class NormalLimit(Tabular):
    """Whether a difference of means may be read with Student's t; arrays of one shape.

    Attributes:
        skewness: Of the difference of means (κ).
        tail_error: Predicted probability by which each tail of the test misses its share (one tail gains it, the other
            loses it). At a level of 0.95 each tail's share is 0.025.
        times_the_units: How many times more units per group would bring it down to the tolerance; 1 where it is there.
        good: Whether it is within the tolerance.
        reason: Values of ``Reason``.

    Examples:
        >>> limit = normal_limit(Moments(9000, 1.0, 1.0), Moments(100, 1.0, 1.0), 8.0, 8.0)
        >>> bool(limit.good), bool(limit.times_the_units > 1.0)
        (False, True)
    """

    skewness: FloatArray
    tail_error: FloatArray
    times_the_units: FloatArray
    good: NDArray[np.bool_]
    reason: IntArray


def skewness(values: ArrayLike) -> FloatArray:
    """Sample skewness along the last axis, m₃ / m₂^{3/2} with divisor n.

    Args:
        values: Shape (…, n).

    Returns:
        Shape (…); NaN where values do not vary or are fewer than three. Its magnitude cannot exceed √n: a sample is
        never as skewed as the population of rare large values that it was drawn from.

    Examples:
        >>> round(float(skewness([0.0, 0.0, 0.0, 1.0])), 4)
        1.1547
    """
    x = rows("values", values)
    if x.shape[-1] < 3:
        return np.full(x.shape[:-1], np.nan)
    with np.errstate(all="ignore"):
        d = x - x.mean(axis=-1, keepdims=True)
        spread = np.sqrt((d * d).mean(axis=-1))
        z = d / np.where(spread > 0.0, spread, np.nan)[..., None]
        return np.asarray((z * z * z).mean(axis=-1))


def rule_of_thumb_units(skewness: ArrayLike) -> FloatArray:
    """Units per group for a nearly normal mean: 355 γ² (Kohavi et al. 2014, rule 7).

    For the mean of one group; a comparison of equal groups needs far fewer (``normal_limit``).

    Args:
        skewness: γ of one unit's value.

    Examples:
        >>> rule_of_thumb_units([1.0, 10.0]).tolist()
        [355.0, 35500.0]
    """
    gamma = floats("skewness", skewness)
    with np.errstate(over="ignore"):
        return np.asarray(_KOHAVI * gamma * gamma)


def normal_limit(
    control: Moments,
    treatment: Moments,
    skewness_control: ArrayLike,
    skewness_treatment: ArrayLike,
    *,
    level: float = 0.95,
    tolerance: float = 0.2,
) -> NormalLimit:
    """Predict how far the tails of Student's test of a difference are off.

    Args:
        control: Moments of the control group.
        treatment: Moments of the treatment; the two broadcast.
        skewness_control: Skewness of control's values.
        skewness_treatment: Skewness of the treatment's values.
        level: Of the two-sided interval that would be read.
        tolerance: Error of a tail that is accepted, as a fraction of its share: 0.2 lets a tail of 2.5 % be between
            2 % and 3 %.

    Returns:
        The prediction. First-order: for a skewness of the difference up to about 1 it was within a third of the
        simulated error (``bench/calibrate/stats_health.py``). Reasons: as ``difference``.

    Examples:
        >>> even = normal_limit(Moments(5000, 1.0, 9.0), Moments(5000, 1.0, 9.0), 12.0, 12.0)
        >>> uneven = normal_limit(Moments(9900, 1.0, 9.0), Moments(100, 1.0, 9.0), 12.0, 12.0)
        >>> bool(even.good), bool(uneven.good), round(float(uneven.times_the_units))
        (True, False, 400)
    """
    compared(Moments, control, treatment)
    level = checked_level(level)
    tolerance = number("tolerance", tolerance, above=0.0)
    reason = group_reasons(control, treatment)
    kappa, error = _difference_skewness(control, treatment, skewness_control, skewness_treatment)
    z = critical_value(level, "two-sided")
    share = (1.0 - level) / 2.0
    with np.errstate(all="ignore"):
        missed = np.abs(kappa) * (2.0 * z * z + 1.0) / 6.0 * np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)
        times = np.maximum((missed / (tolerance * share)) ** 2, 1.0)
    late = np.where(error > 0.0, np.where(np.isfinite(kappa), Reason.OK, Reason.NOT_FINITE), Reason.ZERO_VARIANCE)
    reason = np.asarray(first_reason(reason + np.zeros(kappa.shape, np.int64), np.asarray(late, np.int64)))
    ok = reason == Reason.OK
    skew, tail, units = (np.where(ok, number, np.nan) for number in (kappa, missed, times))
    with np.errstate(invalid="ignore"):
        return NormalLimit(skew, tail, units, ok & (missed <= tolerance * share), reason)


def skew_adjusted_difference(
    control: Moments,
    treatment: Moments,
    skewness_control: ArrayLike,
    skewness_treatment: ArrayLike,
    *,
    level: float = 0.95,
    alternative: Alternative = "two-sided",
    null: float = 0.0,
) -> Estimates:
    """Treatment minus control, with the skewness of the t-statistic removed (Hall 1992; Zhou and Dinh 2005).

    g(T) = ((1 + κT/3)³ − 1)/κ + κ/6 is monotone and nearly normal; the interval is not symmetric.

    Args:
        control: Moments of the control group.
        treatment: Moments of the treatment; the two broadcast.
        skewness_control: Skewness of control's values (``skewness``).
        skewness_treatment: Skewness of the treatment's values.
        level: Coverage, in (0, 1).
        alternative: Which side counts.
        null: Difference under the null hypothesis.

    Returns:
        Estimates in the metric's unit; the p-value belongs to the interval. Reasons: as ``difference``.

    Raises:
        InvalidInput: ``level`` is not in (0, 1).

    Examples:
        >>> effect = skew_adjusted_difference(Moments(9900, 1.0, 9.0), Moments(100, 1.5, 9.0), 2.0, 2.0).at()
        >>> round(effect.low, 3), round(effect.high, 3)
        (-0.026, 1.213)
    """
    chosen("alternative", alternative, ALTERNATIVES)
    compared(Moments, control, treatment)
    null = number("null", null)
    kappa, error = _difference_skewness(control, treatment, skewness_control, skewness_treatment)
    with np.errstate(all="ignore"):
        df = contrast(control, treatment)[1]
        value = treatment.mean - control.mean
        t = (value - null) / error
        g = _transformed(t, kappa)
        p_value = tail_probability(g, alternative, df)
        reach = critical_value(level, alternative, df)
        low = value - _inverted(reach, kappa) * error
        high = value - _inverted(-reach, kappa) * error
    if alternative == "greater":
        high = np.full_like(high, np.inf)
    elif alternative == "less":
        low = np.full_like(low, -np.inf)
    late = np.where(error > 0.0, np.where(np.isfinite(p_value), Reason.OK, Reason.NOT_FINITE), Reason.ZERO_VARIANCE)
    reason = first_reason(group_reasons(control, treatment) + np.zeros(p_value.shape, np.int64), np.asarray(late))
    numbers = masked(reason, *(np.asarray(a) for a in (value, low, high, error, p_value)))
    return shaped_estimates(
        (*numbers, control.n + treatment.n),
        reason,
        level=level,
        method="skew_adjusted_difference",
        scale="absolute",
    )


def _difference_skewness(
    control: Moments, treatment: Moments, skewness_control: ArrayLike, skewness_treatment: ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """κ and the standard error of the difference."""
    g_c, g_t = floats("skewness_control", skewness_control), floats("skewness_treatment", skewness_treatment)
    fitting(control=control.shape, treatment=treatment.shape, skewness_control=g_c.shape, skewness_treatment=g_t.shape)
    with np.errstate(all="ignore"):
        e_c, e_t = np.sqrt(control.variance / control.n), np.sqrt(treatment.variance / treatment.n)
        error = np.sqrt(contrast_variance(control, treatment))
        # A group that does not vary has no skewness, and adds none.
        third_c = np.where(e_c > 0.0, g_c / np.sqrt(control.n) * (e_c / error) ** 3, 0.0)
        third_t = np.where(e_t > 0.0, g_t / np.sqrt(treatment.n) * (e_t / error) ** 3, 0.0)
        return np.asarray(third_t - third_c), np.asarray(error)


def _transformed(t: FloatArray, kappa: FloatArray) -> FloatArray:
    small = np.abs(kappa) < 1e-9
    k = np.where(small, 1.0, kappa)
    return np.asarray(np.where(small, t, ((1.0 + k * t / 3.0) ** 3 - 1.0) / k + k / 6.0))


def _inverted(g: FloatArray, kappa: FloatArray) -> FloatArray:
    small = np.abs(kappa) < 1e-9
    k = np.where(small, 1.0, kappa)
    return np.asarray(np.where(small, g, 3.0 * (np.cbrt(1.0 + k * (g - k / 6.0)) - 1.0) / k))
