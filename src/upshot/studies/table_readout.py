"""A finished experiment kept as one row for each person: the checks and the readout of any experiment, without days."""

import numpy as np

from upshot.catalog.verdict import Check, Interval
from upshot.stats import Estimate, Estimates, sample_ratio
from upshot.studies.arm_checks import balance_checks, split_check, tail_checks
from upshot.studies.inputs import ArmValues
from upshot.studies.readout import ArmStatistics, family_level, read_out
from upshot.studies.table_decision import decide
from upshot.studies.table_spread import Spreads
from upshot.studies.tabled import TableEffect, TableInputs, TableMean, TableReport

__all__ = ["read_table"]


def read_table(inputs: TableInputs) -> TableReport:
    """Every arm against the control on every outcome, or why there is no comparison.

    The table is read once, as a declared reading: the primary outcome's intervals hold for all arms together
    (Bonferroni), any other outcome's each for itself.

    Args:
        inputs: Every outcome has values of every arm, or spreads of every arm, in the arms' order.
    """
    weights = [arm.weight for arm in inputs.arms]
    levels = {
        name: family_level(inputs.level, len(weights) - 1 if name == inputs.outcomes[0] else 1)
        for name in inputs.outcomes
    }
    values, spreads = _by_outcome(inputs), Spreads.by_outcome(inputs.spreads, levels)
    statistics = {name: ArmStatistics.of_values(found, weights) for name, found in values.items()}
    checks = (
        split_check(inputs.arms),
        *balance_checks(_with_past(inputs), "The covariate"),
        *tail_checks((name, found, levels[name]) for name, found in statistics.items()),
    )
    refused = tuple(_refusal(check) for check in checks if check.passed is False)
    shown = () if refused else inputs.outcomes
    means, effects = [], []
    for name in shown:
        if name in spreads:
            means += spreads[name].means()
            effects += _effects(name, spreads[name].arms, spreads[name].compared(), levels[name])
        else:
            means += [_mean(value) for value in values[name]]
            read = read_out(statistics[name], level=levels[name], final=True)
            arms = [value.variant for value in values[name]]
            effects += _effects(name, arms, (read.absolute, read.relative, read.method), levels[name])
    return TableReport(
        arms=inputs.arms,
        sample_ratio_p=float(sample_ratio([arm.units for arm in inputs.arms], weights).p_value),
        checks=checks,
        refused=refused,
        means=tuple(means),
        effects=tuple(effects),
        decisions=() if refused else decide(inputs, statistics, spreads),
    )


def _refusal(check: Check) -> str:
    return f"{check.name.capitalize()}: {check.sentence}"


def _by_outcome(inputs: TableInputs) -> dict[str, list[ArmValues]]:
    found: dict[str, list[ArmValues]] = {}
    for value in inputs.values:
        found.setdefault(value.metric, []).append(value)
    return found


def _with_past(inputs: TableInputs) -> list[ArmValues]:
    """The values of the first outcome that has a covariate; every outcome has the same."""
    name = next((value.metric for value in inputs.values if value.mean_b is not None), "")
    return [value for value in inputs.values if value.metric == name]


def _mean(value: ArmValues) -> TableMean:
    mean: float | None = value.mean_x
    if value.shape == "ratio":
        mean = value.mean_x / value.mean_y if value.mean_y else None
    return TableMean(outcome=value.metric, arm=value.variant, units=value.n, mean=mean)


def _effects(name: str, arms: list[str], read: tuple[Estimates, Estimates, str], level: float) -> list[TableEffect]:
    effects = []
    for place, arm in enumerate(arms[1:]):
        absolute, relative = read[0].at(place), read[1].at(place)
        known = isinstance(absolute, Estimate)
        effects.append(
            TableEffect(
                outcome=name,
                arm=arm,
                absolute=_interval(absolute),
                relative=_interval(relative) if known else None,
                level=level,
                p_value=absolute.p_value if isinstance(absolute, Estimate) and np.isfinite(absolute.p_value) else None,
                method=read[2],
                why_not="" if isinstance(absolute, Estimate) else absolute.sentence,
            )
        )
    return effects


def _interval(found: object) -> Interval | None:
    if not isinstance(found, Estimate) or not np.isfinite([found.value, found.low, found.high]).all():
        return None
    return Interval(found.value, found.low, found.high)
