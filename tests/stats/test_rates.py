from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import xlogy
from scipy.stats import binomtest, poisson
from statsmodels.genmod.families import Poisson
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.stats.rates import test_poisson_2indep as poisson_two_samples

from upshot.stats.rates import Counts, Dispersion, quasi_rate_lift, rate_difference, rate_lift
from upshot.stats.result import Alternative, Estimate, Estimates, NoEstimate, Reason

CASES = [(60, 1000.0, 90, 1200.0), (3, 10.0, 0, 7.0), (2, 50.0, 9, 60.0), (1, 1.0, 1, 1.0)]


def _estimate(found: Estimates) -> Estimate:
    effect = found.at()
    assert isinstance(effect, Estimate)
    return effect


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_rate_lift_agrees_with_the_exact_binomial_of_scipy(
    case: tuple[int, float, int, float], alternative: Alternative
) -> None:
    x_c, e_c, x_t, e_t = case
    null = 0.2
    found = _estimate(rate_lift(Counts(x_c, e_c), Counts(x_t, e_t), alternative=alternative, null=null))
    share = (1 + null) * e_t / ((1 + null) * e_t + e_c)
    oracle = binomtest(x_t, x_t + x_c, share, alternative=alternative)
    interval = oracle.proportion_ci(0.95, method="exact")
    if alternative != "less":
        assert found.low == pytest.approx(interval.low / (1 - interval.low) * e_c / e_t - 1, rel=1e-8)
    if alternative != "greater":
        assert found.high == pytest.approx(interval.high / (1 - interval.high) * e_c / e_t - 1, rel=1e-8)
    if alternative == "two-sided":
        # scipy's two-sided test takes the likelier tables, ours twice the smaller tail, as the interval does.
        tails = [float(binomtest(x_t, x_t + x_c, share, alternative=a).pvalue) for a in ("less", "greater")]
        assert found.p_value == pytest.approx(min(1.0, 2.0 * min(tails)), rel=1e-9)
    else:
        assert found.p_value == pytest.approx(float(oracle.pvalue), rel=1e-9)


@pytest.mark.parametrize("case", CASES)
def test_rate_difference_p_value_agrees_with_statsmodels_score(case: tuple[int, float, int, float]) -> None:
    x_c, e_c, x_t, e_t = case
    oracle = poisson_two_samples(x_t, e_t, x_c, e_c, value=0.0, method="score", compare="diff")
    found = _estimate(rate_difference(Counts(x_c, e_c), Counts(x_t, e_t)))
    assert found.p_value == pytest.approx(float(oracle.pvalue), rel=1e-9, abs=1e-12)


def _constrained_z(case: tuple[int, float, int, float], delta: float) -> float:
    x_c, e_c, x_t, e_t = case

    def minus_log_likelihood(rate: float) -> float:
        return -float(xlogy(x_t, rate + delta) - e_t * (rate + delta) + xlogy(x_c, rate) - e_c * rate)

    low = max(0.0, -delta)
    bounds = low, low + (x_c + x_t) / min(e_c, e_t) + abs(delta)
    rate = float(minimize_scalar(minus_log_likelihood, bounds=bounds, method="bounded", options={"xatol": 1e-13}).x)
    return float((x_t / e_t - x_c / e_c - delta) / np.sqrt((rate + delta) / e_t + rate / e_c))


@pytest.mark.parametrize("case", CASES)
def test_rate_difference_ends_where_the_numerically_constrained_statistic_reaches_the_quantile(
    case: tuple[int, float, int, float],
) -> None:
    found = _estimate(rate_difference(Counts(case[0], case[1]), Counts(case[2], case[3])))
    assert _constrained_z(case, found.low) == pytest.approx(1.959964, abs=1e-5)
    assert _constrained_z(case, found.high) == pytest.approx(-1.959964, abs=1e-5)


