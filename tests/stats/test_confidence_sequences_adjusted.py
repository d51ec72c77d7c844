"""Oracles: least squares by statsmodels, the mixture of noncentral t by SciPy's quadrature, and simulated looks."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import nct, norm, t
from statsmodels.regression.linear_model import OLS

from upshot.core.errors import InvalidInput
from upshot.stats.adjust import cuped
from upshot.stats.confidence_sequences import mean_difference_sequence, tuned_rho_squared
from upshot.stats.confidence_sequences_adjusted import regression_adjusted_sequence
from upshot.stats.moments import CovariateMoments, stack_arms
from upshot.stats.result import Estimate, FloatArray, NoEstimate, Reason


def drawn(units: tuple[int, ...], *, covariates: int, seed: int) -> list[FloatArray]:
    """Columns of each arm: metric, then covariates that explain most of it."""
    rng = np.random.default_rng(seed)
    tables = []
    for arm, n in enumerate(units):
        past = rng.normal(3.0, 2.0, (n, covariates))
        tables.append(np.column_stack([0.3 * arm + past.sum(axis=1) + rng.normal(size=n), past]))
    return tables


def moments(tables: list[FloatArray]) -> CovariateMoments:
    return stack_arms([CovariateMoments.of(table) for table in tables])


def design(tables: list[FloatArray]) -> tuple[FloatArray, FloatArray]:
    rows = np.concatenate(tables)
    arm = np.repeat(np.arange(len(tables)), [len(table) for table in tables])
    treated = (arm[:, None] == np.arange(1, len(tables))).astype(np.float64)
    return rows[:, 0], np.column_stack([np.ones(len(rows)), treated, rows[:, 1:]])


@pytest.mark.parametrize("covariates", [0, 1, 3])
def test_effect_and_error_agree_with_statsmodels(covariates: int) -> None:
    tables = drawn((9, 14, 11), covariates=covariates, seed=covariates)
    found = regression_adjusted_sequence(moments(tables), totals="final", tuned_units=30, minimum_units=2)
    metric, columns = design(tables)
    fit = OLS(metric, columns).fit()
    np.testing.assert_allclose(found.value, fit.params[1:3], rtol=1e-10)
    sums = [np.square(part).sum() for part in np.split(fit.resid, np.cumsum([9, 14]))]
    own = np.asarray([left / (n - 1) / n for left, n in zip(sums, (9, 14, 11), strict=True)])
    model = sum(sums) / (9 + 14 + 11 - 3) * (1 / 9 + 1 / np.asarray([14, 11]))
    wider = np.maximum((own[0] + own[1:]) / model, 1.0)
    np.testing.assert_allclose(found.standard_error, fit.bse[1:3] * np.sqrt(wider), rtol=1e-10)


def test_p_value_is_the_mixture_of_noncentral_t() -> None:
    tables = drawn((7, 7), covariates=1, seed=3)
    tuned_units, share = 40.0, 0.5
    found = regression_adjusted_sequence(moments(tables), totals="final", tuned_units=tuned_units, minimum_units=2).at(
        0
    )
    assert isinstance(found, Estimate)
    metric, columns = design(tables)
    fit = OLS(metric, columns).fit()
    knows = 1.0 / np.linalg.inv(columns.T @ columns)[1, 1]
    spread = np.sqrt(float(tuned_rho_squared(tuned_units)) / (share * (1.0 - share)))

    def weighted(effect: float) -> float:
        density = nct.pdf(fit.tvalues[1], fit.df_resid, effect * np.sqrt(knows))
        return float(density * norm.pdf(effect, scale=spread))

    mixture, _ = quad(weighted, -6.0 * spread, 6.0 * spread, points=[0.0], limit=200)
    ratio = mixture / t.pdf(fit.tvalues[1], fit.df_resid)
    assert found.p_value == pytest.approx(min(1.0, 1.0 / ratio), rel=1e-5)


@pytest.mark.parametrize("effect", ["low", "high"])
def test_interval_ends_where_the_p_value_is_alpha(effect: str) -> None:
    tables = drawn((40, 30), covariates=2, seed=4)
    found = regression_adjusted_sequence(
        moments(tables), totals="final", tuned_units=70, level=0.9, minimum_units=2
    ).at(0)
    assert isinstance(found, Estimate)
    tables[1][:, 0] -= getattr(found, effect)
    moved = regression_adjusted_sequence(moments(tables), totals="final", tuned_units=70, level=0.9, minimum_units=2)
    assert float(moved.p_value[0]) == pytest.approx(0.1, rel=1e-8)


def test_many_units_agree_with_the_asymptotic_sequence_of_adjusted_means() -> None:
    arms = moments(drawn((40_000, 40_000), covariates=1, seed=5))
    found = regression_adjusted_sequence(arms, totals="final", tuned_units=80_000)
    adjusted = cuped(arms.pair(0, 1))
    limit = mean_difference_sequence(adjusted[0], adjusted[1], totals="final", tuned_units=80_000)
    assert float(found.value[0]) == pytest.approx(float(limit.value), rel=1e-9)
    assert float(found.high[0] - found.low[0]) == pytest.approx(float(limit.high - limit.low), rel=1e-3)


def test_size_is_kept_when_looked_at_after_every_unit_from_the_start() -> None:
    simulations, units = 2000, 60
    rng = np.random.default_rng(6)
    past = rng.normal(size=(simulations, 2, units))
    values = np.stack([2.0 * past + rng.normal(size=past.shape), past], axis=-1)
    alarmed, fixed = np.zeros(simulations, bool), np.zeros(simulations, bool)
    for n in range(3, units + 1):
        arms = CovariateMoments.of(values[:, :, :n])
        found = regression_adjusted_sequence(arms, totals="final", tuned_units=60, minimum_units=2)
        alarmed |= found.p_value[:, 0] < 0.05
        statistic = np.abs(found.value[:, 0] / found.standard_error[:, 0])
        fixed |= 2.0 * t.sf(statistic, 2 * n - 3) < 0.05
    assert alarmed.mean() < 0.05  # bounded at all looks ever; so far most of it is spent
    assert alarmed.mean() > 0.005
    assert fixed.mean() > 0.15  # what looking as often costs a test that is meant for one look


def test_looks_lie_along_the_axes_before_the_arms() -> None:
    tables = drawn((300, 300), covariates=1, seed=7)
    looks = [moments([table[:n] for table in tables]) for n in (99, 200, 300)]
    together = CovariateMoments(
        np.stack([look.n for look in looks]),
        np.stack([look.means for look in looks]),
        np.stack([look.covariance for look in looks]),
    )
    found = regression_adjusted_sequence(together, totals="final", tuned_units=600)
    assert found.shape == (3, 1)
    assert found.reason[:, 0].tolist() == [Reason.BELOW_VALID_SAMPLE, Reason.OK, Reason.OK]
    alone = regression_adjusted_sequence(looks[2], totals="final", tuned_units=600)
    assert float(found.low[2, 0]) == pytest.approx(float(alone.low[0]), rel=1e-12)


def test_covariates_that_say_nothing_or_the_same_change_nothing() -> None:
    tables = drawn((50, 60), covariates=1, seed=8)
    plain = regression_adjusted_sequence(moments(tables), totals="final", tuned_units=100, minimum_units=2)
    more = [np.column_stack([table, np.ones(len(table)), 3.0 * table[:, 1] - 1.0]) for table in tables]
    found = regression_adjusted_sequence(moments(more), totals="final", tuned_units=100, minimum_units=2)
    for name in ("value", "low", "high", "p_value"):
        np.testing.assert_allclose(getattr(found, name), getattr(plain, name), rtol=1e-9)


@pytest.mark.parametrize(
    ("tables", "reason"),
    [
        ([np.empty((0, 2)), np.ones((9, 2))], Reason.EMPTY),
        ([np.ones((1, 2)), np.ones((9, 2))], Reason.TOO_FEW_UNITS),
        ([np.eye(2, 3), np.asarray([[1.0, 0.0, 2.0], [0.0, 3.0, 1.0]])], Reason.TOO_FEW_UNITS),
        ([np.eye(2), np.eye(2) + 1.0], Reason.ZERO_VARIANCE),
        ([np.arange(8.0).reshape(4, 2), np.arange(8.0).reshape(4, 2) + 3.0], Reason.ZERO_VARIANCE),
        ([np.full((4, 2), np.nan), np.arange(8.0).reshape(4, 2)], Reason.NOT_FINITE),
    ],
)
def test_reason_is_named_where_there_is_no_answer(tables: list[FloatArray], reason: Reason) -> None:
    found = regression_adjusted_sequence(moments(tables), totals="final", tuned_units=10, minimum_units=2).at(0)
    assert isinstance(found, NoEstimate)
    assert found.reason is reason


def test_growing_totals_and_arms_without_an_axis_are_refused() -> None:
    arms = moments(drawn((200, 200), covariates=1, seed=9))
    growing = regression_adjusted_sequence(arms, totals="growing", tuned_units=400)
    assert growing.reason.tolist() == [Reason.GROWING_UNITS]
    with pytest.raises(InvalidInput, match="last axis"):
        regression_adjusted_sequence(CovariateMoments.of(np.ones((9, 2))), totals="final", tuned_units=10)


@pytest.mark.parametrize("kind", ["normal", "exponential"])
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_smaller_arm_is_answered_at_every_look_and_its_own_variance_keeps_the_size(kind: str, scale: float) -> None:
    simulations, looks = 500, (100, 150, 250, 400, 600)
    rng = np.random.default_rng(8)
    past = [rng.normal(size=(simulations, share * looks[-1])) for share in (9, 1)]
    noise = [
        wide * (rng.standard_normal(x.shape) if kind == "normal" else rng.standard_exponential(x.shape) - 1.0)
        for wide, x in zip((1.0, scale), past, strict=True)
    ]
    values = [np.stack([2.0 * x + e, x], axis=-1) for x, e in zip(past, noise, strict=True)]
    alarmed = np.zeros(simulations, bool)
    for n in looks:
        arms = stack_arms(
            [CovariateMoments.of(value[:, : share * n]) for share, value in zip((9, 1), values, strict=True)]
        )
        found = regression_adjusted_sequence(arms, totals="final", tuned_units=2160, treatment_share=0.1)
        assert (found.reason == Reason.OK).all()
        alarmed |= found.p_value[:, 0] < 0.05
    assert alarmed.mean() < 0.05


@pytest.mark.parametrize(("scale", "own"), [(3.0, True), (1.0, False), (0.3, False)])
def test_error_is_the_larger_of_each_arms_own_and_the_models(scale: float, own: bool) -> None:
    tables = drawn((54_000, 6_000), covariates=1, seed=9)
    tables[1][:, 0] = tables[1][:, 1] + scale * (tables[1][:, 0] - tables[1][:, 1])
    found = regression_adjusted_sequence(moments(tables), totals="final", tuned_units=6000, treatment_share=0.1)
    steady = np.sqrt(1 / 54_000 + scale**2 / 6_000)
    model = np.sqrt((0.9 + 0.1 * scale**2) * (1 / 54_000 + 1 / 6_000))
    assert float(found.standard_error[0]) == pytest.approx(max(steady, model), rel=0.02)
    assert (steady > 1.01 * model) == own


def test_covariate_that_does_not_vary_leaves_the_error_alone() -> None:
    tables = drawn((500, 80), covariates=1, seed=10)
    none = moments([table[:, :1] for table in tables])
    for table in tables:
        table[:, 1] = 3.0
    found = regression_adjusted_sequence(moments(tables), totals="final", tuned_units=580, minimum_units=2)
    plain = regression_adjusted_sequence(none, totals="final", tuned_units=580, minimum_units=2)
    assert float(found.standard_error[0]) == pytest.approx(float(plain.standard_error[0]), rel=1e-12)
