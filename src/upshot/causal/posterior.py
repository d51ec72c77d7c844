"""The posterior of a structural time series' parameters, by adaptive multiple importance sampling.

Cornuet, Marin, Mira & Robert, "Adaptive Multiple Importance Sampling", Scandinavian Journal of Statistics 39 (2012):
rounds of draws from Student-t proposals, each fitted to all weighted draws so far, all draws reweighted by the mixture
of all proposals (deterministic mixture weights). A filter run costs about the same for 100 parameter vectors as for
one, which is what makes this cheaper than a chain. Early rounds are tempered so that a proposal is never fitted to a
few points.

The same draws, weighted by the likelihood of a shorter history, are draws from the posterior given that history: the
first proposals are as wide as the prior.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, gammaln, logsumexp

from upshot.causal.statespace import Design, Filtered, filter_states, regression

__all__ = ["Posterior", "sample_posterior", "typical_noise"]

Floats = NDArray[np.float64]
_DEGREES = 5.0
_ROUND = 128
_MAX_ROUNDS = 20
_LEAST_ROUNDS = 3
_ENOUGH = 150.0
_NEEDED = 40.0
_FIT_SIZE = 25.0
_RHO_BOUND = 0.985
# Of log noise, logit autocorrelated share, logit (rho / bound), log s_eta, log s_zeta. Noise is the standard deviation
# of u + eps; these five depend on each other less than the standard deviations do. Scales in units of typical noise.
_PRIOR_MEANS = np.array([np.log(0.8), 0.0, 0.0, np.log(0.06), np.log(0.002)])
_PRIOR_SDS = np.array([0.8, 1.5, 1.6, 1.4, 1.2])


@dataclass(frozen=True, slots=True)
class Posterior:
    """Weighted draws of the parameters, and what the filter knew at the steps asked for.

    Attributes:
        theta: Shape (draws, 5), columns as ``statespace.PARAMETERS``.
        weights: Of each draw given the history before each step asked for, sums of 1; shape (asked, draws).
        effective: Effective number of independent draws (Kish), shape (asked,).
        mean: Predicted states for each column, shape (asked, draws, 3, k + 1); see ``statespace.Filtered``.
        covariance: Shape (asked, draws, 3, 3).
        beta: Posterior mean of the regressors' coefficients given each draw, shape (asked, draws, k).
        root: Cholesky factor of their precision, in prior units; shape (asked, draws, k, k).
    """

    theta: Floats
    weights: Floats
    effective: Floats
    mean: Floats
    covariance: Floats
    beta: Floats
    root: Floats

    def enough(self, index: int = -1) -> bool:
        """Whether there are enough effective draws for an interval at the ``index``-th step asked for."""
        return bool(self.effective[index] >= _NEEDED)


def typical_noise(y: Floats, lag: int) -> float:
    """Robust standard deviation of the change over ``lag`` steps, over sqrt(2): the scale on which the priors stand."""
    change = y[lag:] - y[:-lag]
    change = change[np.isfinite(change)]
    if len(change) < 2:
        return 0.0
    spread = np.median(np.abs(change - np.median(change))) * 1.4826 / np.sqrt(2.0)
    return float(spread if spread > 0 else np.std(change) / np.sqrt(2.0))


def _constrained(free: Floats, scale: float) -> Floats:
    noise = scale * np.exp(free[:, 0])
    share, rho = expit(free[:, 1]), _RHO_BOUND * expit(free[:, 2])
    s_eps, s_ar = noise * np.sqrt(1.0 - share), noise * np.sqrt(share * (1.0 - rho**2))
    return np.stack([s_eps, s_ar, rho, scale * np.exp(free[:, 3]), scale * np.exp(free[:, 4])], axis=1)


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


def _normalised(log_weights: Floats) -> Floats:
    weights: Floats = np.exp(log_weights - logsumexp(log_weights, axis=-1, keepdims=True))
    return weights


def _effective(log_weights: Floats) -> Floats:
    sizes: Floats = 1.0 / np.square(_normalised(log_weights)).sum(axis=-1)
    return sizes


def _tempered(log_weights: Floats) -> Floats:
    """Weights raised to the largest power (at most 1) that leaves enough effective draws to fit a proposal."""
    low, high = 0.0, 1.0
    if _effective(log_weights) >= _FIT_SIZE:
        low = 1.0
    else:
        for _ in range(30):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if _effective(middle * log_weights) >= _FIT_SIZE else (low, middle)
    return _normalised(low * log_weights)


def _fitted(free: Floats, weights: Floats) -> _Proposal:
    mean: Floats = np.asarray(weights @ free, dtype=np.float64)
    centred = free - mean
    covariance: Floats = (centred * weights[:, None]).T @ centred * 1.15 + 1e-4 * np.eye(free.shape[1])
    return _Proposal(mean, np.asarray(np.linalg.cholesky(covariance), dtype=np.float64))


@dataclass(frozen=True, slots=True)
class _Round:
    filtered: Filtered
    log_target: Floats
    beta: Floats
    root: Floats


def _run(y: Floats, design: Design, free: Floats, scale: float, asked: tuple[int, ...]) -> _Round:
    filtered = filter_states(y, design, _constrained(free, scale), asked=asked)
    value, beta, root = regression(filtered, design)
    prior = -0.5 * np.square((free - _PRIOR_MEANS) / _PRIOR_SDS).sum(axis=1)
    return _Round(filtered, np.where(np.isfinite(value), value, -np.inf) + prior, beta, root)


def sample_posterior(
    y: Floats, design: Design, *, scale: float, asked: tuple[int, ...], rng: np.random.Generator
) -> Posterior:
    """Draw from p(theta | y), and from p(theta | the first values of y) for each step asked for.

    Args:
        y: Observations, shape (steps,), NaN where missing; not constant.
        design: The regressors.
        scale: Typical noise, above 0.
        asked: Steps up to which to know the posterior and the state; ascending, the last is ``len(y)``.
        rng: Source of randomness.
    """
    proposals = [_Proposal(_PRIOR_MEANS, np.diag(0.8 * _PRIOR_SDS))]
    rounds: list[_Round] = []
    free, target = np.empty((0, 5)), np.empty((len(asked), 0))
    while True:
        new = proposals[-1].draw(_ROUND, rng)
        rounds.append(_run(y, design, new, scale, asked))
        free = np.concatenate([free, new])
        target = np.concatenate([target, rounds[-1].log_target], axis=1)
        mixture = logsumexp([p.log_density(free) for p in proposals], axis=0) - np.log(len(proposals))
        log_weights = target - mixture
        short = _short_of(_effective(log_weights), len(rounds))
        if short is None or len(rounds) == _MAX_ROUNDS:
            break
        proposals.append(_fitted(free, _tempered(log_weights[short])))
    return Posterior(
        theta=_constrained(free, scale),
        weights=_normalised(log_weights),
        effective=_effective(log_weights),
        mean=np.concatenate([r.filtered.mean for r in rounds], axis=1),
        covariance=np.concatenate([r.filtered.covariance for r in rounds], axis=1),
        beta=np.concatenate([r.beta for r in rounds], axis=1),
        root=np.concatenate([r.root for r in rounds], axis=1),
    )


def _short_of(effective: Floats, rounds: int) -> int | None:
    """The history that the next proposal is fitted to: the whole, every third time the least well covered; or none."""
    worst = int(np.argmin(effective))
    whole = rounds < _LEAST_ROUNDS or effective[-1] < _ENOUGH
    if whole and rounds % 3:
        return -1
    return worst if whole or effective[worst] < 1.5 * _NEEDED else None
