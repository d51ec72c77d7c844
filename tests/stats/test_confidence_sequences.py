"""Oracles: confseq (Howard et al.'s own package) and gbstats, stored with the scripts that made the values."""

import json
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from upshot.core.errors import InvalidInput
from upshot.stats.confidence_sequences import (
    always_valid_p,
    asymptotic_confidence_sequence,
    first_look_units,
    mean_difference_sequence,
    mixture_radius,
    running_intersection,
    tuned_rho_squared,
)
from upshot.stats.moments import Moments
from upshot.stats.msprt import mixture_sprt_difference
from upshot.stats.result import Alternative, Estimate, NoEstimate, Reason, Scale

ORACLES = Path(__file__).parent / "oracles"


def stored(name: str, part: str) -> list[dict[str, float]]:
    return cast("list[dict[str, float]]", json.loads((ORACLES / name).read_text())[part])


@pytest.mark.parametrize("row", stored("confseq.json", "rows"))
def test_mixture_radius_agrees_with_confseq(row: dict[str, float]) -> None:
    alternative: Alternative = "greater" if row["one_sided"] else "two-sided"
    radius = float(mixture_radius(row["time"], row["alpha"], alternative))
    if row["one_sided"]:
        # confseq solves the one-sided mixture exactly; the closed form bounds it from above, by little.
        assert row["bound"] <= radius <= 1.35 * row["bound"]
    else:
        assert radius == pytest.approx(row["bound"], rel=1e-6)  # confseq's root finder stops near 1e-7


@pytest.mark.parametrize("row", [row for row in stored("confseq.json", "rows") if not row["one_sided"]])
def test_always_valid_p_agrees_with_confseq(row: dict[str, float]) -> None:
    expected = min(1.0, float(np.exp(-row["log_mixture_at_2.5"])))
    assert float(always_valid_p(2.5, row["time"])) == pytest.approx(expected, rel=1e-10)


def test_published_bound_of_howard_et_al() -> None:
    # The authors' unit tests give bound(100, ln 20) = 30.35209 for v_opt = 100: 3.035209 standard errors at time 7.936.
    time = 2 * np.log(20) + np.log(1 + 2 * np.log(20))
    assert float(mixture_radius(time)) == pytest.approx(3.035209, abs=1e-6)


@pytest.mark.parametrize("row", stored("sequential_peers.json", "sequential"))
def test_mean_difference_sequence_agrees_with_gbstats(row: dict[str, object]) -> None:
    n_a, m_a, v_a = cast("list[float]", row["a"])
    n_b, m_b, v_b = cast("list[float]", row["b"])
    scale: Scale = "relative" if row["relative"] else "absolute"
    # gbstats has a rounder rule for rho: give it the same time.
    tuned_units = float(tuned_rho_squared(1.0)) / cast("float", row["rho_squared"])
    found = mean_difference_sequence(
        Moments(n_a, m_a, v_a), Moments(n_b, m_b, v_b), totals="final", tuned_units=tuned_units, scale=scale
    ).at()
    assert isinstance(found, Estimate)
    for name in ("value", "low", "high", "p_value"):
        assert getattr(found, name) == pytest.approx(row[name], rel=1e-9), name


def test_tuned_rho_gives_the_tightest_interval_at_tuned_n() -> None:
    for alpha in (0.01, 0.05, 0.2):
        n = 5000.0
        candidates = n * tuned_rho_squared(n * np.geomspace(1 / 3, 3.0, 201), alpha)
        assert int(np.argmin(mixture_radius(candidates, alpha))) == 100


def test_two_sided_e_value_has_mean_one() -> None:
    def weighted(z: float) -> float:
        t = 3.0
        return float(np.exp(0.5 * t * z * z / (1 + t)) / np.sqrt(1 + t) * norm.pdf(z))

    assert quad(weighted, -40, 40)[0] == pytest.approx(1.0, rel=1e-8)


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_p_value_is_the_inverse_of_the_interval(alternative: Alternative) -> None:
    estimate = np.linspace(-0.6, 0.6, 401)
    found = asymptotic_confidence_sequence(
        estimate, 0.1, 1500, totals="final", tuned_units=1000, level=0.9, alternative=alternative, null=0.05
    )
    rejected = (found.low > 0.05) | (found.high < 0.05)
    np.testing.assert_array_equal(found.p_value < 0.1, rejected)
    assert rejected.any()
    assert not rejected.all()


