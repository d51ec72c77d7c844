r"""Many hypotheses at once: adjusted p-values, to be compared with alpha (or with the false discovery rate).

Family-wise error: Bonferroni, and Holm (1979, Scandinavian Journal of Statistics 6:65), which is never weaker and
needs no assumption either; under independence or positive dependence Šidák (1967, JASA 62:626), Hochberg (1988,
Biometrika 75:800) and Hommel (1988, Biometrika 75:383), the strongest of them. Treatments against one control: Dunnett
which knows how they depend. False discovery rate: Benjamini & Hochberg (1995, JRSS B 57:289) under independence or
positive dependence, Benjamini & Yekutieli (2001, Annals of Statistics 29:1165) under any. ``upshot.stats.evalues`` has
e-BH, which needs no assumption on dependence and stays valid under optional stopping.

All take any number of families at once: hypotheses along one axis, families along the others. NaN marks a hypothesis
that was not tested: it stays NaN and does not count.
"""

import math
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from upshot.stats.arguments import axis_of, chosen, floats, number, whole
from upshot.stats.result import FloatArray

__all__ = [
    "AlphaMethod",
    "adjusted_alpha",
    "benjamini_hochberg",
    "benjamini_yekutieli",
    "bonferroni",
    "hochberg",
    "holm",
    "hommel",
    "sidak",
]

_AT_ONCE = 128
_SHORT = 32
"""Hypotheses in a family whose places fit into five bits."""
AlphaMethod = Literal["bonferroni", "sidak", "holm", "hochberg", "benjamini-hochberg"]


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


def sidak(p_values: ArrayLike, *, axis: int = -1) -> FloatArray:
    """Šidák: 1 − (1 − p)^m, exact for independent hypotheses and valid for two-sided normal ones (Šidák 1967).

    Args:
        p_values: p-values in [0, 1] or NaN.
        axis: The axis along which a family's hypotheses lie.

    Returns:
        Adjusted p-values of the same shape, never above Bonferroni's.

    Raises:
        InvalidInput: A p-value is outside [0, 1].

    Examples:
        >>> sidak([0.01, 0.04, float("nan")]).round(4).tolist()
        [0.0199, 0.0784, nan]
    """
    p, axis = _checked(p_values, axis)
    tested = np.count_nonzero(p == p, axis=axis, keepdims=True)
    with np.errstate(divide="ignore"):  # the logarithm of 1 − 1
        return np.asarray(-np.expm1(tested * np.log1p(-p)))


def hochberg(p_values: ArrayLike, *, axis: int = -1) -> FloatArray:
    """Hochberg's step-up: min over i ≥ j of (m − i + 1) p_(i), for independent or positively dependent hypotheses.

    Args:
        p_values: p-values in [0, 1] or NaN.
        axis: The axis along which a family's hypotheses lie.

    Returns:
        Adjusted p-values of the same shape, never above Holm's.

    Raises:
        InvalidInput: A p-value is outside [0, 1].

    Examples:
        >>> hochberg([0.01, 0.04, 0.03]).tolist()
        [0.03, 0.04, 0.04]
    """
    p, axis = _checked(p_values, axis)
    order, ordered, rank, tested = _sorted(p, axis)
    return _unsorted(np.minimum(1.0, _least_after((tested - rank + 1.0) * ordered, axis)), order, p, axis)


def hommel(p_values: ArrayLike, *, axis: int = -1) -> FloatArray:
    """Hommel's procedure: closed testing with Simes' test. Never weaker than Hochberg's, under the same assumption.

    Args:
        p_values: p-values in [0, 1] or NaN.
        axis: The axis along which a family's hypotheses lie.

    Returns:
        Adjusted p-values of the same shape (Wright 1992, Biometrics 48:1005, appendix).

    Raises:
        InvalidInput: A p-value is outside [0, 1].

    Examples:
        >>> hommel([0.01, 0.04, 0.03]).tolist()
        [0.03, 0.04, 0.04]
    """
    p, axis = _checked(p_values, axis)
    families = np.moveaxis(p, axis, -1)
    adjusted = np.empty(families.shape)
    for place in np.ndindex(families.shape[:-1]):
        adjusted[place] = _hommel(families[place])
    return np.asarray(np.moveaxis(adjusted, -1, axis))


