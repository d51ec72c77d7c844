"""Differences and lifts of means, proportions, ratios and clustered quantiles, and CUPED."""

from __future__ import annotations

from typing import Any  # the peers are untyped

import numpy as np
from scipy.stats import ttest_ind
from statsmodels.stats.proportion import confint_proportions_2indep, score_test_proportions_2indep
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW
from tea_tasting.aggr import Aggregates
from tea_tasting.metrics.mean import Mean, RatioOfMeans

from bench.stats_cases import Case, IsolatedPeer, Peer
from upshot.stats.adjust import cuped
from upshot.stats.difference import difference
from upshot.stats.lift import fieller_lift, lift
from upshot.stats.moments import Moments, PairMoments
from upshot.stats.proportions import Successes, newcombe_difference, score_difference
from upshot.stats.ratios import ratio_lift

__all__ = ["cases"]

MANY, LOOP = 10_000, 300
RNG = np.random.default_rng(2026)

N = np.floor(RNG.uniform(500.0, 5000.0, (2, MANY)))
MEAN = RNG.normal(10.0, 0.5, (2, MANY))
VARIANCE = RNG.uniform(5.0, 20.0, (2, MANY))
SUM, SQUARES = N * MEAN, (N - 1.0) * VARIANCE + N * MEAN * MEAN
PAST = RNG.normal(9.0, 0.5, (2, MANY))
PAST_VARIANCE = RNG.uniform(5.0, 20.0, (2, MANY))
COVARIANCE = 0.6 * np.sqrt(VARIANCE * PAST_VARIANCE)
SUCCESSES = np.floor(N * RNG.uniform(0.05, 0.2, N.shape))
INPUTS = {
    "n": N,
    "sum": SUM,
    "squares": SQUARES,
    "past": N * PAST,
    "past_squares": (N - 1.0) * PAST_VARIANCE + N * PAST * PAST,
    "products": (N - 1.0) * COVARIANCE + N * MEAN * PAST,
}

GBSTATS = """
from gbstats.frequentist.tests import FrequentistConfig, TwoSidedTTest
from gbstats.models.statistics import RatioStatistic, RegressionAdjustedStatistic, SampleMeanStatistic, compute_theta
from dataclasses import replace
n, sums, squares, past, past_squares, products = (
    inputs[k] for k in ("n", "sum", "squares", "past", "past_squares", "products")
)
absolute, relative = FrequentistConfig(difference_type="absolute"), FrequentistConfig(difference_type="relative")
def mean(g, i):
    return SampleMeanStatistic(n=int(n[g, i]), sum=float(sums[g, i]), sum_squares=float(squares[g, i]))
def before(g, i):
    return SampleMeanStatistic(n=int(n[g, i]), sum=float(past[g, i]), sum_squares=float(past_squares[g, i]))
def test(i, config):
    return TwoSidedTTest(mean(0, i), mean(1, i), config).compute_result()
def ratio(g, i):
    return RatioStatistic(
        n=int(n[g, i]), m_statistic=mean(g, i), d_statistic=before(g, i), m_d_sum_of_products=float(products[g, i])
    )
def adjusted(g, i):
    return RegressionAdjustedStatistic(
        n=int(n[g, i]), post_statistic=mean(g, i), pre_statistic=before(g, i),
        post_pre_sum_of_products=float(products[g, i]), theta=0.0,
    )
def cuped(i):
    a, b = adjusted(0, i), adjusted(1, i)
    theta = compute_theta(a, b)
    return TwoSidedTTest(replace(a, theta=theta), replace(b, theta=theta), relative).compute_result()
"""

CONFIDENCE = """
import warnings
import pandas as pd
import spotify_confidence as confidence
warnings.simplefilter("ignore")
def frame(count):
    return pd.DataFrame({
        "group": np.repeat(["a", "b"], count), "metric": np.tile([f"m{i}" for i in range(count)], 2),
        "sum": inputs["sum"][:, :count].ravel(), "squares": inputs["squares"][:, :count].ravel(),
        "n": inputs["n"][:, :count].ravel(),
    })
def test(count, absolute):
    groups = "group" if count == 1 else ["group", "metric"]
    found = confidence.StudentsTTest(frame(count), "sum", "squares", "n", groups)
    return found.difference("a", "b", absolute=absolute, groupby=None if count == 1 else "metric")
"""


def _gbstats(single: str, many: str) -> IsolatedPeer:
    return IsolatedPeer("gbstats", "gbstats", GBSTATS, single, many, LOOP, INPUTS)


def _confidence(absolute: bool) -> IsolatedPeer:
    return IsolatedPeer(
        "spotify-confidence",
        "confidence",
        CONFIDENCE,
        f"test(1, {absolute})",
        f"test({LOOP}, {absolute})",
        LOOP,
        INPUTS,
    )


def _aggregates(group: int, index: int) -> Aggregates:
    return Aggregates(
        count_=int(N[group, index]),
        mean_={"x": MEAN[group, index], "y": PAST[group, index]},
        var_={"x": VARIANCE[group, index], "y": PAST_VARIANCE[group, index]},
        cov_={("x", "y"): COVARIANCE[group, index]},
    )


