"""Oracles: Gauss-Legendre quadrature, and for three looks SciPy's multivariate normal; the expected values in the test
suites of the R packages rpact (tests/testthat/test-f_design_group_sequential.R, computed by its own integration to
1e-8) and gsDesign; and bounds by spotify-confidence (a port of ldbounds), stored with the script that made them.
"""

import json
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from upshot.core.errors import InvalidInput
from upshot.stats.group_sequential_boundaries import (
    Futility,
    GroupSequentialDesign,
    spending_boundaries,
    wang_tsiatis_boundaries,
)
from upshot.stats.group_sequential_recursion import crossing_probabilities
from upshot.stats.result import Alternative
from upshot.stats.spending import OBRIEN_FLEMING, POCOCK, Spending, hwang_shih_decani, power_family

PEERS = Path(__file__).parent / "oracles" / "sequential_peers.json"

# Constants of even looks (Pocock; O'Brien & Fleming) at alpha 0.01, 0.05, 0.10, computed: they agree with a quadrature
# of the sum of steps (below) and are cited from no book.
POCOCK_CONSTANTS = {2: (2.772, 2.178, 1.875), 5: (2.986, 2.413, 2.122), 10: (3.117, 2.555, 2.270)}
OBRIEN_FLEMING_CONSTANTS = {2: (2.580, 1.977, 1.678), 5: (2.621, 2.040, 1.751), 10: (2.660, 2.087, 1.801)}


@pytest.mark.parametrize("looks", [2, 5, 10])
@pytest.mark.parametrize(("column", "alpha"), [(0, 0.01), (1, 0.05), (2, 0.10)])
def test_fixed_shapes_keep_their_constants(looks: int, column: int, alpha: float) -> None:
    even = np.arange(1, looks + 1)
    pocock = wang_tsiatis_boundaries(even, alpha=alpha, delta=0.5).efficacy
    fleming = wang_tsiatis_boundaries(even, alpha=alpha, delta=0.0).efficacy
    assert pocock == pytest.approx(np.full(looks, POCOCK_CONSTANTS[looks][column]), abs=6e-4)  # written to 3 digits
    assert fleming[-1] == pytest.approx(OBRIEN_FLEMING_CONSTANTS[looks][column], abs=6e-4)
    np.testing.assert_allclose(fleming * np.sqrt(even / looks), fleming[-1])


@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.10])
@pytest.mark.parametrize("looks", [2, 5, 10])
@pytest.mark.parametrize("delta", [0.5, 0.0])
def test_fixed_shapes_spend_alpha_by_quadrature(looks: int, alpha: float, delta: float) -> None:
    t = np.arange(1, looks + 1) / looks
    reach = wang_tsiatis_boundaries(t, alpha=alpha, delta=delta).efficacy
    # The sum of independent steps stays inside at each look: Gauss-Legendre over where it stands, look by look. SciPy's
    # multivariate normal draws its points and is off by some 1e-5 in ten dimensions.
    nodes, weights = np.polynomial.legendre.leggauss(200)
    edge = reach * np.sqrt(t)
    here, mass = nodes * edge[0], weights * edge[0] * norm.pdf(nodes * edge[0], scale=np.sqrt(t[0]))
    for look in range(1, looks):
        there = nodes * edge[look]
        steps = norm.pdf(there[None, :] - here[:, None], scale=np.sqrt(t[look] - t[look - 1]))
        here, mass = there, (mass @ steps) * weights * edge[look]
    assert 1.0 - float(mass.sum()) == pytest.approx(alpha, abs=1e-9)


def test_fixed_shape_agrees_with_rpact() -> None:
    bounds = wang_tsiatis_boundaries([1, 2, 3], alpha=0.025, delta=0.0, alternative="greater")
    np.testing.assert_allclose(bounds.efficacy, [3.4710914, 2.4544323, 2.0040356], atol=2e-7)
    np.testing.assert_allclose(bounds.alpha_spent, [0.00025917372, 0.0071600594, 0.025], atol=1e-8)


RPACT_EFFICACY: list[tuple[float, Spending, list[float], list[float]]] = [
    (0.03, hwang_shih_decani(0.0), [0.2, 0.4, 1.0], [2.5121443, 2.4228747, 2.0280392]),
    (0.07, hwang_shih_decani(-1.0), [0.2, 0.4, 1.0], [2.364813, 2.1928805, 1.5660474]),
    (0.03, power_family(2.2), [0.3, 0.7, 1.0], [2.8594012, 2.2435708, 1.9735737]),
    (0.13, POCOCK, [0.35, 0.7, 1.0], [1.5446617, 1.4828682, 1.4620058]),
    (0.13, OBRIEN_FLEMING, [0.4, 0.75, 0.85, 1.0], [2.1280732, 1.4368565, 1.422873, 1.2970881]),
    (0.025, POCOCK, [0.4, 0.7], [2.223875, 2.3050796]),
]


