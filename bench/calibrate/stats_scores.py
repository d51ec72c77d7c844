"""Coverage of scores: small samples, one-sided answers, weights and clusters."""

from __future__ import annotations

import numpy as np

from bench.calibrate.row import CalibrationRow, calibrated
from upshot.stats.scores import net_promoter, score_gap, top_box, top_box_of
from upshot.stats.scores_design import AnswerDesign

__all__ = ["rows"]

SHARES = {
    "50/30/20": (0.5, 0.3, 0.2),
    "80/15/5": (0.8, 0.15, 0.05),
    "97/2/1": (0.97, 0.02, 0.01),
    "5/20/75": (0.05, 0.2, 0.75),
}
WAVERING = 0.02
"""Coverage of any interval for counts wavers with the true shares; score intervals by about two percentage points."""


def rows(*, simulations: int, seed: int) -> list[CalibrationRow]:
    """All rows of this family; designs, which are simulated one by one, take a tenth of the simulations."""
    rng = np.random.default_rng(seed)
    found = [_plain(n, name, simulations, rng) for n in (10, 50, 500) for name in SHARES]
    return [*found, _gap(simulations, rng), *_designed(max(simulations // 10, 100), rng)]


def _plain(n: int, name: str, simulations: int, rng: np.random.Generator) -> CalibrationRow:
    shares = SHARES[name]
    counts = rng.multinomial(n, shares, size=simulations).T
    result, truth = net_promoter(*counts), 100.0 * (shares[0] - shares[2])
    covered = int(((result.low <= truth) & (truth <= result.high)).sum())
    scenario = f"{n} answers, promoters/passives/detractors {name}"
    return calibrated("net_promoter", scenario, "coverage", 0.95, covered, simulations, tolerance=WAVERING)


def _gap(simulations: int, rng: np.random.Generator) -> CalibrationRow:
    before = net_promoter(*rng.multinomial(40, (0.6, 0.3, 0.1), size=simulations).T)
    after = net_promoter(*rng.multinomial(25, (0.75, 0.2, 0.05), size=simulations).T)
    result = score_gap(before, after)
    covered = int(((result.low <= 20.0) & (result.high >= 20.0)).sum())
    return calibrated("score_gap", "NPS, 40 and 25 answers", "coverage", 0.95, covered, simulations, tolerance=WAVERING)


def _designed(simulations: int, rng: np.random.Generator) -> list[CalibrationRow]:
    clusters = np.repeat(np.arange(30), 4)
    aware = blind = 0
    for _ in range(simulations):
        shares = rng.beta(18.0, 2.0, 30)
        yes = rng.random(120) < shares[clusters]
        design = AnswerDesign(weights=rng.gamma(4.0, 0.25, 120), clusters=clusters)
        result, plain = top_box_of(yes, design=design), top_box(yes.sum(), 120)
        aware += bool(result.low <= 0.9 <= result.high)
        blind += bool(plain.low <= 0.9 <= plain.high)
    scenario = "90 % satisfied, 30 clusters of 4, uneven weights"
    return [
        calibrated("top_box_of", scenario, "coverage", 0.95, aware, simulations, tolerance=WAVERING),
        calibrated(
            "top_box",
            f"{scenario}; weights and clusters ignored (no promise)",
            "coverage",
            float("nan"),
            blind,
            simulations,
        ),
    ]
