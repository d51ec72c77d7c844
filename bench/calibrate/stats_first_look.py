"""Peeks at rare conversions in an uneven split: false alarms at any of sixty looks between 1,000 and 400,000 units.

Rows without a promise look from 100 units in the smaller arm on, whatever the conversions, to show what waiting saves.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bench.calibrate.row import CalibrationRow, calibrated
from upshot.stats import Estimates, Moments, Reason, mean_difference_sequence

__all__ = ["rows"]

TOTALS = np.unique(np.rint(np.geomspace(1_000, 400_000, 60)).astype(np.int64))
TUNED_N, ALPHA = 10_000, 0.05


def rows(*, simulations: int, seed: int) -> list[CalibrationRow]:
    """All rows of this family."""
    rng, found = np.random.default_rng(seed), []
    for rate in (0.002, 0.01, 0.1):
        for share in (0.5, 0.1, 0.05):
            treated = np.rint(TOTALS * share).astype(np.int64)
            arms = [_arm(n, rate, simulations, rng) for n in (TOTALS - treated, treated)]
            scenario = f"conversion {rate:.1%}, {share:.0%} in the treatment"
            waiting = _sequence(arms, share, None)
            found.append(_row(scenario, waiting))
            found.append(_row(f"{scenario}; without waiting (no promise)", _sequence(arms, share, 100.0), float("nan")))
    return found


def _arm(n: np.ndarray[tuple[int], np.dtype[np.int64]], rate: float, size: int, rng: np.random.Generator) -> Moments:
    successes = np.cumsum(rng.binomial(np.diff(n, prepend=0), rate, (size, n.size)), axis=1)
    return Moments.of_successes(n, successes)


def _sequence(arms: list[Moments], share: float, least: float | None) -> Estimates:
    found = mean_difference_sequence(
        *arms, totals="final", tuned_units=TUNED_N, treatment_share=share, level=1.0 - ALPHA, minimum_units=least
    )
    return replace(found, reason=np.broadcast_to(found.reason, found.value.shape))


def _row(scenario: str, found: Estimates, promised: float = ALPHA) -> CalibrationRow:
    with np.errstate(invalid="ignore"):
        alarmed = ((found.reason == Reason.OK) & (found.p_value < ALPHA)).any(axis=1)
    return calibrated(found.method, scenario, "size", promised, int(alarmed.sum()), alarmed.size)
