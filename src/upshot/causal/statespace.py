"""A structural time series whose unobserved part is small and whose regressors are integrated out.

    y_t    = x_t' beta + mu_t + u_t + eps_t,     eps_t ~ N(0, s_eps^2)
    mu_t+1 = mu_t + nu_t + eta_t,                eta_t ~ N(0, s_eta^2)    level
    nu_t+1 = PHI nu_t + zeta_t,                  zeta_t ~ N(0, s_zeta^2)  slope that dies out
    u_t+1  = rho u_t + a_t,                      a_t ~ N(0, s_ar^2)       autocorrelated noise
    beta   ~ N(0, prior_sd^2): start, drift, season, control series, calendar, steps at known changes

The Kalman filter (Durbin & Koopman, "Time Series Analysis by State Space Methods", 2nd ed., 2012, chapter 4) runs over
the three states only, for y and for every column of x alike; the gains are shared. Its scaled innovations are y and x
made white, so beta's posterior and the likelihood without beta are those of a linear regression (de Jong, "The diffuse
Kalman filter", Annals of Statistics 19, 1991, with a proper prior). Because a filter looks at the past only, the same
run gives them for every shorter history too: that is what lets a placebo launch learn from its own past alone.

The filter loops over steps and is vectorised over parameter vectors.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["PARAMETERS", "PHI", "Design", "Filtered", "filter_states", "one_step_errors", "regression"]

Floats = NDArray[np.float64]

PARAMETERS = ("s_eps", "s_ar", "rho", "s_eta", "s_zeta")
S_EPS, S_AR, RHO, S_ETA, S_ZETA = range(5)
PHI = 0.97


@dataclass(frozen=True, slots=True)
class Design:
    """The regressors with their prior.

    Attributes:
        x: Shape (steps, k), for all steps: observed and to be forecast; no NaN.
        prior_sd: Shape (k,), above 0, on the scale of y.
        names: What each column is.
    """

    x: Floats
    prior_sd: Floats
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Filtered:
    """What is known at the start of each step asked for, of each parameter vector.

    Attributes:
        log_determinant: Sum of log(2 pi F) over the observations before it; shape (asked, draws).
        gram: Cross products of the white columns (x, y); shape (asked, draws, k + 1, k + 1).
        mean: Predicted state for each column, so that E[state | beta] = mean[..., k] - mean[..., :k] beta;
            shape (asked, draws, 3, k + 1).
        covariance: Of the state given beta; shape (asked, draws, 3, 3).
    """

    log_determinant: Floats
    gram: Floats
    mean: Floats
    covariance: Floats


@dataclass(frozen=True, slots=True)
class _Gains:
    gain: Floats
    variance: Floats
    covariance: Floats


def _gains(observed: NDArray[np.bool_], theta: Floats, asked: tuple[int, ...]) -> _Gains:
    """The covariance recursion, which does not depend on the values: gains (steps, draws, 3), F (steps, draws)."""
    s_eps, s_ar, rho, s_eta, s_zeta = theta.T
    noise, ar, level, slope = s_eps**2, s_ar**2, s_eta**2, s_zeta**2
    p00 = p01 = p02 = p12 = np.zeros(len(theta))
    p11, p22 = slope / (1 - PHI**2), ar / (1 - rho**2)
    gain = np.zeros((len(observed), len(theta), 3))
    variance = np.ones((len(observed), len(theta)))
    kept = []
    for step in range(len(observed) + 1):
        if step in asked:
            kept.append(np.stack([p00, p01, p02, p01, p11, p12, p02, p12, p22], axis=-1).reshape(-1, 3, 3))
        if step == len(observed):
            break
        if observed[step]:
            z0, z1, z2 = p00 + p02, p01 + p12, p02 + p22
            f = z0 + z2 + noise
            g0, g1, g2 = z0 / f, z1 / f, z2 / f
            gain[step, :, 0], gain[step, :, 1], gain[step, :, 2] = g0, g1, g2
            variance[step] = f
            p00, p01, p02 = p00 - g0 * z0, p01 - g0 * z1, p02 - g0 * z2
            p11, p12, p22 = p11 - g1 * z1, p12 - g1 * z2, p22 - g2 * z2
        p00, p01, p02 = p00 + 2 * p01 + p11 + level, PHI * (p01 + p11), rho * (p02 + p12)
        p11, p12, p22 = PHI**2 * p11 + slope, PHI * rho * p12, rho**2 * p22 + ar
    return _Gains(gain, variance, np.stack(kept) if kept else np.zeros((0, len(theta), 3, 3)))


def filter_states(y: Floats, design: Design, theta: Floats, *, asked: tuple[int, ...]) -> Filtered:
    """Run the filter over ``y`` and stop at the steps asked for.

    Args:
        y: Observations, shape (steps,), NaN where there is none; later steps of ``design`` are not reached.
        design: The regressors.
        theta: Parameter vectors, shape (draws, 5), columns as ``PARAMETERS``; standard deviations > 0, |rho| < 1.
        asked: Steps from 0 to len(y), ascending and without repeats.

    Returns:
        What is known at the start of each of them.
    """
    observed = np.isfinite(y)
    gains = _gains(observed, theta, asked)
    columns = np.concatenate([design.x[: len(y)], np.where(observed, y, 0.0)[:, None]], axis=1)
    draws, k = len(theta), columns.shape[1]
    root = 1.0 / np.sqrt(gains.variance)
    rho = theta[:, [RHO]]
    level, slope, noise = np.zeros((3, draws, k))
    white = np.zeros((len(y), draws, k))
    means = []
    for step in range(len(y) + 1):
        if step in asked:
            means.append(np.stack([level, slope, noise], axis=1))
        if step == len(y):
            break
        if observed[step]:
            v = columns[step] - level
            v -= noise
            gain = gains.gain[step]
            level = level + gain[:, 0:1] * v
            slope = slope + gain[:, 1:2] * v
            noise = noise + gain[:, 2:3] * v
            np.multiply(v, root[step][:, None], out=white[step])
        level = level + slope
        slope = PHI * slope
        noise = rho * noise
    return _summed(white, np.where(observed[:, None], np.log(2 * np.pi * gains.variance), 0.0), means, gains, asked)


def _summed(
    white: Floats, log_variance: Floats, means: list[Floats], gains: _Gains, asked: tuple[int, ...]
) -> Filtered:
    draws, k = white.shape[1:]
    gram = np.zeros((len(asked), draws, k, k))
    log_determinant = np.zeros((len(asked), draws))
    total, logs, since = np.zeros((draws, k, k)), np.zeros(draws), 0
    for index, until in enumerate(asked):
        part = np.ascontiguousarray(white[since:until].swapaxes(0, 1))
        total = total + part.swapaxes(1, 2) @ part
        logs = logs + log_variance[since:until].sum(axis=0)
        gram[index], log_determinant[index] = total, logs
        since = until
    return Filtered(log_determinant, gram, np.stack(means), gains.covariance)


def regression(filtered: Filtered, design: Design) -> tuple[Floats, Floats, Floats]:
    """Beta's posterior and the likelihood with beta integrated out.

    Returns:
        Log likelihood, shape (asked, draws); beta's mean, shape (asked, draws, k); and the lower Cholesky factor of
        its precision in units of the prior's standard deviations, shape (asked, draws, k, k).
    """
    k = len(design.prior_sd)
    scale = np.append(design.prior_sd, 1.0)
    gram = filtered.gram * scale[:, None] * scale
    precision = gram[..., :k, :k] + np.eye(k)
    root = np.linalg.cholesky(precision)
    half = np.linalg.solve(root, gram[..., :k, k:])
    mean = np.linalg.solve(root.swapaxes(-1, -2), half)[..., 0]
    explained = np.square(half[..., 0]).sum(axis=-1)
    volume = 2.0 * np.log(np.diagonal(root, axis1=-2, axis2=-1)).sum(axis=-1)
    value = -0.5 * (filtered.log_determinant + gram[..., k, k] - explained + volume)
    return value, mean * design.prior_sd, root


def one_step_errors(rest: Floats, theta: Floats) -> Floats:
    """Errors of one-step forecasts in their own standard deviations.

    Args:
        rest: What the regressors leave of y, shape (steps,), NaN where there is no value.
        theta: One parameter vector, shape (5,).

    Returns:
        Shape (steps,), NaN where there is no value.
    """
    observed = np.isfinite(rest)
    gains = _gains(observed, theta[None], ())
    errors = np.full(len(rest), np.nan)
    level = slope = noise = 0.0
    for step, value in enumerate(rest):
        if observed[step]:
            v = value - level - noise
            errors[step] = v / np.sqrt(gains.variance[step, 0])
            g0, g1, g2 = gains.gain[step, 0]
            level, slope, noise = level + g0 * v, slope + g1 * v, noise + g2 * v
        level, slope, noise = level + slope, PHI * slope, theta[RHO] * noise
    return errors
