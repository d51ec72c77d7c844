r"""Asymptotic confidence sequences: intervals that hold at all looks at once, however often one looks.

Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas, "Time-uniform central limit theory and asymptotic confidence sequences"
(2024, Annals of Statistics 52:2613; arXiv 2103.06476), Robbins' normal mixture:

    θ̂_n ± σ̂ √( 2(nρ² + 1)/(n²ρ²) · ln( √(nρ² + 1)/α ) )        (two-sided, eq. 9)
    θ̂_n − σ̂ √( 2(nρ² + 1)/(n²ρ²) · ln( 1 + √(nρ² + 1)/(2α) ) )   (one-sided)

with σ̂ = standard error × √n. ρ is tuned so that the interval is tightest at ``tuned_units``: ρ² n = −W₋₁(−α²/e) − 1
(Howard, Ramdas, McAuliffe & Sekhon 2021, Annals of Statistics 49:1055, Prop. 3, W₋₁ the lower Lambert branch); for one
side α is doubled. It may be looked at every second, and a first look may come at any n from ``minimum_units`` on.

Assumptions: units are independent and enter in an order that does not depend on their values; a unit's value is final
when counted (``upshot.stats.maturity``); finite variance. The promise holds in the limit of a late first look.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import lambertw

from upshot.core.renamed import renamed
from upshot.stats.arguments import axis_of, chosen, compared, fitting, floats, given, number
from upshot.stats.contrast import contrast_variance, mean_variance
from upshot.stats.maturity import (
    MINIMUM_UNITS,
    TOTALS,
    UnitTotals,
    minimum_units,
    sequential_estimates,
    sequential_reasons,
)
from upshot.stats.moments import Moments, every, first_reason, group_reasons
from upshot.stats.result import ALTERNATIVES, OK, SCALES, Alternative, Estimates, FloatArray, IntArray, Reason, Scale
from upshot.stats.wald import checked_level

__all__ = [
    "always_valid_p",
    "arm_reasons",
    "asymptotic_confidence_sequence",
    "baseline_reasons",
    "difference_and_error",
    "first_look",
    "first_look_units",
    "mean_difference_sequence",
    "mixture",
    "mixture_radius",
    "running_intersection",
    "tuned_rho_squared",
]


_SHAKY_BASELINE = 0.15
"""Relative standard error of the baseline above which a relative sequence does not speak: a lift is a ratio, and near a
baseline of zero it is far from normal. About 45 successes in the control, where values are 0 and 1."""

_NOT_SKEWED, _NOWHERE = np.asarray(MINIMUM_UNITS)[()], np.asarray(False)[()]


@lru_cache(maxsize=1024)
def _tuned(alpha: float) -> float:
    return float(-lambertw(-alpha * alpha / np.e, -1).real - 1.0)


@renamed(tuned_n="tuned_units")
def tuned_rho_squared(
    tuned_units: ArrayLike, alpha: float = 0.05, alternative: Alternative = "two-sided"
) -> FloatArray:
    """ρ² that makes the interval tightest at ``tuned_units`` units (Howard et al. 2021, Prop. 3).

    Args:
        tuned_units: Units, above 0, any shape.
        alpha: Error over all looks, in (0, 1); one-sided, in (0, 0.5).
        alternative: For one side alpha is doubled in the formula.

    Returns:
        ρ², per unit, of the shape of ``tuned_units``.

    Examples:
        >>> tuned_rho_squared(100.0).round(5).item()
        0.08212
    """
    chosen("alternative", alternative, ALTERNATIVES)
    n = floats("tuned_units", tuned_units, above=0.0)
    return np.asarray(_rho_squared(n, number("alpha", alpha, above=0.0, below=1.0), alternative))


def _rho_squared(tuned_units: FloatArray, alpha: float, alternative: Alternative) -> FloatArray:
    return _tuned(alpha if alternative == "two-sided" else min(2.0 * alpha, 0.999)) / tuned_units


def mixture_radius(time: ArrayLike, alpha: float = 0.05, alternative: Alternative = "two-sided") -> FloatArray:
    """Standard errors to go to each side at intrinsic time nρ²; the boundary for |Z| of the always-valid test.

    Args:
        time: nρ², 0 or more, any shape.
        alpha: Error over all looks, in (0, 1).
        alternative: Two-sided, or one-sided.

    Returns:
        The radius in standard errors, of the shape of ``time``; infinite before the first unit.

    Examples:
        >>> mixture_radius(7.936).round(4).item()
        3.0352
    """
    chosen("alternative", alternative, ALTERNATIVES)
    alpha = number("alpha", alpha, above=0.0, below=1.0)
    t = floats("time", time, least=0.0)
    with np.errstate(all="ignore"):  # an intrinsic time without end has a radius without end
        return np.asarray(_radius(t, alpha, alternative))


def _radius(time: FloatArray, alpha: float, alternative: Alternative) -> FloatArray:
    growth = time + 1.0
    root: FloatArray = np.sqrt(growth)
    inside = np.log(root / alpha) if alternative == "two-sided" else np.log1p(root / (2.0 * alpha))
    radius: FloatArray = np.sqrt(2.0 * growth / time * inside)
    return radius


@renamed(tuned_n="tuned_units", minimum_n="minimum_units")
def asymptotic_confidence_sequence(
    estimate: ArrayLike,
    standard_error: ArrayLike,
    n: ArrayLike,
    *,
    totals: UnitTotals,
    tuned_units: ArrayLike,
    level: float = 0.95,
    alternative: Alternative = "two-sided",
    null: float = 0.0,
    smallest_n: ArrayLike | None = None,
    minimum_units: ArrayLike = MINIMUM_UNITS,
    scale: Scale = "absolute",
) -> Estimates:
    """The confidence sequence of any asymptotically linear estimate, with always-valid p-values.

    Each value holds for its look as part of the whole sequence: an experiment may stop at any time, for any reason, and
    the interval at the stop keeps its level; the p-value may be compared with alpha at every look. It is the inverse of
    the interval (p < 1 − level exactly where the interval leaves out ``null``).

    Args:
        estimate: Estimates at one or many looks, any shape.
        standard_error: Their standard errors.
        n: Units so far that drive the sequence (both arms).
        totals: Whether unit totals are final when counted; growing ones are refused.
        tuned_units: Where the interval should be tightest; the planned end is a good choice. Fix it beforehand.
        level: Coverage over all looks together, in (0, 1).
        alternative: "greater" gives a lower bound only, "less" an upper bound only.
        null: Value of the effect under the null hypothesis.
        smallest_n: Units in the smaller arm; half of ``n`` if None.
        minimum_units: Fewest units in the smaller arm at which the promise is kept (``maturity.minimum_units``).
        scale: Whether the estimate is absolute or relative.

    Returns:
        Estimates of the broadcast shape.

    Raises:
        InvalidInput: ``tuned_units`` or ``level`` is out of range.

    Examples:
        >>> at_stop = asymptotic_confidence_sequence(0.4, 0.1, 1000, totals="final", tuned_units=1000)
        >>> at_stop.low.round(4).item()
        0.0965
    """
    chosen("alternative", alternative, ALTERNATIVES)
    chosen("totals", totals, TOTALS)
    chosen("scale", scale, SCALES)
    level, null = checked_level(level), number("null", null)
    theta, se, units = (
        floats("estimate", estimate)[()],
        floats("standard_error", standard_error)[()],
        floats("n", n)[()],
    )
    smallest = 0.5 * units if smallest_n is None else floats("smallest_n", smallest_n)[()]
    planned = floats("tuned_units", tuned_units, above=0.0)[()]
    least = floats("minimum_units", minimum_units)[()]
    sizes = {"n": units.shape, "tuned_units": planned.shape, "smallest_n": smallest.shape, "minimum_units": least.shape}
    fitting(estimate=theta.shape, standard_error=se.shape, **sizes)
    with np.errstate(all="ignore"):
        time = units * _rho_squared(planned, 1.0 - level, alternative)
        reason = sequential_reasons(theta + 0.0 * time, se, smallest, least, totals)
        low, high, p = mixture(theta, se, time, 1.0 - level, alternative, null)
    return sequential_estimates(
        theta, low, high, se, p, units, reason, level=level, method="asymptotic_confidence_sequence", scale=scale
    )


def always_valid_p(z: ArrayLike, time: ArrayLike, alternative: Alternative = "two-sided") -> FloatArray:
    """The p-value that inverts ``mixture_radius``: the least alpha at which the sequence leaves out the null value.

    Args:
        z: Standardised estimates.
        time: Intrinsic time nρ², 0 or more.
        alternative: Direction.

    Returns:
        p-values in (0, 1] of the broadcast shape; two-sided they are min(1, 1/e) with e the normal mixture's e-value
        (Waudby-Smith et al. 2024, eq. 155).

    Examples:
        >>> always_valid_p(3.0352, 7.936).round(4).item()
        0.05
    """
    chosen("alternative", alternative, ALTERNATIVES)
    z_, t = floats("z", z)[()], floats("time", time, least=0.0)[()]
    fitting(z=z_.shape, time=t.shape)
    with np.errstate(all="ignore"):
        return np.asarray(_inverted(z_, t, alternative))


def _inverted(z: FloatArray, time: FloatArray, alternative: Alternative) -> FloatArray:
    growth = time + 1.0
    exponent = 0.5 * time * z * z / growth
    root: FloatArray = np.sqrt(growth)
    if alternative == "two-sided":
        return np.asarray(np.minimum(1.0, root * np.exp(-exponent)))[()]
    toward = z > 0.0 if alternative == "greater" else z < 0.0
    p = np.minimum(1.0, 0.5 * root / np.expm1(exponent))
    return np.where(np.isnan(z + time), np.nan, np.where(toward, p, 1.0))


@renamed(tuned_n="tuned_units", minimum_n="minimum_units")
def mean_difference_sequence(
    control: Moments,
    treatment: Moments,
    *,
    totals: UnitTotals,
    tuned_units: ArrayLike,
    scale: Scale = "absolute",
    level: float = 0.95,
    alternative: Alternative = "two-sided",
    null: float = 0.0,
    treatment_share: ArrayLike | None = None,
    skewness_control: ArrayLike | None = None,
    skewness_treatment: ArrayLike | None = None,
    minimum_units: ArrayLike | None = None,
) -> Estimates:
    """Confidence sequence for the difference of two means, or for their relative lift (delta method).

    Ratios, weighted means and CUPED-adjusted means enter as linearised ``Moments``. n is 4/(1/n_c + 1/n_t): the total
    at an even split, and in proportion to the information at any other.

    It speaks from ``first_look_units`` on: with rare or skewed values in an uneven split the normal limit comes late,
    and looks before it raise false alarms. A relative lift also needs a baseline whose standard error is at most 15 %.
    Below, the reason is BELOW_VALID_SAMPLE.

    The sequence's clock is units, not the calendar: a look is as far as the units that have come in by then (counted as
    what an uneven split is worth, where ``treatment_share`` is given), and ``tuned_units`` is where along that way the
    interval is tightest. A week without units is no time, a week with twice the units is two.

    Args:
        control: Sufficient statistics of the control at one or many looks.
        treatment: The same for the treatment.
        totals: Whether unit totals are final when counted; growing ones are refused.
        tuned_units: Units of both arms at which the interval should be tightest, fixed beforehand.
        scale: "absolute" or "relative" (a fraction of |baseline|, as in ``lift``).
        level: Coverage over all looks together.
        alternative: Direction.
        null: Effect under the null hypothesis, on ``scale``.
        treatment_share: Planned share of the treatment in both arms' units, in (0, 1); the share at each look if None.
            State it where a ramp changes the split, so that the mixture stays the same.
        skewness_control: Skewness of a unit's value in the control (``skewness``). Known where values are 0 and 1;
            assumed to be at most 2 elsewhere if None.
        skewness_treatment: The same in the treatment.
        minimum_units: Fewest units in the smaller arm, instead of what the skewness asks for.

    Returns:
        Estimates of the broadcast shape; ``n`` counts both arms. ZERO_BASELINE where a relative lift has none.

    Examples:
        >>> a, b = Moments(5000, 10.0, 4.0), Moments(5000, 10.2, 4.0)
        >>> lift = mean_difference_sequence(a, b, totals="final", tuned_units=10_000, scale="relative").at()
        >>> round(lift.value, 4), round(lift.low, 4), round(lift.high, 4)
        (0.02, 0.0077, 0.0323)
    """
    compared(Moments, control, treatment)
    chosen("alternative", alternative, ALTERNATIVES)
    chosen("totals", totals, TOTALS)
    chosen("scale", scale, SCALES)
    level, null = checked_level(level), number("null", null)
    n_c, n_t = control.n[()], treatment.n[()]
    planned = floats("tuned_units", tuned_units, above=0.0)[()]
    stated = None if minimum_units is None else floats("minimum_units", minimum_units)[()]
    information = _information(n_c, n_t, treatment_share)
    with np.errstate(all="ignore"):
        theta, se, zero_baseline = difference_and_error(control, treatment, scale)
        least = stated
        if least is None:
            least = first_look(control, treatment, skewness_control, skewness_treatment)
        if planned.ndim or least.ndim:
            fitting(groups=information.shape, tuned_units=planned.shape, minimum_units=least.shape)
        time = information * _rho_squared(planned, 1.0 - level, alternative)
        reason = sequential_reasons(theta + 0.0 * time, se, np.minimum(n_c, n_t), least, totals)
        if scale == "relative" and stated is None:
            reason = baseline_reasons(reason, control)
        low, high, p = mixture(theta, se, time, 1.0 - level, alternative, null)
        reason = arm_reasons(reason, control, treatment, zero_baseline)
    return sequential_estimates(
        theta, low, high, se, p, n_c + n_t, reason, level=level, method="mean_difference_sequence", scale=scale
    )


def first_look_units(
    control: Moments,
    treatment: Moments,
    skewness_control: ArrayLike | None = None,
    skewness_treatment: ArrayLike | None = None,
) -> FloatArray:
    """Units that the smaller arm needs before a look may count, from what the data say about their skewness.

    ``minimum_units`` of the more skewed arm: max(100, 25 γ²), which is 25 successes and 25 failures in each arm where
    values are 0 and 1 and arms are of one size. Skewness is that of the look: an arm that has shown no success, or no
    variation, has shown nothing of its skewness yet, and is not ready.

    Args:
        control: Moments of the control.
        treatment: Of the treatment; the two broadcast.
        skewness_control: Of a unit's value in the control. If None: known where values are 0 and 1, else taken as at
            most 2, for which 100 units do.
        skewness_treatment: The same in the treatment.

    Returns:
        Units, of the broadcast shape; infinite where an arm has not varied yet and the other one has.

    Examples:
        >>> arms = Moments.of_successes(3800, 38), Moments.of_successes([200, 2600], [0, 26])
        >>> first_look_units(*arms).tolist()
        [inf, 2425.25...]
    """
    compared(Moments, control, treatment)
    with np.errstate(all="ignore"):
        least = first_look(control, treatment, skewness_control, skewness_treatment)
    return np.array(np.broadcast_to(least, np.broadcast_shapes(least.shape, control.shape, treatment.shape)))


def first_look(
    control: Moments, treatment: Moments, skewness_control: ArrayLike | None, skewness_treatment: ArrayLike | None
) -> FloatArray:
    """As ``first_look_units``, of a shape that broadcasts with the groups'."""
    still = (control.variance[()] == 0.0) ^ (treatment.variance[()] == 0.0)
    least: FloatArray = _NOT_SKEWED
    if skewness_control is not None or skewness_treatment is not None or control.yes_no or treatment.yes_no:
        squares = [
            _squared_skewness(arm, known)
            for arm, known in ((control, skewness_control), (treatment, skewness_treatment))
        ]
        skews = {"skewness_control": squares[0].shape, "skewness_treatment": squares[1].shape}
        fitting(control=control.shape, treatment=treatment.shape, **skews)
        least = minimum_units(np.sqrt(np.maximum(*squares)))
    return least if every(~still) else np.where(still, np.inf, least)


