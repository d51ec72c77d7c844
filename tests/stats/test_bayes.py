import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from upshot.core.errors import InvalidInput
from upshot.stats.bayes import NormalPrior, Posterior, bayes_difference, bayes_lift, normal_posterior
from upshot.stats.moments import Moments
from upshot.stats.result import NoEstimate, Reason

ORACLE = json.loads((Path(__file__).parent / "oracles" / "bayes_gbstats.json").read_text())


@pytest.mark.parametrize("row", ORACLE)
def test_posterior_agrees_with_gbstats(row: dict[str, Any]) -> None:  # Any: rows of a JSON file
    # The same closed forms in another order of operations; gbstats' truncated means lose digits in far tails.
    control = Moments.from_sums(*row["control"])
    treatment = Moments.from_sums(*row["treatment"])
    mean, deviation, proper = row["prior"]
    prior = NormalPrior(mean, deviation) if proper else NormalPrior(0.0, math.inf)
    compare = bayes_lift if row["scale"] == "relative" else bayes_difference
    result = compare(control, treatment, prior=prior, level=0.9)
    assert float(result.value) == pytest.approx(row["expected"], rel=1e-10)
    assert float(result.chance_to_beat) == pytest.approx(row["chance_to_win"], abs=1e-10)
    assert [float(result.low), float(result.high)] == pytest.approx(row["interval"], rel=1e-10)
    assert float(result.loss_if_kept) == pytest.approx(row["risk_control"], rel=1e-6, abs=1e-10)
    assert float(result.loss_if_shipped) == pytest.approx(row["risk_treatment"], rel=1e-6, abs=1e-10)


def test_posterior_region_and_losses_agree_with_numeric_integration() -> None:
    result = normal_posterior(0.7, 0.5, 100, prior=NormalPrior(0.2, 0.6), rope=(-0.1, 0.3))
    belief = stats.norm(float(result.value), float(result.standard_deviation))
    assert float(result.in_rope) == pytest.approx(belief.cdf(0.3) - belief.cdf(-0.1), rel=1e-12)
    expected_loss = belief.expect(lambda x: np.maximum(-x, 0.0), lb=-8, ub=8)
    assert float(result.loss_if_shipped) == pytest.approx(expected_loss, rel=1e-6)
    expected_gain = belief.expect(lambda x: np.maximum(x, 0.0), lb=-8, ub=8)
    assert float(result.loss_if_kept) == pytest.approx(expected_gain, rel=1e-6)


def test_posterior_mean_and_variance_follow_the_precision_rule() -> None:
    result = normal_posterior(3.0, 2.0, 10, prior=NormalPrior(1.0, 1.0)).at()
    assert not isinstance(result, NoEstimate)
    assert result.value == pytest.approx((3.0 / 4.0 + 1.0) / (1.0 / 4.0 + 1.0))
    assert result.standard_deviation == pytest.approx(math.sqrt(1.0 / (1.0 / 4.0 + 1.0)))


def test_flat_prior_gives_one_minus_the_one_sided_p_value() -> None:
    a, b = Moments(500, 10.0, 4.0), Moments(500, [10.1, 9.9, 11.0], 4.0)
    result = bayes_difference(a, b, prior=NormalPrior(0.0, math.inf))
    z = (b.mean - a.mean) / math.sqrt(8.0 / 500.0)
    np.testing.assert_allclose(result.chance_to_beat, stats.norm.cdf(z), rtol=1e-12)


def test_lower_is_better_mirrors_chance_and_losses() -> None:
    a, b = Moments(500, 10.0, 4.0), Moments(500, 10.1, 4.0)
    up = bayes_difference(a, b, prior=NormalPrior(0.0, 1.0))
    down = bayes_difference(a, b, prior=NormalPrior(0.0, 1.0), better="lower")
    assert float(up.chance_to_beat) + float(down.chance_to_beat) == pytest.approx(1.0)
    assert float(up.loss_if_shipped) == float(down.loss_if_kept)


