r"""Post-stratification: compare like with like within strata, then weigh the strata by their share of all units.

The adjusted mean of an arm is :math:`\sum_s W_s \bar y_s` with W the share of stratum s among all units of all arms.
Strata must be known before exposure (country, platform, new or returning, "has no pre-period").

The variance has two parts. Within strata: Σ W² s² / n, given the realised counts; it is each arm's own. Between strata:
the shares W are themselves a sample, the same one for all arms, so that the arms' means have the covariance
:math:`\sum_s W_s (\bar y_{as} - \bar y_a)(\bar y_{bs} - \bar y_b) / N`. In a difference the effects that vary among
strata are left of it; a lift, which divides by one arm's mean, has more. The arms carry it along as ``shared``.

Sources: Miratrix, Sekhon and Yu, "Adjusting treatment effect estimates by post-stratification in randomized
experiments", J. R. Stat. Soc. B 75 (2013), eq. 4; Xie and Aurisset, "Improving the sensitivity of online controlled
experiments", KDD (2016), sec. 3.2; Cochran, "Sampling Techniques" (3rd ed., 1977), sec. 5A.9.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from upshot.core.errors import InvalidInput
from upshot.core.renamed import renamed
from upshot.stats.adjust import adjusted_by, cuped
from upshot.stats.arguments import fitting, given, number, row, whole
from upshot.stats.moments import CovariateMoments, Moments, PairMoments
from upshot.stats.shared import Shared

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from upshot.stats.result import FloatArray

__all__ = [
    "cuped_with_missing",
    "pool_sparse",
    "post_stratify",
    "ratio_cuped_stratified",
    "ratio_post_stratify",
    "split_missing",
]


@renamed(least_units="minimum_units")
def post_stratify(strata: Moments, *, minimum_units: int = 2) -> Moments:
    """Adjusted means of all arms.

    Args:
        strata: Moments of shape (…, g, s): arms, then strata.
        minimum_units: Strata in which any arm has fewer units than this are pooled into one (see ``pool_sparse``).

    Returns:
        Moments of shape (…, g), ready for ``difference`` and ``lift`` between any two arms. The mean is NaN where even
        the pooled stratum lacks units in an arm: then nothing can be compared.

    Raises:
        InvalidInput: There are no axes of arms and strata, or moments were linearised and strata must be pooled.

    Examples:
        >>> strata = Moments([[80, 20], [20, 80]], [[1.0, 5.0], [1.5, 5.5]], [[1.0, 1.0], [1.0, 1.0]])
        >>> adjusted = post_stratify(strata)
        >>> adjusted.mean.tolist()
        [3.0, 3.5]
    """
    given("strata", strata, Moments)
    minimum_units = whole("minimum_units", minimum_units, least=1)
    n, mean, variance = _shaped(strata)
    if not np.any(_sparse(n, minimum_units)):
        return _weighted(n, mean, variance)
    if strata.mergeable:
        pooled = pool_sparse(
            CovariateMoments(n, mean[..., None], variance[..., None, None]), minimum_units=minimum_units
        )
        return _weighted(pooled.n, pooled.means[..., 0], pooled.covariance[..., 0, 0])
    raise _too_sparse()


@renamed(least_units="minimum_units")
def ratio_post_stratify(strata: PairMoments, *, minimum_units: int = 2) -> Moments:
    """Adjusted ratios of all arms: post-stratified numerator over post-stratified denominator, linearised.

    Args:
        strata: Numerator (x) and denominator (y), shape (…, g, s): arms, then strata.
        minimum_units: As in ``post_stratify``.

    Returns:
        Moments of shape (…, g); NaN where a denominator is zero.

    Raises:
        InvalidInput: There are no axes of arms and strata.

    Examples:
        >>> strata = PairMoments([[50, 50], [50, 50]], [[1.0, 4.0], [1.2, 4.4]], 2.0, 1.0, 0.5, 0.2)
        >>> [round(float(m), 12) for m in ratio_post_stratify(strata).mean]
        [1.25, 1.4]
    """
    given("strata", strata, PairMoments)
    minimum_units = whole("minimum_units", minimum_units, least=1)
    parts = (strata.n, strata.mean_x, strata.mean_y, strata.variance_x, strata.variance_y, strata.covariance)
    n, x, y, xx, yy, xy = np.broadcast_arrays(*parts, subok=False)
    _checked_axes(n)
    covariance = np.stack([np.stack([xx, xy], -1), np.stack([xy, yy], -1)], -2)
    pooled = pool_sparse(CovariateMoments(n, np.stack([x, y], -1), covariance), minimum_units=minimum_units)
    linear, _, _ = _linearised(pooled.pair(0, 1))
    return _weighted(linear.n, linear.mean, linear.variance)


@renamed(least_units="minimum_units")
def ratio_cuped_stratified(strata: CovariateMoments, *, ridge: float = 1e-6, minimum_units: int = 20) -> Moments:
    """Post-stratified ratios whose linear part is adjusted by covariates, with coefficients of each stratum's own.

    In each stratum the arms' comparison is the analysis of covariance of the linearised ratios; the strata are then
    weighed by their shares of all units (Deng, Knoblich and Lu, KDD (2018), sec. 3, for the linearisation; Miratrix,
    Sekhon and Yu (2013), eq. 4, for the weights). A mean is the ratio whose denominator is 1 for every unit.

    Args:
        strata: Column 0 is the numerator, 1 the denominator, the others covariates, known before exposure; n of shape
            (…, g, s): arms, then strata; means (…, g, s, k).
        ridge: As in ``cuped_many``.
        minimum_units: As in ``post_stratify``; more than there, as each stratum has coefficients of its own.

    Returns:
        Moments of shape (…, g), ready for ``difference``, ``lift`` and ``fieller_lift`` between any two arms; NaN where
        a denominator is zero, or a stratum (the pooled one too) lacks units in an arm.

    Raises:
        InvalidInput: There are no axes of arms and strata, no covariate, or an argument is out of range.

    Examples:
        >>> rng = np.random.default_rng(1)
        >>> before, views = rng.gamma(2.0, 2.0, (2, 3, 400)), rng.poisson(4.0, (2, 3, 400)) + 1.0
        >>> clicks = 0.1 * views + before + rng.normal(size=(2, 3, 400))
        >>> strata = CovariateMoments.of(np.stack([clicks, views, before], axis=-1))
        >>> plain = ratio_post_stratify(strata.pair(0, 1))
        >>> bool((ratio_cuped_stratified(strata).variance < 0.5 * plain.variance).all())
        True
    """
    given("strata", strata, CovariateMoments)
    ridge, minimum_units = number("ridge", ridge, least=0.0), whole("minimum_units", minimum_units, least=1)
    if strata.size < 3:
        raise InvalidInput(
            f"{strata.size} columns leave no covariate beside numerator and denominator.",
            hint="Add at least one, or use ratio_post_stratify.",
        )
    pooled = pool_sparse(strata, minimum_units=minimum_units)
    linear, ratio, total = _linearised(pooled.pair(0, 1))
    c = pooled.covariance
    with np.errstate(all="ignore"):
        toward = (c[..., 0, 2:] - ratio[..., None] * c[..., 1, 2:]) / total[..., None]
        # Within a stratum the arms are adjusted together: strata go before arms, and back.
        adjusted = adjusted_by(
            np.swapaxes(linear.n, -1, -2),
            np.swapaxes(linear.mean, -1, -2),
            np.swapaxes(linear.variance, -1, -2),
            np.swapaxes(pooled.means[..., 2:], -2, -3),
            np.swapaxes(c[..., 2:, 2:], -3, -4),
            np.swapaxes(toward, -2, -3),
            ridge,
        )
    mean, variance = (np.swapaxes(part, -1, -2) for part in (adjusted.mean, adjusted.variance))
    shared = adjusted.shared
    within = None
    if shared is not None:
        wide = [np.broadcast_to(part, (part.shape[0], *adjusted.shape)) for part in (shared.loadings, shared.own)]
        loadings, own = (np.swapaxes(part, -1, -2) for part in wide)
        within = Shared(loadings, own, shared.freedom)
    return _weighted(linear.n, mean, variance, within=within)


def _linearised(pair: PairMoments) -> tuple[Moments, FloatArray, FloatArray]:
    """Strata's linearised ratios, shape (…, g, s); each arm's ratio and denominator, shape (…, g, 1)."""
    with np.errstate(all="ignore"):
        shares = _shares(pair.n)
        total_x, total_y = (_sum(shares, m)[..., None] for m in (pair.mean_x, pair.mean_y))
        ratio = np.where(total_y == 0.0, np.nan, total_x / total_y)
        mean = ratio + (pair.mean_x - ratio * pair.mean_y) / total_y
        spread = pair.variance_x - 2.0 * ratio * pair.covariance + ratio * ratio * pair.variance_y
        return Moments(pair.n, mean, spread / (total_y * total_y), mergeable=False), ratio, total_y


@renamed(least_units="minimum_units")
def pool_sparse(strata: CovariateMoments, *, minimum_units: int = 2) -> CovariateMoments:
    """Pools the strata in which any arm has too few units (but some arm has one) into a last stratum.

    Args:
        strata: n of shape (…, g, s), means (…, g, s, k).
        minimum_units: Fewest units that a stratum needs in every arm.

    Returns:
        Shape (…, g, s + 1): sparse strata are emptied, the last one holds what they held.

    Examples:
        >>> n = np.array([[50.0, 1.0, 2.0], [50.0, 3.0, 0.0]])
        >>> pooled = pool_sparse(CovariateMoments(n, np.ones((2, 3, 1)), np.ones((2, 3, 1, 1))))
        >>> pooled.n.tolist()
        [[50.0, 0.0, 0.0, 3.0], [50.0, 0.0, 0.0, 3.0]]
    """
    given("strata", strata, CovariateMoments)
    minimum_units = whole("minimum_units", minimum_units, least=1)
    _checked_axes(strata.n)
    sparse = np.broadcast_to(_sparse(strata.n, minimum_units)[..., None, :], strata.n.shape)
    held = np.where(sparse, strata.n, 0.0)
    rest = CovariateMoments(np.zeros_like(held[..., 0]), strata.means[..., 0, :] * 0.0, strata.covariance[..., 0, :, :])
    for index in range(held.shape[-1]):
        part = CovariateMoments(held[..., index], strata.means[..., index, :], strata.covariance[..., index, :, :])
        rest = rest + part
    return CovariateMoments(
        np.concatenate([np.where(sparse, 0.0, strata.n), rest.n[..., None]], axis=-1),
        np.concatenate([strata.means, rest.means[..., None, :]], axis=-2),
        np.concatenate([strata.covariance, rest.covariance[..., None, :, :]], axis=-3),
    )


def cuped_with_missing(known: PairMoments, missing: Moments) -> Moments:
    """CUPED where some units have no past: those are a stratum of their own, not units with a past of zero.

    Args:
        known: Metric and covariate of units with a pre-period, arms along the last axis.
        missing: The metric of the others, same shape.

    Returns:
        Moments of shape (…, g). Either stratum may be empty (in all arms).

    Raises:
        InvalidInput: A stratum has an arm with fewer than two units while other arms have some.

    Examples:
        >>> known = PairMoments([90, 90], [5.0, 5.5], [4.0, 4.0], 4.0, 4.0, 3.0)
        >>> [round(float(m), 12) for m in cuped_with_missing(known, Moments([10, 10], [1.0, 1.5], [1.0, 1.0])).mean]
        [4.6, 5.1]
    """
    given("known", known, PairMoments)
    given("missing", missing, Moments)
    adjusted = cuped(known)
    if fitting(known=adjusted.shape, missing=missing.shape) != adjusted.shape:
        raise InvalidInput(f"missing has shape {missing.shape}, known {adjusted.shape}.", hint="Give the same arms.")
    both = (_shaped_like(adjusted, adjusted.shape), _shaped_like(missing, adjusted.shape))
    n, mean, variance = (np.stack(parts, axis=-1) for parts in zip(*both, strict=True))
    if np.any(_sparse(n, 2)):
        raise _too_sparse()
    return _weighted(n, mean, variance, within=_of_first(adjusted.shared, adjusted.shape))


def split_missing(values: ArrayLike, covariate: ArrayLike) -> tuple[PairMoments, Moments]:
    """One arm's units with a covariate, and those whose covariate is NaN.

    Args:
        values: Shape (n,), the metric.
        covariate: Shape (n,), NaN where there is no pre-period.

    Returns:
        The two groups' moments, 0-d; stack them by arm for ``cuped_with_missing`` (``moments.stack_arms``).

    Examples:
        >>> known, missing = split_missing([1.0, 2.0, 3.0, 9.0], [1.0, np.nan, 2.0, 4.0])
        >>> float(known.n), float(missing.n)
        (3.0, 1.0)
    """
    y, x = row("values", values), row("covariate", covariate)
    if y.shape != x.shape:
        raise InvalidInput(f"values have shape {y.shape}, covariate {x.shape}.", hint="Give one of each for each unit.")
    absent = np.isnan(x)
    return PairMoments.of(y[~absent], x[~absent]), Moments.of(y[absent])


def _weighted(n: FloatArray, mean: FloatArray, variance: FloatArray, *, within: Shared | None = None) -> Moments:
    """Adjusted moments; ``within`` is what arms share inside each stratum, loadings of shape (k, …, g, s)."""
    with np.errstate(all="ignore"):
        shares = _shares(n)
        total = np.where(n > 0.0, n, 0.0).sum(axis=-1)
        units = total.sum(axis=-1, keepdims=True)
        adjusted = _sum(shares, mean)
        spread = _sum(shares * shares, variance / n) * total
        loadings = np.sqrt(shares / units[..., None]) * (mean - adjusted[..., None])
        # An arm that lacks a stratum has no mean there (and no comparison later).
        loadings = np.moveaxis(np.where(np.isfinite(loadings), loadings, 0.0), -1, 0)
        # A stratum that is there, but not in this arm, leaves the arm's mean undetermined.
        determined = np.all((n > 0.0) | (shares == 0.0), axis=-1)
        adjusted = np.where(determined, adjusted, np.nan)
    own = np.zeros_like(loadings)
    if within is not None:
        weighed = (np.where(shares > 0.0, shares * part, 0.0) for part in (within.loadings, within.own))
        inner = (np.moveaxis(part, -1, 0).reshape(-1, *total.shape) for part in weighed)
        loadings, own = (np.concatenate(parts) for parts in zip((loadings, own), inner, strict=True))
    shared = Shared(loadings, own, units - np.count_nonzero(total, axis=-1)[..., None])
    return Moments(total, adjusted, spread, mergeable=False, shared=shared)


def _of_first(shared: Shared | None, shape: tuple[int, ...]) -> Shared | None:
    """What arms share inside the first of two strata, with an axis of strata."""
    if shared is None:
        return None
    wide = [np.broadcast_to(part, (part.shape[0], *shape)) for part in (shared.loadings, shared.own)]
    loadings, own = (np.stack([part, np.zeros_like(part)], axis=-1) for part in wide)
    return Shared(loadings, own, shared.freedom)


def _too_sparse() -> InvalidInput:
    return InvalidInput(
        "A stratum is too sparse, and linearised moments cannot be pooled.",
        hint="Use ratio_post_stratify on the numerators and denominators, or coarser strata.",
    )


def _shares(n: FloatArray) -> FloatArray:
    """Each stratum's share of all units, the same for every arm: shape (…, 1, s)."""
    units = np.where(n > 0.0, n, 0.0).sum(axis=-2, keepdims=True)
    return np.asarray(units / units.sum(axis=-1, keepdims=True), np.float64)


def _sum(shares: FloatArray, values: FloatArray) -> FloatArray:
    return np.asarray(np.where(shares > 0.0, shares * values, 0.0).sum(axis=-1), np.float64)


def _sparse(n: FloatArray, minimum_units: int) -> NDArray[np.bool_]:
    return np.asarray((n < minimum_units).any(axis=-2) & (n > 0.0).any(axis=-2), np.bool_)


def _shaped(strata: Moments) -> tuple[FloatArray, FloatArray, FloatArray]:
    n, mean, variance = np.broadcast_arrays(strata.n, strata.mean, strata.variance)
    _checked_axes(n)
    return n, mean, variance


def _shaped_like(moments: Moments, shape: tuple[int, ...]) -> tuple[FloatArray, FloatArray, FloatArray]:
    return (
        np.broadcast_to(moments.n, shape),
        np.broadcast_to(moments.mean, shape),
        np.broadcast_to(moments.variance, shape),
    )


def _checked_axes(n: FloatArray) -> None:
    if n.ndim < 2:
        raise InvalidInput(
            f"Strata of shape {n.shape} have no axes of arms and strata.", hint="Give shape (arms, strata) or more."
        )
