"""A randomised launch: units that met a variant against units that met the control.

A unit counts from its first exposure on, over a fixed horizon, and only when that is over: totals are then final. The
check of the split comes first; where it fails no number of the experiment can be trusted, so none is given.
"""

from datetime import date, timedelta

import msgspec
import numpy as np

from upshot.catalog.verdict import Check, Effect, Grade, Interval, MetricRole, StudyDesign
from upshot.charts.words import range_label
from upshot.core.units import counted, one_or_many
from upshot.stats import Estimate
from upshot.studies.arm_checks import balance_checks, split_check, tail_checks
from upshot.studies.findings import Finding, Refused, no_effect_of
from upshot.studies.inputs import ArmValues, ExperimentInput, MetricInput, StudyInputs
from upshot.studies.readout import ArmStatistics, family_level, read_out

__all__ = ["measure_experiment"]

_MOST_CROSSED = 0.01
_DESIGN = StudyDesign.EXPERIMENT


def measure_experiment(inputs: StudyInputs) -> Finding | Refused:
    """Effects of every variant on every metric, or why there are none.

    On a declared reading date intervals are Welch's (score intervals for few successes), the primary metric's corrected
    for the number of variants and of declared readings, guardrails' for the number of variants and guardrails. On any
    other day they are always-valid: one may look as often as one likes, and pays with width.
    """
    found = inputs.experiment
    if found is None:
        return Refused(_DESIGN, ("The launch has no experiment: nobody drew lots for who had it first.",))
    checks = (
        split_check(found.arms),
        _crossing(found),
        *_declared(found),
        _maturity(found),
        *_sources(inputs, found),
        *balance_checks(_arms(found, inputs.primary), "What units did before their exposure"),
        *_tails(inputs, found),
    )
    failed = [check for check in checks if check.passed is False]
    if failed:
        return Refused(_DESIGN, tuple(f"{check.name.capitalize()}: {check.sentence}" for check in failed), checks)
    window = _window(inputs, found)
    effects = [
        effect
        for metric in inputs.metrics
        if metric.role is not None
        for effect in _of_metric(inputs, found, metric, window)
    ]
    if not effects or all(e.absolute is None for e in effects if e.role is MetricRole.PRIMARY):
        why = effects[0].why_not if effects else "There is no value of the primary metric."
        return Refused(_DESIGN, (why,), checks)
    return Finding(_DESIGN, Grade.A, tuple(effects), checks, window)


def _window(inputs: StudyInputs, found: ExperimentInput) -> tuple[date, date]:
    last = min(found.experiment.ends or inputs.reading, inputs.reading)
    return found.experiment.starts, max(found.experiment.starts, last)


def _crossing(found: ExperimentInput) -> Check:
    everybody = sum(arm.units for arm in found.arms)
    share = found.crossed / everybody if everybody else 0.0
    sentence = (
        f"{found.crossed:,} of {counted(everybody, 'unit')} met more than one variant ({share:.2%}); they are left out."
    )
    if share > _MOST_CROSSED:
        sentence += f" More than {_MOST_CROSSED:.0%} says that the variant does not stick to the unit."
    return Check(name="one variant a unit", passed=share <= _MOST_CROSSED, sentence=sentence)


def _declared(found: ExperimentInput) -> list[Check]:
    """Exposures that name no declared variant, where there are any: a flag that is off answers with no variant."""
    undeclared = found.undeclared
    if isinstance(undeclared, msgspec.UnsetType) or not undeclared.exposures:
        return []
    shown = ", ".join(f"{'nothing' if value is None else repr(value)} {count:,}" for value, count in undeclared.named)
    named = f"{shown} and {undeclared.others} more" if undeclared.others else shown
    subject = counted(undeclared.exposures, "exposure names", "exposures name")
    units = counted(found.strange, "unit")
    sentence = f"{subject} none of the variants ({named}) and are left out, and so {units} that met no variant."
    if not found.strange:
        sentence = f"{subject} none of the variants ({named}) and are left out; every unit of them met a variant too."
    return [Check(name="declared variants", passed=None, sentence=sentence)]


def _maturity(found: ExperimentInput) -> Check:
    everybody, mature = sum(arm.units for arm in found.arms), sum(arm.mature for arm in found.arms)
    horizon = max((value.horizon_days for value in found.values), default=0)
    enough = all(arm.mature >= 2 for arm in found.arms)
    sentence = (
        f"{mature:,} of {counted(everybody, 'unit')} {one_or_many(mature, 'has', 'have')} had all their days "
        f"({horizon} from the exposure); only they count."
    )
    return Check(name="whole horizons", passed=enough, sentence=sentence)


