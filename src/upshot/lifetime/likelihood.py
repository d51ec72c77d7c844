"""The greatest likelihood of a model whose parameters are all above zero.

The search runs over logarithms, where no parameter can leave its range, from several starts by L-BFGS-B with the
gradient, and ends with Newton's steps. How sure the answer is comes from the curvature there: the inverse of the
observed information (central differences of the gradient). A parameter that runs to where it no longer matters, or
a curvature that is no maximum's, is a refusal and never a number.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import ndtri

from upshot.lifetime.refusal import Refusal, RefusalCode
from upshot.stats.arguments import chosen
from upshot.stats.result import Estimate
from upshot.stats.wald import checked_level

__all__ = ["Likelihood", "Maximum", "Scored", "delta_interval", "maximise"]

Floats = NDArray[np.float64]
Scored = tuple[float, Floats]
Likelihood = Callable[[Floats], Scored]
"""Parameters to the log-likelihood and its gradient by them."""

_REACH = 9.2
"""A parameter may lie a factor of ten thousand from its usual size, in either direction, as a logarithm."""
_NEAR = 0.2
_STEP = 1e-5
_NEWTON = 12
_CONVERGED = 1e-7
"""How much likelihood one more step of Newton's may promise."""


@dataclass(frozen=True, slots=True)
class Maximum:
    """Where the likelihood is greatest.

    Attributes:
        names: What the parameters are called.
        parameters: Shape (k,), above 0.
        covariance: Of the parameters' logarithms, shape (k, k).
        log_likelihood: At the maximum, sum over customers.
        n: Customers that entered.
    """

    names: tuple[str, ...]
    parameters: Floats
    covariance: Floats
    log_likelihood: float
    n: int

    def parameter(self, name: str, *, level: float = 0.95) -> Estimate:
        """A parameter with its interval, which is symmetric on the logarithm (delta method).

        Raises:
            InvalidInput: There is no such parameter, or ``level`` is out of range.
        """
        chosen("name", name, self.names)
        level, at = checked_level(level), self.names.index(name)
        value, error = float(self.parameters[at]), float(np.sqrt(self.covariance[at, at]))
        reach = float(ndtri(0.5 + level / 2)) * error
        return Estimate(
            value,
            value * float(np.exp(-reach)),
            value * float(np.exp(reach)),
            value * error,
            float("nan"),
            level,
            float(self.n),
            "maximum likelihood",
            "absolute",
        )

    def drawn(self, draws: int, rng: np.random.Generator) -> Floats:
        """Parameters as they may be, from the normal approximation on logarithms; shape (draws, k)."""
        root = np.linalg.cholesky(self.covariance)
        moved = rng.standard_normal((draws, len(self.names))) @ root.T
        return np.asarray(self.parameters * np.exp(moved))


def delta_interval(
    maximum: Maximum, function: Callable[[Floats], float], *, level: float, method: str, more: float = 0.0
) -> Estimate:
    """A positive function of the parameters with its interval, by the delta method on logarithms.

    Args:
        maximum: The fitted model.
        function: Of the parameters, shape (k,).
        level: Coverage.
        method: The method's name in the result.
        more: Variance of the function's logarithm that comes from elsewhere.

    Raises:
        InvalidInput: ``level`` is out of range.
    """
    level, theta = checked_level(level), np.log(maximum.parameters)
    value = function(maximum.parameters)
    slope = np.zeros(len(theta))
    for i in range(len(theta)):
        step = np.zeros(len(theta))
        step[i] = 1e-4
        upper, lower = (function(np.exp(theta + sign * step)) for sign in (1.0, -1.0))
        slope[i] = (np.log(upper) - np.log(lower)) / 2e-4
    error = float(np.sqrt(slope @ maximum.covariance @ slope + more))
    reach = float(ndtri(0.5 + level / 2)) * error
    low, high = value * float(np.exp(-reach)), value * float(np.exp(reach))
    return Estimate(value, low, high, value * error, float("nan"), level, float(maximum.n), method, "absolute")


def maximise(
    likelihood: Likelihood, names: tuple[str, ...], starts: Sequence[Sequence[float]], usual: Sequence[float], n: int
) -> Maximum | Refusal:
    """The maximum, or why there is none.

    Args:
        likelihood: Log-likelihood and gradient at parameters, shape (k,).
        names: What the parameters are called.
        starts: Where to begin; the best end counts.
        usual: Each parameter's usual size, from which it may lie ``_REACH`` on the logarithm.
        n: Customers.
    """
    centre = np.log(np.asarray(usual, np.float64))

    def falling(theta: Floats) -> Scored:
        parameters = np.exp(theta)
        value, gradient = likelihood(parameters)
        return -value, -gradient * parameters

    bounds = [(c - _REACH, c + _REACH) for c in centre]
    best = None
    for start in starts:
        begun = np.clip(np.log(np.asarray(start, np.float64)), centre - _REACH, centre + _REACH)
        found = minimize(
            falling, begun, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 1000, "ftol": 1e-13}
        )
        if np.isfinite(found.fun) and (best is None or found.fun < best.fun):
            best = found
    if best is None:
        return _not_converged(len(starts))
    theta = np.asarray(best.x, np.float64)
    for _ in range(_NEWTON):
        at_edge = np.abs(theta - centre) > _REACH - _NEAR
        if at_edge.any():
            at = int(np.argmax(at_edge))
            return Refusal(RefusalCode.AT_EDGE, {"value": float(np.exp(theta[at]))}, names[at])
        value, gradient = falling(theta)
        curvature = _curvature(falling, theta)
        eigen, axes = np.linalg.eigh(curvature)
        if not np.isfinite(eigen).all() or eigen[0] <= 1e-9 * eigen[-1]:
            at = int(np.argmax(np.abs(axes[:, 0])))
            return Refusal(RefusalCode.AT_EDGE, {"value": float(np.exp(theta[at]))}, names[at])
        step = np.asarray(np.linalg.solve(curvature, gradient), np.float64)
        if gradient @ step / 2 < _CONVERGED:
            return Maximum(names, np.exp(theta), np.asarray(np.linalg.inv(curvature), np.float64), -value, n)
        theta = _descended(falling, theta, step, value)
    return _not_converged(len(starts))


def _descended(falling: Likelihood, theta: Floats, step: Floats, value: float) -> Floats:
    """One step of Newton's, halved until it leads down."""
    for _ in range(20):
        if falling(theta - step)[0] < value:
            return theta - step
        step = step / 2
    return theta


def _curvature(falling: Likelihood, theta: Floats) -> Floats:
    size = len(theta)
    rows = np.zeros((size, size))
    for i in range(size):
        step = np.zeros(size)
        step[i] = _STEP
        rows[i] = (falling(theta + step)[1] - falling(theta - step)[1]) / (2 * _STEP)
    return (rows + rows.T) / 2


def _not_converged(starts: int) -> Refusal:
    return Refusal(RefusalCode.NOT_CONVERGED, {"starts": starts})