def baseline_reasons(reason: IntArray, control: Moments) -> IntArray:
    """Reasons, and BELOW_VALID_SAMPLE where the baseline's standard error is above 15 %: a lift is far from normal.

    Call it where floating-point errors are ignored.
    """
    edge = _SHAKY_BASELINE * control.mean[()]
    shaky = mean_variance(control) > edge * edge
    return reason if every(~shaky) else first_reason(reason, np.where(shaky, Reason.BELOW_VALID_SAMPLE, Reason.OK))


def _squared_skewness(arm: Moments, known: ArrayLike | None) -> FloatArray:
    if known is not None:
        return np.nan_to_num(np.square(floats("skewness", known)), nan=0.0, posinf=np.inf)
    if not arm.yes_no:
        return np.zeros(arm.shape)
    spread = arm.mean * (1.0 - arm.mean)
    return np.asarray(np.where(spread > 0.0, (1.0 - 2.0 * arm.mean) ** 2 / spread, 0.0))


def _information(n_c: FloatArray, n_t: FloatArray, treatment_share: ArrayLike | None) -> FloatArray:
    """Effective units over those that one planned unit stands for: what the mixture's clock counts."""
    if treatment_share is None:
        return n_c + n_t
    share = floats("treatment_share", treatment_share, above=0.0, below=1.0)[()]
    fitting(control=np.shape(n_c), treatment=np.shape(n_t), treatment_share=np.shape(share))
    with np.errstate(all="ignore"):
        return np.asarray(n_c * n_t / (n_c + n_t) / (share * (1.0 - share)))[()]


