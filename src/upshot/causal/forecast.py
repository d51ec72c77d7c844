"""Draws of what a series would have gone on to be, from any step whose posterior is known."""

import numpy as np
from numpy.typing import NDArray

from upshot.causal.posterior import Posterior
from upshot.causal.statespace import PHI, RHO, S_AR, S_EPS, S_ETA, S_ZETA, Design

__all__ = ["forecast"]

Floats = NDArray[np.float64]
_JITTER = 1e-9


def _chosen(weights: Floats, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Systematic resampling: indices in proportion to the weights."""
    positions = (rng.random() + np.arange(count)) / count
    return np.minimum(np.searchsorted(np.cumsum(weights), positions), len(weights) - 1)


def forecast(
    posterior: Posterior,
    design: Design,
    starts: dict[int, int],
    steps: int,
    *,
    paths: int,
    rng: np.random.Generator,
) -> Floats:
    """Simulate forward from several steps at once; parameters, coefficients and states are all drawn.

    Args:
        posterior: Of the parameters, known at the steps asked for.
        design: Regressors, for all steps to be simulated.
        starts: Index among the steps asked for → the step itself.
        steps: How many steps to simulate.
        paths: Draws for each start.
        rng: Source of randomness.

    Returns:
        Paths on the model's scale, shape (starts, paths, steps).
    """
    theta, states, betas = [], [], []
    for index in starts:
        rows = _chosen(posterior.weights[index], paths, rng)
        normal = rng.standard_normal((paths, len(design.prior_sd), 1))
        deviation = np.linalg.solve(posterior.root[index][rows].swapaxes(1, 2), normal)[..., 0]
        beta = posterior.beta[index][rows] + deviation * design.prior_sd
        mean, covariance = posterior.mean[index][rows], posterior.covariance[index][rows]
        scale = np.trace(covariance, axis1=1, axis2=2)[:, None, None]
        root = np.linalg.cholesky(covariance + _JITTER * scale * np.eye(3))
        state = mean[..., -1] - np.einsum("psk,pk->ps", mean[..., :-1], beta)
        states.append(state + (root @ rng.standard_normal((paths, 3, 1)))[..., 0])
        theta.append(posterior.theta[rows])
        betas.append(beta)
    explained = np.stack(
        [beta @ design.x[first : first + steps].T for beta, first in zip(betas, starts.values(), strict=True)]
    )
    noise = _stochastic_part(np.concatenate(theta), np.concatenate(states), steps, rng)
    return explained + noise.reshape(explained.shape)


def _stochastic_part(theta: Floats, state: Floats, steps: int, rng: np.random.Generator) -> Floats:
    level, slope, noise = state.T.copy()
    rows = len(theta)
    out = np.empty((rows, steps))
    for step in range(steps):
        eps, eta, zeta, a = rng.standard_normal((4, rows))
        out[:, step] = level + noise + theta[:, S_EPS] * eps
        level = level + slope + theta[:, S_ETA] * eta
        slope = PHI * slope + theta[:, S_ZETA] * zeta
        noise = theta[:, RHO] * noise + theta[:, S_AR] * a
    return out
