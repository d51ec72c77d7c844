import numpy as np
import pytest

from tests.stats.test_maturity import growing_totals
from upshot.core.errors import InvalidInput
from upshot.stats.group_sequential import Outcome, group_sequential
from upshot.stats.group_sequential_boundaries import Futility, GroupSequentialDesign, spending_boundaries
from upshot.stats.group_sequential_longitudinal import (
    group_sequential_longitudinal,
    longitudinal_boundaries,
    union_boundaries,
)
from upshot.stats.maturity import longitudinal_difference
from upshot.stats.result import Alternative, Reason
from upshot.stats.spending import POCOCK

LOOKS = np.array([0.3, 0.5, 0.8, 1.0])
INDEPENDENT = np.sqrt(np.minimum.outer(LOOKS, LOOKS) / np.maximum.outer(LOOKS, LOOKS))
POCOCK_DESIGN = GroupSequentialDesign(spending=POCOCK)


@pytest.mark.parametrize("alternative", ["two-sided", "greater"])
def test_bounds_agree_with_the_recursion_where_increments_are_independent(alternative: Alternative) -> None:
    design = GroupSequentialDesign(0.05, alternative, POCOCK)
    exact = spending_boundaries(LOOKS, design)
    found = longitudinal_boundaries(INDEPENDENT, LOOKS, design, simulations=1 << 18)
    # 262,144 vectors, about 2,000 crossings a look: the quantile has a standard error of 0.01.
    np.testing.assert_allclose(found.efficacy, exact.efficacy, atol=0.04)
    np.testing.assert_allclose(found.alpha_spent, exact.alpha_spent)


def test_bounds_of_perfectly_correlated_looks_are_those_of_one_look() -> None:
    found = longitudinal_boundaries(np.ones((3, 3)), [0.2, 0.6, 1.0], POCOCK_DESIGN)
    assert np.all(np.diff(found.efficacy) < 0)
    assert found.efficacy[-1] == pytest.approx(1.96, abs=0.02)


def test_looks_with_little_to_spend_use_the_bound_of_that_look_alone() -> None:
    found = longitudinal_boundaries(INDEPENDENT, [0.05, 0.1, 0.5, 1.0])
    exact = spending_boundaries([0.05, 0.1, 0.5, 1.0])
    assert found.efficacy[0] == exact.efficacy[0]
    assert found.efficacy[1] >= exact.efficacy[1] - 1e-9


def test_same_seed_gives_the_same_bounds() -> None:
    first, again, other = (longitudinal_boundaries(INDEPENDENT, LOOKS, rng=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.efficacy, again.efficacy)
    assert np.any(first.efficacy != other.efficacy)


def test_growing_totals_keep_their_size_only_with_the_covariance() -> None:
    rng = np.random.default_rng(43)
    entry, simulations = [0.6, 0.1, 0.1, 0.1, 0.1], 500
    rejected = np.zeros(2)
    for _ in range(simulations):
        grown = longitudinal_difference(growing_totals(rng, 250, entry), growing_totals(rng, 250, entry))
        fractions = grown.n / grown.n[-1]
        se = np.sqrt(np.diagonal(grown.covariance))
        right = group_sequential_longitudinal(
            grown, fractions, design=POCOCK_DESIGN, simulations=1 << 14, minimum_units=100
        )
        wrong = group_sequential(grown.estimate, se, fractions, 250, totals="final", design=POCOCK_DESIGN)
        rejected += [
            right.stopped_at < 4 or right.outcome != Outcome.NOT_REJECTED,
            wrong.outcome != Outcome.NOT_REJECTED,
        ]
    share, margin = rejected / simulations, 3.5 * np.sqrt(0.05 * 0.95 / simulations)
    assert share[0] <= 0.05 + margin
    assert share[0] >= 0.05 - margin
    # Calling growing totals final does not: in a long run 8 % are rejected here.
    assert share[1] > share[0]


def test_longitudinal_analysis_reports_intervals_of_each_look() -> None:
    days = np.random.default_rng(44).exponential(size=(2, 400, 4)).cumsum(axis=2)
    grown = longitudinal_difference(days[0], 1.3 * days[1])
    found = group_sequential_longitudinal(grown, [0.25, 0.5, 0.75, 1.0])
    assert found.outcome is Outcome.GREATER
    truth = 0.3 * np.arange(1, 5)
    assert np.all((found.repeated.low < truth) & (truth < found.repeated.high))


def test_looks_without_spread_are_refused_alone() -> None:
    totals = np.array([[0.0, 1.0, 2.0], [0.0, 2.0, 5.0], [0.0, 3.0, 4.0]])
    later = totals + np.array([0.0, 1.0, 1.0])
    grown = longitudinal_difference(totals, later)
    found = group_sequential_longitudinal(grown, [0.3, 0.6, 1.0], minimum_units=2)
    assert found.repeated.reason.tolist() == [Reason.ZERO_VARIANCE, Reason.OK, Reason.OK]


def test_impossible_inputs_are_rejected() -> None:
    with pytest.raises(InvalidInput, match="eigenvalue"):
        longitudinal_boundaries([[1.0, 2.0], [2.0, 1.0]], [0.5, 1.0])
    with pytest.raises(InvalidInput, match="diagonal"):
        longitudinal_boundaries([[2.0, 0.1], [0.1, 1.0]], [0.5, 1.0])
    with pytest.raises(InvalidInput, match="fit"):
        longitudinal_boundaries(np.eye(3), [0.5, 1.0])
    with pytest.raises(InvalidInput, match="Futility"):
        longitudinal_boundaries(np.eye(2), [0.5, 1.0], GroupSequentialDesign(0.05, "greater", futility=Futility(3.0)))
    with pytest.raises(InvalidInput, match="Futility"):
        union_boundaries([0.5, 1.0], GroupSequentialDesign(0.05, "greater", futility=Futility(3.0)))


@pytest.mark.parametrize("alternative", ["two-sided", "less"])
def test_union_bounds_test_each_look_at_what_it_spends(alternative: Alternative) -> None:
    design = GroupSequentialDesign(0.05, alternative, POCOCK)
    found = union_boundaries([0.2, 0.5, 1.2, 1.5], design)
    assert found.nominal_p.sum() == pytest.approx(0.05)
    assert found.efficacy[3] == np.inf
    # Below them lie the bounds that know the correlation.
    assert np.all(found.efficacy[:3] >= spending_boundaries([0.2, 0.5, 1.2], design).efficacy - 1e-9)


def test_union_bounds_keep_their_size_where_totals_grow() -> None:
    rng = np.random.default_rng(45)
    bounds = union_boundaries([0.4, 0.7, 1.0], POCOCK_DESIGN)
    worst = longitudinal_boundaries(np.eye(3), [0.4, 0.7, 1.0], POCOCK_DESIGN, simulations=1 << 18)
    # Unrelated looks are close to the worst case; there the union bound is nearly sharp.
    np.testing.assert_allclose(bounds.efficacy, worst.efficacy, atol=0.05)
    z = rng.standard_normal((20_000, 3))
    assert np.mean((np.abs(z) >= bounds.efficacy).any(axis=1)) <= 0.05 + 4.5 * np.sqrt(0.05 * 0.95 / 20_000)
