"""GrowthBook's engine on the same raw values (reference values and their script: ``oracles/``)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any  # JSON

import numpy as np
import pytest

from upshot.stats.adjust import cuped
from upshot.stats.difference import difference
from upshot.stats.lift import lift
from upshot.stats.moments import Moments, PairMoments, stack_arms
from upshot.stats.ratios import ratio_difference, ratio_lift
from upshot.stats.result import Estimate, Estimates

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "oracles" / "estimands_gbstats.json").read_text())[
    "cases"
]


def _assert_like(found: Estimates, oracle: dict[str, float], names: tuple[str, ...], rel: float) -> None:
    effect = found.at()
    assert isinstance(effect, Estimate)
    np.testing.assert_allclose([getattr(effect, n) for n in names], [oracle[n] for n in names], rtol=rel)


@pytest.mark.parametrize("case", CASES)
def test_absolute_differences_agree_with_gbstats(case: dict[str, Any]) -> None:
    everything = ("value", "low", "high", "p_value", "standard_error")
    means = [Moments.of(now) for now in case["now"]]
    # gbstats forms variances from sums of squares: a few digits less than two passes.
    _assert_like(difference(means[0], means[1]), case["mean_absolute"], everything, 1e-9)


@pytest.mark.parametrize("case", CASES)
def test_relative_and_ratio_estimates_agree_with_gbstats(case: dict[str, Any]) -> None:
    means = [Moments.of(now) for now in case["now"]]
    pairs = [PairMoments.of(now, past) for now, past in zip(case["now"], case["past"], strict=True)]
    # Value and standard error only: gbstats takes the degrees of freedom of the absolute difference for the lift.
    alike = ("value", "standard_error")
    _assert_like(lift(means[0], means[1]), case["mean_relative"], alike, 1e-9)
    _assert_like(ratio_difference(pairs[0], pairs[1]), case["ratio_absolute"], alike, 1e-9)
    _assert_like(ratio_lift(pairs[0], pairs[1]), case["ratio_relative"], alike, 1e-9)


@pytest.mark.parametrize("case", CASES)
def test_cuped_agrees_with_gbstats_to_the_first_order(case: dict[str, Any]) -> None:
    pairs = [PairMoments.of(now, past) for now, past in zip(case["now"], case["past"], strict=True)]
    adjusted = cuped(stack_arms(pairs))
    found = difference(adjusted[0], adjusted[1]).at()
    oracle = case["cuped_absolute"]
    assert isinstance(found, Estimate)
    # gbstats takes θ over both groups' data together and no degree of freedom for it: both are of order 1 / N.
    assert found.value == pytest.approx(oracle["value"], abs=0.05 * oracle["standard_error"])
    assert found.standard_error == pytest.approx(oracle["standard_error"], rel=0.015)
