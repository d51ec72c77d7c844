"""The filter against two outside oracles: the dense normal distribution, and statsmodels' filter of the same model."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import multivariate_normal
from statsmodels.tsa.statespace.structural import UnobservedComponents

from upshot.causal.forecast import forecast
from upshot.causal.posterior import Posterior
from upshot.causal.statespace import PHI, Design, filter_states, one_step_errors, regression

Floats = NDArray[np.float64]
THETA = np.array([0.03, 0.02, 0.6, 0.01, 0.0005])


def design(days: int, *, start_sd: float = 1.0, seed: int = 0) -> Design:
    t = np.arange(days)
    noise = np.random.default_rng(seed).standard_normal(days)
    columns = [np.ones(days), t / 100.0, np.cos(2 * np.pi * t / 7), np.sin(2 * np.pi * t / 7), noise]
    return Design(np.stack(columns, axis=1), np.array([start_sd, 0.3, 0.5, 0.5, 0.2]))


def series(days: int, seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    level = np.cumsum(0.002 + 0.01 * rng.standard_normal(days))
    return np.asarray(level + 0.1 * np.cos(2 * np.pi * np.arange(days) / 7) + 0.03 * rng.standard_normal(days))


def dense_covariance(days: int, theta: Floats, x: Floats, prior_sd: Floats) -> Floats:
    """Cov(y) written down from the model's equations by summing shocks, without any recursion over covariances."""
    s_eps, s_ar, rho, s_eta, s_zeta = theta
    shocks = []
    for birth in range(days):
        level = np.array([1.0 if t > birth else 0.0 for t in range(days)])
        slope = np.array([sum(PHI**j for j in range(t - birth - 1)) if t > birth else 0.0 for t in range(days)])
        noise = np.array([rho ** (t - birth - 1) if t > birth else 0.0 for t in range(days)])
        shocks += [s_eta * level, s_zeta * slope, s_ar * noise]
    start = s_zeta / np.sqrt(1 - PHI**2)
    shocks.append(start * np.array([sum(PHI**j for j in range(t)) for t in range(days)]))
    shocks.append(s_ar / np.sqrt(1 - rho**2) * rho ** np.arange(days))
    loaded = np.stack(shocks, axis=1)
    with_x = x * prior_sd
    return np.asarray(loaded @ loaded.T + with_x @ with_x.T + s_eps**2 * np.eye(days))


def posterior_at(y: Floats, model: Design, day: int) -> Posterior:
    found = filter_states(y, model, THETA[None], asked=(day,))
    _, beta, root = regression(found, model)
    return Posterior(THETA[None], np.ones((1, 1)), np.array([1e3]), found.mean, found.covariance, beta, root)


def test_likelihood_of_every_prefix_agrees_with_the_dense_normal_distribution() -> None:
    y, model = series(60, 1), design(60)
    covariance = dense_covariance(60, THETA, model.x, model.prior_sd)
    value, _, _ = regression(filter_states(y, model, THETA[None], asked=(20, 60)), model)
    for found, until in zip(value[:, 0], (20, 60), strict=True):
        expected = multivariate_normal(np.zeros(until), covariance[:until, :until]).logpdf(y[:until])
        assert found == pytest.approx(expected, rel=1e-9)


def test_likelihood_leaves_missing_days_out() -> None:
    y, model = series(60, 2), design(60)
    there = np.ones(60, dtype=bool)
    there[[0, 7, 30, 31, 59]] = False
    covariance = dense_covariance(60, THETA, model.x, model.prior_sd)[np.ix_(there, there)]
    value, _, _ = regression(filter_states(np.where(there, y, np.nan), model, THETA[None], asked=(60,)), model)
    assert value[0, 0] == pytest.approx(multivariate_normal(np.zeros(55), covariance).logpdf(y[there]), rel=1e-9)


def test_forecast_agrees_with_the_dense_conditional_distribution() -> None:
    days, ahead = 60, 20
    y, model = series(days, 3), design(days + ahead)
    whole = dense_covariance(days + ahead, THETA, model.x, model.prior_sd)
    back, cross, front = whole[:days, :days], whole[days:, :days], whole[days:, days:]
    mean = cross @ np.linalg.solve(back, y)
    spread = np.sqrt(np.diag(front - cross @ np.linalg.solve(back, cross.T)))
    rng = np.random.default_rng(4)
    paths = forecast(posterior_at(y, model, days), model, {0: days}, ahead, paths=20_000, rng=rng)[0]
    assert np.abs(paths.mean(axis=0) - mean).max() < 5 * spread.max() / np.sqrt(20_000)
    assert np.allclose(paths.std(axis=0), spread, rtol=0.03)


def test_forecast_at_fixed_parameters_agrees_with_statsmodels() -> None:
    """Its coefficients have a diffuse prior; here the prior is a thousand times wider than the data."""
    days, ahead = 200, 30
    y, model = series(days, 5), design(days + ahead)
    wide = Design(model.x, np.full(5, 1e3))
    theta = np.array([0.03, 0.02, 0.6, 0.01, 1e-9])
    oracle = UnobservedComponents(
        y, level="local level", autoregressive=1, exog=model.x[:days, 1:], mle_regression=False, use_exact_diffuse=True
    )
    values = {
        "sigma2.irregular": theta[0] ** 2,
        "sigma2.ar": theta[1] ** 2,
        "ar.L1": 0.6,
        "sigma2.level": theta[3] ** 2,
    }
    result = oracle.smooth([values[name] for name in oracle.param_names])
    expected = result.get_forecast(ahead, exog=model.x[days:, 1:])
    found = filter_states(y, wide, theta[None], asked=(days,))
    _, beta, root = regression(found, wide)
    posterior = Posterior(theta[None], np.ones((1, 1)), np.array([1e3]), found.mean, found.covariance, beta, root)
    paths = forecast(posterior, wide, {0: days}, ahead, paths=20_000, rng=np.random.default_rng(6))[0]
    spread = np.sqrt(expected.var_pred_mean)
    assert np.abs(paths.mean(axis=0) - expected.predicted_mean).max() < 5 * spread.max() / np.sqrt(20_000)
    assert np.allclose(paths.std(axis=0), spread, rtol=0.03)


def test_filter_answers_for_many_parameters_as_for_each_alone() -> None:
    y, model = series(120, 7), design(120)
    theta = np.array([THETA, [0.05, 0.001, 0.9, 0.002, 0.0001]])
    together = regression(filter_states(y, model, theta, asked=(50, 120)), model)[0]
    for row in range(2):
        alone = regression(filter_states(y, model, theta[[row]], asked=(50, 120)), model)[0]
        assert np.allclose(together[:, row], alone[:, 0], rtol=1e-11)


def test_one_step_errors_are_white_for_the_true_parameters() -> None:
    days = 4000
    rng = np.random.default_rng(8)
    u = np.zeros(days)
    for day in range(1, days):
        u[day] = 0.6 * u[day - 1] + 0.02 * rng.standard_normal()
    y = np.cumsum(0.01 * rng.standard_normal(days)) + u + 0.03 * rng.standard_normal(days)
    errors = one_step_errors(y, np.array([0.03, 0.02, 0.6, 0.01, 1e-9]))[50:]
    assert errors.std() == pytest.approx(1.0, abs=0.05)
    assert abs(np.corrcoef(errors[1:], errors[:-1])[0, 1]) < 0.05
