"""The posterior of a structural time series' parameters, by adaptive multiple importance sampling.

Cornuet, Marin, Mira & Robert, "Adaptive Multiple Importance Sampling", Scandinavian Journal of Statistics 39 (2012):
rounds of draws from Student-t proposals, each fitted to all weighted draws so far, all draws reweighted by the mixture
of all proposals (deterministic mixture weights). A filter run costs about the same for 100 parameter vectors as for
one, which is what makes this cheaper than a chain. Early rounds are tempered so that a proposal is never fitted to a
few points.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, logsumexp

from upshot.causal.statespace import Design, filter_states

__all__ = ["Posterior", "sample_posterior", "typical_noise"]

Floats = NDArray[np.float64]
_DEGREES = 5.0
_ROUND = 96
_MAX_ROUNDS = 14
_ENOUGH = 150.0
_NEEDED = 40.0
_FIT_SIZE = 25.0
_RHO_BOUND = 0.985


@dataclass(frozen=True, slots=True)
class Posterior:
    """Draws of the parameters.

    Attributes:
        theta: Equally weighted parameter vectors, shape (draws, 5), columns as ``statespace.PARAMETERS``.
        effective: Effective number of independent draws, Kish.
        converged: Whether there are enough of them for an interval.
    """

    theta: Floats
    effective: float
    converged: bool


def typical_noise(y: Floats) -> float:
    """Robust standard deviation of a week's change over sqrt(2): the scale on which the priors stand."""
    change = y[7:] - y[:-7]
    change = change[np.isfinite(change)]
    if len(change) < 2:
        return 0.0
    spread = np.median(np.abs(change - np.median(change))) * 1.4826 / np.sqrt(2.0)
    return float(spread if spread > 0 else np.std(change) / np.sqrt(2.0))


def _unexplained(y: Floats, regressors: Floats) -> Floats:
    """What the regressors' weekly changes leave of the series' weekly changes, summed up again."""
    if not regressors.shape[1]:
        return y
    change, x = y[7:] - y[:-7], regressors[7:] - regressors[:-7]
    there = np.isfinite(change)
    beta = np.linalg.lstsq(x[there], change[there], rcond=None)[0]
    rest: Floats = y - regressors @ beta
    return rest


def _prior_means(scale: float) -> Floats:
    return np.array([np.log(0.6 * scale), np.log(0.4 * scale), 0.0, np.log(0.06 * scale), np.log(0.008 * scale)])


_PRIOR_SDS = np.array([1.2, 1.2, 1.5, 1.4, 1.2])


def _constrained(free: Floats) -> Floats:
    theta = np.exp(free)
    theta[:, 2] = _RHO_BOUND / (1.0 + np.exp(-free[:, 2]))
    return theta


def _log_target(y: Floats, design: Design, free: Floats, scale: float) -> Floats:
    prior = -0.5 * (((free - _prior_means(scale)) / _PRIOR_SDS) ** 2).sum(axis=1)
    with np.errstate(all="ignore"):
        value = filter_states(y, design, _constrained(free)).log_likelihood + prior
    return np.where(np.isfinite(value), value, -np.inf)


@dataclass(frozen=True, slots=True)
class _Proposal:
    mean: Floats
    root: Floats

    def draw(self, count: int, rng: np.random.Generator) -> Floats:
        normal = rng.standard_normal((count, len(self.mean)))
        chi = rng.chisquare(_DEGREES, size=count) / _DEGREES
        drawn: Floats = self.mean + (normal @ self.root.T) / np.sqrt(chi)[:, None]
        return drawn

    def log_density(self, free: Floats) -> Floats:
        k = len(self.mean)
        z = np.linalg.solve(self.root, (free - self.mean).T)
        constant = gammaln((_DEGREES + k) / 2) - gammaln(_DEGREES / 2) - 0.5 * k * np.log(_DEGREES * np.pi)
        constant -= np.log(np.abs(np.diag(self.root))).sum()
        density: Floats = constant - 0.5 * (_DEGREES + k) * np.log1p((z * z).sum(axis=0) / _DEGREES)
        return density


def _effective(log_weights: Floats) -> float:
    weights = np.exp(log_weights - logsumexp(log_weights))
    return float(1.0 / np.square(weights).sum())


def _tempered(log_weights: Floats) -> Floats:
    """Weights raised to the largest power (at most 1) that leaves enough effective draws to fit a proposal."""
    low, high = 0.0, 1.0
    if _effective(log_weights) >= _FIT_SIZE:
        low = 1.0
    else:
        for _ in range(30):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if _effective(middle * log_weights) >= _FIT_SIZE else (low, middle)
    powered = low * log_weights
    weights: Floats = np.exp(powered - logsumexp(powered))
    return weights


def _fitted(free: Floats, weights: Floats) -> _Proposal:
    mean: Floats = np.asarray(weights @ free, dtype=np.float64)
    centred = free - mean
    covariance: Floats = (centred * weights[:, None]).T @ centred * 1.15 + 1e-4 * np.eye(free.shape[1])
    return _Proposal(mean, np.asarray(np.linalg.cholesky(covariance), dtype=np.float64))


def sample_posterior(y: Floats, design: Design, *, draws: int, rng: np.random.Generator) -> Posterior:
    """Draw from p(theta | y).

    Args:
        y: Observations, shape (days,), NaN where missing; not constant.
        design: The model.
        draws: How many equally weighted draws to return.
        rng: Source of randomness.

    Returns:
        The draws, and whether there were enough effective ones.
    """
    scale = typical_noise(_unexplained(y, design.regressors[: len(y)])) or typical_noise(y)
    proposal = _Proposal(_prior_means(scale), np.diag(0.8 * _PRIOR_SDS))
    proposals: list[_Proposal] = []
    free, target = np.empty((0, 5)), np.empty(0)
    log_weights, effective = np.empty(0), 0.0
    for _ in range(_MAX_ROUNDS):
        proposals.append(proposal)
        new = proposal.draw(_ROUND, rng)
        free = np.concatenate([free, new])
        target = np.concatenate([target, _log_target(y, design, new, scale)])
        mixture = logsumexp([p.log_density(free) for p in proposals], axis=0) - np.log(len(proposals))
        log_weights = target - mixture
        effective = _effective(log_weights)
        if effective >= _ENOUGH and len(proposals) >= 4:
            break
        proposal = _fitted(free, _tempered(log_weights))
    weights = np.exp(log_weights - logsumexp(log_weights))
    positions = (rng.random() + np.arange(draws)) / draws
    chosen = np.minimum(np.searchsorted(np.cumsum(weights), positions), len(weights) - 1)
    return Posterior(_constrained(free[chosen]), effective, effective >= _NEEDED)