def adjusted_alpha(alpha: float, hypotheses: int, *, method: AlphaMethod = "bonferroni") -> FloatArray:
    """What each hypothesis of a family is tested at, so that the family keeps its alpha.

    Args:
        alpha: Family-wise error (for ``benjamini-hochberg`` the false discovery rate), in (0, 1).
        hypotheses: How many there are, 1 or more.
        method: ``bonferroni`` and ``sidak`` give every hypothesis the same; ``holm`` and ``hochberg`` α/(m − i + 1),
            ``benjamini-hochberg`` α i/m for the i-th smallest p-value.

    Returns:
        Shape (hypotheses,), for the p-values in increasing order. Plan each test for the first one: power is then what
        was planned, or more.

    Raises:
        InvalidInput: An argument is out of range.

    Examples:
        >>> adjusted_alpha(0.06, 3).round(6).tolist(), adjusted_alpha(0.06, 3, method="holm").round(6).tolist()
        ([0.02, 0.02, 0.02], [0.02, 0.03, 0.06])
    """
    chosen("method", method, get_args(AlphaMethod))
    alpha, m = number("alpha", alpha, above=0.0, below=1.0), whole("hypotheses", hypotheses, least=1, most=1_000_000)
    rank = np.arange(1.0, m + 1.0)
    match method:
        case "bonferroni":
            return np.full(m, alpha / m)
        case "sidak":
            return np.full(m, -math.expm1(math.log1p(-alpha) / m))
        case "holm" | "hochberg":
            return np.asarray(alpha / (m - rank + 1.0))
        case "benjamini-hochberg":
            return np.asarray(alpha * rank / m)


def _hommel(family: FloatArray) -> FloatArray:
    there = family == family
    p = family[there]
    m = p.size
    order = np.argsort(p, kind="stable")
    ordered, rank = p[order], np.arange(1.0, m + 1.0)
    found = np.full(m, float((m * ordered / rank).min()) if m else np.nan)
    best = found.copy()
    for size in range(m - 1, 1, -1):
        last = m - size + 1
        simes = float((size * ordered[last:] / np.arange(2.0, size + 1.0)).min())
        found[:last] = np.minimum(size * ordered[:last], simes)
        found[last:] = found[last - 1]
        best = np.maximum(best, found)
    adjusted = np.full(family.shape, np.nan)
    adjusted[np.flatnonzero(there)[order]] = np.maximum(best, ordered)
    return adjusted


def _least_after(scaled: FloatArray, axis: int) -> FloatArray:
    """The least value from each place on, NaN left out."""
    if scaled.ndim == 1:
        return np.asarray(np.fmin.accumulate(scaled[::-1])[::-1])
    return np.asarray(np.flip(np.fmin.accumulate(np.flip(scaled, axis), axis=axis), axis))


def _step_up(p: FloatArray, axis: int, *, harmonic: bool) -> FloatArray:
    if p.ndim == 2 and axis in (1, -1) and p.size and not harmonic and not np.isnan(p).any():
        return _step_up_whole(p)
    order, ordered, rank, tested = _sorted(p, axis)
    scaled = ordered * tested / rank
    if harmonic:
        sums = np.concatenate([[0.0], np.cumsum(1.0 / np.arange(1.0, p.shape[axis] + 1.0))])
        scaled = scaled * sums[np.asarray(tested, np.intp)]
    return _unsorted(np.minimum(1.0, _least_after(scaled, axis)), order, p, axis)


