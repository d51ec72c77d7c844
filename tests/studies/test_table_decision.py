"""Whether a table of people says to ship an arm more often than it may."""

import numpy as np
import pytest
from scipy.stats import binom

from upshot.studies.inputs import ArmUnits, ArmValues
from upshot.studies.table_readout import read_table
from upshot.studies.tabled import ArmSpread, TableInputs

ARMS = ("control", "one", "two")
UNITS = 400
TABLES = 1_500
RISK = 0.025


def table(rng: np.random.Generator, *, harm: float) -> TableInputs:
    """Three arms without any difference in the goals; the guardrail of the treatments is worse by ``harm``."""
    values, spreads = [], []
    for arm in ARMS:
        goal, guard, time = rng.normal(5.0, 2.0, UNITS), rng.normal(10.0, 1.0, UNITS), rng.poisson(3.0, UNITS)
        guard -= harm * (arm != "control")
        for name, sample in (("goal", goal), ("guard", guard)):
            mean, variance = float(sample.mean()), float(sample.var(ddof=1))
            values.append(
                ArmValues(
                    metric=name, variant=arm, shape="mean", horizon_days=0, n=UNITS, mean_x=mean, variance_x=variance
                )
            )
        places, counts = np.unique(time.astype(float), return_counts=True)
        spreads.append(
            ArmSpread(
                metric="time", variant=arm, share=0.9, values=tuple(places.tolist()), counts=tuple(counts.tolist())
            )
        )
    return TableInputs(
        arms=tuple(ArmUnits(variant=arm, weight=1.0, units=UNITS, mature=UNITS) for arm in ARMS),
        values=tuple(values),
        spreads=tuple(spreads),
        margins={"guard": 0.05},
        lower=("time",),
    )


@pytest.mark.parametrize("harm", [0.0, 0.5], ids=["nothing gets better", "and the guardrail is worse by its margin"])
def test_arm_that_is_not_better_is_shipped_no_more_often_than_the_rule_promises(harm: float) -> None:
    """Exact binomial bound at one in a million, of tables in which any arm is shipped."""
    rng = np.random.default_rng(20_130_625)
    decided = [read_table(table(rng, harm=harm)).decisions for _ in range(TABLES)]
    assert all(len(each) == len(ARMS) - 1 for each in decided)
    shipped = sum(any(arm.word == "SHIP" for arm in each) for each in decided)
    assert shipped <= binom.ppf(1.0 - 1e-6, TABLES, RISK)
