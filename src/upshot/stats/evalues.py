r"""E-values: evidence that may be averaged, multiplied and read at any time.

An e-value is a number from a statistic whose mean is at most 1 under the null hypothesis, so that P(e ≥ 1/α) ≤ α
(Markov). Vovk & Wang (2021, Annals of Statistics 49:1736) for calibrators and merging, Wang & Ramdas (2022, JRSS B
84:822) for e-BH, Ramdas, Grünwald, Vovk & Shafer (2023, Statistical Science 38:576) for the whole subject.

The mixture SPRT (``msprt.log_mixture_ratio``) and the sequential sample-ratio test give e-values directly.
"""

import numpy as np
from numpy.typing import ArrayLike

from upshot.stats.arguments import axis_of, floats, number
from upshot.stats.multiplicity import benjamini_hochberg
from upshot.stats.result import FloatArray

__all__ = ["average_e", "e_benjamini_hochberg", "e_from_p", "p_from_e", "product_e"]


def e_from_p(p_values: ArrayLike, *, kappa: float | None = None) -> FloatArray:
    """Calibrate p-values into e-values.

    Args:
        p_values: p-values in [0, 1] or NaN, any shape.
        kappa: κ p^{κ−1} with κ in (0, 1) (Vovk & Wang 2021, eq. 1). If None, the mixture over all κ,
            (1 − p + p ln p)/(p (ln p)²), which needs no choice (their eq. 2).

    Returns:
        e-values of the same shape; infinite at p = 0.

    Raises:
        InvalidInput: A p-value is outside [0, 1], or kappa outside (0, 1).

    Examples:
        >>> e_from_p([0.01, 1.0]).round(3).tolist()
        [4.451, 0.5]
        >>> e_from_p(0.01, kappa=0.5).item()
        5.0
    """
    p = floats("p_values", p_values, least=0.0, most=1.0)
    with np.errstate(all="ignore"):
        if kappa is not None:
            kappa = number("kappa", kappa, above=0.0, below=1.0)
            return np.asarray(kappa * p ** (kappa - 1.0), np.float64)
        log_p = np.log(p)
        e = (1.0 - p + p * log_p) / (p * log_p * log_p)
        # Near 1 the quotient is 0/0; with u = −ln p it is (1/2 − u/3 + u²/8 − …)/p.
        near_one = (0.5 + log_p / 3.0 + log_p * log_p / 8.0) / p
    e = np.where(p > 0.999, near_one, np.where(p == 0.0, np.inf, e))
    return np.asarray(e, np.float64)


def p_from_e(e_values: ArrayLike) -> FloatArray:
    """The p-value min(1, 1/e), the only admissible way back (Vovk & Wang 2021, Prop. 2.2).

    Args:
        e_values: e-values, at least 0, any shape.

    Returns:
        p-values of the same shape.

    Raises:
        InvalidInput: An e-value is negative.

    Examples:
        >>> p_from_e([20.0, 0.5]).tolist()
        [0.05, 1.0]
    """
    e = _checked(e_values)
    with np.errstate(divide="ignore"):
        return np.asarray(np.minimum(1.0, 1.0 / e))


def average_e(e_values: ArrayLike, *, axis: int = -1) -> FloatArray:
    """The mean of e-values for one null hypothesis: an e-value under any dependence (Vovk & Wang 2021, Prop. 3.1).

    Args:
        e_values: e-values, at least 0; NaN is left out.
        axis: The axis to merge.

    Returns:
        e-values without that axis; NaN where nothing was left.

    Raises:
        InvalidInput: An e-value is negative.

    Examples:
        >>> average_e([1.0, 39.0]).item()
        20.0
    """
    e = _checked(e_values)
    axis = axis_of("axis", axis, e.ndim)
    with np.errstate(all="ignore"):
        return np.asarray(np.nansum(e, axis=axis) / np.sum(~np.isnan(e), axis=axis))


def product_e(e_values: ArrayLike, *, axis: int = -1) -> FloatArray:
    """The product of e-values from independent (or sequentially independent) experiments: again an e-value.

    Args:
        e_values: e-values, at least 0; NaN is left out.
        axis: The axis to merge.

    Returns:
        e-values without that axis; 1 where nothing was left.

    Raises:
        InvalidInput: An e-value is negative.

    Examples:
        >>> product_e([4.0, 5.0]).item()
        20.0
    """
    e = _checked(e_values)
    axis = axis_of("axis", axis, e.ndim)
    # 0 × inf: one experiment has refuted the bet altogether, so that no capital is left.
    with np.errstate(invalid="ignore"):
        product = np.nanprod(e, axis=axis)
    return np.asarray(np.where(np.any(e == 0.0, axis=axis), 0.0, product))


def e_benjamini_hochberg(e_values: ArrayLike, *, axis: int = -1) -> FloatArray:
    """E-BH: the least false discovery rate at which each hypothesis would be a discovery (Wang & Ramdas 2022).

    With e_[1] ≥ e_[2] ≥ …, hypothesis [j] is discovered at rate q if some k ≥ j has e_[k] ≥ m/(q k). Valid under any
    dependence, and at a stop of any kind if the e-values come from e-processes.

    Args:
        e_values: e-values, at least 0; NaN is a hypothesis that was not tested.
        axis: The axis along which a family's hypotheses lie.

    Returns:
        min(1, min over k ≥ j of m/(k e_[k])) of the same shape: at most q means discovered at rate q.

    Raises:
        InvalidInput: An e-value is negative.

    Examples:
        >>> e_benjamini_hochberg([100.0, 40.0, 1.0, 0.0]).tolist()
        [0.04, 0.05, 1.0, 1.0]
    """
    # m/(k e_[k]) is the Benjamini-Hochberg quotient of the pseudo p-values 1/e.
    return benjamini_hochberg(np.where(np.isnan(_checked(e_values)), np.nan, p_from_e(e_values)), axis=axis)


def _checked(e_values: ArrayLike) -> FloatArray:
    return floats("e_values", e_values, least=0.0)
