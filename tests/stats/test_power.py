"""Oracles: statsmodels, SciPy's multivariate normal, design characteristics in rpact's tests."""

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad
from statsmodels.stats.power import NormalIndPower, TTestIndPower

from upshot.core.errors import InvalidInput
from upshot.stats.confidence_sequences import asymptotic_confidence_sequence
from upshot.stats.group_sequential_boundaries import wang_tsiatis_boundaries
from upshot.stats.group_sequential_recursion import crossing_probabilities
from upshot.stats.power import (
    FIXED,
    AlwaysValid,
    GroupSequential,
    even_looks,
    expected_fraction,
    rejection_probability,
    required_drift,
    t_test_power,
)
from upshot.stats.result import Alternative
from upshot.stats.spending import hwang_shih_decani, power_family

SIDES: list[tuple[Alternative, str]] = [("two-sided", "two-sided"), ("greater", "larger"), ("less", "smaller")]


@pytest.mark.parametrize(("alternative", "theirs"), SIDES)
@pytest.mark.parametrize("effect", [-0.2, 0.0, 0.1, 0.4])
def test_fixed_power_agrees_with_statsmodels(alternative: Alternative, theirs: str, effect: float) -> None:
    expected = NormalIndPower().power(effect, 300, 0.03, ratio=1.5, alternative=theirs)
    drift = effect / np.sqrt(1 / 300 + 1 / 450)
    assert float(rejection_probability(drift, alpha=0.03, alternative=alternative)) == pytest.approx(
        expected, rel=1e-10
    )


@pytest.mark.parametrize(("alternative", "theirs"), SIDES)
@pytest.mark.parametrize("n", [5, 12, 200])
def test_t_test_power_agrees_with_statsmodels(alternative: Alternative, theirs: str, n: int) -> None:
    effect = -0.5 if alternative == "less" else 0.5
    expected = TTestIndPower().power(effect, n, 0.05, alternative=theirs)
    found = t_test_power(effect / np.sqrt(2 / n), 2 * n - 2, alternative=alternative)
    assert float(found) == pytest.approx(expected, rel=1e-8)  # two implementations of the noncentral t


# Maximum over fixed sample size at alpha 0.05, power 0.8 and 0.9, computed: they agree with SciPy's quadrature of the
# multivariate normal (below) and are cited from no book.
INFLATION = [(0.5, 2, 1.110, 1.100), (0.5, 5, 1.229, 1.207), (0.0, 2, 1.008, 1.007), (0.0, 5, 1.028, 1.026)]


@pytest.mark.parametrize(("delta", "looks", "at_80", "at_90"), INFLATION)
def test_inflation_factors_agree_with_quadrature_of_scipy(delta: float, looks: int, at_80: float, at_90: float) -> None:
    t = np.array(even_looks(looks))
    bounds = wang_tsiatis_boundaries(t, delta=delta)
    for power, expected in ((0.8, at_80), (0.9, at_90)):
        drift = np.sqrt(expected) * required_drift(power)
        above, below = crossing_probabilities(t, bounds.lower, bounds.efficacy, drift)
        # Factors are written to 0.001; the power moves by about a sixth of the change of the factor.
        assert above.sum() == pytest.approx(power, abs=3e-4)
        covariance = np.sqrt(np.minimum.outer(t, t) / np.maximum.outer(t, t))
        mean, reach = drift * np.sqrt(t), bounds.efficacy
        within = stats.multivariate_normal.cdf(reach, mean, covariance, abseps=1e-7, maxpts=400_000, lower_limit=-reach)
        rejected = 1.0 - float(within)
        found = above.sum() + below.sum()
        assert rejected == pytest.approx(found, abs=5e-6)


# rpact, test-f_design_group_sequential.R, getDesignCharacteristics: alpha, spending, looks, power, nFixed, shift.
RPACT = [
    (0.03, hwang_shih_decani(0.0), (0.2, 0.4, 1.0), 0.86, 8.7681899, 9.4594101, 0.83081135, 1.0697705),
]


@pytest.mark.parametrize(("alpha", "spending", "looks", "power", "fixed", "shift", "asn1", "asn0"), RPACT)
def test_design_characteristics_agree_with_rpact(
    alpha: float,
    spending: object,
    looks: tuple[float, ...],
    power: float,
    fixed: float,
    shift: float,
    asn1: float,
    asn0: float,
) -> None:
    monitoring = GroupSequential(looks, spending)  # type: ignore[arg-type]
    assert required_drift(power, alpha=alpha, alternative="greater") ** 2 == pytest.approx(fixed, rel=1e-7)
    drift = required_drift(power, alpha=alpha, alternative="greater", monitoring=monitoring)
    assert drift**2 == pytest.approx(shift, rel=1e-7)
    inflation = shift / fixed
    used = expected_fraction([drift, 0.0], alpha=alpha, alternative="greater", monitoring=monitoring) * inflation
    np.testing.assert_allclose(used, [asn1, asn0], rtol=1e-6)