def _step_up_whole(p: FloatArray) -> FloatArray:
    """Benjamini-Hochberg of many families without gaps, shape (families, hypotheses)."""
    families, size = p.shape
    if size <= _SHORT:
        return _step_up_short(p)
    factor = (size / np.arange(1.0, size + 1.0))[:, None]
    found = np.empty(p.shape)
    for first in range(0, families, _AT_ONCE):  # so many stay in the processor's cache
        piece = np.ascontiguousarray(p[first : first + _AT_ONCE])
        order = piece.argsort(axis=-1)
        order += size * np.arange(len(piece))[:, None]
        scaled = piece.ravel().take(order.T) * factor
        backwards = scaled[::-1]
        np.minimum.accumulate(backwards, axis=0, out=backwards)
        found[first : first + _AT_ONCE].reshape(-1)[order.T] = np.minimum(scaled, 1.0)
    return found


def _step_up_short(p: FloatArray) -> FloatArray:
    """The same for families of up to 32: where each p-value stands is sorted along with it, in its last five bits.

    What differs in those bits alone may change places, which changes nothing: of two p-values in a row whose ratio is
    below (i + 1)/i the smaller one gets the larger one's adjusted value. (Below 1e-306 they may differ: by as little.)
    """
    families, size = p.shape
    factor = (size / np.arange(1.0, size + 1.0))[:, None]
    places, low = np.arange(size, dtype=np.uint64), np.uint64(_SHORT - 1)
    kept = np.uint64(2**63 - _SHORT)  # without the sign, too: −0 is 0
    found, at_once = np.empty(p.shape), 3 * _AT_ONCE
    starts = np.uint64(size) * np.arange(at_once, dtype=np.uint64)[:, None]
    for first in range(0, families, at_once):
        piece = p[first : first + at_once].copy()
        keys = piece.view(np.uint64) & kept
        keys |= places
        keys.sort(axis=-1)
        keys &= low
        keys += starts[: len(piece)]
        piece.view(np.int64).sort(axis=-1)  # of numbers that are not negative, whole numbers sort alike and sooner
        scaled = np.empty(piece.shape[::-1])
        np.multiply(piece.T, factor, out=scaled)
        np.minimum(scaled[-1], 1.0, out=scaled[-1])
        for place in range(size - 2, -1, -1):  # NumPy's accumulate takes three times as long
            np.minimum(scaled[place], scaled[place + 1], out=scaled[place])
        found[first : first + at_once].reshape(-1)[keys.view(np.int64)] = np.ascontiguousarray(scaled.T)
    return found


def _checked(p_values: ArrayLike, axis: int) -> tuple[FloatArray, int]:
    p = np.atleast_1d(floats("p_values", p_values, least=0.0, most=1.0))
    return p, axis_of("axis", axis, p.ndim)


def _sorted(p: FloatArray, axis: int) -> tuple[NDArray[np.intp], FloatArray, FloatArray, FloatArray]:
    """Order, sorted p-values (NaN last), rank from 1, and the number of tested hypotheses, which broadcast."""
    size = p.shape[axis]
    rank = np.arange(1.0, size + 1.0)
    if p.ndim == 1:  # the single family: NumPy's along-axis functions would take longer than the rest
        order = p.argsort()
        return order, p[order], rank, np.asarray(float(np.count_nonzero(p == p)))
    shape = [1] * p.ndim
    shape[axis] = size
    order = np.argsort(p, axis=axis)
    tested = np.count_nonzero(p == p, axis=axis, keepdims=True).astype(np.float64)
    return order, np.take_along_axis(p, order, axis), rank.reshape(shape), tested


def _unsorted(adjusted: FloatArray, order: NDArray[np.intp], p: FloatArray, axis: int) -> FloatArray:
    found = np.empty(p.shape)
    if p.ndim == 1:
        found[order] = adjusted
    else:
        np.put_along_axis(found, order, adjusted, axis)
    return found