def test_quasi_rate_lift_agrees_with_quasi_poisson_regression() -> None:
    rng = np.random.default_rng(11)
    exposure = rng.uniform(0.5, 3.0, 300)
    treated = np.arange(300) % 2 == 1
    events = rng.negative_binomial(2.0, 2.0 / (2.0 + 1.5 * exposure * np.where(treated, 1.3, 1.0))).astype(float)
    groups = [(events[g], exposure[g]) for g in (~treated, treated)]
    spread = Dispersion.of(*groups[0]) + Dispersion.of(*groups[1])
    control, treatment = (Counts(x.sum(), e.sum()) for x, e in groups)
    found = _estimate(quasi_rate_lift(control, treatment, spread))
    design = np.column_stack([np.ones(300), treated])
    family = Poisson()
    model = GLM(events, design, family=family, offset=np.log(exposure))
    fit = model.fit(scale="X2", use_t=True, tol=1e-12)
    interval = np.exp(fit.conf_int()[1]) - 1.0
    # The regression is iterated to 1e-12 in the deviance, which leaves about 1e-7 in the coefficients.
    np.testing.assert_allclose([found.low, found.high, found.p_value], [*interval, fit.pvalues[1]], rtol=1e-6)
    assert float(spread.factor) == pytest.approx(float(fit.scale), rel=1e-8)


def test_dispersion_leaves_out_units_without_exposure() -> None:
    with_empty = Dispersion.of([1.0, 4.0, 0.0], [1.0, 2.0, 0.0])
    assert float(with_empty.pearson) == pytest.approx(float(Dispersion.of([1.0, 4.0], [1.0, 2.0]).pearson))
    assert float(with_empty.df) == 1.0


@pytest.mark.parametrize("method", [rate_difference, rate_lift])
@pytest.mark.parametrize(
    ("control", "treatment", "reason"),
    [
        (Counts(0, 0.0), Counts(5, 10.0), Reason.EMPTY),
        (Counts(5, 10.0), Counts(3, 0.0), Reason.INVALID_STATISTICS),
        (Counts(-5, 10.0), Counts(3, 1.0), Reason.INVALID_STATISTICS),
        (Counts(np.inf, 10.0), Counts(3, 1.0), Reason.NOT_FINITE),
    ],
)
def test_rates_name_why_there_is_none(method: object, control: Counts, treatment: Counts, reason: Reason) -> None:
    assert callable(method)
    found = method(control, treatment).at()
    assert isinstance(found, NoEstimate)
    assert found.reason is reason


def test_rates_without_events_are_not_compared() -> None:
    none = Counts(0, 10.0)
    assert rate_difference(none, none).at() == NoEstimate(Reason.ZERO_VARIANCE, "rate_difference")
    assert rate_lift(none, Counts(4, 10.0)).at() == NoEstimate(Reason.ZERO_BASELINE, "rate_lift")
    few = Dispersion(0.0, 0.0)
    found = quasi_rate_lift(Counts(4, 1.0), Counts(4, 1.0), few).at()
    assert found == NoEstimate(Reason.TOO_FEW_UNITS, "quasi_rate_lift")


def test_rates_broadcast_and_take_billions() -> None:
    found = rate_lift(Counts(2e9, 1e9), Counts([2.0002e9, 0.0, 1.0], 1e9))
    assert found.low[0] == pytest.approx(1e-4 - 1.959964 * np.sqrt(1e-9), rel=1e-2)
    assert found.low[1] == -1.0
    wide = rate_difference(Counts([[60.0], [70.0]], 1000.0), Counts([80.0, 90.0], 1000.0))
    assert wide.shape == (2, 2)


@pytest.mark.parametrize(("method", "least", "most"), [(rate_difference, 0.93, 0.97), (rate_lift, 0.95, 1.0)])
def test_rates_of_few_events_cover(method: object, least: float, most: float) -> None:
    # Enumerated over all outcomes with probability above 1e-12. The exact lift may only err on the safe side.
    assert callable(method)
    for mean_c, mean_t in ((4.0, 6.0), (10.0, 10.0), (20.0, 12.0)):
        x_c, x_t = (a.ravel() for a in np.meshgrid(np.arange(70), np.arange(70), indexing="ij"))
        found = method(Counts(x_c, 2.0), Counts(x_t, 3.0))
        truth = mean_t / 3 - mean_c / 2 if method is rate_difference else (mean_t / 3) / (mean_c / 2) - 1.0
        # Where there is no estimate there is no claim: such tables count as covered.
        inside = ((found.low <= truth) & (truth <= found.high)) | (found.reason != Reason.OK)
        covered = float((poisson.pmf(x_c, mean_c) * poisson.pmf(x_t, mean_t))[inside].sum())
        assert least <= covered <= most