def arm_reasons(reason: IntArray, control: Moments, treatment: Moments, zero_baseline: NDArray[np.bool_]) -> IntArray:
    """The reasons of a sequence, but what is wrong with an arm comes before what is wrong with the comparison.

    Args:
        reason: Of the sequence; GROWING_UNITS stays what it is.
        control: Control's moments.
        treatment: Treatment's moments.
        zero_baseline: Where a relative change has no baseline.
    """
    arms = group_reasons(control, treatment)
    if every(arms == OK) and every(~zero_baseline):
        return reason
    arms = first_reason(arms, np.where(zero_baseline, np.int64(Reason.ZERO_BASELINE), np.int64(Reason.OK)))
    return np.where((arms == OK) | (reason == Reason.GROWING_UNITS), reason, arms)


def difference_and_error(
    control: Moments, treatment: Moments, scale: Scale
) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
    """Difference or lift on |baseline|, its standard error (delta method), and where the baseline is zero.

    Call it where floating-point errors are ignored.
    """
    m_c, m_t = control.mean[()], treatment.mean[()]
    if scale == "absolute":
        return m_t - m_c, np.sqrt(contrast_variance(control, treatment)), _NOWHERE
    base = np.abs(m_c)
    return (m_t - m_c) / base, np.sqrt(contrast_variance(control, treatment, m_t / m_c)) / base, m_c == 0.0


