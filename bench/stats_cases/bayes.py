"""Bayesian posteriors of a lift and a difference, of shares, and the sample-ratio check."""

from __future__ import annotations

import numpy as np
from scipy.stats import chisquare

from bench.stats_cases import Case, IsolatedPeer, Peer
from upshot.stats.bayes import NormalPrior, bayes_difference, bayes_lift
from upshot.stats.bayes_conjugate import BetaPrior, beta_binomial
from upshot.stats.moments import Moments
from upshot.stats.proportions import Successes
from upshot.stats.sample_ratio import sample_ratio

__all__ = ["cases"]

MANY, LOOP = 10_000, 300
RNG = np.random.default_rng(2027)

N = np.floor(RNG.uniform(500.0, 5000.0, (2, MANY)))
MEAN = RNG.normal(10.0, 0.5, (2, MANY))
VARIANCE = RNG.uniform(5.0, 20.0, (2, MANY))
SUCCESSES = np.floor(N * RNG.uniform(0.05, 0.2, N.shape))
INPUTS = {"n": N, "sum": N * MEAN, "squares": (N - 1.0) * VARIANCE + N * MEAN * MEAN, "successes": SUCCESSES}
PRIOR, SHARES = NormalPrior(0.0, 0.1), BetaPrior(1.0, 1.0)
DRAWS = 100_000

GBSTATS = """
from gbstats.bayesian.tests import EffectBayesianABTest, EffectBayesianConfig, GaussianPrior
from gbstats.models.statistics import SampleMeanStatistic
from gbstats.utils import check_srm
n, sums, squares = (inputs[k] for k in ("n", "sum", "squares"))
def config(scale):
    prior = GaussianPrior(mean=0.0, variance=0.01, proper=True)
    return EffectBayesianConfig(difference_type=scale, prior_type=scale, prior_effect=prior)
absolute, relative = config("absolute"), config("relative")
def mean(g, i):
    return SampleMeanStatistic(n=int(n[g, i]), sum=float(sums[g, i]), sum_squares=float(squares[g, i]))
def test(i, chosen):
    return EffectBayesianABTest(mean(0, i), mean(1, i), chosen).compute_result()
def split(i):
    return check_srm([int(n[0, i]), int(n[1, i])], [0.5, 0.5])
"""


def _gbstats(expression: str) -> IsolatedPeer:
    return IsolatedPeer(
        "gbstats",
        "gbstats",
        GBSTATS,
        expression.format(i=0),
        f"[{expression.format(i='i')} for i in range({LOOP})]",
        LOOP,
        INPUTS,
    )


def _group(g: int, i: int | slice) -> Moments:
    return Moments(N[g, i], MEAN[g, i], VARIANCE[g, i])


def _shares(g: int, i: int | slice) -> Successes:
    return Successes(N[g, i], SUCCESSES[g, i])


def _draws(i: int) -> tuple[float, float, float, float]:
    """What is usual elsewhere: a hundred thousand draws, good to two or three digits."""
    c, t = (RNG.beta(SUCCESSES[g, i] + 1.0, N[g, i] - SUCCESSES[g, i] + 1.0, DRAWS) for g in (0, 1))
    low, high = np.quantile(t - c, [0.025, 0.975])
    return float((t > c).mean()), float(np.maximum(c - t, 0.0).mean()), float(low), float(high)


def cases() -> list[Case]:
    """The questions."""
    every = slice(None)
    return [
        Case(
            "Bayesian lift, normal prior",
            lambda: bayes_lift(_group(0, 0), _group(1, 0), prior=PRIOR),
            lambda: bayes_lift(_group(0, every), _group(1, every), prior=PRIOR),
            MANY,
            (_gbstats("test({i}, relative)"),),
        ),
        Case(
            "Bayesian difference, normal prior",
            lambda: bayes_difference(_group(0, 0), _group(1, 0), prior=PRIOR),
            lambda: bayes_difference(_group(0, every), _group(1, every), prior=PRIOR),
            MANY,
            (_gbstats("test({i}, absolute)"),),
        ),
        Case(
            "beta–binomial difference with its interval",
            lambda: beta_binomial(_shares(0, 0), _shares(1, 0), prior=SHARES),
            lambda: beta_binomial(_shares(0, slice(0, LOOP)), _shares(1, slice(0, LOOP)), prior=SHARES),
            LOOP,
            (Peer("NumPy, 100,000 draws", lambda: _draws(0), lambda: [_draws(i) for i in range(30)], 30),),
        ),
        Case(
            "sample ratio",
            lambda: sample_ratio(N[:, 0]),
            lambda: sample_ratio(N.T),
            MANY,
            (
                Peer("scipy", lambda: chisquare(N[:, 0]), lambda: [chisquare(N[:, i]) for i in range(LOOP)], LOOP),
                _gbstats("split({i})"),
            ),
        ),
    ]
