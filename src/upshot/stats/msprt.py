r"""The mixture sequential probability ratio test: p-values that may be read at any time.

Johari, Koomen, Pekelis & Walsh, "Always valid inference: continuous monitoring of A/B tests" (2022, Operations Research
70:1806; arXiv 1512.04922), normal data, mixture N(θ0, τ²) over the effect. With V the squared standard error:

    Λ = √(V/(V + τ²)) · exp( τ² (θ̂ − θ0)² / (2V(V + τ²)) )                                  (their eq. 7)

The always-valid p-value is 1/Λ, and its running minimum over the looks. It is Robbins' normal mixture as in
``confidence_sequences``, but tuned by the size of effects that one expects, not by a sample size: nρ² = τ²/V.

Assumptions: as for the confidence sequences. Λ is an e-value in the limit of a late first look.
"""

import numpy as np
from numpy.typing import ArrayLike

from upshot.core.renamed import renamed
from upshot.stats.arguments import chosen, compared, fitting, floats, number
from upshot.stats.confidence_sequences import (
    arm_reasons,
    baseline_reasons,
    difference_and_error,
    first_look,
    mixture,
)
from upshot.stats.maturity import MINIMUM_UNITS, TOTALS, UnitTotals, sequential_estimates, sequential_reasons
from upshot.stats.moments import Moments
from upshot.stats.result import SCALES, Estimates, FloatArray, Scale
from upshot.stats.wald import checked_level

__all__ = ["log_mixture_ratio", "mixture_sprt", "mixture_sprt_difference"]


def log_mixture_ratio(
    estimate: ArrayLike, standard_error: ArrayLike, tau: ArrayLike, *, null: float = 0.0
) -> FloatArray:
    """Logarithm of Λ, the mixture likelihood ratio (an e-value, Johari et al. eq. 7).

    Args:
        estimate: Estimates, any shape.
        standard_error: Their standard errors, above 0.
        tau: Standard deviation of the effects one expects, above 0, in the effect's unit.
        null: Effect under the null hypothesis.

    Returns:
        ln Λ of the broadcast shape; at or above ln(1/α) the null hypothesis is rejected at level α.

    Examples:
        >>> log_mixture_ratio(0.4, 0.1, 0.2).round(4).item()
        5.5953
    """
    null = number("null", null)
    theta, se = floats("estimate", estimate), floats("standard_error", standard_error, above=0.0)
    spread = floats("tau", tau, above=0.0)
    fitting(estimate=theta.shape, standard_error=se.shape, tau=spread.shape)
    with np.errstate(all="ignore"):
        ratio = np.square(spread / se)
        z = (theta - null) / se
        return np.asarray(0.5 * (z * z * ratio / (1.0 + ratio) - np.log1p(ratio)))


