"""How often 90th percentiles of values that tie (counts, rounded times) differ falsely.

Comparisons in whole steps have no p-value: a false alarm is an interval without zero. Rows without a promise take the
same samples as if values did not tie.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from bench.calibrate.row import CalibrationRow, calibrated
from upshot.stats import Quantiles, Reason, quantile_difference

if TYPE_CHECKING:
    from collections.abc import Callable

    from upshot.stats import Estimates, FloatArray, IntArray

    Draw = Callable[[np.random.Generator], tuple[FloatArray, IntArray | None]]

__all__ = ["rows"]

PERCENTILE = 0.9


def rows(*, simulations: int, seed: int) -> list[CalibrationRow]:
    """All rows of this family; each sample is sorted, so it takes a fifth of the simulations."""
    rng, count = np.random.default_rng(seed), max(simulations // 5, 100)
    return [row for scenario, draw in _KINDS.items() for row in _of_kind(scenario, draw, count, rng)]


def _of_kind(scenario: str, draw: Draw, simulations: int, rng: np.random.Generator) -> list[CalibrationRow]:
    counts = np.zeros((2, 2), np.int64)
    for _ in range(simulations):
        groups = [Quantiles.of(values, PERCENTILE, clusters=labels) for values, labels in (draw(rng), draw(rng))]
        untied = [replace(group, tied=None, widest=None) for group in groups]
        for place, (control, treatment) in enumerate((groups, untied)):
            counts[place] += _alarm(quantile_difference(control, treatment))
    name = f"90th percentile, {scenario}"
    return [
        calibrated("quantile_difference", name, "size", 0.05, *counts[0].tolist(), tolerance=0.015),
        calibrated(
            "quantile_difference", f"{name}; ties ignored (no promise)", "size", float("nan"), *counts[1].tolist()
        ),
    ]


def _alarm(found: Estimates) -> tuple[int, int]:
    """Whether an interval leaves out zero, and whether there is one."""
    if int(found.reason) != Reason.OK:
        return 0, 0
    return int(not float(found.low) <= 0.0 <= float(found.high)), 1


def _clustered(rng: np.random.Generator) -> tuple[FloatArray, IntArray]:
    """Three counts of each of 200 units with rates of their own."""
    rates = np.repeat(rng.gamma(6.0, 0.5, 200), 3)
    return rng.poisson(rates).astype(np.float64), np.repeat(np.arange(200), 3)


_KINDS: dict[str, Draw] = {
    "Poisson(3), 2 × 200": lambda rng: (rng.poisson(3.0, 200).astype(np.float64), None),
    "Poisson(3), 2 × 500": lambda rng: (rng.poisson(3.0, 500).astype(np.float64), None),
    "geometric(0.2), 2 × 200": lambda rng: (rng.geometric(0.2, 200).astype(np.float64), None),
    "log-normal in whole steps, 2 × 200": lambda rng: (np.round(rng.lognormal(1.0, 1.0, 200)), None),
    "Poisson, three of each of 2 × 200 units": _clustered,
}
