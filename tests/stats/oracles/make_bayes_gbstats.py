"""Writes bayes_gbstats.json: GrowthBook's posteriors. Run with the Python of .venv-oracles-gbstats (gbstats 0.8.0)."""

import json
from pathlib import Path

from gbstats.bayesian.tests import (  # type: ignore[import-not-found]
    EffectBayesianABTest,
    EffectBayesianConfig,
    GaussianPrior,
)
from gbstats.models.statistics import SampleMeanStatistic  # type: ignore[import-not-found]

GROUPS = [
    # n, sum, sum of squares of control; then of treatment
    ((1000, 10_000.0, 104_000.0), (1000, 10_200.0, 108_500.0)),
    ((5000, 1500.0, 9000.0), (4800, 1300.0, 8000.0)),
    ((250_000, 3_000_000.0, 41_000_000.0), (251_000, 3_020_000.0, 41_500_000.0)),
    ((40, 100.0, 400.0), (45, 90.0, 300.0)),
]
PRIORS = [(0.0, 0.05, True), (0.01, 0.3, True), (0.0, 1.0, False)]

rows = []
for control, treatment in GROUPS:
    for mean, deviation, proper in PRIORS:
        for scale in ("relative", "absolute"):
            config = EffectBayesianConfig(
                difference_type=scale,
                prior_type=scale,
                prior_effect=GaussianPrior(mean=mean, variance=deviation**2, proper=proper),
                alpha=0.1,
            )
            a, b = (SampleMeanStatistic(n=n, sum=s, sum_squares=q) for n, s, q in (control, treatment))
            result = EffectBayesianABTest(a, b, config).compute_result()
            rows.append(
                {
                    "control": control,
                    "treatment": treatment,
                    "prior": [mean, deviation, proper],
                    "scale": scale,
                    "chance_to_win": float(result.chance_to_win),
                    "expected": float(result.expected),
                    "interval": [float(x) for x in result.ci],
                    "risk_control": float(result.risk[0]),
                    "risk_treatment": float(result.risk[1]),
                }
            )
(Path(__file__).parent / "bayes_gbstats.json").write_text(json.dumps(rows, indent=1) + "\n")
