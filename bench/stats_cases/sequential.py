"""Sequential tests, group-sequential bounds, and adjusted p-values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from statsmodels.stats.multitest import multipletests

from bench.stats_cases import Case, IsolatedPeer, Peer
from upshot.stats.confidence_sequences import mean_difference_sequence
from upshot.stats.group_sequential_boundaries import GroupSequentialDesign, spending_boundaries
from upshot.stats.moments import Moments
from upshot.stats.multiplicity import benjamini_hochberg
from upshot.stats.sequential_sample_ratio import SequentialSampleRatio, sequential_sample_ratio
from upshot.stats.spending import power_family

if TYPE_CHECKING:
    from upshot.stats.result import Estimates, FloatArray

__all__ = ["cases"]

MANY, LOOP = 10_000, 300
RNG = np.random.default_rng(2027)
N = np.floor(RNG.uniform(500.0, 5000.0, (2, MANY)))
MEAN = RNG.normal(10.0, 0.5, (2, MANY))
VARIANCE = RNG.uniform(5.0, 20.0, (2, MANY))
INPUTS = {"n": N, "sum": N * MEAN, "squares": (N - 1.0) * VARIANCE + N * MEAN * MEAN}
FAMILIES = RNG.uniform(size=(MANY, 20)) ** 2
COUNTS = RNG.binomial(5000, 0.5, (MANY, 1))
COUNTS = np.concatenate([COUNTS, 5000 - COUNTS], axis=1)
DESIGN = GroupSequentialDesign(0.05, "greater", power_family(2.0))
LOOKS = np.arange(1, 15) / 14

GBSTATS = """
from gbstats.frequentist.tests import SequentialConfig, SequentialTwoSidedTTest
from gbstats.models.statistics import SampleMeanStatistic
config = SequentialConfig(difference_type="relative", sequential_tuning_parameter=5000)
n, total, squares = inputs["n"].tolist(), inputs["sum"].tolist(), inputs["squares"].tolist()
def one(i):
    a = SampleMeanStatistic(n=n[0][i], sum=total[0][i], sum_squares=squares[0][i])
    b = SampleMeanStatistic(n=n[1][i], sum=total[1][i], sum_squares=squares[1][i])
    return SequentialTwoSidedTTest(a, b, config).compute_result()
"""
CONFIDENCE = """
from spotify_confidence.analysis.frequentist.sequential_bound_solver import bounds
looks = np.arange(1, 15) / 14
def one(i):
    return bounds(looks, 0.05, rho=2.0, sides=1, ztrun=8.0)
"""


def _sequence(control: Moments, treatment: Moments) -> Estimates:
    return mean_difference_sequence(control, treatment, totals="final", tuned_units=5000, scale="relative")


def _one_sequence() -> Estimates:
    return _sequence(Moments(3000, 10.1, 9.0), Moments(3100, 10.3, 9.5))


def _all_sequences() -> Estimates:
    return _sequence(Moments(N[0], MEAN[0], VARIANCE[0]), Moments(N[1], MEAN[1], VARIANCE[1]))


def _bounds(shift: float) -> FloatArray:
    """New looks each time, so that nothing is remembered from the call before."""
    return spending_boundaries(LOOKS - shift, DESIGN).efficacy


class _Shift:
    """A shift that no earlier call had."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> float:
        self.calls += 1
        return 1e-9 * self.calls


SHIFT = _Shift()


def _adjust(count: int) -> None:
    for row in FAMILIES[:count]:
        multipletests(row, method="fdr_bh")


def _one_split() -> SequentialSampleRatio:
    return sequential_sample_ratio([2510, 2490], [0.5, 0.5])


def cases() -> list[Case]:
    """What is asked again and again while an experiment runs."""
    gbstats = IsolatedPeer("gbstats", "gbstats", GBSTATS, "one(0)", f"[one(i) for i in range({LOOP})]", LOOP, INPUTS)
    confidence = IsolatedPeer("spotify-confidence", "confidence", CONFIDENCE, "one(0)", "[one(i) for i in range(5)]", 5)
    statsmodels = Peer("statsmodels", lambda: _adjust(1), lambda: _adjust(LOOP), LOOP)
    return [
        Case("always-valid interval of a relative lift", _one_sequence, _all_sequences, MANY, (gbstats,)),
        Case(
            "group-sequential bounds, 14 looks",
            lambda: _bounds(SHIFT()),
            lambda: [_bounds(SHIFT()) for _ in range(20)],
            20,
            (confidence,),
        ),
        Case(
            "Benjamini-Hochberg, 20 hypotheses",
            lambda: benjamini_hochberg(FAMILIES[0]),
            lambda: benjamini_hochberg(FAMILIES),
            MANY,
            (statsmodels,),
        ),
        Case("always-valid sample-ratio test", _one_split, lambda: sequential_sample_ratio(COUNTS, [0.5, 0.5]), MANY),
    ]
