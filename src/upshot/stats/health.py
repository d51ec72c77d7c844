r"""Are the groups alike before the experiment, and does the mean hang on a few units?

**Imbalance before**: groups assigned at random differ by chance only in what was measured before. One metric:
``difference`` on its pre-period values. Several at once: Hotelling's T², one test for all, so that ten covariates do
not raise ten chances of a false alarm. **Outliers**: how much of the total the largest units hold, and how far the
mean would move without them.

The sample ratio is in ``upshot.stats.sample_ratio``, skewness and the normal limit in ``upshot.stats.health_skew``.

Sources: Hotelling, "The generalization of Student's ratio", Ann. Math. Stat. 2 (1931), eq. 20 in its two-sample form
(Anderson, "An Introduction to Multivariate Statistical Analysis", 3rd ed. 2003, eq. 5.3.4); Austin, Statistics in
Medicine 28 (2009), eq. 1, for standardised differences; Cook, "Detection of influential observation", Technometrics 19
(1977), for the idea of influence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import fdtrc

from upshot.core.errors import InvalidInput
from upshot.stats.arguments import compared, given, number, rows
from upshot.stats.moments import CovariateMoments, Moments
from upshot.stats.result import FloatArray, IntArray, Reason, Tabular

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


__all__ = ["Concentration", "Imbalance", "concentration", "pre_period_imbalance", "standardised_difference"]

_SINGULAR = 1e-10


@dataclass(frozen=True, slots=True, repr=False)
class Imbalance(Tabular):
    """How surely two groups differed before the experiment; arrays of shape (…).

    Attributes:
        p_value: Of Hotelling's T² for all covariates together; NaN where there is a reason.
        statistic: T².
        standardised: Difference of each covariate in its own standard deviations, shape (…, k); 0.1 is small. NaN for
            a covariate without variance.
        covariates: Number of linearly independent covariates that entered the test.
        reason: Values of ``Reason``: OK, EMPTY, TOO_FEW_UNITS (fewer than k + 2 in all), NOT_FINITE, ZERO_VARIANCE (no
            covariate varies).

    Examples:
        >>> from upshot.stats.moments import CovariateMoments
        >>> same = CovariateMoments(100, [1.0, 2.0], np.eye(2))
        >>> float(pre_period_imbalance(same, same).p_value)
        1.0
    """

    p_value: FloatArray
    statistic: FloatArray
    standardised: FloatArray
    covariates: FloatArray
    reason: IntArray


@dataclass(frozen=True, slots=True, repr=False)
class Concentration(Tabular):
    """How much of a metric hangs on its largest units; arrays of shape (…).

    Attributes:
        top_share: Share of the total that the top units hold (by magnitude), in [0, 1]; equal holdings give the share
            of units.
        largest_share: Share of the total that the single largest unit holds.
        variance_share: Share of the sum of squared deviations that the single most distant unit makes, in [0, 1].
        influence: By how many standard errors the mean moves when that unit is left out. Above about 0.5 the result
            hangs on one unit: cap (``winsor``) or look at it.
        top_units: How many units the top is.
        reason: Values of ``Reason``: OK, EMPTY, TOO_FEW_UNITS (fewer than 3), NOT_FINITE, ZERO_VARIANCE.

    Examples:
        >>> round(float(concentration([1.0] * 99 + [101.0]).top_share), 3)
        0.505
    """

    top_share: FloatArray
    largest_share: FloatArray
    variance_share: FloatArray
    influence: FloatArray
    top_units: int
    reason: IntArray


def pre_period_imbalance(control: CovariateMoments, treatment: CovariateMoments) -> Imbalance:
    """Test whether two groups differ in any of several values measured before the experiment.

    Groups assigned at random come from one population, so the pooled covariance is right under the null hypothesis.
    Covariates that are combinations of others add nothing and are left out of the degrees of freedom.

    Args:
        control: Moments of the covariates, means of shape (…, k).
        treatment: The same of the treatment; the two broadcast.

    Returns:
        One test for each pair of groups.

    Raises:
        InvalidInput: The groups have different numbers of covariates.

    Examples:
        >>> rng = np.random.default_rng(1)
        >>> before = rng.normal(size=(2, 500, 3))
        >>> from upshot.stats.moments import CovariateMoments
        >>> alike = pre_period_imbalance(CovariateMoments.of(before[0]), CovariateMoments.of(before[1]))
        >>> bool(alike.p_value > 0.01), float(alike.covariates)
        (True, 3.0)
    """
    given("control", control, CovariateMoments)
    given("treatment", treatment, CovariateMoments)
    if control.size != treatment.size:
        raise InvalidInput(
            f"Control has {control.size} covariates, treatment {treatment.size}.", hint="Give both the same ones."
        )
    n_c, n_t, k = control.n, treatment.n, control.size
    with np.errstate(all="ignore"):
        freedom = n_c + n_t - 2.0
        weight_c, weight_t = np.asarray(np.maximum(n_c - 1.0, 0.0)), np.asarray(np.maximum(n_t - 1.0, 0.0))
        pooled = (_weighted(control.covariance, weight_c) + _weighted(treatment.covariance, weight_t)) / _matrices(
            freedom
        )
        gap = treatment.means - control.means
        spread = np.sqrt(np.diagonal(pooled, axis1=-2, axis2=-1))
        finite = np.asarray(np.isfinite(pooled).all(axis=(-1, -2)) & np.isfinite(gap).all(axis=-1))
        scale = np.where(spread > 0.0, spread, 1.0)
        distance, rank = _distance(
            np.where(finite[..., None], gap / scale, 0.0),
            np.where(finite[..., None, None], pooled / (scale[..., :, None] * scale[..., None, :]), 0.0),
        )
        statistic = n_c * n_t / (n_c + n_t) * distance
        below = freedom - rank + 1.0
        p_value = fdtrc(rank, below, statistic * below / (freedom * rank))
        standardised = np.where(spread > 0.0, gap / scale, np.nan)
    reason = np.select(
        [(n_c == 0.0) | (n_t == 0.0), n_c + n_t < k + 2.0, ~finite, rank == 0.0],
        [np.int64(r) for r in (Reason.EMPTY, Reason.TOO_FEW_UNITS, Reason.NOT_FINITE, Reason.ZERO_VARIANCE)],
        np.int64(Reason.OK),
    )
    ok = reason == Reason.OK
    return Imbalance(
        p_value=np.where(ok, p_value, np.nan),
        statistic=np.where(ok, statistic, np.nan),
        standardised=standardised,
        covariates=np.asarray(rank),
        reason=np.asarray(reason, np.int64),
    )


def standardised_difference(control: Moments, treatment: Moments) -> FloatArray:
    """Difference of two means in their average standard deviation (Austin, eq. 1): a size, not a test.

    Args:
        control: Moments of the control group.
        treatment: Moments of the treatment; the two broadcast.

    Returns:
        The standardised difference; 0.1 is small at any sample size. NaN where neither group varies.

    Examples:
        >>> from upshot.stats.moments import Moments
        >>> float(standardised_difference(Moments(100, 10.0, 4.0), Moments(100, 10.2, 4.0)).round(3))
        0.1
    """
    compared(Moments, control, treatment)
    with np.errstate(all="ignore"):
        spread = np.sqrt(0.5 * (control.variance + treatment.variance))
        return np.asarray(np.where(spread > 0.0, (treatment.mean - control.mean) / spread, np.nan))


def concentration(values: ArrayLike, top: float = 0.01) -> Concentration:
    """How much of the total the largest units hold, and how far the mean hangs on one of them.

    Args:
        values: One value per unit along the last axis, shape (…, n).
        top: Share of units that counts as the top, in (0, 1); at least one unit.

    Returns:
        The concentration of each row. Shares are of the sum of magnitudes, so that losses count too.

    Raises:
        InvalidInput: ``top`` is not a share.

    Examples:
        >>> orders = concentration([0.0] * 90 + [1.0] * 9 + [91.0])
        >>> float(orders.top_share), round(float(orders.influence), 2)
        (0.91, 1.0)
    """
    top = number("top", top, above=0.0, below=1.0)
    if not 0.0 < top < 1.0:
        raise InvalidInput(f"A top of {top} is no share of the units.", hint="0.01 looks at the top 1 %.")
    x = rows("values", values)
    n = x.shape[-1]
    count = max(1, round(top * n))
    shape = x.shape[:-1]
    finite = np.isfinite(x).all(axis=-1)
    if n < 3:
        none = np.full(shape, np.nan)
        code = np.full(shape, int(Reason.EMPTY if n == 0 else Reason.TOO_FEW_UNITS), np.int64)
        return Concentration(none, none, none, none, count, code)
    with np.errstate(all="ignore"):
        size = np.abs(x)
        largest = np.partition(size, n - count, axis=-1)[..., n - count :]
        total = size.sum(axis=-1)
        deviation = x - x.mean(axis=-1, keepdims=True)
        squares = (deviation * deviation).sum(axis=-1)
        furthest = np.abs(deviation).max(axis=-1)
        error = np.sqrt(squares / (n - 1.0) / n)
        numbers = (
            largest.sum(axis=-1) / total,
            size.max(axis=-1) / total,
            furthest * furthest / squares,
            furthest / (n - 1.0) / error,
        )
    reason = np.where(finite, np.where(squares > 0.0, Reason.OK, Reason.ZERO_VARIANCE), Reason.NOT_FINITE)
    ok = reason == Reason.OK
    top_share, largest_share, variance_share, influence = (np.where(ok, number, np.nan) for number in numbers)
    return Concentration(top_share, largest_share, variance_share, influence, count, np.asarray(reason, np.int64))


def _matrices(scalars: FloatArray) -> FloatArray:
    """With two more axes, to meet matrices."""
    return np.asarray(scalars)[..., None, None]


def _weighted(covariance: FloatArray, weight: FloatArray) -> FloatArray:
    """Scatter matrices; zero for a single unit, whose covariance is not defined."""
    return np.asarray(np.where(_matrices(weight) > 0.0, covariance * _matrices(weight), 0.0))


def _distance(gap: FloatArray, covariance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Squared Mahalanobis distances and ranks, of correlation-scaled inputs."""
    values, vectors = np.linalg.eigh(covariance)
    kept = values > _SINGULAR * np.maximum(values.max(axis=-1, keepdims=True), 1.0)
    along = np.einsum("...ji,...j->...i", vectors, gap)
    parts = np.where(kept, along * along / np.where(kept, values, 1.0), 0.0)
    return np.asarray(parts.sum(axis=-1)), np.asarray(kept.sum(axis=-1), np.float64)
