"""A finished experiment kept as one row for each person: the checks and the readout of any experiment, without days."""

import numpy as np

from upshot.catalog.verdict import Interval
from upshot.stats import Estimate, sample_ratio
from upshot.studies.arm_checks import balance_checks, split_check, tail_checks
from upshot.studies.inputs import ArmValues
from upshot.studies.readout import ArmStatistics, family_level, read_out
from upshot.studies.tabled import TableEffect, TableInputs, TableMean, TableReport

__all__ = ["read_table"]


def read_table(inputs: TableInputs) -> TableReport:
    """Every arm against the control on every outcome, or why there is no comparison.

    The table is read once, as a declared reading: the primary outcome's intervals hold for all arms together
    (Bonferroni), any other outcome's each for itself.

    Args:
        inputs: Every outcome has values of every arm, in the arms' order.
    """
    weights = [arm.weight for arm in inputs.arms]
    by_outcome = {name: [value for value in inputs.values if value.metric == name] for name in inputs.outcomes}
    levels = {
        name: family_level(inputs.level, len(weights) - 1 if name == inputs.outcomes[0] else 1) for name in by_outcome
    }
    statistics = {name: ArmStatistics.of_values(values, weights) for name, values in by_outcome.items()}
    checks = (
        split_check(inputs.arms),
        *balance_checks(_with_past(inputs), "The covariate"),
        *tail_checks((name, found, levels[name]) for name, found in statistics.items()),
    )
    refused = tuple(f"{check.name.capitalize()}: {check.sentence}" for check in checks if check.passed is False)
    shown = {} if refused else by_outcome
    return TableReport(
        arms=inputs.arms,
        sample_ratio_p=float(sample_ratio([arm.units for arm in inputs.arms], weights).p_value),
        checks=checks,
        refused=refused,
        means=tuple(_mean(value) for values in shown.values() for value in values),
        effects=tuple(
            effect for name in shown for effect in _effects(name, by_outcome[name], statistics[name], levels[name])
        ),
    )


def _with_past(inputs: TableInputs) -> list[ArmValues]:
    """The values of the first outcome that has a covariate; every outcome has the same."""
    name = next((value.metric for value in inputs.values if value.mean_b is not None), "")
    return [value for value in inputs.values if value.metric == name]


def _mean(value: ArmValues) -> TableMean:
    mean: float | None = value.mean_x
    if value.shape == "ratio":
        mean = value.mean_x / value.mean_y if value.mean_y else None
    return TableMean(outcome=value.metric, arm=value.variant, units=value.n, mean=mean)


def _effects(name: str, values: list[ArmValues], statistics: ArmStatistics, level: float) -> list[TableEffect]:
    read = read_out(statistics, level=level, final=True)
    effects = []
    for place, value in enumerate(values[1:]):
        absolute, relative = read.absolute.at(place), read.relative.at(place)
        known = isinstance(absolute, Estimate)
        effects.append(
            TableEffect(
                outcome=name,
                arm=value.variant,
                absolute=_interval(absolute),
                relative=_interval(relative) if known else None,
                level=level,
                p_value=absolute.p_value if isinstance(absolute, Estimate) and np.isfinite(absolute.p_value) else None,
                method=read.method,
                why_not="" if isinstance(absolute, Estimate) else absolute.sentence,
            )
        )
    return effects


def _interval(found: object) -> Interval | None:
    if not isinstance(found, Estimate) or not np.isfinite([found.value, found.low, found.high]).all():
        return None
    return Interval(found.value, found.low, found.high)
