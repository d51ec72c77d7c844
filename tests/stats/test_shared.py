"""Adjusted arms share something: every method that compares two of them must know it."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, cast  # statsmodels has no types

import numpy as np
import pytest
from statsmodels.sandbox.regression.gmm import GMM

import upshot.stats as room
from upshot.core.errors import InvalidInput
from upshot.stats.adjust import cuped, cuped_many, ratio_cuped
from upshot.stats.adjust_strata import cuped_with_missing, post_stratify, ratio_post_stratify
from upshot.stats.bayes import NormalPrior, bayes_lift
from upshot.stats.contrast import arm_covariance, mean_variance
from upshot.stats.decisions_ship import Role, plan_risks
from upshot.stats.difference import difference
from upshot.stats.lift import fieller_lift, lift
from upshot.stats.moments import CovariateMoments, Moments, PairMoments, stack_arms

if TYPE_CHECKING:
    from collections.abc import Callable

    from upshot.stats.result import FloatArray

RNG = np.random.default_rng(41)


def _numerical_covariance(
    adjust: Callable[[FloatArray], FloatArray], means: FloatArray, covariance: FloatArray
) -> FloatArray:
    """The delta method by brute force: differences of the adjusted means in each raw mean, one at a time."""
    step = 1e-5
    columns = []
    for k in range(means.size):
        up, down = means.copy(), means.copy()
        up[k] += step
        down[k] -= step
        columns.append((adjust(up) - adjust(down)) / (2 * step))
    jacobian = np.stack(columns, axis=-1)
    return np.asarray(jacobian @ covariance @ jacobian.T)


def _claimed(arms: Moments) -> FloatArray:
    size = arms.shape[-1]
    found = np.diag(np.asarray(mean_variance(arms), np.float64))
    for a in range(size):
        for b in range(a + 1, size):
            found[a, b] = found[b, a] = float(arm_covariance(arms[a], arms[b])[2])
    return found


def test_the_smallest_input_has_the_full_delta_methods_error() -> None:
    arms = cuped(stack_arms([PairMoments(1000, 10, 0, 100, 1, 9), PairMoments(1000, 5, 0, 100, 1, 9)]))
    # By hand: own parts 19 (1998 / 1997) / 1000 each, the shared part 81 / 2000; r = 1/2.
    own, shared = 19.0 * 1998 / 1997 / 1000, 81.0 / 2000
    by_hand = np.sqrt(own * (1 + 0.25) + shared * 0.25) / 10.0
    assert float(lift(arms[0], arms[1]).standard_error) == pytest.approx(by_hand, rel=1e-12)
    assert by_hand == pytest.approx(0.0184, abs=5e-5)
    assert float(difference(arms[0], arms[1]).standard_error) == pytest.approx(np.sqrt(2 * own), rel=1e-12)


def _many_arms(k: int) -> CovariateMoments:
    """Three arms of unequal size whose slopes differ, so that arms' own parts move with what they share."""
    arms = []
    for size, slope in ((300, 1.0), (500, 1.6), (200, 0.7)):
        x = RNG.gamma(3.0, 1.0, (size, k - 1))
        y = 5.0 + slope * x.sum(axis=1) + RNG.normal(size=size)
        arms.append(CovariateMoments.of(np.column_stack([y, x])))
    return stack_arms(arms)


@pytest.mark.parametrize("k", [2, 4])
def test_cuped_covariance_is_the_delta_methods(k: int) -> None:
    arms = _many_arms(k)
    g = 3
    blocks = np.zeros((g * k, g * k))
    for a in range(g):
        blocks[a * k : (a + 1) * k, a * k : (a + 1) * k] = arms.covariance[a] / arms.n[a]

    def adjusted(means: FloatArray) -> FloatArray:
        moved = CovariateMoments(arms.n, means.reshape(g, k), arms.covariance)
        return np.asarray((cuped(moved.pair(0, 1)) if k == 2 else cuped_many(moved)).mean)

    found = cuped(arms.pair(0, 1)) if k == 2 else cuped_many(arms)
    claimed = _claimed(found)
    numerical = _numerical_covariance(adjusted, arms.means.ravel(), blocks)
    # The claimed variances of the own parts are larger by the degrees of freedom that θ takes.
    used = k - 1
    factor = (1000 - g) / (1000 - g - used)
    own = np.asarray(found.variance / found.n)
    np.testing.assert_allclose(claimed - np.diag(own * (1 - 1 / factor)), numerical, rtol=1e-6, atol=1e-12)


