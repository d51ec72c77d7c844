from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import stats
from statsmodels.stats.power import TTestIndPower

from upshot.core.errors import InvalidInput, NotFound
from upshot.stats import Estimate, Estimates, FloatArray, SimulatedSplits, compare, simulate_splits

RNG = np.random.default_rng(31)
N = 300
PAST = RNG.gamma(2.0, 3.0, N)
MINUTES = PAST + RNG.normal(5.0, 2.0, N)
ACCOUNTS = RNG.integers(0, 60, N)
FRAME = {"minutes": MINUTES, "past": PAST, "visits": RNG.poisson(4.0, N) + 1.0, "account": ACCOUNTS}


def rate(found: Estimates, *place: int) -> Estimate:
    one = found.at(*place)
    assert isinstance(one, Estimate)
    return one


def splits(frame: Any, seed: int, **arguments: Any) -> SimulatedSplits:
    return simulate_splits(frame, rng=np.random.default_rng(seed), **arguments)


def treated_by(seed: int, simulations: int, share: float) -> list[Any]:
    rng = np.random.default_rng(seed)
    return [rng.random(N) < share for _ in range(simulations)]


def test_same_splits_give_what_scipy_finds_in_them() -> None:
    simulations, lift = 400, 0.1
    found = splits(
        FRAME, 3, metric="minutes", lifts=lift, method="difference", treatment_share=0.3, simulations=simulations
    )
    alarms, power, held = 0, 0, 0
    for treated in treated_by(3, simulations, 0.3):
        c, t = MINUTES[~treated], MINUTES[treated]
        alarms += stats.ttest_ind(t, c, equal_var=False).pvalue < 0.05
        with_lift = stats.ttest_ind(t * (1.0 + lift), c, equal_var=False)
        power += with_lift.pvalue < 0.05 and with_lift.statistic > 0.0
        interval = with_lift.confidence_interval(0.95)
        held += interval.low <= lift * MINUTES.mean() <= interval.high
    assert rate(found.false_alarms).value == alarms / simulations
    assert rate(found.power, 0).value == power / simulations
    assert rate(found.held, 0).value == held / simulations
    bounds = stats.binomtest(int(alarms), simulations).proportion_ci(0.95, method="exact")
    assert rate(found.false_alarms).low == pytest.approx(bounds.low)
    assert rate(found.false_alarms).high == pytest.approx(bounds.high)


@pytest.mark.parametrize("arguments", [{"covariate": "past"}, {"denominator": "visits"}, {"covariate": ["past"]}])
def test_same_splits_give_what_compare_finds_in_them(arguments: dict[str, Any]) -> None:
    simulations = 60
    found = splits(FRAME, 4, metric="minutes", level=0.8, simulations=simulations, **arguments)
    alarms = 0
    for treated in treated_by(4, simulations, 0.5):
        frame = FRAME | {"arm": np.where(treated, "new", "old")}
        effect = compare(frame, variant="arm", metric="minutes", control="old", level=0.8, **arguments)["new"]
        assert isinstance(effect, Estimate)
        alarms += effect.p_value < 0.2
    assert alarms > 0
    assert rate(found.false_alarms).value == alarms / simulations


def test_power_is_that_of_statsmodels_for_normal_values() -> None:
    values = np.random.default_rng(5).normal(10.0, 2.0, 400)
    found = splits({"x": values}, 6, metric="x", lifts=[0.03, 0.06], method="difference", simulations=3000)
    for place, lift in enumerate((0.03, 0.06)):
        size = lift * values.mean() / (values.std(ddof=1) * np.sqrt((1.0 + (1.0 + lift) ** 2) / 2.0))
        expected = TTestIndPower().power(size, 200, 0.05)
        assert rate(found.power, place).value == pytest.approx(expected, abs=0.03)
        assert rate(found.held, place).low < 0.95 < rate(found.held, place).high + 0.01


