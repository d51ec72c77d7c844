"""Weights: how many equally weighted units a weighted sample is worth.

Source: Kish, "Weighting for unequal Pi", Journal of Official Statistics 8 (1992), eq. 1.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from upshot.core.errors import InvalidInput
from upshot.stats.arguments import floats

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from upshot.stats.result import FloatArray

__all__ = ["checked_weights", "effective_size"]


def checked_weights(weights: ArrayLike) -> FloatArray:
    """Weights as float64.

    Raises:
        InvalidInput: One is negative or not a number.
    """
    w = floats("weights", weights, least=0.0)
    if w.ndim == 0 or np.isnan(w).any():
        raise InvalidInput("weights are one number, or one of them is missing.", hint="Give a row of weights.")
    return w


def effective_size(weights: ArrayLike) -> FloatArray:
    """Kish's effective sample size (Σw)² / Σw² along the last axis; 0 where all weights are zero.

    Args:
        weights: Shape (…, n), zero or more; only their proportions matter.

    Returns:
        Shape (…), between 1 and n.

    Raises:
        InvalidInput: A weight is negative or not a number.

    Examples:
        >>> float(effective_size([1.0, 1.0, 1.0, 1.0])), float(effective_size([3.0, 1.0]))
        (4.0, 1.6)
    """
    w = checked_weights(weights)
    squares = np.sum(w * w, axis=-1)
    with np.errstate(all="ignore"):
        return np.asarray(np.where(squares > 0.0, np.sum(w, axis=-1) ** 2 / squares, 0.0), np.float64)