@pytest.mark.parametrize(("alpha", "spending", "fractions", "expected"), RPACT_EFFICACY)
def test_spending_bounds_agree_with_rpact(
    alpha: float, spending: Spending, fractions: list[float], expected: list[float]
) -> None:
    bounds = spending_boundaries(fractions, GroupSequentialDesign(alpha, "greater", spending))
    np.testing.assert_allclose(bounds.efficacy, expected, atol=2e-7)  # printed to 8 digits


def test_spending_bounds_agree_with_gsdesign() -> None:
    # gsDesign(k = 3, test.type = 1): Hwang-Shih-DeCani, gamma −4, alpha 0.025. The two-sided 5 % tests are those that
    # ldbounds prints; it integrates by trapezoids, good to about 1e-4.
    default = spending_boundaries([1 / 3, 2 / 3, 1], GroupSequentialDesign(0.025, "greater", hwang_shih_decani(-4.0)))
    np.testing.assert_allclose(default.efficacy, [3.0107, 2.5465, 1.9992], atol=6e-5)
    fleming = spending_boundaries(np.arange(1, 6) / 5, GroupSequentialDesign())
    np.testing.assert_allclose(fleming.efficacy, [4.8769, 3.3569, 2.6803, 2.2898, 2.0310], atol=2e-4)
    pocock = spending_boundaries(np.arange(1, 6) / 5, GroupSequentialDesign(spending=POCOCK))
    np.testing.assert_allclose(pocock.efficacy, [2.4380, 2.4268, 2.4101, 2.3966, 2.3859], atol=2e-4)


@pytest.mark.parametrize("row", cast("list[dict[str, list[float]]]", json.loads(PEERS.read_text())["spending"]))
def test_spending_bounds_agree_with_spotify_confidence(row: dict[str, list[float]]) -> None:
    design = GroupSequentialDesign(
        float(cast("float", row["alpha"])), "greater", power_family(cast("float", row["rho"]))
    )
    bounds = spending_boundaries(row["fractions"], design)
    np.testing.assert_allclose(bounds.efficacy, row["z"], atol=2e-4)  # theirs: trapezoids, and roots to 1e-7 of alpha


RPACT_FUTILITY = [
    # alpha, spending, beta, spending, binding, fractions, drift², efficacy, futility, cumulative power
    (
        *(0.07, hwang_shih_decani(-1.0), 0.14, hwang_shih_decani(-2.0), False, [0.2, 0.4, 1.0], 7.1015942),
        *([2.364813, 2.1928805, 1.5660474], [-1.1063623, -0.35992439], [0.12038953, 0.32895265, 0.86]),
    ),
    (
        *(0.03, power_family(2.2), 0.34, power_family(3.2), False, [0.3, 0.7, 1.0], 5.551371),
        *([2.8594012, 2.2435708, 1.9735737], [-1.1558435, 0.72836893], [0.058336437, 0.398246, 0.66]),
    ),
]


@pytest.mark.parametrize(
    (
        *("alpha", "spending", "beta", "beta_spending", "binding"),
        *("fractions", "drift_squared", "efficacy", "futility", "power"),
    ),
    RPACT_FUTILITY,
)
def test_futility_bounds_agree_with_rpact(
    alpha: float,
    spending: Spending,
    beta: float,
    beta_spending: Spending,
    binding: bool,
    fractions: list[float],
    drift_squared: float,
    efficacy: list[float],
    futility: list[float],
    power: list[float],
) -> None:
    drift = float(np.sqrt(drift_squared))
    design = GroupSequentialDesign(alpha, "greater", spending, Futility(drift, beta, beta_spending, binding))
    bounds = spending_boundaries(fractions, design)
    np.testing.assert_allclose(bounds.efficacy, efficacy, atol=3e-7)
    np.testing.assert_allclose(bounds.futility[:-1], futility, atol=3e-7)
    assert bounds.futility[-1] == bounds.efficacy[-1]
    above, _ = crossing_probabilities(fractions, bounds.futility, bounds.efficacy, drift)
    np.testing.assert_allclose(np.cumsum(above), power, atol=3e-7)


def test_binding_futility_takes_credit_for_the_stops() -> None:
    free = GroupSequentialDesign(0.025, "greater", POCOCK, Futility(3.0, 0.2, POCOCK, binding=False))
    bound = GroupSequentialDesign(0.025, "greater", POCOCK, Futility(3.0, 0.2, POCOCK, binding=True))
    looks = [0.35, 0.7, 1.0]
    strict, lenient = spending_boundaries(looks, free), spending_boundaries(looks, bound)
    assert np.all(lenient.efficacy[1:] < strict.efficacy[1:])
    above, _ = crossing_probabilities(looks, lenient.futility, lenient.efficacy)
    assert above.sum() == pytest.approx(0.025, abs=1e-9)
    above, _ = crossing_probabilities(looks, np.full(3, -np.inf), strict.efficacy)
    assert above.sum() == pytest.approx(0.025, abs=1e-9)