@renamed(minimum_n="minimum_units")
def mixture_sprt(
    estimate: ArrayLike,
    standard_error: ArrayLike,
    smallest_n: ArrayLike,
    *,
    tau: ArrayLike,
    totals: UnitTotals,
    level: float = 0.95,
    null: float = 0.0,
    minimum_units: ArrayLike = MINIMUM_UNITS,
    scale: Scale = "absolute",
) -> Estimates:
    """Two-sided mixture SPRT: always-valid p-values and the confidence sequence that they invert.

    Args:
        estimate: Estimates at one or many looks, any shape.
        standard_error: Their standard errors.
        smallest_n: Units in the smaller arm.
        tau: Standard deviation of the effects one expects, in the unit of ``estimate``, fixed beforehand. The smallest
            effect that matters is a good choice; a wrong one costs power, never validity.
        totals: Whether unit totals are final when counted; growing ones are refused.
        level: Coverage over all looks together, in (0, 1).
        null: Effect under the null hypothesis.
        minimum_units: Fewest units in the smaller arm (``maturity.minimum_units``).
        scale: Whether the estimate is absolute or relative.

    Returns:
        Estimates of the broadcast shape; ``n`` is ``smallest_n``. ``confidence_sequences.running_intersection`` keeps
        the best look so far.

    Raises:
        InvalidInput: ``tau`` or ``level`` is out of range.

    Examples:
        >>> mixture_sprt(0.4, 0.1, 500, tau=0.2, totals="final").p_value.round(5).item()
        0.00372
    """
    chosen("totals", totals, TOTALS)
    chosen("scale", scale, SCALES)
    level, null = checked_level(level), number("null", null)
    spread = floats("tau", tau, above=0.0)[()]
    theta, se = floats("estimate", estimate)[()], floats("standard_error", standard_error)[()]
    n = floats("smallest_n", smallest_n)[()]
    least = floats("minimum_units", minimum_units)[()]
    sizes = {"smallest_n": n.shape, "tau": spread.shape, "minimum_units": least.shape}
    fitting(estimate=theta.shape, standard_error=se.shape, **sizes)
    with np.errstate(all="ignore"):
        reason = sequential_reasons(theta + 0.0 * spread, se, n, least, totals)
        low, high, p = mixture(theta, se, np.square(spread / se), 1.0 - level, "two-sided", null)
    return sequential_estimates(theta, low, high, se, p, n, reason, level=level, method="mixture_sprt", scale=scale)


@renamed(minimum_n="minimum_units")
def mixture_sprt_difference(
    control: Moments,
    treatment: Moments,
    *,
    tau: ArrayLike,
    totals: UnitTotals,
    scale: Scale = "absolute",
    level: float = 0.95,
    null: float = 0.0,
    skewness_control: ArrayLike | None = None,
    skewness_treatment: ArrayLike | None = None,
    minimum_units: ArrayLike | None = None,
) -> Estimates:
    """Mixture SPRT on the difference of two means, or on their relative lift (delta method).

    Args:
        control: Sufficient statistics of the control.
        treatment: The same for the treatment.
        tau: Standard deviation of the effects one expects, on ``scale``.
        totals: Whether unit totals are final when counted.
        scale: "absolute" or "relative".
        level: Coverage over all looks together.
        null: Effect under the null hypothesis, on ``scale``.
        skewness_control: Skewness of a unit's value in the control, as in ``mean_difference_sequence``.
        skewness_treatment: The same in the treatment.
        minimum_units: Fewest units in the smaller arm, instead of ``first_look_units``.

    Returns:
        Estimates of the broadcast shape; ``n`` counts both arms. ZERO_BASELINE where a relative lift has none.

    Examples:
        >>> a, b = Moments(5000, 10.0, 4.0), Moments(5000, 10.2, 4.0)
        >>> mixture_sprt_difference(a, b, tau=0.02, totals="final", scale="relative").p_value.item() < 0.001
        True
    """
    compared(Moments, control, treatment)
    chosen("totals", totals, TOTALS)
    chosen("scale", scale, SCALES)
    level, null = checked_level(level), number("null", null)
    spread = floats("tau", tau, above=0.0)[()]
    stated = None if minimum_units is None else floats("minimum_units", minimum_units)[()]
    n_c, n_t = control.n[()], treatment.n[()]
    with np.errstate(all="ignore"):
        theta, se, zero_baseline = difference_and_error(control, treatment, scale)
        least = stated
        if least is None:
            least = first_look(control, treatment, skewness_control, skewness_treatment)
        if spread.ndim or least.ndim:
            fitting(groups=se.shape, tau=spread.shape, minimum_units=least.shape)
        reason = sequential_reasons(theta + 0.0 * spread, se, np.minimum(n_c, n_t), least, totals)
        if scale == "relative" and stated is None:
            reason = baseline_reasons(reason, control)
        low, high, p = mixture(theta, se, np.square(spread / se), 1.0 - level, "two-sided", null)
        reason = arm_reasons(reason, control, treatment, zero_baseline)
    return sequential_estimates(
        *(theta, low, high, se, p, n_c + n_t, reason), level=level, method="mixture_sprt_difference", scale=scale
    )