def test_sequence_refuses_growing_totals() -> None:
    found = asymptotic_confidence_sequence([0.1, 0.2], 0.01, 1e6, totals="growing", tuned_units=1e6)
    assert found.reason.tolist() == [Reason.GROWING_UNITS] * 2
    assert np.isnan(found.value).all()
    assert np.isnan(found.p_value).all()


def test_sequence_says_why_there_is_no_interval() -> None:
    n = np.array([0, 50, 5000, 5000, 5000, np.nan])
    mean = np.array([0.0, 1.0, 1.0, np.nan, 1.0, 1.0])
    variance = np.array([1.0, 1.0, 0.0, 1.0, 1.0, 1.0])
    arm = Moments(n, mean, variance)
    found = mean_difference_sequence(arm, arm, totals="final", tuned_units=1000)
    assert [Reason(int(code)) for code in found.reason] == [
        Reason.EMPTY,
        Reason.BELOW_VALID_SAMPLE,
        Reason.ZERO_VARIANCE,
        Reason.NOT_FINITE,
        Reason.OK,
        Reason.NOT_FINITE,
    ]
    np.testing.assert_array_equal(np.isnan(found.low), found.reason != 0)


def test_relative_sequence_without_baseline_has_no_estimate() -> None:
    found = mean_difference_sequence(
        Moments(1000, 0.0, 1.0), Moments(1000, 1.0, 1.0), totals="final", tuned_units=1000, scale="relative"
    )
    at = found.at()
    assert isinstance(at, NoEstimate)
    assert at.reason is Reason.ZERO_BASELINE


def test_sequence_holds_for_billions_of_units_and_huge_means() -> None:
    control, treatment = Moments(4e9, 1e12, 1e6), Moments(4e9, 1e12 + 1.0, 1e6)
    found = mean_difference_sequence(control, treatment, totals="final", tuned_units=8e9).at()
    assert isinstance(found, Estimate)
    assert found.value == 1.0
    assert found.low > 0.9


def test_unbalanced_split_shifts_information_not_the_mixture() -> None:
    even = mean_difference_sequence(Moments(1000, 0.0, 1.0), Moments(1000, 0.1, 1.0), totals="final", tuned_units=2000)
    # 550 and 5500 units carry the same information about the difference as 1000 and 1000; planned are 6050 of them.
    for share in (None, 5500 / 6050):
        odd = mean_difference_sequence(
            Moments(550, 0.0, 1.0), Moments(5500, 0.1, 1.0), totals="final", tuned_units=6050, treatment_share=share
        )
        assert odd.low == pytest.approx(even.low, rel=1e-12)
        assert odd.p_value == pytest.approx(even.p_value, rel=1e-12)


@pytest.mark.parametrize("share", [0.05, 0.02])
def test_sequence_of_an_uneven_split_is_tightest_at_its_planned_end(share: float) -> None:
    n, tuned = 100_000.0, np.geomspace(1e3, 1e7, 4001)
    arms = Moments((1 - share) * n, 0.0, 1.0), Moments(share * n, 0.0, 1.0)
    widths = mean_difference_sequence(*arms, totals="final", tuned_units=tuned).high
    planned = mean_difference_sequence(*arms, totals="final", tuned_units=n).high
    assert float(planned) == pytest.approx(float(widths.min()), rel=1e-5)


def test_a_ramp_that_is_planned_does_not_move_the_mixture() -> None:
    looks = Moments([990.0, 5000.0], 0.0, 1.0), Moments([110.0, 5000.0], 0.0, 1.0)
    found = mean_difference_sequence(*looks, totals="final", tuned_units=10_000, treatment_share=0.5)
    effective = 4.0 / (1.0 / looks[0].n + 1.0 / looks[1].n)
    radius = mixture_radius(effective * tuned_rho_squared(10_000.0))
    np.testing.assert_allclose(found.high, radius * found.standard_error, rtol=1e-12)


def test_rare_successes_in_an_uneven_split_give_no_early_alarm() -> None:
    control = Moments.of_successes(3800, 38)
    for treatment in (Moments.of_successes(200, 0), Moments(200, 0.0, 0.0), Moments.of_successes(200, 1)):
        for found in (
            mean_difference_sequence(control, treatment, totals="final", tuned_units=10_000),
            mixture_sprt_difference(control, treatment, totals="final", tau=0.01),
        ):
            at = found.at()
            assert isinstance(at, NoEstimate)
            assert at.reason is Reason.BELOW_VALID_SAMPLE
    spoken = mean_difference_sequence(control, Moments.of_successes(2600, 26), totals="final", tuned_units=10_000)
    assert isinstance(spoken.at(), Estimate)


