r"""Anytime-valid regression adjustment: the t interval of a treatment in a linear model, at all looks at once.

Lindon, Ham, Tingley & Bojinov, "Anytime-valid linear models and regression adjusted causal inference in randomized
experiments" (2022; arXiv 2210.08589). A metric is regressed on the arms and on covariates that were known before:
ordinary least squares with one slope for all arms. Let t be the usual statistic of one treatment's effect δ on ν
degrees of freedom, and z² = σ²/Var(δ̂) what the design knows of it. The standardised effect δ/σ is mixed over
N(0, 1/φ); the ratio of t's density under the mixture to that under no effect is, with r = φ/(φ + z²),

    B = √r · ( (1 + r t²/ν) / (1 + t²/ν) )^(−(ν + 1)/2)

Its inverse is a p-value at every look, and B < 1/α holds within the standard errors

    √( ν (1 − c) / (c − r) ),   c = (α² r)^(1/(ν + 1))

Unlike asymptotic sequences this is exact at every size where residuals are normal with one variance: σ is not taken as
known. For many units both agree.

One variance is not taken on trust. Let V be the effect's variance as each arm's own residuals give it, s²/n summed over
both (Welch), and U as the model has it, σ̂²/n summed. Where a smaller arm varies more, U is too small; the variance of
the effect is then the model's times V/U. It never is below the model's: a p-value only grows by that, so that what is
exact stays on the safe side, and where residuals are not normal or vary unlike, the promise holds in the limit. In even
splits V and U are the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from upshot.core.errors import InvalidInput
from upshot.core.renamed import renamed
from upshot.stats.arguments import chosen, fitting, floats, given
from upshot.stats.confidence_sequences import tuned_rho_squared
from upshot.stats.maturity import MINIMUM_UNITS, TOTALS, UnitTotals, sequential_estimates, sequential_reasons
from upshot.stats.moments import CovariateMoments, first_reason, group_reasons
from upshot.stats.result import Estimates, FloatArray, Reason
from upshot.stats.wald import checked_level

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["regression_adjusted_sequence"]

_DEPENDENT = 1e-10
"""Share of the largest eigenvalue of the covariates' correlations below which a direction repeats the others."""


@renamed(tuned_n="tuned_units", minimum_n="minimum_units")
def regression_adjusted_sequence(
    arms: CovariateMoments,
    *,
    totals: UnitTotals,
    tuned_units: ArrayLike,
    treatment_share: ArrayLike = 0.5,
    level: float = 0.95,
    minimum_units: ArrayLike = MINIMUM_UNITS,
) -> Estimates:
    """Confidence sequence of each treatment's effect, adjusted by covariates, with always-valid p-values.

    An experiment may be looked at after each unit and stop for any reason; the interval at the stop keeps its level,
    and the p-value may be compared with alpha at every look.

    Where a smaller arm varies more around the regression, the standard error is that of each arm's own variance, as the
    model's alone gave 38 false alarms in 100 where a tenth of the units varies twice as much.

    Args:
        arms: Column 0 is the metric, the others are covariates (none is allowed: a sequential t-test); control first
            along the last axis: n of shape (…, g), g ≥ 2, one place in … for each look.
        totals: Whether unit totals are final when counted; growing ones are refused.
        tuned_units: Units of both arms at which the interval should be tightest, fixed beforehand.
        treatment_share: Planned share of the treatment in both arms' units, in (0, 1), the same at all looks.
        level: Coverage over all looks together, in (0, 1).
        minimum_units: Fewest units in the smaller arm at which it speaks. 2 where residuals are known to be normal with
            one variance: the promise then holds from the first look on.

    Returns:
        Estimates of shape (…, g − 1), absolute, treatment minus control; ``n`` counts both arms. TOO_FEW_UNITS where
        no degree of freedom or no bounded interval is left, BELOW_VALID_SAMPLE below ``minimum_units``, ZERO_VARIANCE
        where the covariates determine the metric.

    Raises:
        InvalidInput: There is no axis of arms, or an argument is out of range.

    Examples:
        >>> rng = np.random.default_rng(1)
        >>> past = rng.normal(10.0, 2.0, size=(2, 400))
        >>> metric = past + rng.normal(size=(2, 400)) + np.asarray([[0.0], [0.5]])
        >>> arms = CovariateMoments.of(np.stack([metric, past], axis=-1))
        >>> effect = regression_adjusted_sequence(arms, totals="final", tuned_units=800).at(0)
        >>> effect.low > 0.0, effect.high - effect.low < 0.5
        (True, True)
    """
    given("arms", arms, CovariateMoments)
    shape = np.broadcast_shapes(arms.n.shape, arms.means.shape[:-1], arms.covariance.shape[:-2])
    if not shape or shape[-1] < 2:
        raise InvalidInput(f"arms have shape {shape}.", hint="Stack control and treatments along the last axis.")
    chosen("totals", totals, TOTALS)
    level = checked_level(level)
    share = floats("treatment_share", treatment_share, above=0.0, below=1.0)
    rho_squared, least = tuned_rho_squared(tuned_units, 1.0 - level), floats("minimum_units", minimum_units)
    n = np.broadcast_to(arms.n, shape)
    n_c, n_t = n[..., :1], n[..., 1:]
    sizes = {"tuned_units": rho_squared.shape, "treatment_share": share.shape, "minimum_units": least.shape}
    fitting(treatments=n_t.shape, **sizes)
    with np.errstate(all="ignore"):
        estimate, error, knows, freedom = _least_squares(arms, n)
        shrunk = 1.0 / (1.0 + knows * rho_squared / (share * (1.0 - share)))
        radius, p_value = _mixed(estimate / error, freedom, shrunk, 1.0 - level)
        reason = sequential_reasons(estimate + 0.0 * shrunk, error, np.minimum(n_c, n_t), least, totals)
        undecided = (freedom <= 0.0) | (np.isinf(radius) & (reason == Reason.OK))
        reason = np.where(undecided & (reason != Reason.GROWING_UNITS), np.int64(Reason.TOO_FEW_UNITS), reason)
        low, high = estimate - error * radius, estimate + error * radius
    metric = arms.column(0)
    of_arms = group_reasons(metric[..., :1], metric[..., 1:])
    reason = np.asarray(np.where(reason == Reason.GROWING_UNITS, reason, first_reason(of_arms, reason)))
    method = "regression_adjusted_sequence"
    return sequential_estimates(
        estimate, low, high, error, p_value, n_c + n_t, reason, level=level, method=method, scale="absolute"
    )


