r"""Many hypotheses at once: adjusted p-values, to be compared with alpha (or with the false discovery rate).

Family-wise error: Bonferroni, and Holm (1979, Scandinavian Journal of Statistics 6:65), which is never weaker and
needs no assumption either. False discovery rate: Benjamini & Hochberg (1995, JRSS B 57:289) under independence or
positive dependence, Benjamini & Yekutieli (2001, Annals of Statistics 29:1165) under any. ``upshot.stats.evalues`` has
e-BH, which needs no assumption on dependence and stays valid under optional stopping.

All take any number of families at once: hypotheses along one axis, families along the others. NaN marks a hypothesis
that was not tested: it stays NaN and does not count.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from upshot.stats.arguments import axis_of, floats
from upshot.stats.result import FloatArray

__all__ = ["benjamini_hochberg", "benjamini_yekutieli", "bonferroni", "holm"]


def bonferroni(p_values: ArrayLike, *, axis: int = -1) -> FloatArray:
    """Bonferroni: min(1, m p).

    Args:
        p_values: p-values in [0, 1] or NaN.
        axis: The axis along which a family's hypotheses lie.

    Returns:
        Adjusted p-values of the same shape.

    Raises:
        InvalidInput: A p-value is outside [0, 1].

    Examples:
        >>> bonferroni([0.01, 0.04, float("nan")]).tolist()
        [0.02, 0.08, nan]
    """
    p, axis = _checked(p_values, axis)
    tested = np.count_nonzero(p == p, axis=axis, keepdims=True)
    return np.asarray(np.minimum(1.0, p * tested))


def holm(p_values: ArrayLike, *, axis: int = -1) -> FloatArray:
    """Holm's step-down: max over i ≤ j of min(1, (m − i + 1) p_(i)).

    Args:
        p_values: p-values in [0, 1] or NaN.
        axis: The axis along which a family's hypotheses lie.

    Returns:
        Adjusted p-values of the same shape.

    Raises:
        InvalidInput: A p-value is outside [0, 1].

    Examples:
        >>> holm([0.01, 0.04, 0.03]).tolist()
        [0.03, 0.06, 0.06]
    """
    p, axis = _checked(p_values, axis)
    order, ordered, rank, tested = _sorted(p, axis)
    scaled = np.minimum(1.0, (tested - rank + 1.0) * ordered)
    adjusted = _unsorted(np.fmax.accumulate(scaled, axis=axis), order, p, axis)
    return np.where(np.isnan(p), np.nan, adjusted)


def benjamini_hochberg(p_values: ArrayLike, *, axis: int = -1) -> FloatArray:
    """Benjamini-Hochberg step-up: min over i ≥ j of min(1, m p_(i)/i).

    Args:
        p_values: p-values in [0, 1] or NaN.
        axis: The axis along which a family's hypotheses lie.

    Returns:
        Adjusted p-values of the same shape; those at most q are the discoveries at false discovery rate q.

    Raises:
        InvalidInput: A p-value is outside [0, 1].

    Examples:
        >>> benjamini_hochberg([0.01, 0.02, 0.03, 0.5]).tolist()
        [0.04, 0.04, 0.04, 0.5]
    """
    p, axis = _checked(p_values, axis)
    return _step_up(p, axis, harmonic=False)


def benjamini_yekutieli(p_values: ArrayLike, *, axis: int = -1) -> FloatArray:
    """Benjamini-Yekutieli: Benjamini-Hochberg times 1 + 1/2 + … + 1/m, valid under any dependence.

    Args:
        p_values: p-values in [0, 1] or NaN.
        axis: The axis along which a family's hypotheses lie.

    Returns:
        Adjusted p-values of the same shape.

    Raises:
        InvalidInput: A p-value is outside [0, 1].

    Examples:
        >>> benjamini_yekutieli([0.01, 0.02]).round(3).tolist()
        [0.03, 0.03]
    """
    p, axis = _checked(p_values, axis)
    return _step_up(p, axis, harmonic=True)


def _step_up(p: FloatArray, axis: int, *, harmonic: bool) -> FloatArray:
    order, ordered, rank, tested = _sorted(p, axis)
    scaled = ordered * tested / rank
    if harmonic:
        sums = np.concatenate([[0.0], np.cumsum(1.0 / np.arange(1.0, p.shape[axis] + 1.0))])
        scaled = scaled * sums[np.asarray(tested, np.intp)]
    if p.ndim == 1:
        least = np.fmin.accumulate(scaled[::-1])[::-1]
    else:
        least = np.flip(np.fmin.accumulate(np.flip(scaled, axis), axis=axis), axis)
    return _unsorted(np.minimum(1.0, least), order, p, axis)


def _checked(p_values: ArrayLike, axis: int) -> tuple[FloatArray, int]:
    p = np.atleast_1d(floats("p_values", p_values, least=0.0, most=1.0))
    return p, axis_of("axis", axis, p.ndim)


def _sorted(p: FloatArray, axis: int) -> tuple[NDArray[np.intp], FloatArray, FloatArray, FloatArray]:
    """Order, sorted p-values (NaN last), rank from 1, and the number of tested hypotheses, which broadcast."""
    size = p.shape[axis]
    rank = np.arange(1.0, size + 1.0)
    if p.ndim == 1:  # the single family: NumPy's along-axis functions would take longer than the rest
        order = p.argsort(kind="stable")
        return order, p[order], rank, np.asarray(float(np.count_nonzero(p == p)))
    shape = [1] * p.ndim
    shape[axis] = size
    order = np.argsort(p, axis=axis, kind="stable")
    tested = np.count_nonzero(p == p, axis=axis, keepdims=True).astype(np.float64)
    return order, np.take_along_axis(p, order, axis), rank.reshape(shape), tested


def _unsorted(adjusted: FloatArray, order: NDArray[np.intp], p: FloatArray, axis: int) -> FloatArray:
    found = np.empty(p.shape)
    if p.ndim == 1:
        found[order] = adjusted
    else:
        np.put_along_axis(found, order, adjusted, axis)
    return found