def running_intersection(looks: Estimates, axis: int = -1) -> Estimates:
    """The tightest interval and least p-value so far: what all looks up to each one agree on.

    Valid because the sequence holds for all looks at once. An interval that has become empty says that the effect moved
    over time, or that the sequence missed it; there is no estimate then (INVALID_STATISTICS).

    Args:
        looks: A confidence sequence, looks in order along ``axis``.
        axis: The axis of looks.

    Returns:
        Estimates of the same shape; value and standard error are those of each look.

    Examples:
        >>> looks = asymptotic_confidence_sequence(
        ...     [0.3, 0.1], [0.1, 0.1], [1000, 1100], totals="final", tuned_units=1000
        ... )
        >>> running_intersection(looks).high.round(3).tolist()
        [0.604, 0.404]
    """
    given("looks", looks, Estimates)
    axis = axis_of("axis", axis, looks.value.ndim)
    low = np.fmax.accumulate(looks.low, axis=axis)
    high = np.fmin.accumulate(looks.high, axis=axis)
    with np.errstate(invalid="ignore"):
        empty = (looks.reason == 0) & (low > high)
    return sequential_estimates(
        looks.value,
        low,
        high,
        looks.standard_error,
        np.fmin.accumulate(looks.p_value, axis=axis),
        looks.n,
        np.where(empty, np.int64(Reason.INVALID_STATISTICS), looks.reason),
        level=looks.level,
        method=looks.method,
        scale=looks.scale,
    )


def mixture(
    theta: FloatArray, se: FloatArray, time: FloatArray, alpha: float, alternative: Alternative, null: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Lower bounds, upper bounds and p-values; call it where floating-point errors are ignored."""
    radius = se * _radius(time, alpha, alternative)
    p = _inverted((theta - null) / se, time, alternative)
    match alternative:
        case "two-sided":
            return theta - radius, theta + radius, p
        case "greater":
            return theta - radius, np.full(np.shape(radius), np.inf), p
        case "less":
            return np.full(np.shape(radius), -np.inf), theta + radius, p
