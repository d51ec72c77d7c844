r"""How the answers of a survey were drawn: weights, strata, clusters, and the variance that they imply.

The mean is Σwx/Σw; its linearised variables are z_i = w_i (x_i − mean)/Σw. With totals z_hj of the n_h clusters in
stratum h the variance is Σ_h n_h/(n_h − 1) Σ_j (z_hj − z̄_h)² (ultimate clusters drawn with replacement), on
clusters − strata degrees of freedom.

Source: Särndal, Swensson and Wretman, "Model Assisted Survey Sampling" (1992), sec. 5.5–5.7; Wolter, "Introduction to
Variance Estimation" (2nd ed. 2007), sec. 1.4 and 6.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from upshot.core.errors import InvalidInput
from upshot.stats.arguments import given, labels_of, row, whole
from upshot.stats.weights import checked_weights

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from upshot.stats.result import FloatArray

__all__ = ["AnswerDesign", "CheckedDesign", "design_variance"]


@dataclass(frozen=True, slots=True)
class AnswerDesign:
    """How answers were drawn.

    Attributes:
        weights: How many customers each answer stands for, shape (n,), zero or more; None if all alike.
        strata: Label of the stratum that each answer was drawn in; None if there is one.
        clusters: Label of the cluster (an account, a flight) that each answer was drawn with; None if drawn singly.

    Examples:
        >>> AnswerDesign(weights=[1.0, 2.0, 1.0]).strata is None
        True
    """

    weights: ArrayLike | None = None
    strata: ArrayLike | None = None
    clusters: ArrayLike | None = None

    def of(self, n: int) -> CheckedDesign:
        """The design of n answers as arrays.

        Raises:
            InvalidInput: There is not one weight or label for each answer, or a weight is negative.
        """
        n = whole("n", n, least=0)
        weights = np.ones(n) if self.weights is None else checked_weights(self.weights)
        strata = np.zeros(n, np.int64) if self.strata is None else _codes("strata", self.strata)
        clusters = np.arange(n) if self.clusters is None else _codes("clusters", self.clusters)
        if not weights.shape == strata.shape == clusters.shape == (n,):
            raise InvalidInput(
                f"Weights, strata and clusters have shapes {weights.shape}, {strata.shape} and {clusters.shape}.",
                hint=f"Give one for each of the {n} answers.",
            )
        return CheckedDesign(weights, strata, clusters)


@dataclass(frozen=True, slots=True)
class CheckedDesign:
    """A design with one weight, stratum and cluster for each answer; labels are whole numbers from 0 on."""

    weights: FloatArray
    strata: NDArray[np.int64]
    clusters: NDArray[np.int64]


def design_variance(values: FloatArray, design: CheckedDesign) -> tuple[float, float]:
    """Linearised variance of the weighted mean, and its degrees of freedom (clusters − strata).

    A stratum with a single cluster has no variance of its own; its deviation from the overall mean stands in, which
    errs on the safe side.

    Args:
        values: One value for each answer, shape (n,).
        design: Of the same answers.

    Examples:
        >>> import numpy as np
        >>> variance, freedom = design_variance(np.asarray([1.0, 0.0, 1.0, 1.0]), AnswerDesign().of(4))
        >>> variance, freedom
        (0.0625, 3.0)
    """
    given("design", design, CheckedDesign)
    values = row("values", values)
    if values.shape != design.weights.shape:
        raise InvalidInput(
            f"values have shape {values.shape}.", hint=f"Give {design.weights.size}, one for each answer."
        )
    total = float(design.weights.sum())
    if not total > 0.0:
        raise InvalidInput("All weights of the design are zero.", hint="Leave out answers that stand for nobody.")
    mean = float(design.weights @ values) / total
    linearised = design.weights * (values - mean) / total
    # A cluster's label may be used again in another stratum: there it is another cluster.
    pairs, place = np.unique(np.stack([design.strata, design.clusters]), axis=1, return_inverse=True)
    totals = np.bincount(place.ravel(), weights=linearised, minlength=pairs.shape[1])
    strata = pairs[0]
    size = np.bincount(strata).astype(np.float64)
    centre = np.bincount(strata, weights=totals) / np.maximum(size, 1.0)
    alone = size[strata] < 2.0
    squares = (totals - np.where(alone, 0.0, centre[strata])) ** 2
    scale = np.where(alone, 1.0, size[strata] / np.maximum(size[strata] - 1.0, 1.0))
    return float(scale @ squares), float(pairs.shape[1] - np.count_nonzero(size))


def _codes(argument: str, labels: ArrayLike) -> NDArray[np.int64]:
    found = labels_of(argument, labels)
    return np.asarray(np.unique(found, return_inverse=True)[1], np.int64).reshape(found.shape)