def test_crossing_probabilities_agree_with_multivariate_normal() -> None:
    t = np.array([0.3, 0.55, 1.0])
    lower, upper, drift = np.array([-2.5, -0.5, 0.4]), np.array([2.8, 2.4, 2.0]), 1.7
    covariance = np.minimum.outer(t, t)

    def inside(low: np.ndarray, high: np.ndarray) -> float:
        k = len(low)
        mean, cov, root = drift * t[:k], covariance[:k, :k], np.sqrt(t[:k])
        return float(
            multivariate_normal.cdf(high * root, mean, cov, abseps=1e-9, maxpts=4_000_000, lower_limit=low * root)
        )

    above, below = crossing_probabilities(t, lower, upper, drift)
    for k in range(3):
        so_far = [*lower[:k], upper[k]], [*upper[:k], 40.0]
        assert above[k] == pytest.approx(inside(np.array(so_far[0]), np.array(so_far[1])), abs=2e-7)
        under = [*lower[:k], -40.0], [*upper[:k], lower[k]]
        assert below[k] == pytest.approx(inside(np.array(under[0]), np.array(under[1])), abs=2e-7)


@pytest.mark.parametrize("alternative", ["two-sided", "greater"])
@pytest.mark.parametrize("spending", [OBRIEN_FLEMING, POCOCK])
def test_alpha_is_spent_exactly_at_hourly_looks(alternative: Alternative, spending: Spending) -> None:
    t = np.arange(1, 169) / 168
    bounds = spending_boundaries(t, GroupSequentialDesign(0.05, alternative, spending))
    above, below = crossing_probabilities(t, bounds.lower, bounds.efficacy)
    assert above.sum() + below.sum() == pytest.approx(0.05, abs=1e-10)


def test_unplanned_and_uneven_looks_spend_alpha_exactly() -> None:
    t = np.cumsum(np.random.default_rng(3).exponential(size=13))
    t = t / t[-1]
    bounds = spending_boundaries(t)
    above, below = crossing_probabilities(t, bounds.lower, bounds.efficacy)
    assert above.sum() + below.sum() == pytest.approx(0.05, abs=1e-9)


def test_adding_looks_later_leaves_earlier_bounds_alone() -> None:
    first = spending_boundaries([0.2, 0.5]).efficacy
    np.testing.assert_allclose(spending_boundaries([0.2, 0.5, 0.7, 1.0]).efficacy[:2], first, rtol=1e-9)


def test_experiment_that_ends_early_or_runs_over_spends_all_alpha_once() -> None:
    early = spending_boundaries([0.3, 0.8], final=True)
    assert early.alpha_spent[-1] == pytest.approx(0.05)
    over = spending_boundaries([0.5, 1.1, 1.3])
    assert over.alpha_spent.tolist() == pytest.approx([over.alpha_spent[0], 0.05, 0.05])
    assert over.efficacy[2] == np.inf
    above, below = crossing_probabilities(over.fractions, over.lower, over.efficacy)
    assert above.sum() + below.sum() == pytest.approx(0.05, abs=1e-9)


def test_look_without_news_is_not_tested() -> None:
    bounds = spending_boundaries([0.5, 0.5 + 1e-9, 1.0])
    assert bounds.efficacy[1] == np.inf
    np.testing.assert_allclose(bounds.efficacy[[0, 2]], spending_boundaries([0.5, 1.0]).efficacy, rtol=1e-7)


def test_single_look_is_the_fixed_sample_test() -> None:
    bounds = spending_boundaries([1.0])
    assert bounds.efficacy[0] == pytest.approx(norm.ppf(0.975), abs=1e-9)
    assert bounds.nominal_p[0] == pytest.approx(0.05, abs=1e-9)


@pytest.mark.parametrize(
    "spending", [OBRIEN_FLEMING, POCOCK, hwang_shih_decani(-4), hwang_shih_decani(0), power_family(3)]
)
def test_spending_functions_rise_from_zero_to_alpha(spending: Spending) -> None:
    spent = spending.spent(np.linspace(0, 1.2, 200), 0.05)
    assert spent[0] == 0.0
    assert spent[-1] == pytest.approx(0.05)
    assert np.all(np.diff(spent) >= 0)


@pytest.mark.parametrize("fractions", [[0.5, 0.5], [0.0, 1.0], [0.5, 0.4], [], [np.nan, 1.0], [[0.5], [1.0]]])
def test_looks_must_increase_from_above_zero(fractions: list[float]) -> None:
    with pytest.raises(InvalidInput):
        spending_boundaries(fractions)


def test_designs_reject_contradictions() -> None:
    with pytest.raises(InvalidInput, match="direction"):
        GroupSequentialDesign(futility=Futility(3.0))
    with pytest.raises(InvalidInput, match="alpha"):
        GroupSequentialDesign(alpha=0.0)
    with pytest.raises(InvalidInput, match="drift"):
        Futility(-1.0)
    with pytest.raises(InvalidInput, match="rho"):
        power_family(0.0)
    with pytest.raises(InvalidInput, match=r"kind is .obf."):
        Spending("obf")  # type: ignore[arg-type]
