import numpy as np
import pytest
from statsmodels.tsa.statespace.structural import UnobservedComponents

from upshot.causal.statespace import Design, filter_states, simulate_forward

Floats = np.ndarray


def series(days: int, seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    level = 5.0 + np.cumsum(0.002 + 0.01 * rng.standard_normal(days))
    return np.asarray(level + 0.1 * np.cos(2 * np.pi * np.arange(days) / 7) + 0.03 * rng.standard_normal(days))


def oracle(y: Floats, x: Floats, s_eps: float, s_eta: float, s_week: float) -> tuple[float, Floats, Floats]:
    """statsmodels' filter of the same model (no autocorrelated noise), exact diffuse start; forecasts of 30 days."""
    model = UnobservedComponents(
        y,
        level="local linear deterministic trend",
        freq_seasonal=[{"period": 7, "harmonics": 3}],
        stochastic_freq_seasonal=[True],
        exog=x[: len(y)],
        mle_regression=False,
        use_exact_diffuse=True,
    )
    values = {"sigma2.irregular": s_eps**2, "sigma2.level": s_eta**2, "sigma2.freq_seasonal_7(3)": s_week**2}
    result = model.smooth([values[name] for name in model.param_names])
    forecast = result.get_forecast(30, exog=x[len(y) :])
    diffuse = result.filter_results.nobs_diffuse
    return float(result.llf_obs[diffuse:].sum()), forecast.predicted_mean, forecast.var_pred_mean


def test_filter_agrees_with_statsmodels_on_likelihood_and_forecast() -> None:
    """The diffuse start is a variance of a million here and exact there, so agreement is to about 1e-4."""
    days = 200
    y = series(days, 1)
    x = np.random.default_rng(2).standard_normal((days + 30, 2))
    s_eps, s_eta, s_week = 0.03, 0.01, 0.002
    llf, mean, variance = oracle(y, x, s_eps, s_eta, s_week)
    design = Design(x)
    theta = np.array([[s_eps, 1e-9, 0.0, s_eta, s_week]])
    ours = filter_states(y, design, theta, asked=(days,))
    assert ours.log_likelihood[0] == pytest.approx(llf, abs=2e-3)
    paths = simulate_forward(
        design,
        np.repeat(theta, 20_000, axis=0),
        np.repeat(ours.mean[0], 20_000, axis=0),
        np.repeat(ours.covariance[0], 20_000, axis=0),
        days,
        30,
        np.random.default_rng(3),
    )
    spread = np.sqrt(variance)
    assert np.abs(paths.mean(axis=0) - mean).max() < 5 * spread.max() / np.sqrt(20_000)
    assert np.allclose(paths.std(axis=0), spread, rtol=0.03)


def test_filter_answers_for_many_parameters_as_for_each_alone() -> None:
    """The order of sums differs with the batch, and the diffuse start costs six of the sixteen digits."""
    y, design = series(120, 4), Design(np.zeros((120, 0)))
    theta = np.array([[0.03, 0.02, 0.5, 0.01, 0.001], [0.05, 0.001, 0.9, 0.002, 0.01]])
    together = filter_states(y, design, theta, asked=(50, 120))
    for row in range(2):
        alone = filter_states(y, design, theta[[row]], asked=(50, 120))
        assert together.log_likelihood[row] == pytest.approx(alone.log_likelihood[0], rel=1e-7)
        assert np.allclose(together.mean[:, row], alone.mean[:, 0], atol=1e-6)


def test_filter_lets_a_missing_day_widen_what_follows() -> None:
    y, design = series(120, 5), Design(np.zeros((120, 0)))
    theta = np.array([[0.03, 0.01, 0.5, 0.01, 0.001]])
    gap = y.copy()
    gap[-10:] = np.nan
    full, holey = (filter_states(v, design, theta, asked=(120,)) for v in (y, gap))
    assert holey.covariance[0, 0, 0, 0] > full.covariance[0, 0, 0, 0]
    assert np.isfinite(holey.log_likelihood).all()


def test_break_lets_the_level_jump_without_being_noise() -> None:
    y = series(160, 6)
    y[80:] += 1.0
    theta = np.array([[0.03, 0.01, 0.5, 0.01, 0.001]])
    known = filter_states(y, Design(np.zeros((160, 0)), breaks=(80,)), theta).log_likelihood[0]
    unknown = filter_states(y, Design(np.zeros((160, 0))), theta).log_likelihood[0]
    assert known > unknown + 100
