r"""An always-valid sample-ratio test: are units split as planned, asked after every unit if one likes?

Lindon & Malek, "Anytime-valid inference for multinomial count data" (2022, NeurIPS 35; arXiv 2011.03567): the Bayes
factor of a Dirichlet(c·θ0) alternative against the planned shares θ0,

    e = B(c θ0 + x) / B(c θ0) / Π θ0_i^{x_i},     B the multivariate beta function,

is a martingale with mean 1 if each unit is assigned by θ0, independently. Hence the chance that it ever reaches 1/α is
at most α. Exact at every n; no normal limit is involved.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln

from upshot.core.errors import InvalidInput
from upshot.stats.arguments import floats, number
from upshot.stats.result import FloatArray, IntArray, Reason, Tabular

__all__ = ["SequentialSampleRatio", "sequential_sample_ratio"]


@dataclass(frozen=True, slots=True, repr=False)
class SequentialSampleRatio(Tabular):
    """Evidence against the planned split.

    Attributes:
        log_e_value: Natural logarithm of the e-value, shape (…); NaN where there is a reason.
        p_value: Always-valid p-value min(1, 1/e), shape (…). Along an axis of looks its running minimum is valid too.
        shares: Observed shares, shape (…, arms).
        n: Units in all arms, shape (…).
        reason: Values of ``Reason``, shape (…): EMPTY, NOT_FINITE, INVALID_STATISTICS (a negative count) or OK.

    Examples:
        >>> looks = sequential_sample_ratio([[500, 500], [900, 1300]], [0.5, 0.5])
        >>> bool(looks.p_value[1] < 0.001), looks.n.tolist()
        (True, [1000.0, 2200.0])
    """

    log_e_value: FloatArray
    p_value: FloatArray
    shares: FloatArray
    n: FloatArray
    reason: IntArray

    def running(self, axis: int = -1) -> "SequentialSampleRatio":
        """The same with the least p-value and the greatest e-value of all looks so far, along an axis of looks."""
        return SequentialSampleRatio(
            np.fmax.accumulate(self.log_e_value, axis=axis),
            np.fmin.accumulate(self.p_value, axis=axis),
            self.shares,
            self.n,
            self.reason,
        )


def sequential_sample_ratio(
    counts: ArrayLike, planned: ArrayLike, *, concentration: float = 100.0
) -> SequentialSampleRatio:
    """Always-valid test that units are split as planned.

    Args:
        counts: Units in each arm so far, arms along the last axis, shape (…, arms).
        planned: Planned weights of the arms, above 0, shape (arms,) or broadcast to ``counts``; they need not add up
            to 1. A ramp that changes them is a new test: multiply the e-values of the phases.
        concentration: c, above 0: how close to the plan a broken split is thought to be. The test is most sensitive to
            shares about 1/√c away from the plan; any value is valid.

    Returns:
        e-values and p-values of shape (…).

    Raises:
        InvalidInput: Weights are not above 0, there are fewer than two arms, or ``concentration`` is not above 0.

    Examples:
        >>> found = sequential_sample_ratio([[5010, 4990], [5200, 4800]], [0.5, 0.5])
        >>> found.p_value.round(4).tolist()
        [1.0, 0.0036]
    """
    concentration = number("concentration", concentration, above=0.0)
    x, weights = floats("counts", counts), floats("planned", planned)
    if x.ndim == 0 or x.shape[-1] < 2 or weights.shape[-1:] != x.shape[-1:]:
        raise InvalidInput(
            f"Counts of shape {x.shape} and weights of shape {weights.shape}; both need the same two or more arms last."
        )
    if not (np.isfinite(weights) & (weights > 0.0)).all() or not 0.0 < concentration < np.inf:
        raise InvalidInput("Planned weights and concentration must be finite and above 0.")
    theta = weights / weights.sum(axis=-1, keepdims=True)
    n = x.sum(axis=-1)
    if ((x >= 0.0) & (x < np.inf)).all() and (n > 0.0).all():
        log_e = _log_bayes_factor(x, theta, concentration)
        p = np.exp(-np.maximum(log_e, 0.0))
        return SequentialSampleRatio(log_e, p, x / n[..., None], np.asarray(n), np.zeros(log_e.shape, np.int64))
    reason = np.select(
        [~np.isfinite(x).all(axis=-1), (x < 0.0).any(axis=-1), n == 0.0],
        [np.int64(Reason.NOT_FINITE), np.int64(Reason.INVALID_STATISTICS), np.int64(Reason.EMPTY)],
        np.int64(Reason.OK),
    )
    ok = reason == 0
    log_e = np.where(ok, _log_bayes_factor(np.where(ok[..., None], x, 1.0), theta, concentration), np.nan)
    with np.errstate(all="ignore"):
        shares = np.where(ok[..., None], x / n[..., None], np.nan)
    return SequentialSampleRatio(
        log_e, np.exp(-np.maximum(log_e, 0.0)), shares, np.asarray(n), np.asarray(reason, np.int64)
    )


def _log_bayes_factor(x: FloatArray, theta: FloatArray, concentration: float) -> FloatArray:
    prior = concentration * theta
    n = x.sum(axis=-1)
    arms = _log_rising(prior, x) - x * np.log(theta)
    return np.asarray(arms.sum(axis=-1) - _log_rising(np.full(n.shape, concentration), n), np.float64)


def _log_rising(a: FloatArray, x: FloatArray) -> FloatArray:
    """Logarithm of Γ(a + x)/Γ(a)."""
    return np.asarray(gammaln(a + x) - gammaln(a), np.float64)