def test_ratio_cuped_covariance_is_the_delta_methods() -> None:
    arms = []
    for size, taste in ((400, 0.2), (300, 0.5)):
        activity = RNG.gamma(2.0, 2.0, size)
        sessions, before = 1.0 + RNG.poisson(activity), 1.0 + RNG.poisson(activity)
        arms.append(CovariateMoments.of(np.column_stack([RNG.binomial(sessions.astype(int), taste), sessions, before])))
    both = stack_arms(arms)
    blocks = np.zeros((6, 6))
    for a in (0, 1):
        blocks[3 * a : 3 * a + 3, 3 * a : 3 * a + 3] = both.covariance[a] / both.n[a]
    # θ is held at its value, as the delta method does: its error is of second order.
    centre = both.n @ both.means[:, 2] / both.n.sum()
    plain = both.pair(0, 1).linearised()
    theta = (plain.mean - ratio_cuped(both, ridge=0.0).mean) / (both.means[:, 2] - centre)
    assert theta[0] == pytest.approx(theta[1], rel=1e-9)

    def adjusted(means: FloatArray) -> FloatArray:
        m = means.reshape(2, 3)
        return np.asarray(m[:, 0] / m[:, 1] - theta[0] * (m[:, 2] - both.n @ m[:, 2] / both.n.sum()))

    found = ratio_cuped(both, ridge=0.0)
    own = np.asarray(found.variance / found.n)
    claimed = _claimed(found) - np.diag(own * (1 - 697 / 698))
    np.testing.assert_allclose(claimed, _numerical_covariance(adjusted, both.means.ravel(), blocks), rtol=1e-6)


