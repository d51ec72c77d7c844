from __future__ import annotations

from typing import Any  # pandas and tea-tasting hand out untyped results

import numpy as np
import pytest
from tea_tasting.datasets import make_sessions_data
from tea_tasting.experiment import Experiment
from tea_tasting.metrics.mean import RatioOfMeans

from upshot.stats.moments import PairMoments
from upshot.stats.ratios import ratio_difference, ratio_fieller_lift, ratio_lift
from upshot.stats.result import Estimate, NoEstimate, Reason


def _users() -> Any:
    return (
        make_sessions_data(rng=3, n_users=2000, return_type="pandas")
        .groupby("user")
        .agg(variant=("variant", "first"), sessions=("sessions", "sum"), orders=("orders", "sum"))
    )


def _groups(data: Any) -> list[PairMoments]:
    return [
        PairMoments.of(*(data.loc[data["variant"] == v, c].to_numpy() for c in ("orders", "sessions"))) for v in (0, 1)
    ]


def test_ratio_difference_agrees_with_tea_tasting() -> None:
    data = _users().reset_index()
    metric = RatioOfMeans("orders", "sessions", use_t=True, equal_var=False)
    oracle: Any = Experiment(metric=metric).analyze(data)["metric"]
    control, treatment = _groups(data)
    found = ratio_difference(control, treatment).at()
    assert isinstance(found, Estimate)
    np.testing.assert_allclose(
        [found.value, found.low, found.high, found.p_value],
        [oracle.effect_size, oracle.effect_size_ci_lower, oracle.effect_size_ci_upper, oracle.pvalue],
        rtol=1e-9,
    )
    relative = ratio_lift(control, treatment).at()
    assert isinstance(relative, Estimate)
    assert relative.value == pytest.approx(oracle.rel_effect_size, rel=1e-10)
    # tea-tasting's interval is on the log scale: the ends differ by about half the squared relative error.
    assert relative.high == pytest.approx(oracle.rel_effect_size_ci_upper, abs=3 * relative.standard_error**2)


def test_ratio_with_a_constant_denominator_is_a_mean() -> None:
    x = np.random.default_rng(1).normal(4.0, 1.0, (2, 60))
    ones = np.ones(60)
    found = ratio_difference(PairMoments.of(x[0], ones), PairMoments.of(x[1], ones)).at()
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(float(x[1].mean() - x[0].mean()))
    assert found.method == "ratio_difference"


@pytest.mark.parametrize("method", [ratio_difference, ratio_lift, ratio_fieller_lift])
def test_ratio_methods_name_why_there_is_none(method: Any) -> None:
    fine = PairMoments.of([1.0, 2.0, 3.0], [2.0, 3.0, 5.0])
    empty = PairMoments.of([], [])
    no_denominator = PairMoments.of([1.0, 2.0], [0.0, 0.0])
    assert method(fine, no_denominator).at() == NoEstimate(Reason.NOT_IDENTIFIED, method.__name__)
    assert method(no_denominator, fine).at() == NoEstimate(Reason.NOT_IDENTIFIED, method.__name__)
    assert method(empty, fine).at() == NoEstimate(Reason.EMPTY, method.__name__)


def test_ratio_lifts_agree_where_the_baseline_is_sure() -> None:
    control, treatment = PairMoments(1e6, 2.0, 10.0, 4.0, 9.0, 3.0), PairMoments(1e6, 2.1, 10.0, 4.0, 9.0, 3.0)
    delta, fieller = ratio_lift(control, treatment).at(), ratio_fieller_lift(control, treatment).at()
    assert isinstance(delta, Estimate)
    assert isinstance(fieller, Estimate)
    assert fieller.low == pytest.approx(delta.low, abs=1e-5)


def test_ratio_difference_covers_when_sessions_per_user_vary() -> None:
    rng = np.random.default_rng(8)
    simulations, users = 2000, 400
    sessions = 1.0 + rng.poisson(rng.gamma(2.0, 2.0, (2, simulations, users)))
    clicks = rng.binomial(sessions.astype(int), rng.beta(2.0, 6.0, sessions.shape)).astype(float)
    control, treatment = (PairMoments.of(clicks[a], sessions[a]) for a in (0, 1))
    found = ratio_difference(control, treatment)
    covered = int(((found.low <= 0.0) & (found.high >= 0.0)).sum())
    low, high = 1867, 1931  # 99.9 % bounds of Binomial(2000, 0.95)
    assert low <= covered <= high