def test_small_losses_stay_positive_and_far_tails_do_not_go_below_zero() -> None:
    result = normal_posterior(np.asarray([5.0, 10.0, 30.0, 60.0]), 1.0, 100, prior=NormalPrior(0.0, math.inf))
    assert (result.loss_if_shipped >= 0.0).all()
    # φ(z) − z Φ(−z) for large z is φ(z) / z² · (1 − 3/z² + 15/z⁴ …).
    assert float(result.loss_if_shipped[1]) == pytest.approx(stats.norm.pdf(10.0) / 100.0, rel=0.03)


@pytest.mark.parametrize(
    ("control", "treatment", "reason"),
    [
        (Moments(0, math.nan, math.nan), Moments(10, 1.0, 1.0), Reason.EMPTY),
        (Moments(1, 1.0, math.nan), Moments(10, 1.0, 1.0), Reason.TOO_FEW_UNITS),
        (Moments(10, 1.0, 0.0), Moments(10, 1.0, 0.0), Reason.ZERO_VARIANCE),
        (Moments(10, math.inf, 1.0), Moments(10, 1.0, 1.0), Reason.NOT_FINITE),
        (Moments(10, 1.0, -1.0), Moments(10, 1.0, 1.0), Reason.INVALID_STATISTICS),
    ],
)
def test_posterior_names_why_there_is_none(control: Moments, treatment: Moments, reason: Reason) -> None:
    none = bayes_difference(control, treatment, prior=NormalPrior(0.0, 1.0))
    assert none.at() == NoEstimate(reason, "bayes_difference")
    assert np.isnan(none.chance_to_beat)


def test_lift_without_a_baseline_is_none_at_that_place_only() -> None:
    result = bayes_lift(Moments(100, [0.0, 1.0], 1.0), Moments(100, 1.0, 1.0), prior=NormalPrior(0.0, 1.0))
    assert result.reason.tolist() == [Reason.ZERO_BASELINE, Reason.OK]
    assert np.isnan(result.value[0])
    assert np.isfinite(result.value[1])


def test_posterior_holds_for_billions_of_units_and_huge_means() -> None:
    result = bayes_difference(Moments(4e9, 1e9, 1.0), Moments(4e9, 1e9 + 1.0, 1.0), prior=NormalPrior(0.0, 10.0))
    assert float(result.value) == pytest.approx(1.0)
    assert float(result.chance_to_beat) == 1.0


def test_priors_and_regions_that_are_none_are_refused() -> None:
    with pytest.raises(InvalidInput):
        NormalPrior(0.0, 0.0)
    with pytest.raises(InvalidInput):
        NormalPrior(math.nan, 1.0)
    with pytest.raises(InvalidInput):
        normal_posterior(1.0, 1.0, 1, prior=NormalPrior(0.0, 1.0), rope=(1.0, 1.0))
    with pytest.raises(InvalidInput):
        normal_posterior(1.0, 1.0, 1, prior=NormalPrior(0.0, 1.0), level=1.0)


def _simulated(simulations: int) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], Posterior]:
    rng = np.random.default_rng(20130625)
    truth = rng.normal(0.01, 0.03, simulations)
    estimate = truth + rng.normal(0.0, 0.02, simulations)
    return truth, normal_posterior(estimate, 0.02, 1, prior=NormalPrior(0.01, 0.03))


def test_chance_to_beat_is_calibrated_where_effects_follow_the_prior() -> None:
    truth, result = _simulated(100_000)
    covered = int(((result.low <= truth) & (truth <= result.high)).sum())
    low, high = stats.binomtest(covered, truth.size).proportion_ci(0.999)
    assert low <= 0.95 <= high
    for start in (0.1, 0.3, 0.5, 0.7, 0.9):
        chosen = np.abs(result.chance_to_beat - start) < 0.02
        promised = float(result.chance_to_beat[chosen].mean())
        low, high = stats.binomtest(int((truth[chosen] > 0).sum()), int(chosen.sum())).proportion_ci(0.999)
        assert low <= promised <= high
    assert float(result.loss_if_shipped.mean()) == pytest.approx(float(np.maximum(-truth, 0.0).mean()), rel=0.02)
