"""Writes estimands_gbstats.json: GrowthBook's t-tests. Run with the Python of .venv-oracles-gbstats (gbstats 0.8.0)."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any  # gbstats is not installed where types are checked

import numpy as np
from gbstats.frequentist.tests import FrequentistConfig, TwoSidedTTest  # type: ignore[import-not-found]
from gbstats.models.statistics import (  # type: ignore[import-not-found]
    RatioStatistic,
    RegressionAdjustedStatistic,
    SampleMeanStatistic,
    compute_theta,
)

RNG = np.random.default_rng(99)


def mean(x: Any) -> Any:
    return SampleMeanStatistic(n=len(x), sum=float(x.sum()), sum_squares=float((x * x).sum()))


def ratio(x: Any, y: Any) -> Any:
    return RatioStatistic(n=len(x), m_statistic=mean(x), d_statistic=mean(y), m_d_sum_of_products=float((x * y).sum()))


def adjusted(x: Any, y: Any) -> Any:
    products = float((x * y).sum())
    return RegressionAdjustedStatistic(
        n=len(x), post_statistic=mean(x), pre_statistic=mean(y), post_pre_sum_of_products=products, theta=0.0
    )


def tested(groups: list[Any], scale: str) -> dict[str, float]:
    test = TwoSidedTTest(groups[0], groups[1], FrequentistConfig(difference_type=scale))
    found = test.compute_result()
    return {
        "value": float(found.expected),
        "low": float(found.ci[0]),
        "high": float(found.ci[1]),
        "p_value": float(found.p_value),
        "standard_error": float(np.sqrt(test.variance)),
    }


def case(sizes: tuple[int, int]) -> dict[str, Any]:
    groups = []
    for size, shift in zip(sizes, (0.0, 0.6), strict=True):
        past = RNG.gamma(3.0, 2.0, size)
        groups.append((np.round(past + shift + RNG.normal(0.0, 1.5, size), 3), np.round(past, 3)))
    out: dict[str, Any] = {"now": [g[0].tolist() for g in groups], "past": [g[1].tolist() for g in groups]}
    unadjusted = [adjusted(*g) for g in groups]
    theta = compute_theta(*unadjusted)
    for scale in ("absolute", "relative"):
        out[f"mean_{scale}"] = tested([mean(g[0]) for g in groups], scale)
        out[f"ratio_{scale}"] = tested([ratio(*g) for g in groups], scale)
        out[f"cuped_{scale}"] = tested([replace(a, theta=theta) for a in unadjusted], scale)
    return out


if __name__ == "__main__":
    content = {"gbstats": "0.8.0", "cases": [case((40, 60)), case((150, 100))]}
    Path(__file__).with_name("estimands_gbstats.json").write_text(json.dumps(content) + "\n")