def test_the_first_look_waits_for_the_skewness_that_is_given() -> None:
    arms = Moments(90_000, 1.0, 1.0), Moments(2400, 1.0, 1.0)
    assert first_look_units(*arms, 3.0, 10.0).tolist() == 2500.0
    skewed = mean_difference_sequence(
        *arms, totals="final", tuned_units=1e5, skewness_control=3.0, skewness_treatment=10.0
    ).at()
    assert isinstance(skewed, NoEstimate)
    assert skewed.reason is Reason.BELOW_VALID_SAMPLE
    assert isinstance(mean_difference_sequence(*arms, totals="final", tuned_units=1e5).at(), Estimate)


def test_a_relative_sequence_waits_for_its_baseline() -> None:
    arms = Moments(1000, 1.0, 36.0), Moments(1000, 1.1, 36.0)
    relative = mean_difference_sequence(*arms, totals="final", tuned_units=1e4, scale="relative").at()
    assert isinstance(relative, NoEstimate)
    assert relative.reason is Reason.BELOW_VALID_SAMPLE
    assert isinstance(mean_difference_sequence(*arms, totals="final", tuned_units=1e4).at(), Estimate)


def test_a_share_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"treatment_share is 1.0"):
        mean_difference_sequence(
            Moments(999, 1.0, 1.0), Moments(999, 1.0, 1.0), totals="final", tuned_units=1, treatment_share=1.0
        )


def _misses(p: float, share: float, effect: float, rng: np.random.Generator) -> list[float]:
    """Share of runs in which any of 80 looks misses the truth, on both scales."""
    total = np.ceil(np.geomspace(20.0 / share, 500.0 / (p * share), 80))
    n_t = np.round(total * share)
    n_c = total - n_t
    shape, rate = (1500, total.size), p * (1.0 + effect)
    x_c = np.cumsum(rng.binomial(np.diff(n_c, prepend=0.0).astype(int), p, shape), axis=1)
    x_t = np.cumsum(rng.binomial(np.diff(n_t, prepend=0.0).astype(int), rate, shape), axis=1)
    arms = Moments.of_successes(n_c, x_c), Moments.of_successes(n_t, x_t)
    found = []
    for scale, truth in (("absolute", rate - p), ("relative", effect)):
        looks = mean_difference_sequence(*arms, totals="final", tuned_units=10_000, scale=cast("Scale", scale))
        spoke = looks.reason == Reason.OK
        assert spoke.any()
        found.append(float(((looks.low > truth) | (truth > looks.high))[spoke.any(axis=1)].any(axis=1).mean()))
    return found


@pytest.mark.parametrize("share", [0.5, 0.1, 0.02])
@pytest.mark.parametrize("effect", [-0.9, -0.5, 0.0, 2.0])
def test_looks_at_rare_successes_keep_their_level(share: float, effect: float) -> None:
    rng = np.random.default_rng([int(100 * share), int(10 * effect + 10)])
    # 5 % of 1,500 runs; a right method exceeds 6.9 % less than once in a thousand.
    assert max(_misses(0.01, share, effect, rng)) <= 0.069


def test_running_intersection_only_narrows_and_names_contradictions() -> None:
    estimate = np.array([[0.3, 0.28, 0.1], [0.5, 0.0, 0.0]])
    looks = asymptotic_confidence_sequence(
        estimate, [0.1, 0.09, 0.05], [1000, 1200, 4000], totals="final", tuned_units=1000
    )
    found = running_intersection(looks)
    assert np.all(np.diff(found.low[0]) >= 0)
    assert np.all(np.diff(found.high[0]) <= 0)
    assert np.all(np.diff(found.p_value[0]) <= 0)
    assert found.reason[1].tolist() == [Reason.OK, Reason.OK, Reason.INVALID_STATISTICS]


def test_sequence_rejects_impossible_settings() -> None:
    with pytest.raises(InvalidInput, match="tuned_units"):
        asymptotic_confidence_sequence(0.1, 0.1, 100, totals="final", tuned_units=0)
    with pytest.raises(InvalidInput, match="level"):
        asymptotic_confidence_sequence(0.1, 0.1, 100, totals="final", tuned_units=10, level=1.0)
    with pytest.raises(InvalidInput, match="totals"):
        asymptotic_confidence_sequence(0.1, 0.1, 100, totals="complete", tuned_units=10)  # type: ignore[arg-type]
