"""Capped values: a few extreme units should not decide the mean of all.

The estimand changes with the cap: it is the mean of the capped value. Thresholds come from the metric's definition, or
from the pooled data of all groups (never from each group apart: a treatment that makes whales would be capped higher).
Thresholds from pooled quantiles are treated as fixed, which costs a term of order 1/n.

Sources: Dixon, "Simplified estimation from censored normal samples", Annals of Mathematical Statistics 31 (1960);
Kohavi, Tang and Xu, "Trustworthy Online Controlled Experiments" (2020), ch. 18, on capping for sensitivity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from upshot.core.errors import InvalidInput
from upshot.stats.arguments import floats, given, number, several

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from upshot.stats.result import FloatArray

__all__ = ["Thresholds", "pooled_thresholds", "winsorise"]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Bounds that values are moved to; ``-inf`` and ``inf`` leave a side alone.

    Raises:
        InvalidInput: ``lower`` exceeds ``upper``, or one is not a number.

    Examples:
        >>> Thresholds(upper=100.0).lower
        -inf
    """

    lower: float = -np.inf
    upper: float = np.inf

    def __post_init__(self) -> None:
        for name in ("lower", "upper"):
            object.__setattr__(self, name, number(name, getattr(self, name), infinite=True))
        if not self.lower <= self.upper:
            raise InvalidInput(
                f"The lower threshold {self.lower} exceeds the upper one {self.upper}.", hint="Exchange them."
            )


def pooled_thresholds(groups: Sequence[ArrayLike], lower: float = 0.0, upper: float = 0.99) -> Thresholds:
    """Thresholds at quantiles of all groups' values together.

    Quantiles are observed values (the inverse of the empirical distribution), as an engine's discrete quantile is.

    Args:
        groups: Values of each group, 1-d; missing values are not allowed.
        lower: Quantile of the lower threshold, in [0, 1); 0 leaves small values alone.
        upper: Quantile of the upper threshold, in (0, 1]; 1 leaves large values alone.

    Raises:
        InvalidInput: The quantiles are out of order or range, or there is no value, or one is NaN.

    Examples:
        >>> pooled_thresholds([[1.0, 2.0, 3.0], [4.0, 500.0]], upper=0.8)
        Thresholds(lower=-inf, upper=4.0)
    """
    lower = number("lower", lower, least=0.0, below=1.0)
    upper = number("upper", upper, above=0.0, most=1.0)
    if not 0.0 <= lower < upper <= 1.0:
        raise InvalidInput(f"Quantiles {lower} and {upper} are not in order within 0 and 1.", hint="Try 0 and 0.99.")
    rows = [floats("groups", group).ravel() for group in several("groups", groups, object)]
    values = np.concatenate(rows) if rows else np.empty(0)
    if values.size == 0 or np.isnan(values).any():
        raise InvalidInput("Thresholds need values, and none may be missing.", hint="Leave missing values out first.")
    low, high = np.quantile(values, [lower, upper], method="inverted_cdf")
    return Thresholds(float(low) if lower > 0.0 else -np.inf, float(high) if upper < 1.0 else np.inf)


def winsorise(values: ArrayLike, thresholds: Thresholds) -> tuple[FloatArray, FloatArray]:
    """Values moved to the thresholds that they pass.

    Args:
        values: Any shape; NaN stays NaN.
        thresholds: See ``Thresholds``.

    Returns:
        The capped values (same shape), and the share that was moved (0-d, in [0, 1]; NaN for no values).

    Examples:
        >>> capped, share = winsorise([1.0, 5.0, 900.0, 2.0], Thresholds(upper=10.0))
        >>> capped.tolist(), float(share)
        ([1.0, 5.0, 10.0, 2.0], 0.25)
    """
    given("thresholds", thresholds, Thresholds)
    x = floats("values", values)
    capped = np.clip(x, thresholds.lower, thresholds.upper)
    moved = np.count_nonzero((x < thresholds.lower) | (x > thresholds.upper))
    return capped, np.asarray(moved / x.size if x.size else np.nan)