def test_covariate_raises_power_on_the_same_frame() -> None:
    plain, sharper = (
        splits(FRAME, 7, metric="minutes", lifts=0.08, simulations=400, covariate=covariate)
        for covariate in (None, "past")
    )
    assert rate(sharper.power, 0).low > rate(plain.power, 0).high
    for found in (plain, sharper):
        assert rate(found.false_alarms).low < 0.05 < rate(found.false_alarms).high


def test_broken_promise_is_seen() -> None:
    # A few units of a heavy tail against many: the tails of Student's t are not those of the mean.
    heavy = np.exp(np.random.default_rng(8).normal(0.0, 2.5, 4000))
    found = splits({"x": heavy}, 9, metric="x", method="difference", treatment_share=0.02, simulations=1500)
    assert rate(found.false_alarms).low > 0.05


@pytest.mark.parametrize("lift", [0.5, -0.5])
def test_yes_no_metric_stays_one_and_moves_by_its_lift(lift: float) -> None:
    ordered = np.random.default_rng(10).random(2000) < 0.2
    found = splits({"ordered": ordered}, 11, metric="ordered", lifts=lift, method="difference", simulations=1500)
    p, n = float(ordered.mean()), 1000
    error = np.sqrt((p * (1 - p) + p * (1 + lift) * (1 - p * (1 + lift))) / n)
    expected = float(stats.norm.sf(stats.norm.isf(0.025) - abs(lift) * p / error))
    assert rate(found.power, 0).value == pytest.approx(expected, abs=0.03)
    assert rate(found.held, 0).value > 0.93


def test_clusters_are_split_whole() -> None:
    found = splits(FRAME, 12, metric="minutes", clusters="account", lifts=0.3, simulations=600)
    assert found.units == np.unique(ACCOUNTS).size
    assert rate(found.false_alarms).low < 0.06
    assert rate(found.held, 0).high > 0.94


@pytest.mark.parametrize("make", [dict, pd.DataFrame, pl.DataFrame])
def test_frames_of_any_library_are_split_alike(make: Any) -> None:
    found = splits(make(FRAME), 13, metric="minutes", lifts=[0.1], simulations=50)
    again = splits(FRAME, 13, metric="minutes", lifts=[0.1], simulations=50)
    assert repr(found) == repr(again)
    assert "300 units" in repr(found)


def test_negative_means_have_lifts_over_their_size() -> None:
    frame = {"balance": -np.asarray(MINUTES)}
    found = splits(frame, 14, metric="balance", lifts=0.2, simulations=200)
    assert rate(found.power, 0).value > 0.9
    assert rate(found.held, 0).value > 0.9


def test_splits_without_an_answer_are_not_counted() -> None:
    found = splits({"x": [2.0] * 8}, 15, metric="x", lifts=[], simulations=20)
    assert "no split with an answer" in repr(found)
    assert found.power.shape == (0,)


@pytest.mark.parametrize(
    ("frame", "arguments", "words"),
    [
        ({"x": [1.0, np.nan, 3.0, 4.0]}, {}, "missing or infinite"),
        ({"x": [1.0, 2.0, 3.0]}, {}, "There are 3 units"),
        ({"x": [1.0, 0.0, 1.0, 1.0]}, {"lifts": 0.5}, "75.0% are yes already"),
        ({"x": [1.0, -1.0, 1.0, -1.0]}, {"lifts": 0.5}, "mean is 0"),
        ({"x": [1.0, 2.0, 3.0, 5.0]}, {"lifts": [0.1, 0.0]}, "lifts holds 0"),
        ({"x": [1.0, 2.0, 3.0, 5.0]}, {"treatment_share": 1.0}, "treatment_share is 1.0"),
        ({"x": [1.0, 2.0, 3.0, 5.0]}, {"denominator": "y"}, "y"),
    ],
)
def test_frame_that_cannot_be_split_is_refused(
    frame: dict[str, FloatArray], arguments: dict[str, Any], words: str
) -> None:
    with pytest.raises((InvalidInput, NotFound), match=words):
        splits(frame, 16, metric="x", **arguments)