def _least_squares(arms: CovariateMoments, n: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Effects, their standard errors, σ²/Var(effect), all (…, g − 1); and degrees of freedom, (…, 1)."""
    means = np.broadcast_to(arms.means, (*n.shape, arms.size))
    told = np.where(n >= 2.0, n - 1.0, 0.0)
    within = np.where(told[..., None, None] > 0.0, told[..., None, None] * arms.covariance, 0.0).sum(axis=-3)
    sound = np.isfinite(within).all(axis=(-2, -1))
    within = np.where(sound[..., None, None], within, 0.0)
    deviation = np.sqrt(np.diagonal(within, axis1=-2, axis2=-1))[..., 1:]
    scale = np.where(deviation > 0.0, deviation, np.inf)  # a covariate that does not vary has no say
    values, vectors = np.linalg.eigh(within[..., 1:, 1:] / (scale[..., :, None] * scale[..., None, :]))
    kept = values > _DEPENDENT * values.max(axis=-1, keepdims=True, initial=0.0)
    whitened = np.where(kept[..., None, :], vectors / np.sqrt(np.where(kept, values, 1.0))[..., None, :], 0.0)
    slopes = ((within[..., 0, 1:] / scale)[..., None, :] @ whitened)[..., 0, :]
    total = within[..., 0, 0]
    left = total - np.square(slopes).sum(axis=-1)
    left = np.where(np.abs(left) <= 64.0 * np.finfo(np.float64).eps * total, 0.0, left)
    freedom = told.sum(axis=-1) - kept.sum(axis=-1)
    gaps = ((means[..., 1:, 1:] - means[..., :1, 1:]) / scale[..., None, :]) @ whitened
    spread = 1.0 / n[..., :1] + 1.0 / n[..., 1:] + np.square(gaps).sum(axis=-1)
    effect = means[..., 1:, 0] - means[..., :1, 0] - (gaps * slopes[..., None, :]).sum(axis=-1)
    pooled = np.where(sound & (freedom > 0.0), left / freedom, np.nan)[..., None]
    weights = (whitened @ slopes[..., :, None])[..., 0] / scale
    residual = np.concatenate([np.ones_like(pooled), -weights], axis=-1)
    wider = np.maximum(_own_over_pooled(arms, n, residual, left[..., None]), 1.0)
    return (
        effect,
        np.sqrt(pooled * spread * wider),
        np.asarray(1.0 / spread),
        np.asarray(freedom[..., None], np.float64),
    )


def _own_over_pooled(arms: CovariateMoments, n: FloatArray, residual: FloatArray, left: FloatArray) -> FloatArray:
    """V/U of the module's docstring, (…, g − 1); 1 where nothing is left of the metric.

    Both are of the residuals' sums of squares over n − 1, so that the slopes' degrees of freedom count alike.
    """
    own = (residual[..., None, None, :] @ arms.covariance @ residual[..., None, :, None])[..., 0, 0] / n
    inverse, pooled = 1.0 / n, left / np.where(n >= 2.0, n - 1.0, 0.0).sum(axis=-1, keepdims=True)
    excess = (own[..., :1] + own[..., 1:]) / (pooled * (inverse[..., :1] + inverse[..., 1:]))
    return np.asarray(np.where(left > 0.0, excess, 1.0))


def _mixed(t: FloatArray, freedom: FloatArray, shrunk: FloatArray, alpha: float) -> tuple[FloatArray, FloatArray]:
    """The radius in standard errors, infinite where no t is surprising enough, and the p-values."""
    edge = np.exp((2.0 * np.log(alpha) + np.log(shrunk)) / (freedom + 1.0))
    radius = np.where(edge > shrunk, np.sqrt(freedom * (1.0 - edge) / (edge - shrunk)), np.inf)
    squared = t * t / freedom
    log_ratio = 0.5 * np.log(shrunk) + 0.5 * (freedom + 1.0) * (np.log1p(squared) - np.log1p(shrunk * squared))
    return np.asarray(radius), np.asarray(np.exp(-np.maximum(log_ratio, 0.0)))
