r"""CUPED: what units did before the experiment explains part of what they do in it, and that part is noise.

The adjusted mean of a group is :math:`\bar y - \theta^\top(\bar x - \bar x_{all})`. θ is estimated within groups and
shared by all of them, so that the adjusted difference is that of the analysis of covariance; variances stay each
group's own.
Covariates must not be touched by the treatment (measured before exposure); then the adjustment cannot bias, whatever
the relation looks like, and it never costs more than the few degrees of freedom that θ takes.

Groups ("arms") lie along the last axis of the moments: first adjust all arms together, then compare them, for instance
``difference(adjusted[0], adjusted[1:])``. The results are ``Moments``, so every method that takes those takes these.
They know what they share: the mean of the covariate over all units, through θ. In a difference it cancels; a lift,
which divides by one arm's mean, has it in its variance.

With many covariates θ is a ridge solution on the scale of correlations; a small penalty makes collinear covariates
harmless. A covariate without variance is left out.

Sources: Deng, Xu, Kohavi and Walker, "Improving the sensitivity of online controlled experiments by utilizing
pre-experiment data", WSDM (2013), sec. 3; Yang and Tsiatis, The American Statistician 55 (2001), for the comparison
with covariance analysis; Hoerl and Kennard, Technometrics 12 (1970), eq. 2.1; Deng, Knoblich and Lu, KDD (2018),
sec. 3, for ratios.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from upshot.core.errors import InvalidInput
from upshot.stats.arguments import compared, given, number
from upshot.stats.moments import CovariateMoments, Moments, PairMoments
from upshot.stats.shared import Shared

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from upshot.stats.result import FloatArray

__all__ = ["adjusted_by", "cuped", "cuped_many", "ratio_cuped", "variance_reduction"]


def cuped(arms: PairMoments) -> Moments:
    """Means adjusted by one covariate.

    Args:
        arms: The metric (x) and its covariate (y) by unit, arms along the last axis: shape (…, g), g ≥ 2.

    Returns:
        Moments of shape (…, g): adjusted means, and residual variances (times (N − g) / (N − g − 1) for the estimated
        θ). Where the covariate does not vary, the moments of the metric as they are; a mean of NaN where there are
        too few units to determine θ.

    Raises:
        InvalidInput: There is no axis of arms.

    Examples:
        >>> before, during = [[1.0, 2.0, 3.0, 4.0], [2.0, 3.0, 4.0, 5.0]], [[2.0, 4.0, 6.0, 9.0], [5.0, 7.0, 9.0, 12.0]]
        >>> adjusted = cuped(PairMoments.of(during, before))
        >>> [round(float(m), 6) for m in adjusted.mean]
        [6.4, 7.1]
    """
    given("arms", arms, PairMoments)
    n, mean, variance = arms.n, arms.mean_x, arms.variance_x
    covariate, spread, toward = arms.mean_y, arms.variance_y, arms.covariance
    if mean.ndim == 0:
        raise InvalidInput("There is no axis of arms.", hint="Stack control and treatments along the last axis.")
    # The one-covariate case of ``adjusted_by`` in plain products: a third of its time.
    with np.errstate(all="ignore"):
        freedom, units = _freedom(n, np.broadcast_shapes(n.shape, mean.shape))
        told = freedom > 0.0
        pooled = np.where(told, freedom * spread, 0.0).sum(axis=-1, keepdims=True)
        cross = np.where(told, freedom * toward, 0.0).sum(axis=-1, keepdims=True)
        theta = np.where((pooled > 0.0) & (pooled < np.inf) & (np.abs(cross) < np.inf), cross / pooled, 0.0)
        centre = np.where(units > 0.0, units * covariate, 0.0).sum(axis=-1, keepdims=True)
        shift = theta * (covariate - centre / units.sum(axis=-1, keepdims=True))
        explained, quadratic = 2.0 * theta * toward, theta * theta * spread
        residual = _residual(n, mean - shift, variance, explained, quadratic, freedom, theta != 0.0)
    return _together(residual, 0.5 * explained, quadratic, freedom, units)


def cuped_many(arms: CovariateMoments, *, ridge: float = 1e-6) -> Moments:
    """Means adjusted by many covariates at once.

    Args:
        arms: Column 0 is the metric, the others are covariates; means of shape (…, g, k), g ≥ 2 arms.
        ridge: Penalty on the scale of correlations, at least 0; 0 is ordinary least squares.

    Returns:
        As ``cuped``; the variances are multiplied by (N − g) / (N − g − k + 1).

    Raises:
        InvalidInput: ``ridge`` is negative, there is no covariate, or no axis of arms.

    Examples:
        >>> rng = np.random.default_rng(1)
        >>> x = rng.normal(size=(2, 500, 3))
        >>> y = x.sum(axis=-1) + rng.normal(size=(2, 500))
        >>> arms = CovariateMoments.of(np.concatenate([y[..., None], x], axis=-1))
        >>> bool((cuped_many(arms).variance < 0.35 * arms.column(0).variance).all())
        True
    """
    ridge = _checked(arms, ridge, metric_columns=1)
    c = arms.covariance
    return adjusted_by(
        arms.n, arms.means[..., 0], c[..., 0, 0], arms.means[..., 1:], c[..., 1:, 1:], c[..., 0, 1:], ridge
    )


def ratio_cuped(arms: CovariateMoments, *, ridge: float = 1e-6) -> Moments:
    """Ratios of means, adjusted: each arm's ratio is linearised, and the linear part is adjusted by the covariates.

    Args:
        arms: Column 0 is the numerator, 1 the denominator, the others covariates (for a ratio's own past: its numerator
            and its denominator before); means of shape (…, g, k), g ≥ 2 arms.
        ridge: As in ``cuped_many``.

    Returns:
        Moments of the adjusted ratios, shape (…, g); NaN where a denominator's mean is zero.

    Raises:
        InvalidInput: ``ridge`` is negative, there is no covariate, or no axis of arms.

    Examples:
        >>> arms = CovariateMoments.of(np.random.default_rng(1).normal(5.0, size=(2, 300, 3)))
        >>> ratio_cuped(arms).mean.shape
        (2,)
    """
    ridge = _checked(arms, ridge, metric_columns=2)
    ratio = arms.pair(0, 1).linearised()
    c = arms.covariance
    with np.errstate(all="ignore"):
        toward = (c[..., 0, 2:] - ratio.mean[..., None] * c[..., 1, 2:]) / arms.means[..., 1, None]
    return adjusted_by(arms.n, ratio.mean, ratio.variance, arms.means[..., 2:], c[..., 2:, 2:], toward, ridge)


def variance_reduction(before: Moments, after: Moments) -> FloatArray:
    """Share of the variance that an adjustment removed, 1 − after / before; NaN where there was none to remove.

    Examples:
        >>> float(variance_reduction(Moments(10, 1.0, 4.0), Moments(10, 1.0, 1.0)))
        0.75
    """
    compared(Moments, before, after, ("before", "after"))
    with np.errstate(all="ignore"):
        return np.asarray(np.where(before.variance > 0.0, 1.0 - after.variance / before.variance, np.nan), np.float64)


def _checked(arms: CovariateMoments, ridge: float, metric_columns: int) -> float:
    given("arms", arms, CovariateMoments)
    ridge = number("ridge", ridge, least=0.0)
    if arms.size <= metric_columns:
        raise InvalidInput(
            f"{arms.size} columns leave no covariate beside the metric.",
            hint=f"The first {metric_columns} are the metric; add at least one.",
        )
    return ridge


def adjusted_by(
    n: FloatArray,
    mean: FloatArray,
    variance: FloatArray,
    covariates: FloatArray,
    spread: FloatArray,
    toward: FloatArray,
    ridge: float,
) -> Moments:
    """Moments adjusted by covariates, with what the arms share.

    Args:
        n: Units, shape (…, g).
        mean: Of the metric, shape (…, g).
        variance: Of the metric, shape (…, g).
        covariates: Their means, shape (…, g, k).
        spread: Their covariance, shape (…, g, k, k).
        toward: Their covariance with the metric, shape (…, g, k).
        ridge: As in ``cuped_many``.
    """
    if mean.ndim == 0:
        raise InvalidInput("There is no axis of arms.", hint="Stack control and treatments along the last axis.")
    with np.errstate(all="ignore"):
        freedom, units = _freedom(n, mean.shape)
        told = freedom[..., None] > 0.0
        pooled = np.where(told[..., None], freedom[..., None, None] * spread, 0.0).sum(axis=-3)
        cross = np.where(told, freedom[..., None] * toward, 0.0).sum(axis=-2)
        theta = _ridge(pooled, cross, ridge)
        weights = (units / units.sum(axis=-1, keepdims=True))[..., None]
        centre = np.where(weights > 0.0, weights * covariates, 0.0).sum(axis=-2, keepdims=True)
        shift = ((covariates - centre) * theta[..., None, :]).sum(axis=-1)
        explained = 2.0 * (toward * theta[..., None, :]).sum(axis=-1)
        quadratic = np.einsum("...i,...gij,...j->...g", theta, spread, theta)
        used = np.count_nonzero(theta, axis=-1)[..., None]
        residual = _residual(n, mean - shift, variance, explained, quadratic, freedom, used)
    return _together(residual, 0.5 * explained, quadratic, freedom, units)


def _freedom(n: FloatArray, shape: tuple[int, ...]) -> tuple[FloatArray, FloatArray]:
    """Degrees of freedom and units of each arm; an arm of no unit or one has no variance and says nothing about θ."""
    wide = n if n.shape == shape else np.broadcast_to(n, shape)
    return np.where(wide >= 2.0, wide - 1.0, 0.0), np.where(wide > 0.0, wide, 0.0)


def _residual(
    n: FloatArray,
    mean: FloatArray,
    variance: FloatArray,
    explained: FloatArray,
    quadratic: FloatArray,
    freedom: FloatArray,
    used: NDArray[np.int64] | NDArray[np.bool_],
) -> Moments:
    total = freedom.sum(axis=-1, keepdims=True)
    factor = np.where(total > used, total / (total - used), np.nan)
    residual = variance - explained + quadratic
    # A metric that its covariates determine leaves only rounding, on either side of zero.
    scale = variance + np.abs(explained) + quadratic
    residual = np.where(np.abs(residual) <= 64.0 * np.finfo(np.float64).eps * scale, 0.0, residual)
    # With no freedom left θ is not determined, and so neither is the mean.
    return Moments(n, np.where(np.isnan(factor), np.nan, mean), residual * factor, mergeable=False)


def _together(
    adjusted: Moments, toward: FloatArray, quadratic: FloatArray, freedom: FloatArray, units: FloatArray
) -> Moments:
    """The adjusted moments with what their arms share: θᵀ x̄_all.

    Its variance is Σ n_b θᵀV_bθ / N², its covariance with the own part of arm a, whose residual is y − θᵀx,
    (θᵀC_a − θᵀV_aθ) / N: V the arm's covariance of the covariates, C that with the metric, N all arms' units.
    """
    with np.errstate(all="ignore"):
        told = freedom > 0.0
        total = units.sum(axis=-1, keepdims=True)
        variance = np.where(told, units * quadratic, 0.0).sum(axis=-1, keepdims=True) / (total * total)
        loading = np.sqrt(np.where(np.isfinite(variance), variance, 0.0))
        own = np.where(told & (loading > 0.0), (toward - quadratic) / total / loading, 0.0)
    shared = Shared(loading[None], own[None], freedom.sum(axis=-1, keepdims=True))
    return Moments(adjusted.n, adjusted.mean, adjusted.variance, mergeable=False, shared=shared)


def _ridge(spread: FloatArray, toward: FloatArray, ridge: float) -> FloatArray:
    """Solves (R + λI) β = r on the scale of correlations and returns θ in the covariates' units."""
    deviation = np.sqrt(np.diagonal(spread, axis1=-2, axis2=-1))
    usable = (deviation > 0.0) & np.isfinite(deviation) & np.isfinite(toward)
    scale = np.where(usable, deviation, 1.0)
    both = usable[..., :, None] & usable[..., None, :]
    identity = np.eye(spread.shape[-1])
    correlation = np.where(both, spread / (scale[..., :, None] * scale[..., None, :]), 0.0)
    # A covariate left out becomes a row of the identity: its θ is zero and the others do not see it.
    correlation = np.where(identity == 1.0, 1.0 + ridge, correlation)
    right = np.where(usable, toward / scale, 0.0)
    if spread.shape[-1] == 1:
        return np.asarray(right / correlation[..., 0] / scale, np.float64)
    # The pseudo-inverse (of least norm) also answers where λ is zero and covariates repeat each other.
    solved = np.linalg.pinv(correlation, hermitian=True) @ right[..., None]
    return np.asarray(np.where(usable, solved[..., 0] / scale, 0.0), np.float64)
