"""Observations that belong together: totals by cluster, and what clustering costs.

When accounts are randomised and users are measured, users of one account are not independent: the account is the unit.
Totals of each cluster are then the values, and a mean per observation is a ratio of totals (``Moments.of`` and
``PairMoments.of`` with ``clusters`` do both).

Source: Kish, "Survey Sampling" (1965), sec. 5.4 and 8.2 for the design effect.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from upshot.core.errors import InvalidInput
from upshot.stats.arguments import fitting, floats, labels_of, rows

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from upshot.stats.result import FloatArray

__all__ = ["cluster_totals", "design_effect"]


def cluster_totals(values: ArrayLike, clusters: ArrayLike) -> FloatArray:
    """Sums of values by cluster, along the last axis.

    Args:
        values: Shape (…, n).
        clusters: Shape (n,), any labels that NumPy can sort.

    Returns:
        Shape (…, g), in the order of the sorted labels.

    Raises:
        InvalidInput: There is not one label per observation.

    Examples:
        >>> cluster_totals([1.0, 2.0, 3.0], ["b", "a", "b"]).tolist()
        [2.0, 4.0]
    """
    x, labels = rows("values", values), labels_of("clusters", clusters)
    if labels.shape != x.shape[-1:]:
        raise InvalidInput(
            f"Clusters have shape {labels.shape}, values {x.shape}.", hint="Give one label per observation."
        )
    _, codes = np.unique(labels, return_inverse=True)
    count = int(codes.max()) + 1 if codes.size else 0
    totals = [
        np.bincount(codes, weights=row, minlength=count) for row in x.reshape(math.prod(x.shape[:-1]), labels.size)
    ]
    return np.asarray(totals, np.float64).reshape(*x.shape[:-1], count)


def design_effect(cluster_variance: ArrayLike, clusters: ArrayLike, variance: ArrayLike, n: ArrayLike) -> FloatArray:
    """How many times larger the variance of the mean is than if observations were independent.

    Args:
        cluster_variance: Linearised variance between clusters (``Moments.of(…, clusters=…).variance``).
        clusters: Number of clusters.
        variance: Sample variance of the observations, clusters ignored.
        n: Number of observations.

    Returns:
        (cluster_variance / clusters) / (variance / n); NaN where the observations have no variance.

    Examples:
        >>> float(design_effect(4.0, 10.0, 8.0, 100.0))
        5.0
    """
    parts = {"cluster_variance": cluster_variance, "clusters": clusters, "variance": variance, "n": n}
    among, groups, spread, units = arrays = tuple(floats(name, part) for name, part in parts.items())
    fitting(**{name: array.shape for name, array in zip(parts, arrays, strict=True)})
    with np.errstate(all="ignore"):
        between, apart = among / groups, spread / units
    with np.errstate(all="ignore"):
        return np.asarray(np.where(apart > 0.0, between / apart, np.nan), np.float64)