def _tea(metric: Any) -> Peer:
    def one(index: int = 0) -> object:
        return metric.analyze_aggregates(_aggregates(0, index), _aggregates(1, index))

    return Peer("tea-tasting", one, lambda: [one(i) for i in range(LOOP)], LOOP)


def _one(group: int) -> Moments:
    return Moments(N[group, 0], MEAN[group, 0], VARIANCE[group, 0])


def _all(group: int) -> Moments:
    return Moments(N[group], MEAN[group], VARIANCE[group])


def _pair(group: int) -> PairMoments:
    return PairMoments(*(a[group, 0] for a in (N, MEAN, PAST, VARIANCE, PAST_VARIANCE, COVARIANCE)))


def _pairs(group: int) -> PairMoments:
    return PairMoments(*(a[group] for a in (N, MEAN, PAST, VARIANCE, PAST_VARIANCE, COVARIANCE)))


def _adjusted_lift(index: int | slice) -> object:
    adjusted = cuped(PairMoments(*(a[:, index].T for a in (N, MEAN, PAST, VARIANCE, PAST_VARIANCE, COVARIANCE))))
    return lift(adjusted[..., 0], adjusted[..., 1])


def _raw() -> Case:
    values = RNG.normal(10.0, 3.0, (2, 200, 1000))

    def statsmodels(index: int = 0) -> object:
        means: Any = CompareMeans(DescrStatsW(values[1, index]), DescrStatsW(values[0, index]))
        return means.ttest_ind(usevar="unequal"), means.tconfint_diff(usevar="unequal")

    def scipy(index: int = 0) -> object:
        found = ttest_ind(values[1, index], values[0, index], equal_var=False)
        return found, found.confidence_interval(0.95)

    return Case(
        "difference of means, from 2 × 1,000 raw values",
        lambda: difference(Moments.of(values[0, 0]), Moments.of(values[1, 0])),
        lambda: difference(Moments.of(values[0]), Moments.of(values[1])),
        200,
        (
            Peer("statsmodels", statsmodels, lambda: [statsmodels(i) for i in range(200)], 200),
            Peer("scipy", scipy, lambda: [scipy(i) for i in range(200)], 200),
        ),
    )


def _proportions(name: str, method: Any, compare: str) -> Case:
    score = compare == "score"

    def statsmodels(index: int = 0) -> object:
        x_t, n_t, x_c, n_c = (float(a[g, index]) for g in (1, 0) for a in (SUCCESSES, N))
        interval = confint_proportions_2indep(x_t, n_t, x_c, n_c, compare="diff", method=compare)
        return interval, score_test_proportions_2indep(x_t, n_t, x_c, n_c, compare="diff") if score else None

    def loop() -> object:
        return [statsmodels(i) for i in range(LOOP)]

    return Case(
        name,
        lambda: method(Successes(N[0, 0], SUCCESSES[0, 0]), Successes(N[1, 0], SUCCESSES[1, 0])),
        lambda: method(Successes(N[0], SUCCESSES[0]), Successes(N[1], SUCCESSES[1])),
        MANY,
        # statsmodels' score interval raises on some of these tables, so it is timed on the first one only.
        (Peer("statsmodels", statsmodels, None if score else loop, LOOP),),
    )


def cases() -> list[Case]:
    """The estimands' cases."""
    return [
        Case(
            "difference of means (Welch)",
            lambda: difference(_one(0), _one(1)),
            lambda: difference(_all(0), _all(1)),
            MANY,
            (
                _gbstats("test(0, absolute)", f"[test(i, absolute) for i in range({LOOP})]"),
                _tea(Mean("x", use_t=True, equal_var=False)),
                _confidence(absolute=True),
            ),
        ),
        _raw(),
        Case(
            "relative lift (delta method)",
            lambda: lift(_one(0), _one(1)),
            lambda: lift(_all(0), _all(1)),
            MANY,
            (
                _gbstats("test(0, relative)", f"[test(i, relative) for i in range({LOOP})]"),
                _tea(Mean("x", use_t=True, equal_var=False)),
                _confidence(absolute=False),
            ),
        ),
        Case("relative lift (Fieller)", lambda: fieller_lift(_one(0), _one(1)), lambda: fieller_lift(_all(0), _all(1))),
        Case(
            "lift of a ratio metric",
            lambda: ratio_lift(_pair(0), _pair(1)),
            lambda: ratio_lift(_pairs(0), _pairs(1)),
            MANY,
            (
                _gbstats(
                    "TwoSidedTTest(ratio(0, 0), ratio(1, 0), relative).compute_result()",
                    f"[TwoSidedTTest(ratio(0, i), ratio(1, i), relative).compute_result() for i in range({LOOP})]",
                ),
                _tea(RatioOfMeans("x", "y", use_t=True, equal_var=False)),
            ),
        ),
        Case(
            "CUPED, then lift",
            lambda: _adjusted_lift(0),
            lambda: _adjusted_lift(slice(None)),
            MANY,
            (
                _gbstats("cuped(0)", f"[cuped(i) for i in range({LOOP})]"),
                _tea(Mean("x", "y", use_t=True, equal_var=False)),
            ),
        ),
        _proportions("difference of proportions (Newcombe)", newcombe_difference, "newcomb"),
        _proportions("difference of proportions (score)", score_difference, "score"),
    ]
