"""A structural time series in state-space form, filtered for many parameter vectors at once.

Model, in the notation of Durbin & Koopman, "Time Series Analysis by State Space Methods" (2nd ed., 2012), chapters 3
and 4:

    y_t      = mu_t + u_t + gamma_t + x_t' beta + eps_t,           eps_t ~ N(0, s_eps^2)
    mu_t+1   = mu_t + delta + eta_t,                               eta_t ~ N(0, s_eta^2)   level with a constant drift
    u_t+1    = rho u_t + a_t,                                      a_t   ~ N(0, s_ar^2)    autocorrelated noise
    gamma    = three trigonometric pairs of period 7 (3.2.2),      w_t   ~ N(0, s_week^2)  slowly changing weekdays
    beta, delta constant, with a diffuse prior, so their uncertainty is part of every forecast.

The filter loops over days and is vectorised over parameter vectors: a posterior needs many of them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["PARAMETERS", "Design", "Filtered", "filter_states", "simulate_forward"]

Floats = NDArray[np.float64]

PARAMETERS = ("s_eps", "s_ar", "rho", "s_eta", "s_week")
_S_EPS, _S_AR, _RHO, _S_ETA, _S_WEEK = range(5)
LEVEL, DRIFT, NOISE, WEEK = 0, 1, 2, slice(3, 9)
_FIXED_STATES = 9
_PERIOD = 7
_DIFFUSE = 1e6


@dataclass(frozen=True, slots=True)
class Design:
    """What the model knows of the days, for all of them: observed and to be forecast.

    Attributes:
        regressors: x_t, shape (days, k); zero columns are allowed.
        breaks: Days on whose morning the level may jump by any amount (other launches, known changes).
        has_drift: Whether the level has a drift.
    """

    regressors: Floats
    breaks: tuple[int, ...] = ()
    has_drift: bool = True

    @property
    def states(self) -> int:
        """Length of the state vector."""
        return _FIXED_STATES + int(self.regressors.shape[1])

    def transition(self) -> Floats:
        """T with rho = 1, shape (states, states); rho scales row NOISE."""
        T = np.eye(self.states)
        T[LEVEL, DRIFT] = 1.0
        for pair in range(3):
            angle = 2 * np.pi * (pair + 1) / _PERIOD
            at = WEEK.start + 2 * pair
            T[at : at + 2, at : at + 2] = [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
        return T

    def observation(self) -> Floats:
        """Z_t for every day, shape (days, states)."""
        Z = np.zeros((len(self.regressors), self.states))
        Z[:, [LEVEL, NOISE, 3, 5, 7]] = 1.0
        Z[:, _FIXED_STATES:] = self.regressors
        return Z


@dataclass(frozen=True, slots=True)
class Filtered:
    """What is known after a number of days, for each parameter vector.

    Attributes:
        log_likelihood: Shape (draws,); the days that settle the diffuse states do not count.
        mean: For each day asked for, E[state at that day | the days before it]; shape (asked, draws, states).
        covariance: Its covariance; shape (asked, draws, states, states).
    """

    log_likelihood: Floats
    mean: Floats
    covariance: Floats


def _initial(design: Design, theta: Floats, scale: float) -> tuple[Floats, Floats]:
    draws = len(theta)
    m = np.zeros((draws, design.states))
    P = np.zeros((draws, design.states, design.states))
    diagonal = np.full(design.states, _DIFFUSE * scale**2)
    if not design.has_drift:
        diagonal[DRIFT] = 0.0
    P[:, np.arange(design.states), np.arange(design.states)] = diagonal
    P[:, NOISE, NOISE] = theta[:, _S_AR] ** 2 / (1.0 - theta[:, _RHO] ** 2)
    return m, P


def filter_states(y: Floats, design: Design, theta: Floats, *, asked: tuple[int, ...] = ()) -> Filtered:
    """Run the Kalman filter over ``y``.

    Args:
        y: Observations, shape (days,), NaN for a day without one; later days of ``design`` are not reached.
        design: The model.
        theta: Parameter vectors, shape (draws, 5), columns as ``PARAMETERS``; standard deviations > 0, |rho| < 1.
        asked: Days, from 0 to len(y), at whose morning the predicted state is wanted; ascending.

    Returns:
        Log likelihood and predicted states.
    """
    observed = y[np.isfinite(y)]
    scale = float(np.std(observed)) or 1.0
    start = float(observed[0])
    Z, T = design.observation(), design.transition()
    m, P = _initial(design, theta, scale)
    m[:, LEVEL] = start
    q = np.zeros((len(theta), design.states))
    q[:, LEVEL], q[:, NOISE] = theta[:, _S_ETA] ** 2, theta[:, _S_AR] ** 2
    q[:, WEEK] = theta[:, [_S_WEEK]] ** 2
    settled = _settling_days(design)
    log_likelihood = np.zeros(len(theta))
    means, covariances = [], []
    wanted, breaks = set(asked), set(design.breaks)
    seen = 0
    for day in range(len(y) + 1):
        if day in breaks:
            P[:, LEVEL, LEVEL] += _DIFFUSE * scale**2
            seen = min(seen, settled - 1)
        if day in wanted:
            means.append(m.copy())
            covariances.append(P.copy())
        if day == len(y):
            break
        if np.isfinite(y[day]):
            v, F, Pz = _innovation(y[day], Z[day], m, P, theta[:, _S_EPS] ** 2)
            seen += 1
            if seen > settled:
                log_likelihood -= 0.5 * (np.log(2 * np.pi * F) + v * v / F)
            gain = Pz / F[:, None]
            m = m + gain * v[:, None]
            P = P - gain[:, :, None] * Pz[:, None, :]
        m, P = _predict(m, P, T, theta[:, _RHO], q)
    empty = np.zeros((0, len(theta), design.states))
    return Filtered(
        log_likelihood,
        np.stack(means) if means else empty,
        np.stack(covariances) if covariances else np.zeros((*empty.shape, design.states)),
    )


def _settling_days(design: Design) -> int:
    """As many observations as there are diffuse states; their innovations have no proper distribution."""
    return design.states - 1 - (0 if design.has_drift else 1)


def _innovation(y: float, z: Floats, m: Floats, P: Floats, noise: Floats) -> tuple[Floats, Floats, Floats]:
    Pz = P @ z
    return y - m @ z, Pz @ z + noise, Pz


def _predict(m: Floats, P: Floats, T: Floats, rho: Floats, q: Floats) -> tuple[Floats, Floats]:
    draws, states = m.shape
    m = m @ T.T
    m[:, NOISE] *= rho
    half = (P.reshape(draws * states, states) @ T.T).reshape(draws, states, states)
    P = (half.swapaxes(1, 2).reshape(draws * states, states) @ T.T).reshape(draws, states, states)
    P[:, NOISE, :] *= rho[:, None]
    P[:, :, NOISE] *= rho[:, None]
    diagonal = np.arange(states)
    P[:, diagonal, diagonal] += q
    return m, P


def simulate_forward(
    design: Design, theta: Floats, mean: Floats, covariance: Floats, first: int, days: int, rng: np.random.Generator
) -> Floats:
    """Draw future observations, one path for each row of ``theta``.

    Args:
        design: The model, with regressors for the days to come.
        theta: Parameter vectors, shape (paths, 5).
        mean: Predicted state at the morning of ``first``, shape (paths, states).
        covariance: Its covariance, shape (paths, states, states).
        first: The first day drawn.
        days: How many days.
        rng: Source of randomness.

    Returns:
        Paths of y, shape (paths, days).
    """
    paths, states = mean.shape
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.clip(values, 0.0, None))[:, None, :]
    state = mean + np.einsum("pij,pj->pi", root, rng.standard_normal((paths, states)))
    Z, T = design.observation(), design.transition()
    out = np.empty((paths, days))
    for step in range(days):
        out[:, step] = state @ Z[first + step] + theta[:, _S_EPS] * rng.standard_normal(paths)
        state = state @ T.T
        state[:, NOISE] *= theta[:, _RHO]
        state[:, LEVEL] += theta[:, _S_ETA] * rng.standard_normal(paths)
        state[:, NOISE] += theta[:, _S_AR] * rng.standard_normal(paths)
        state[:, WEEK] += theta[:, [_S_WEEK]] * rng.standard_normal((paths, 6))
    return out