def _simulated_strata(
    simulations: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Counts, means and variances of a value and of a denominator in three strata of three arms."""
    probabilities = np.array([0.5, 0.3, 0.2])
    centres = np.array([[2.0, 6.0, 20.0], [3.0, 9.0, 10.0], [1.0, 1.0, 30.0]])
    counts = rng.multinomial(400, probabilities, (simulations, 3)).astype(float)
    means = rng.normal(centres, 2.0 / np.sqrt(counts))
    below = rng.normal(centres / 2.0 + 3.0, 1.0 / np.sqrt(counts))
    return counts, means, below, centres


def test_strata_covariance_is_the_simulated_one() -> None:
    counts, means, below, _ = _simulated_strata(40_000, np.random.default_rng(8))
    for found in (
        post_stratify(Moments(counts, means, 4.0)),
        ratio_post_stratify(PairMoments(counts, means, below, 4.0, 1.0, 0.0)),
    ):
        simulated = np.cov(found.mean.T)
        averaged = np.empty((3, 3))
        for a in range(3):
            averaged[a, a] = float(np.mean(mean_variance(found[:, a])))
            for b in range(a):
                averaged[a, b] = averaged[b, a] = float(np.mean(arm_covariance(found[:, a], found[:, b])[2]))
        # A variance of 40,000 draws is good to 0.7 % (one standard error); entries are compared at the diagonal's size.
        size = np.sqrt(np.outer(np.diag(simulated), np.diag(simulated)))
        np.testing.assert_allclose(averaged / size, simulated / size, atol=0.035)
        assert abs(simulated[0, 1]) > 0.1 * size[0, 1]


def test_units_without_a_past_keep_what_the_others_share() -> None:
    known = PairMoments([700, 700], [10.0, 5.0], [0.0, 0.1], 100.0, 1.0, 9.0)
    missing = Moments([300, 300], [8.0, 4.0], [9.0, 9.0])
    arms = cuped_with_missing(known, missing)
    inner = cuped(known)
    v_t, v_c, both = arm_covariance(inner[0], inner[1])
    strata = np.array([[inner.mean[a], missing.mean[a]] for a in (0, 1)])
    centred = strata - arms.mean[:, None]
    expected = 0.49 * float(both) + float((np.array([0.7, 0.3]) * centred[0] * centred[1]).sum()) / 2000
    assert float(arm_covariance(arms[0], arms[1])[2]) == pytest.approx(expected, rel=1e-12)
    assert float(v_t) == pytest.approx(float(v_c), rel=1e-12)


def _drawn(correlation: float, effect: float, simulations: int, rng: np.random.Generator) -> PairMoments:
    """Normal values of cv 1 with a correlated past, 1,000 an arm, drawn as sufficient statistics (Bartlett)."""
    shape, n = (simulations, 2), 1000
    rest = np.sqrt(1 - correlation**2)
    z = rng.standard_normal((2, *shape)) / np.sqrt(n)
    x, y = z[0], correlation * z[0] + rest * z[1]
    a, b, c = np.sqrt(rng.chisquare(n - 1, shape)), rng.standard_normal(shape), np.sqrt(rng.chisquare(n - 2, shape))
    second = correlation * a + rest * b
    spread = a * a, a * second, second * second + (rest * c) ** 2
    vx, cov, vy = (part / (n - 1) for part in spread)
    return PairMoments(n, 1.0 + np.array([0.0, effect]) + y, 1.0 + x, vy, vx, cov)


@pytest.mark.parametrize("effect", [-0.9, -0.5, 1.0, 2.0])
@pytest.mark.parametrize("correlation", [0.9, 0.97])
def test_lifts_of_adjusted_means_cover(correlation: float, effect: float) -> None:
    arms = cuped(_drawn(correlation, effect, 2000, np.random.default_rng(5)))
    flat = NormalPrior(0.0, float("inf"))
    for found in (
        lift(arms[:, 0], arms[:, 1]),
        fieller_lift(arms[:, 0], arms[:, 1]),
        bayes_lift(arms[:, 0], arms[:, 1], prior=flat),
    ):
        covered = int(((found.low <= effect) & (effect <= found.high)).sum())
        assert 1867 <= covered <= 1931  # 99.9 % bounds of Binomial(2000, 0.95)


def _two_arm_methods() -> list[str]:
    """Public functions that take the moments of a control and of a treatment."""
    found = []
    for name in room.__all__:
        member = getattr(room, name)
        if not inspect.isfunction(member):
            continue
        given = inspect.signature(member).parameters
        if all(str(given[p].annotation) == "Moments" if p in given else False for p in ("control", "treatment")):
            found.append(name)
    return found


_ARGUMENTS: dict[str, dict[str, object]] = {
    "metric_test": {"name": "speed", "role": Role.SUCCESS, "plan": plan_risks(successes=1, guardrails=1)},
    "bayes_difference": {"prior": NormalPrior(0.0, 1.0)},
    "bayes_lift": {"prior": NormalPrior(0.0, 1.0)},
    "mean_difference_sequence": {"totals": "final", "tuned_units": 2000},
    "mixture_sprt_difference": {"totals": "final", "tau": 0.1},
    "non_inferiority": {"margin": 0.1},
    "equivalence": {"margin": (-0.1, 0.1)},
    "normal_limit": {"skewness_control": 1.0, "skewness_treatment": 1.0},
    "skew_adjusted_difference": {"skewness_control": 1.0, "skewness_treatment": 1.0},
}
_DESCRIBES = {"standardised_difference"}
"""Says how far apart two means are in units of their spread; makes no claim about chance."""


@pytest.mark.parametrize("name", sorted(set(_two_arm_methods()) - _DESCRIBES))
def test_every_method_of_two_arms_refuses_what_was_not_adjusted_together(name: str) -> None:
    together = cuped(PairMoments([1000, 1000], [10.0, 5.0], 0.0, 100.0, 1.0, 9.0))
    apart = cuped(PairMoments([1000, 900], [10.0, 5.0], 0.0, 100.0, 1.0, 9.0))
    method, arguments = getattr(room, name), _ARGUMENTS.get(name, {})
    method(control=together[0], treatment=together[1], **arguments)
    for other in (Moments(1000, 5.0, 100.0), apart[1]):
        with pytest.raises(InvalidInput, match="adjusted together"):
            method(control=together[0], treatment=other, **arguments)


def test_arms_of_one_adjustment_and_others_cannot_be_stacked() -> None:
    adjusted = cuped(PairMoments([100, 100], [10.0, 5.0], 0.0, 100.0, 1.0, 9.0))
    with pytest.raises(InvalidInput, match="adjusted together"):
        stack_arms([adjusted[0], Moments(100, 5.0, 100.0)])
    again = stack_arms([adjusted[0], adjusted[1]])
    assert float(lift(again[0], again[1]).standard_error) == float(lift(adjusted[0], adjusted[1]).standard_error)


class _AdjustedMeans(GMM):
    """Estimating equations of two adjusted means: slopes pooled within arms, the covariate around its overall mean."""

    def momcond(self, params: FloatArray) -> FloatArray:
        m_c, m_t, slope, centre, x_c, x_t = params
        y, (x, treated) = self.endog, self.exog.T
        own = np.where(treated == 1.0, x - x_t, x - x_c)
        residual = y - np.where(treated == 1.0, m_t, m_c) - slope * (x - centre)
        columns = (
            residual * (treated == 0.0),
            residual * treated,
            residual * own,
            x - centre,
            (x - x_c) * (treated == 0.0),
            (x - x_t) * treated,
        )
        return np.stack(columns, axis=-1)


@pytest.mark.parametrize(("effect", "slope"), [(-0.9, 0.1), (-0.5, 1.0), (1.0, 2.0), (2.0, 1.0)])
def test_lift_of_adjusted_means_has_the_error_of_the_joint_estimating_equations(effect: float, slope: float) -> None:
    rng = np.random.default_rng(11)
    treated = (np.arange(6000) % 3 == 0).astype(float)
    x = rng.gamma(2.0, 1.0, 6000)
    y = 10.0 * (1.0 + effect * treated) + 3.0 * (1 + (slope - 1) * treated) * (x - 2.0) + rng.normal(size=6000)
    pairs = [PairMoments.of(y[treated == a], x[treated == a]) for a in (0.0, 1.0)]
    arms = cuped(stack_arms(pairs))
    start = [
        float(arms.mean[0]),
        float(arms.mean[1]),
        3.0,
        float(x.mean()),
        float(pairs[0].mean_y),
        float(pairs[1].mean_y),
    ]
    model: Any = cast("Any", _AdjustedMeans)(y, np.column_stack([x, treated]), None, k_moms=6, k_params=6)
    fit = model.fit(start, maxiter=0, inv_weights=np.eye(6), optim_args={"disp": 0})
    base, top = fit.params[:2]
    gradient = np.array([-top / base**2, 1.0 / base, 0.0, 0.0, 0.0, 0.0])
    oracle = float(np.sqrt(gradient @ fit.cov_params() @ gradient))
    found = lift(arms[0], arms[1])
    # The optimiser stops early, the sandwich has divisor N and carries the error of the slope, which is of order
    # 1 / √N where the arms' slopes differ.
    assert float(found.value) == pytest.approx(top / base - 1.0, abs=0.01 * oracle)
    assert float(found.standard_error) == pytest.approx(oracle, rel=0.015)