@pytest.mark.parametrize("drift", [0.0, 2.0, 3.5])
def test_always_valid_power_agrees_with_simulated_sequences(drift: float) -> None:
    looks, simulations = np.array(even_looks(14)), 6000
    rng = np.random.default_rng(21)
    steps = rng.normal(drift / 14, np.sqrt(1 / 14), (simulations, 14))
    theta, se = np.cumsum(steps, axis=1) / looks, 1 / np.sqrt(looks)
    found = asymptotic_confidence_sequence(theta, se, 1e4 * looks, totals="final", tuned_units=1e4)
    rejected = ((found.low > 0) | (found.high < 0)).any(axis=1).mean()
    expected = float(rejection_probability(drift, monitoring=AlwaysValid(even_looks(14))))
    assert rejected == pytest.approx(expected, abs=4.5 * np.sqrt(expected * (1 - expected) / simulations))


def test_group_sequential_size_is_alpha_and_always_valid_size_is_below() -> None:
    for alternative in ("two-sided", "greater"):
        sequential = GroupSequential(even_looks(10), power_family(2.0))
        size = rejection_probability(0.0, alternative=alternative, monitoring=sequential)
        assert float(size) == pytest.approx(0.05, abs=1e-9)
        size = rejection_probability(0.0, alternative=alternative, monitoring=AlwaysValid(even_looks(200)))
        assert 0.005 < float(size) < 0.05


def test_more_flexible_looking_costs_more_units() -> None:
    fixed, sequential, anytime = (
        required_drift(0.8, monitoring=m) for m in (FIXED, GroupSequential(even_looks(5)), AlwaysValid(even_looks(28)))
    )
    assert fixed < sequential < anytime
    assert (sequential / fixed) ** 2 < 1.05
    assert (anytime / fixed) ** 2 < 1.8


@pytest.mark.parametrize("monitoring", [FIXED, GroupSequential(), AlwaysValid()])
def test_required_drift_inverts_power_and_directions_mirror(monitoring: object) -> None:
    for alternative in ("two-sided", "greater", "less"):
        drift = required_drift(0.7, alternative=alternative, monitoring=monitoring)  # type: ignore[arg-type]
        sign = -1.0 if alternative == "less" else 1.0
        found = rejection_probability(sign * drift, alternative=alternative, monitoring=monitoring)  # type: ignore[arg-type]
        assert float(found) == pytest.approx(0.7, abs=1e-8)


def test_missing_drifts_have_no_power_and_huge_ones_have_all() -> None:
    for monitoring in (FIXED, GroupSequential(), AlwaysValid()):
        found = rejection_probability([np.nan, 1e6, np.inf], monitoring=monitoring)
        assert np.isnan(found[0])
        assert found[1:].tolist() == pytest.approx([1.0, 1.0])


def test_impossible_plans_are_rejected() -> None:
    with pytest.raises(InvalidInput, match="power"):
        required_drift(0.01)
    with pytest.raises(InvalidInput, match="last planned look"):
        GroupSequential((0.5, 0.9))
    with pytest.raises(InvalidInput, match="count is 0"):
        even_looks(0)
    with pytest.raises(InvalidInput, match="tuned_fraction"):
        AlwaysValid(tuned_fraction=0.0)
    with pytest.raises(InvalidInput, match="alpha"):
        rejection_probability(1.0, alpha=1.5)


def _slow_power(drift: float, df: float) -> float:
    """Two-sided, by adaptive quadrature over the standard deviation."""
    critical = float(stats.t.isf(0.025, df))

    def integrand(s: float) -> float:
        tails = stats.norm.sf(critical * s - drift) + stats.norm.cdf(-critical * s - drift)
        return float(tails * stats.chi.pdf(s * np.sqrt(df), df) * np.sqrt(df))

    spread = 1.0 / np.sqrt(2.0 * df)
    return float(quad(integrand, max(0.0, 1 - 9 * spread), 1 + 9 * spread, epsabs=1e-13, limit=400)[0])


@pytest.mark.parametrize("df", [2.0, 5.0, 30.0, 1000.0, 1e6])
@pytest.mark.parametrize("drift", [0.5, 2.8, 6.0, 9.0, 12.0, 38.0, 45.0])
def test_power_of_the_t_test_is_known_for_every_effect(drift: float, df: float) -> None:
    found = t_test_power([drift, -drift], df)
    assert found[0] == found[1] or abs(float(found[0] - found[1])) < 1e-9
    # Wide tails of very few degrees of freedom are cut off by the slow integral at nine standard deviations.
    assert float(found[0]) == pytest.approx(_slow_power(drift, df), abs=1e-7 if df > 10 else 2e-3)


def test_power_of_the_t_test_is_one_where_the_effect_is_large() -> None:
    assert t_test_power([9.0, 20.0, 50.0, 500.0], [1000.0, 100.0, 60.0, 1e9]).tolist() == pytest.approx([1.0] * 4)
    assert t_test_power([9.0, -9.0], 1000.0, alternative="greater").tolist() == pytest.approx([1.0, 0.0], abs=1e-12)
    rising = t_test_power(np.linspace(0.0, 60.0, 601), 2.0)
    assert (np.diff(rising) > -1e-9).all()
    assert np.isnan(t_test_power(np.nan, 10.0))