def _sources(inputs: StudyInputs, found: ExperimentInput) -> list[Check]:
    """Metrics whose sources do not cover the time of all units: what they do not tell is no zero."""
    told = []
    mature = sum(arm.mature for arm in found.arms)
    for metric in inputs.metrics:
        known = found.known(metric.name)
        if known is None:
            continue
        counted_units = sum(values.n for values in found.values if values.metric == metric.name)
        days = range_label(known.first, known.last)
        sentence = (
            f"{metric.title} is known on {days} only, as its own sources began or ended then: "
            f"{counted_units:,} of {counted(mature, 'unit')} had all their days by then and count in it."
        )
        told.append(Check(name="whole sources", passed=None, sentence=sentence))
    return told


def _tails(inputs: StudyInputs, found: ExperimentInput) -> list[Check]:
    if not inputs.final:
        return []
    weights = [arm.weight for arm in found.arms]
    read = (
        (metric.title, ArmStatistics.of_values(arms, weights), _level(inputs, metric, len(weights) - 1))
        for metric in inputs.metrics
        if metric.role is not None and (arms := _arms(found, metric))
    )
    return tail_checks(read)


def _arms(found: ExperimentInput, metric: MetricInput) -> list[ArmValues]:
    """The metric's values by variant, the control first; none where one of them is missing."""
    by_variant = {values.variant: values for values in found.values if values.metric == metric.name}
    arms = [by_variant[arm.variant] for arm in found.arms if arm.variant in by_variant]
    return arms if len(arms) == len(found.arms) else []


def _of_metric(
    inputs: StudyInputs, found: ExperimentInput, metric: MetricInput, window: tuple[date, date]
) -> list[Effect]:
    arms = _arms(found, metric)
    level = _level(inputs, metric, len(found.arms) - 1)
    treatments = [arm.variant for arm in found.arms[1:]]
    known = found.known(metric.name)
    if not arms:
        why = f"{metric.title} has no values by unit."
        if known is not None:
            days = range_label(known.first, known.last)
            why = f"{metric.title} is known on {days} only, and not in every variant had a unit all its days by then."
        return [
            no_effect_of(metric, window, why, level=level, method="none", variant=variant) for variant in treatments
        ]
    last = min(window[1] + timedelta(days=arms[0].horizon_days), inputs.reading)
    window = (window[0], last) if known is None else (max(window[0], known.first), min(last, known.last))
    statistics = ArmStatistics.of_values(arms, [arm.weight for arm in found.arms])
    read = read_out(statistics, level=level, final=inputs.final)
    return [
        _effect(metric, window, arms[i + 1], read.absolute.at(i), read.relative.at(i), level=level, method=read.method)
        for i in range(len(treatments))
    ]


def _level(inputs: StudyInputs, metric: MetricInput, variants: int) -> float:
    """Coverage of one interval, so that all of its kind together keep the study's level (Bonferroni)."""
    if not inputs.final:
        return inputs.study.level
    match metric.role:
        case MetricRole.PRIMARY:
            family = variants * len(inputs.study.readings)
        case MetricRole.GUARDRAIL:
            family = variants * max(1, len(inputs.of_role(MetricRole.GUARDRAIL)))
        case _:
            family = 1
    return family_level(inputs.study.level, family)


def _effect(
    metric: MetricInput,
    window: tuple[date, date],
    arm: ArmValues,
    absolute: object,
    relative: object,
    *,
    level: float,
    method: str,
) -> Effect:
    if not isinstance(absolute, Estimate):
        sentence = getattr(absolute, "sentence", "There is no estimate.")
        return no_effect_of(metric, window, sentence, level=level, method=method, variant=arm.variant)
    share = relative if isinstance(relative, Estimate) else None
    return Effect(
        metric=metric.name,
        metric_hash=metric.hash,
        role=metric.role or MetricRole.SECONDARY,
        direction=metric.direction,
        first_day=window[0],
        last_day=window[1],
        relative=None if share is None else Interval(share.value, share.low, share.high),
        absolute=Interval(absolute.value, absolute.low, absolute.high),
        per="unit",
        level=level,
        p_value=absolute.p_value if np.isfinite(absolute.p_value) else None,
        method=method,
        n=absolute.n,
        variant=arm.variant,
        reach=float(arm.n),
    )
