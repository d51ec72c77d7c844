"""Write sequential_peers.json: gbstats' sequential test and spotify-confidence's group-sequential bounds.

Run with an interpreter that has gbstats 0.8 and spotify-confidence 4.1 (they pin an older NumPy).
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
from gbstats.frequentist.tests import SequentialConfig, SequentialTwoSidedTTest  # type: ignore[import-not-found]
from gbstats.models.statistics import ProportionStatistic, SampleMeanStatistic  # type: ignore[import-not-found]
from spotify_confidence.analysis.frequentist.sequential_bound_solver import bounds

MEANS = [
    # n_a, mean_a, variance_a, n_b, mean_b, variance_b, tuning
    (5000, 10.0, 4.0, 5000, 10.2, 4.0, 10000),
    (500, 10.0, 4.0, 700, 10.9, 9.0, 2000),
    (100000, 0.31, 2.0, 50000, 0.30, 1.5, 5000),
]
PROPORTIONS = [(3000, 300, 3100, 400, 5000), (100000, 900, 100000, 901, 250000)]
SPENDING = [
    # information fractions, alpha, exponent, sides
    ([0.2, 0.4, 0.6, 0.8, 1.0], 0.05, 2.0, 1),
    ([0.1, 0.35, 0.9, 1.0], 0.01, 1.0, 1),
    ([0.25, 0.5, 1.0], 0.025, 3.0, 1),
]


def sequential(a: object, b: object, tuning: float, relative: bool) -> dict[str, object]:
    kind = "relative" if relative else "absolute"
    config = SequentialConfig(difference_type=kind, sequential_tuning_parameter=tuning, alpha=0.05)
    test = SequentialTwoSidedTTest(a, b, config)
    found = test.compute_result()
    rho_squared = float(test.rho**2)
    return {
        "relative": relative,
        "rho_squared": rho_squared,
        "value": found.expected,
        "low": found.ci[0],
        "high": found.ci[1],
        "p_value": found.p_value,
    }


def mean_statistic(n: int, mean: float, variance: float) -> SampleMeanStatistic:
    return SampleMeanStatistic(n=n, sum=n * mean, sum_squares=variance * (n - 1) + n * mean * mean)


def main() -> None:
    rows = []
    for n_a, m_a, v_a, n_b, m_b, v_b, tuning in MEANS:
        for relative in (False, True):
            found = sequential(mean_statistic(n_a, m_a, v_a), mean_statistic(n_b, m_b, v_b), tuning, relative)
            rows.append({"a": [n_a, m_a, v_a], "b": [n_b, m_b, v_b], **found})
    for n_a, x_a, n_b, x_b, tuning in PROPORTIONS:
        a, b = ProportionStatistic(n=n_a, sum=x_a), ProportionStatistic(n=n_b, sum=x_b)
        for relative in (False, True):
            found = sequential(a, b, tuning, relative)
            rows.append({"a": [n_a, a.mean, a.variance], "b": [n_b, b.mean, b.variance], **found})
    spending = []
    for fractions, alpha, exponent, sides in SPENDING:
        found = bounds(np.array(fractions), alpha, rho=exponent, sides=sides, ztrun=8.0).df
        spending.append(
            {"fractions": fractions, "alpha": alpha, "rho": exponent, "sides": sides, "z": found["zb"].tolist()}
        )
    packages = {name: version(name) for name in ("gbstats", "spotify-confidence")}
    text = json.dumps({"packages": packages, "sequential": rows, "spending": spending}, indent=1)
    Path(__file__).with_name("sequential_peers.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
