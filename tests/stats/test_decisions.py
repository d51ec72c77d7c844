import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from upshot.core.errors import InvalidInput
from upshot.stats.bayes import Better
from upshot.stats.decisions import equivalence, inferiority, non_inferiority, superiority
from upshot.stats.difference import difference
from upshot.stats.lift import lift
from upshot.stats.moments import Moments
from upshot.stats.result import Alternative, NoEstimate, Reason

RNG = np.random.default_rng(3)
CONTROL, TREATMENT = RNG.gamma(2.0, 2.0, (300,)), RNG.gamma(2.0, 2.05, (280,))
C, T = Moments.of(CONTROL), Moments.of(TREATMENT)


@pytest.mark.parametrize(("better", "side"), [("higher", "greater"), ("lower", "less")])
def test_superiority_is_the_one_sided_welch_test(better: Better, side: Alternative) -> None:
    expected = stats.ttest_ind(TREATMENT.tolist(), CONTROL.tolist(), equal_var=False, alternative=side)
    result = superiority(C, T, better=better, alpha=0.05)
    assert float(result.p_value) == pytest.approx(float(expected.pvalue), rel=1e-10)
    interval = expected.confidence_interval(0.95)
    assert float(result.low) == pytest.approx(float(interval.low), rel=1e-10)
    assert float(result.high) == pytest.approx(float(interval.high), rel=1e-10)


def test_inferiority_is_the_other_tail_of_superiority() -> None:
    assert float(inferiority(C, T).p_value) == pytest.approx(1.0 - float(superiority(C, T).p_value), rel=1e-12)


def test_equivalence_agrees_with_statsmodels_two_one_sided_tests() -> None:
    means = CompareMeans(DescrStatsW(TREATMENT), DescrStatsW(CONTROL))
    expected = means.ttost_ind(-0.8, 0.9, usevar="unequal")[0]
    result = equivalence(C, T, margin=(-0.8, 0.9))
    assert float(result.p_value) == pytest.approx(float(expected), rel=1e-9)
    low, high = means.tconfint_diff(alpha=0.1, usevar="unequal")
    assert [float(result.low), float(result.high)] == pytest.approx([low, high], rel=1e-9)
    assert result.level == pytest.approx(0.9)


def test_non_inferiority_mirrors_when_lower_is_better() -> None:
    a, b = Moments(500, 10.0, 4.0), Moments(500, 10.1, 4.0)
    up = non_inferiority(b, a, margin=0.3, better="higher")
    down = non_inferiority(a, b, margin=0.3, better="lower")
    assert float(up.p_value) == pytest.approx(float(down.p_value), rel=1e-12)
    assert float(up.low) == pytest.approx(-float(down.high), rel=1e-12)


@pytest.mark.parametrize("compare", [difference, lift])
def test_decision_and_interval_agree(compare: object) -> None:
    estimator = lift if compare is lift else difference
    treatments = Moments(400, np.linspace(9.0, 11.0, 41), 4.0)
    control = Moments(400, 10.0, 4.0)
    margin = 0.03 if compare is lift else 0.3
    kept = non_inferiority(control, treatments, margin=margin, compare=estimator)
    if estimator is difference:
        np.testing.assert_array_equal(kept.p_value <= 0.05, kept.low >= -margin)
    same = equivalence(control, treatments, margin=(-margin, margin), compare=estimator)
    inside = (same.low >= -margin) & (same.high <= margin)
    np.testing.assert_array_equal(same.p_value <= 0.05, inside)


def test_decisions_name_why_there_is_none() -> None:
    empty = Moments(0, math.nan, math.nan)
    assert superiority(empty, T).at() == NoEstimate(Reason.EMPTY, "difference")
    assert equivalence(empty, T, margin=(-1.0, 1.0)).at() == NoEstimate(Reason.EMPTY, "equivalence")


def test_decisions_refuse_margins_regions_and_alphas_that_are_none() -> None:
    for margin in (0.0, -1.0, math.inf, math.nan):
        with pytest.raises(InvalidInput):
            non_inferiority(C, T, margin=margin)
    with pytest.raises(InvalidInput):
        equivalence(C, T, margin=(0.1, 0.2))
    with pytest.raises(InvalidInput):
        superiority(C, T, alpha=0.5)


def test_non_inferiority_holds_its_size_at_the_margin() -> None:
    rng = np.random.default_rng(5)
    control = Moments.of(rng.exponential(1.0, (4000, 400)))
    treatment = Moments.of(rng.exponential(1.0, (4000, 400)) - 0.1)
    rejected = int((non_inferiority(control, treatment, margin=0.1).p_value <= 0.05).sum())
    low, high = stats.binomtest(rejected, 4000).proportion_ci(0.999)
    assert low <= 0.05 <= high
